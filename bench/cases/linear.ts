// The cost of an agent's tick against the number of agents: the same number of cities, people from a thousand to four
// million, all sizes in turn in one process. Runs of the sizes that the target is about have as many ticks each, so that
// what a run costs once (its start, its measures) weighs alike on all.
import { type BenchCase, interleave, median, milliseconds, samplesOf, type Work } from '../harness.js'
import { steadyEpidemic } from '../steady-epidemic.js'

const FROM = 100_000
const MOST = 1.25

export const linear: BenchCase = {
  name: 'linear',
  about: 'the epidemic with 100 cities on 1 worker, nanoseconds an agent and tick by number of people',
  rounds: 21,
  async run({ smoke, rounds }) {
    const sizes = smoke ? [1000, 100_000] : [1000, 10_000, 100_000, 1_000_000, 4_000_000]
    const sims = []
    for (const people of sizes) sims.push(await steadyEpidemic(people, 1))
    const contenders = sims.map((sim, i) => {
      const ticks = sizes[i] < FROM ? 20 : 4
      return {
        name: String(sizes[i]),
        round: async () => ((await milliseconds(() => sim.run({ ticks }))) * 1e6) / ticks / sizes[i],
      }
    })
    const samples = await interleave(contenders, rounds, 3)
    const work: Work[] = []
    for (const [i, sim] of sims.entries()) {
      const found = await sim.hash()
      await sim.close()
      const again = await steadyEpidemic(sizes[i], 2)
      await again.run({ ticks: sim.tick })
      work.push({ what: `${sizes[i]} people: hash, against 2 workers`, found, expected: await again.hash() })
      await again.close()
    }
    const flat = sizes.filter(size => size >= FROM).map(size => median(samplesOf(samples, String(size))))
    const figure = Math.max(...flat) / Math.min(...flat)
    return {
      lines: sizes.map(size => ({ name: String(size), unit: 'ns', samples: samplesOf(samples, String(size)) })),
      targets: [
        {
          claim: `the dearest size from ${FROM} people on costs at most ${MOST} times the cheapest`,
          figure,
          unit: 'x',
          holds: figure <= MOST,
        },
      ],
      work,
    }
  },
}
