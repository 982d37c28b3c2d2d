// An engine that computes and hardly touches memory: what a second worker is worth.
import { Simulation } from '../../lib/index.js'
import { type BenchCase, fasterBy, interleave, milliseconds, samplesOf, type Work } from '../harness.js'
import { computer, turned } from '../scenarios/computing.js'

/** Every so many rows are computed again by a plain loop; the hash covers all. */
const STRIDE = 997

export const compute: BenchCase = {
  name: 'compute',
  about: 'about 200 arithmetic operations a row, milliseconds a tick (200,000 rows in a full run)',
  rounds: 31,
  async run({ smoke, rounds }) {
    const rows = smoke ? 20_000 : 200_000
    const ticks = 4
    const warmup = 2
    const url = new URL('../scenarios/computing.js', import.meta.url)
    const params = { rows }
    const sims = await Promise.all([0, 1, 2].map(workers => Simulation.create(url, { workers, params })))
    const names = ['inline', '1 worker', '2 workers']
    const contenders = sims.map((sim, i) => ({
      name: names[i],
      round: async () => (await milliseconds(() => sim.run({ ticks }))) / ticks,
    }))
    const samples = await interleave(contenders, rounds, warmup)
    const x = sims[0].world.population(computer).column('x')
    let wrong = 0
    for (let row = 0; row < rows; row += STRIDE) {
      let v = row + 1
      for (let t = 0; t < ticks * (warmup + rounds); t++) v = turned(v)
      if (x[row] !== v) wrong++
    }
    const expected = await sims[0].hash()
    const work: Work[] = [{ what: `inline: wrong ones of every ${STRIDE}th row`, found: String(wrong), expected: '0' }]
    for (const [i, sim] of sims.entries()) {
      if (i > 0) work.push({ what: `hash of ${names[i]}`, found: await sim.hash(), expected })
      await sim.close()
    }
    return {
      lines: names.map(name => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
      targets: [fasterBy(samples, '2 workers', '1 worker', 1.8)],
      work,
    }
  },
}
