// Flocking, sorting included, beside the same rules and the same sort written by hand.
import { Simulation } from '../../lib/index.js'
import { boidsByHand } from '../boids-by-hand.js'
import { type BenchCase, fasterBy, interleave, milliseconds, samplesOf } from '../harness.js'
import { copyPopulation, hashPopulations } from '../plain-state.js'
import type scenario from '../scenarios/boids.js'
import { bird, params as declared } from '../scenarios/boids.js'

const URL_OF_BOIDS = new URL('../scenarios/boids.js', import.meta.url)

export const boids: BenchCase = {
  name: 'boids',
  about: 'flocking on a torus, 10 neighbours in sight, milliseconds a tick (100,000 birds in a full run)',
  rounds: 21,
  async run({ smoke, rounds }) {
    const params = smoke ? { birds: 5000, size: 40 } : { birds: 100_000, size: 177.25 }
    const ticks = 4
    const warmup = 3
    const create = (workers: number) => Simulation.create<typeof scenario>(URL_OF_BOIDS, { workers, seed: 7, params })
    const sims = { inline: await create(0), '1 worker': await create(1), '2 workers': await create(2) }
    const flock = copyPopulation(sims.inline, bird)
    const { x, y, vx, vy } = flock.columns as Readonly<Record<string, Float32Array>> // all its columns are f32
    const { sight, separation, speed, cohere, separate, match } = declared
    const step = boidsByHand({
      ...{ x, y, vx, vy, size: params.size },
      ...{ sight: sight.default, separation: separation.default, speed: speed.default },
      ...{ cohere: cohere.default, separate: separate.default, match: match.default },
    })
    let done = 0
    const contenders = [
      {
        name: 'by hand',
        async round() {
          const all = await milliseconds(() => {
            for (let t = 0; t < ticks; t++) step()
          })
          done += ticks
          return all / ticks
        },
      },
      ...Object.entries(sims).map(([name, sim]) => ({
        name: `populace ${name}`,
        round: async () => (await milliseconds(() => sim.run({ ticks }))) / ticks,
      })),
    ]
    const samples = await interleave(contenders, rounds, warmup)
    const expected = hashPopulations([flock], done, [])
    const work = []
    for (const [name, sim] of Object.entries(sims)) {
      work.push({ what: `hash of populace ${name} after ${sim.tick} ticks`, found: await sim.hash(), expected })
      await sim.close()
    }
    return {
      lines: contenders.map(({ name }) => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
      targets: [
        fasterBy(samples, 'populace inline', 'by hand', 0.83),
        fasterBy(samples, 'populace 1 worker', 'by hand', 0.83),
        fasterBy(samples, 'populace 2 workers', 'populace 1 worker', 1.7),
      ],
      work,
    }
  },
}
