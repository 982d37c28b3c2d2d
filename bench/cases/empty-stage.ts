// What a stage costs when there is next to nothing to do in it: a claim of its blocks and a barrier of the crew; and one
// whose engine might have put things out, and commits nothing.
import { Simulation } from '../../lib/index.js'
import { orderEngines } from '../../lib/schedule/order.js'
import { makeStages } from '../../lib/schedule/stages.js'
import { type BenchCase, interleave, median, milliseconds, samplesOf, type Work } from '../harness.js'
import { agent, engines as idle, KINDS, ROWS } from '../scenarios/idle.js'
import { engines, STAGES, staged } from '../scenarios/staged.js'

const MOST = 5

export const emptyStage: BenchCase = {
  name: 'empty-stage',
  about: 'ten engines forced into ten stages over 64 rows, microseconds a stage, and with commits of nothing',
  rounds: 31,
  async run({ smoke, rounds }) {
    const ticks = smoke ? 100 : 4000
    const warmup = 2
    const url = new URL('../scenarios/staged.js', import.meta.url)
    const sims = await Promise.all([0, 1, 2].map(workers => Simulation.create(url, { workers })))
    const names = ['inline', '1 worker', '2 workers']
    const idlers = await Promise.all(
      KINDS.flatMap(does =>
        [0, 2].map(async workers => {
          const sim = await Simulation.create(new URL(`../scenarios/idle.js?does=${does}`, import.meta.url), {
            workers,
          })
          return { sim, name: `${workers === 0 ? 'inline' : '2 workers'}, no ${does}` }
        }),
      ),
    )
    const contenders = [...sims.map((sim, i) => ({ sim, name: names[i] })), ...idlers].map(({ sim, name }) => ({
      name,
      round: async () => ((await milliseconds(() => sim.run({ ticks }))) * 1000) / ticks / STAGES,
    }))
    const samples = await interleave(contenders, rounds, warmup)
    const expected = (warmup + rounds) * ticks * STAGES
    const work = [engines, idle].map((all): Work => {
      const stages = makeStages(orderEngines(all), true).length
      return { what: `stages of a tick of '${all[0].name}'`, found: String(stages), expected: String(STAGES) }
    })
    for (const [i, sim] of sims.entries()) {
      const last = Array.from(sim.world.population(staged).column('c9') as Int32Array)
      const right = last.length === 64 && last.every(v => v === expected)
      work.push({
        what: `${names[i]}: the last column of all rows`,
        found: right ? String(expected) : last.join(),
        expected: String(expected),
      })
      await sim.close()
    }
    for (const { sim, name } of idlers) {
      const found = `${sim.world.population(agent).size} agents at tick ${sim.tick}`
      work.push({ what: name, found, expected: `${ROWS} agents at tick ${(warmup + rounds) * ticks}` })
      await sim.close()
    }
    const figure = median(samplesOf(samples, '2 workers'))
    return {
      lines: contenders.map(({ name }) => ({ name, unit: 'µs', samples: samplesOf(samples, name) })),
      targets: [{ claim: `a stage of 2 workers at most ${MOST} µs`, figure, unit: 'µs', holds: figure <= MOST }],
      work,
    }
  },
}
