// Schelling's segregation as it is published: people act one by one, in an order drawn anew in each step, and whoever
// has fewer like neighbours than wanted goes at once to a free cell drawn at random. Plain JavaScript with numbers of
// its own; the oracle of examples/schelling.ts, which lets all act at once.
import { shuffle, uniform } from './plain-random.js'

/** Sizes as in the example's parameters. */
export interface Town {
  readonly side: number
  readonly people: number
  readonly radius: number
  readonly wanted: number
}

/** Neighbours of a cell that hold `kind`, and all that hold anybody; whoever lives in the cell itself is left out. */
function around(holds: ArrayLike<number>, { side, radius }: Town, cell: number, kind: number): [number, number] {
  const x = cell % side
  const y = Math.floor(cell / side)
  let like = 0
  let all = 0
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      const inside = x + dx >= 0 && x + dx < side && y + dy >= 0 && y + dy < side
      if (!inside || (dx === 0 && dy === 0)) continue
      const held = holds[(y + dy) * side + x + dx]
      if (held === kind) like++
      if (held !== 0) all++
    }
  }
  return [like, all]
}

/** The mean over the people of the share of the own kind among their neighbours; 0 of no neighbours. holds: 0 is free. */
export function likeShare(holds: ArrayLike<number>, town: Town): number {
  let sum = 0
  let people = 0
  for (let cell = 0; cell < holds.length; cell++) {
    if (holds[cell] === 0) continue
    const [like, all] = around(holds, town, cell, holds[cell])
    sum += all === 0 ? 0 : like / all
    people++
  }
  return sum / people
}

/** What each cell holds (0: nobody; else 1 or 2) before the first step and after each. */
export function* byTurns(town: Town, seed: number, steps: number): Generator<Uint8Array, void> {
  const next = uniform(seed)
  const holds = new Uint8Array(town.side * town.side)
  const places = shuffle([...holds.keys()], next)
  const homes = places.slice(0, town.people)
  const free = places.slice(town.people)
  homes.forEach((cell, person) => {
    holds[cell] = 1 + (person % 2)
  })
  yield holds
  for (let step = 0; step < steps; step++) {
    for (const person of shuffle([...homes.keys()], next)) {
      const old = homes[person]
      if (around(holds, town, old, holds[old])[0] >= town.wanted) continue
      const at = Math.floor(next() * free.length)
      homes[person] = free[at]
      holds[free[at]] = holds[old]
      holds[old] = 0
      free[at] = old
    }
    yield holds
  }
}
