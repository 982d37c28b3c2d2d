// What a service that fails costs a world: 10,000 agents put 1,000 questions a tick, each of which is refused at once, by the
// box where 64 are open and by the service itself, as behind an open circuit breaker; beside the same world asking nothing.
// What each came to is held against a replay of its record, which has no service.
import { randomUUID } from 'node:crypto'
import { Simulation } from '../../lib/index.js'
import { replayRun } from '../../lib/run/replay.js'
import { MemoryStore } from '../../lib/state/memory-store.js'
import {
  type BenchCase,
  type Contender,
  interleave,
  type Line,
  median,
  milliseconds,
  quotients,
  samplesOf,
  type Target,
  type Work,
} from '../harness.js'
import type scenario from '../scenarios/questions.js'

const URL_OF_QUESTIONS = new URL('../scenarios/questions.js', import.meta.url)
const CREWS = { inline: 0, '1 worker': 1 }
const TICKS = 20

/** Least share of its tick rate that the world keeps. */
const LEAST = 0.9

const refused = () => Promise.reject(Object.assign(new Error('the circuit is open'), { code: 'CIRCUIT_OPEN' }))

async function replayed(agents: number): Promise<Work> {
  const name = randomUUID()
  const o = { workers: 1, seed: 7, store: `memory:${name}`, checkpoint: { everyTicks: 10 }, services: { llm: refused } }
  await using sim = await Simulation.create<typeof scenario>(URL_OF_QUESTIONS, { ...o, params: { agents } })
  await sim.run({ ticks: TICKS })
  const expected = await sim.hash()
  await sim.close()
  const { hash } = await replayRun(URL_OF_QUESTIONS, new MemoryStore(name), { workers: 0 })
  return { what: `hash of a replay of ${TICKS} ticks without the service`, found: hash, expected }
}

export const asks: BenchCase = {
  name: 'asks',
  about: '10,000 agents who put 1,000 questions a tick to a service that refuses them, milliseconds a tick',
  rounds: 15,
  async run({ smoke, rounds }) {
    const agents = smoke ? 1000 : 10_000
    const contenders: Contender[] = []
    const sims: Simulation<typeof scenario>[] = []
    const work: Work[] = [await replayed(agents)]
    for (const [crew, workers] of Object.entries(CREWS)) {
      for (const [what, share] of [
        ['', 0],
        [', asking', 0.1],
      ] as const) {
        const o = { workers, seed: 7, services: { llm: refused } }
        const sim = await Simulation.create<typeof scenario>(URL_OF_QUESTIONS, { ...o, params: { agents, share } })
        sims.push(sim)
        const round = async () => (await milliseconds(() => sim.run({ ticks: TICKS }))) / TICKS
        contenders.push({ name: `${crew}${what}`, round })
      }
    }
    const samples = await interleave(contenders, rounds, 2)
    for (const sim of sims) {
      const { asked, open, refused: found } = sim.counters.asks.think
      work.push({ what: `asks refused in ${sim.tick} ticks`, found: String(found), expected: String(asked - open) })
      await sim.close()
    }
    const ratios = Object.keys(CREWS).map((crew): Line => {
      const figures = quotients(samplesOf(samples, crew), samplesOf(samples, `${crew}, asking`))
      return { name: `${crew}: tick rate asking to not asking`, unit: 'x', samples: figures }
    })
    const targets = ratios.map(({ name, samples: figures }): Target => {
      const figure = median(figures)
      return { claim: `${name}: at least ${LEAST}`, figure, unit: 'x', holds: figure >= LEAST }
    })
    const lines = contenders.map(({ name }) => ({ name, unit: 'ms', samples: samplesOf(samples, name) }))
    return { lines: [...lines, ...ratios], targets, work }
  },
}
