// Messages delivered sorted by receiver, beside the same messages written, sorted and read by hand.
import { Simulation } from '../../lib/index.js'
import { type BenchCase, fasterBy, interleave, median, milliseconds, samplesOf } from '../harness.js'
import { copyPopulation, hashPopulations } from '../plain-state.js'
import { postingByHand } from '../posting-by-hand.js'
import type scenario from '../scenarios/posting.js'
import { EACH, person } from '../scenarios/posting.js'

const URL_OF_POSTING = new URL('../scenarios/posting.js', import.meta.url)

/** Millions of messages a second on two workers. */
const LEAST = 20

export const messages: BenchCase = {
  name: 'messages',
  about:
    'two messages a tick from each agent to others, sorted and read, milliseconds a tick (1M agents in a full run)',
  rounds: 21,
  async run({ smoke, rounds }) {
    const people = smoke ? 20_000 : 1_000_000
    const ticks = 3
    const warmup = 3
    const create = (workers: number) =>
      Simulation.create<typeof scenario>(URL_OF_POSTING, { workers, params: { people } })
    const sims = { inline: await create(0), '1 worker': await create(1), '2 workers': await create(2) }
    const plain = copyPopulation(sims.inline, person)
    const { sum, trace } = plain.columns
    const step = postingByHand({ ids: plain.ids, sum: sum as Float32Array, trace: trace as Uint32Array }) // as declared
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
    const expected = hashPopulations([plain], done, [])
    const delivered = String(done * people * EACH)
    const work = []
    for (const [name, sim] of Object.entries(sims)) {
      work.push({ what: `hash of populace ${name} after ${sim.tick} ticks`, found: await sim.hash(), expected })
      const counts = sim.counters.messages.note
      work.push({ what: `messages delivered, ${name}`, found: String(counts.delivered), expected: delivered })
      await sim.close()
    }
    const rate = (people * EACH) / 1000 / median(samplesOf(samples, 'populace 2 workers'))
    return {
      lines: contenders.map(({ name }) => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
      targets: [
        {
          claim: `2 workers deliver at least ${LEAST} million messages a second`,
          figure: rate,
          unit: 'M/s',
          holds: rate >= LEAST,
        },
        fasterBy(samples, 'populace 2 workers', 'populace inline', 1.5),
      ],
      work,
    }
  },
}
