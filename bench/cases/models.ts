// Three published models at the large sizes that frameworks of agents are compared by: milliseconds a run from its
// start on, setting up not counted. The crews run it again and again, with code compiled as in a benchmark of many
// runs; the first run of a simulation, which compiles its own, stands beside them. So do figures published for MASON and
// Mesa: those were measured on another machine, and their agents act one by one where ours act at once. They show an
// order of magnitude, and are no contenders.
import { Simulation } from '../../lib/index.js'
import { type BenchCase, fasterBy, interleave, milliseconds, type Work } from '../harness.js'
import { returnPoint } from '../start-again.js'

interface Model {
  /** The example's name. */
  readonly name: string
  readonly ticks: number
  readonly params: Readonly<Record<string, number>>
  /** Milliseconds a run, as published. */
  readonly published: Readonly<Record<string, number>>
}

const MODELS: readonly Model[] = [
  {
    name: 'wolf-sheep',
    ticks: 100,
    params: { size: 100, sheep: 1000, wolves: 500, regrow: 10, sheepBirth: 0.4, wolfBirth: 0.2 },
    published: { MASON: 1957, Mesa: 4846 },
  },
  {
    name: 'flocking',
    ticks: 100,
    params: { size: 150, birds: 400, sight: 15 },
    published: { MASON: 32, Mesa: 2560 },
  },
  {
    name: 'schelling',
    ticks: 20,
    params: { side: 100, people: 8000, radius: 2, wanted: 8 },
    published: { MASON: 50, Mesa: 910 },
  },
]

const CREWS = ['inline', '1 worker', '2 workers']
const SEED = 7

function modelCase({ name, ticks: ticksOfRun, params, published }: Model): BenchCase {
  const url = new URL(`../../examples/${name}.js`, import.meta.url)
  return {
    name,
    about: `${ticksOfRun} ticks of ${name}, large, milliseconds a run; MASON and Mesa as published: another machine, agents one by one`,
    rounds: 11,
    async run({ smoke, rounds }) {
      const ticks = smoke ? Math.min(5, ticksOfRun) : ticksOfRun
      const create = (workers: number, checks = false) =>
        Simulation.create(url, { workers, seed: SEED, params, checks })
      /** What the runs of a contender came to. */
      const ends = new Map<string, Set<string>>()
      const contender = (name: string, start: () => Promise<Simulation>, end: (sim: Simulation) => Promise<void>) => ({
        name,
        async round() {
          const sim = await start()
          const time = await milliseconds(() => sim.run({ ticks }))
          ends.set(name, (ends.get(name) ?? new Set()).add(`tick ${sim.tick}, ${await sim.hash()}`))
          await end(sim)
          return time
        },
      })
      const sims = await Promise.all([create(0), create(1), create(2)])
      const again = sims.map((sim, i) => {
        const goBack = returnPoint(sim)
        return contender(
          CREWS[i],
          async () => sim,
          async () => goBack(),
        )
      })
      const first = contender(
        'inline, first run',
        () => create(0),
        sim => sim.close(),
      )
      const contenders = [...again, first]
      const samples = await interleave(contenders, rounds, smoke ? 1 : 5)
      for (const sim of sims) await sim.close()
      await using checked = await create(0, true)
      await checked.run({ ticks })
      const expected = `tick ${ticks}, ${await checked.hash()}`
      const work = contenders.map(
        ({ name }): Work => ({
          what: `end of every run ${name}, against one with checks on`,
          found: [...(ends.get(name) ?? [])].join('; '),
          expected,
        }),
      )
      const figures = Object.entries(published).map(([framework, ms]) => ({
        name: `${framework}, published`,
        unit: 'ms',
        samples: [ms],
      }))
      return {
        lines: [...contenders.map(c => ({ name: c.name, unit: 'ms', samples: samples.get(c.name) ?? [] })), ...figures],
        targets: [fasterBy(samples, '2 workers', 'inline', 1)],
        work,
      }
    },
  }
}

export const models: readonly BenchCase[] = MODELS.map(modelCase)
