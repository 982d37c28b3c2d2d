// Claims, weighed and settled, beside the same contests decided by hand.
import { Simulation } from '../../lib/index.js'
import { contestsByHand } from '../contests-by-hand.js'
import { type BenchCase, fasterBy, interleave, milliseconds, samplesOf } from '../harness.js'
import { copyPopulation, hashPopulations } from '../plain-state.js'
import type scenario from '../scenarios/contests.js'
import { person, place } from '../scenarios/contests.js'

const URL_OF_CONTESTS = new URL('../scenarios/contests.js', import.meta.url)

export const claims: BenchCase = {
  name: 'claims',
  about: 'a claim from each agent on a quarter as many rows, milliseconds a tick (1M claims in a full run)',
  rounds: 21,
  async run({ smoke, rounds }) {
    const people = smoke ? 20_000 : 1_000_000
    const ticks = 4
    const warmup = 3
    const create = (workers: number) =>
      Simulation.create<typeof scenario>(URL_OF_CONTESTS, { workers, params: { people } })
    const sims = { inline: await create(0), '1 worker': await create(1), '2 workers': await create(2) }
    const claimers = copyPopulation(sims.inline, person)
    const claimed = copyPopulation(sims.inline, place)
    const step = contestsByHand({
      ids: claimers.ids,
      wins: claimers.columns.wins as Uint32Array, // as declared, and the next
      holder: claimed.columns.holder as Float64Array,
    })
    let done = 0
    const contenders = [
      {
        name: 'by hand',
        async round() {
          const all = await milliseconds(() => {
            for (let t = 0; t < ticks; t++) step(done++)
          })
          return all / ticks
        },
      },
      ...Object.entries(sims).map(([name, sim]) => ({
        name: `populace ${name}`,
        round: async () => (await milliseconds(() => sim.run({ ticks }))) / ticks,
      })),
    ]
    const samples = await interleave(contenders, rounds, warmup)
    const expected = hashPopulations([claimers, claimed], done, [])
    const work = []
    for (const [name, sim] of Object.entries(sims)) {
      work.push({ what: `hash of populace ${name} after ${sim.tick} ticks`, found: await sim.hash(), expected })
      await sim.close()
    }
    return {
      lines: contenders.map(({ name }) => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
      targets: [fasterBy(samples, 'populace 2 workers', 'populace inline', 1.5)],
      work,
    }
  },
}
