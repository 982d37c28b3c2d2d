// What being measured costs a run: an epidemic that goes on, on 2 workers, collected and scraped once a round, beside the
// same that is not. Rounds are interleaved, so that noise that lasts longer than a round falls out.
import { MetricsCollector, Simulation } from '../../lib/index.js'
import { type BenchCase, fasterBy, interleave, milliseconds, samplesOf } from '../harness.js'

const EPIDEMIC = new URL('../../examples/epidemic.js', import.meta.url)

/** Slow, so that it goes on in all rounds: where it is over, nothing changes any more. */
const SLOW = { beta: 0.03, gamma: 0.01, seeds: 10_000 }

export const metricsCase: BenchCase = {
  name: 'metrics',
  about:
    'the epidemic on 2 workers with metrics and a scrape every round, milliseconds a tick (1M people in a full run)',
  rounds: 10,
  async run({ smoke, rounds }) {
    const params = { ...SLOW, ...(smoke ? { people: 20_000, cities: 1000 } : {}) }
    const o = { workers: 2, seed: 7, params }
    const ticks = smoke ? 10 : 100
    const metrics = new MetricsCollector()
    const off = await Simulation.create(EPIDEMIC, o)
    const on = await Simulation.create(EPIDEMIC, { ...o, metrics })
    const contenders = { 'metrics off': off, 'metrics on': on }
    let scrape = ''
    const samples = await interleave(
      Object.entries(contenders).map(([name, sim]) => ({
        name,
        round: async () => {
          const work = async () => {
            const run = sim.run({ ticks })
            if (sim === on) scrape = await metrics.text()
            await run
          }
          return (await milliseconds(work)) / ticks
        },
      })),
      smoke ? 1 : rounds,
      1,
    )
    const work = [
      { what: 'the hash with metrics', found: await on.hash(), expected: await off.hash() },
      {
        what: 'a scrape has the run',
        found: String(scrape.includes('populace_tick{simulation="epidemic"}')),
        expected: 'true',
      },
    ]
    await off.close()
    await on.close()
    return {
      lines: Object.keys(contenders).map(name => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
      targets: [fasterBy(samples, 'metrics on', 'metrics off', 0.98)],
      work,
    }
  },
}
