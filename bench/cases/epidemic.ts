// The tick of the epidemic, beside the same rules written by hand. What a tick costs depends on how far the epidemic has
// come, so all contenders step the same ticks, a few at a time, in turn.
import type epidemic from '../../examples/epidemic.js'
import { epidemic as parts } from '../../examples/epidemic.js'
import { Simulation } from '../../lib/index.js'
import { type BenchCase, fasterBy, interleave, milliseconds } from '../harness.js'
import { copyPopulation, hashPopulations } from '../plain-state.js'

const URL_OF_EPIDEMIC = new URL('../../examples/epidemic.js', import.meta.url)
const SEED = 7

/** A hand-written version, from the state of a simulation on. */
interface Hand {
  readonly name: string
  run(ticks: number): void
  hash(): string
}

async function byHand(sim: Simulation<typeof epidemic>, name: string, fused: boolean): Promise<Hand> {
  const [city, person] = parts.populations.map(p => copyPopulation(sim, p))
  // A module of its own: V8 folds typed arrays into constants for the first closure of a literal only.
  const { epidemicByHand }: typeof import('../epidemic-by-hand.js') = await import(`../epidemic-by-hand.js?${fused}`)
  const step = epidemicByHand(
    {
      ids: person.ids,
      home: person.columns.home as Uint32Array,
      away: person.columns.away as Uint32Array,
      state: person.columns.state as Uint8Array,
      present: city.columns.present as Float64Array,
      pressure: city.columns.pressure as Float64Array,
      seed: SEED,
      beta: parts.params.beta.default,
      gamma: parts.params.gamma.default,
      minutesAway: Math.round(parts.params.hoursAway.default * 60),
    },
    fused,
  )
  let tick = 0
  return {
    name,
    run(ticks) {
      for (const end = tick + ticks; tick < end; tick++) step(tick)
    },
    hash: () => hashPopulations([city, person], tick, ['city.infected']),
  }
}

export const epidemicCase: BenchCase = {
  name: 'epidemic',
  about: 'the tick of the epidemic, milliseconds (1M people in all cities in a full run)',
  rounds: 15,
  async run({ smoke, rounds }) {
    const params = { people: smoke ? 30_000 : 1_000_000, cities: smoke ? 2000 : 135_233, seeds: smoke ? 300 : 2000 }
    const ticks = smoke ? 3 : 8 // a run ends with measures, which nobody takes by hand
    const warmup = smoke ? 2 : 3
    const create = (workers: number) =>
      Simulation.create<typeof epidemic>(URL_OF_EPIDEMIC, { workers, seed: SEED, params })
    const sims = { inline: await create(0), '1 worker': await create(1), '2 workers': await create(2) }
    const hands = [
      await byHand(sims.inline, 'by hand', false),
      await byHand(sims.inline, 'by hand, two rules in one pass', true),
    ]
    const contenders = [
      ...hands.map(hand => ({
        name: hand.name,
        round: async () => (await milliseconds(() => hand.run(ticks))) / ticks,
      })),
      ...Object.entries(sims).map(([name, sim]) => ({
        name: `populace ${name}`,
        round: async () => (await milliseconds(() => sim.run({ ticks }))) / ticks,
      })),
    ]
    const samples = await interleave(contenders, rounds, warmup)
    const [expected, fused] = hands.map(hand => hand.hash())
    const work = [{ what: 'hash of the two hand-written versions', found: fused, expected }]
    for (const [name, sim] of Object.entries(sims)) {
      work.push({ what: `hash of populace ${name} after ${sim.tick} ticks`, found: await sim.hash(), expected })
      await sim.close()
    }
    return {
      lines: contenders.map(({ name }) => ({ name, unit: 'ms', samples: samples.get(name) ?? [] })),
      targets: [
        fasterBy(samples, 'populace inline', 'by hand', 0.9),
        fasterBy(samples, 'populace 2 workers', 'populace inline', 1.7),
      ],
      work,
    }
  },
}
