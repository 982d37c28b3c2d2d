// A question that is asked again, in ticks that are stepped again, while the call that it was put with is under way: the call
// serves it if it is the same question of the same agent, and else is taken back.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import type { ServiceScope } from '../../lib/run/service.js'
import type doubters from '../fixtures/doubters.js'
import { type Doubt, doubter } from '../fixtures/doubters.js'

const DOUBTERS = new URL('../fixtures/doubters.js', import.meta.url)
const turn = () => new Promise(resolve => setImmediate(resolve))

interface Asked {
  readonly mood: number
  readonly agent: number
  readonly id: string
  readonly signal: AbortSignal
  answer(value: number): void
}

const CASES = [
  { name: 'the same question', mood: [0, 0], asks: [1, 0], heard: [10, 0], isNew: false },
  { name: 'another question', mood: [7, 0], asks: [1, 0], heard: [20, 0], isNew: true },
  { name: 'the same question of another agent', mood: [0, 0], asks: [0, 1], heard: [0, 20], isNew: true },
]

for (const { name, mood, asks, heard, isNew } of CASES) {
  const hashes = new Set<string>()
  for (const workers of [0, 1, 2, 3]) {
    t.test(`${name}, ${workers} workers`, async t => {
      const asked: Asked[] = []
      const oracle = ({ mood }: Doubt, { agent, id, signal }: ServiceScope) =>
        new Promise<number>(resolve => asked.push({ mood, agent, id, signal, answer: resolve }))
      await using sim = await Simulation.create<typeof doubters>(DOUBTERS, {
        ...{ workers, seed: 1, store: `memory:${randomUUID()}`, checkpoint: { everyTicks: 3 } },
        services: { oracle },
      })
      await sim.run({ ticks: 7 })
      await turn()
      t.equal(asked.length, 1)
      await sim.seek(3)
      sim.world.population(doubter).update(columns => {
        columns.mood.set(mood)
        columns.asks.set(asks)
      })
      await sim.run({ ticks: 4 })
      await turn()
      const [first, second] = asked
      t.equal(asked.length, isNew ? 2 : 1)
      t.equal(first.signal.aborted, isNew)
      t.match(asked.at(-1), { mood: mood[asks.indexOf(1)], agent: 1 + asks.indexOf(1) })
      t.equal(second === undefined || second.agent !== first.agent || second.id === first.id, true)
      first.answer(10)
      second?.answer(20)
      await turn()
      await sim.run({ ticks: 2 })
      t.strictSame(Array.from(sim.world.population(doubter).column('heard')), heard)
      hashes.add(await sim.hash())
      t.equal(hashes.size, 1)
    })
  }
}
