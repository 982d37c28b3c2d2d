// Contests by hand: plain loops over typed arrays on one thread. Claims are made, compared as they come (the lowest
// rank wins, then the lowest id) and read, as contests.ts has the library do it. What it is free of, and the library is
// not: other threads, agents that die, a claim that nobody made, outcomes that last until the next tick begins.
import { RANKS } from './scenarios/contests.js'
import { scatter } from './scenarios/posting.js'

/** The state it steps. */
export interface Contest {
  readonly ids: Float64Array
  readonly wins: Uint32Array
  readonly holder: Float64Array
}

/** Makes the function that does a tick. */
export function contestsByHand({ ids, wins, holder }: Contest): (tick: number) => void {
  const people = ids.length
  const places = holder.length
  const share = places / 2 ** 32
  const target = new Int32Array(people)
  const rank = new Uint32Array(people)
  const best = new Int32Array(places)
  const claim = (tick: number) => {
    for (let row = 0; row < people; row++) {
      const v = scatter(ids[row] + Math.imul(tick, 0x9e3779b1))
      target[row] = Math.floor(v * share)
      rank[row] = v % RANKS
    }
  }
  const weigh = () => {
    best.fill(0)
    for (let row = 0; row < people; row++) {
      const leader = best[target[row]] - 1
      const leads = leader < 0 || rank[row] < rank[leader] || (rank[row] === rank[leader] && ids[row] < ids[leader])
      if (leads) best[target[row]] = row + 1
    }
  }
  const read = () => {
    for (let row = 0; row < people; row++) wins[row] += best[target[row]] === row + 1 ? 1 : 0
    for (let place = 0; place < places; place++) holder[place] = best[place] === 0 ? 0 : ids[best[place] - 1]
  }
  return tick => {
    claim(tick)
    weigh()
    read()
  }
}
