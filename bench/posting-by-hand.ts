// Messages by hand: plain loops over typed arrays on one thread that do what the library does for posting.ts: messages
// are staged in the order in which they are written, sorted stably by receiver, and read as runs. What it is free of,
// and the library is not: other threads, receivers that died, messages that wait for a later turn, a mailbox that is full.
import { EACH, scatter } from './scenarios/posting.js'

/** The state it steps. */
export interface People {
  readonly ids: Float64Array
  readonly sum: Float32Array
  readonly trace: Uint32Array
}

/** Makes the function that does a tick. */
export function postingByHand({ ids, sum, trace }: People): (tick: number) => void {
  const people = ids.length
  const share = people / 2 ** 32
  const messages = people * EACH
  const to = new Uint32Array(messages)
  const from = new Float64Array(messages)
  const stamp = new Uint32Array(messages)
  const weight = new Float32Array(messages)
  const first = new Int32Array(people + 1)
  const next = new Int32Array(people)
  const inFrom = new Float64Array(messages)
  const inStamp = new Uint32Array(messages)
  const inWeight = new Float32Array(messages)
  const write = (tick: number) => {
    let at = 0
    for (let row = 0; row < people; row++) {
      for (let k = 0; k < EACH; k++) {
        const v = scatter(ids[row] * EACH + k + Math.imul(tick, 0x9e3779b1))
        to[at] = Math.floor(v * share) // ids are 1, 2, 3…: the row of id n is n - 1
        from[at] = ids[row]
        stamp[at] = v
        weight[at] = (v & 1023) / 64
        at++
      }
    }
  }
  const sort = () => {
    next.fill(0)
    for (let at = 0; at < messages; at++) next[to[at]]++
    let begin = 0
    for (let row = 0; row < people; row++) {
      const n = next[row]
      first[row] = begin
      next[row] = begin
      begin += n
    }
    first[people] = begin
    for (let at = 0; at < messages; at++) {
      const place = next[to[at]]++
      inFrom[place] = from[at]
      inStamp[place] = stamp[at]
      inWeight[place] = weight[at]
    }
  }
  const read = () => {
    for (let row = 0; row < people; row++) {
      for (let i = first[row]; i < first[row + 1]; i++) {
        sum[row] = sum[row] / 2 + inWeight[i]
        trace[row] = Math.imul(trace[row], 31) + inStamp[i] + inFrom[i]
      }
    }
  }
  return tick => {
    write(tick)
    sort()
    read()
  }
}
