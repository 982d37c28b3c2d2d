// Births and deaths: as many of each in a tick as half the population, beside ECS libraries on one thread.
import { Simulation } from '../../lib/index.js'
import { type BenchCase, type Contender, fasterBy, interleave, milliseconds, samplesOf, type Work } from '../harness.js'
import type scenario from '../scenarios/turnover.js'
import { LIFE, mayfly, startOf } from '../scenarios/turnover.js'
import { bitecs, miniplex, piecs, type Sums, sumsOf } from '../turnover-peers.js'

const URL_OF_TURNOVER = new URL('../scenarios/turnover.js', import.meta.url)

/** What agents come to after some ticks, in closed form: a lineage has a birth every LIFE ticks. */
function expectedAfter(agents: number, ticks: number): Sums {
  const numbers = Array.from({ length: agents }, (_, i) => i)
  return sumsOf(numbers, i => {
    const { x, y, lineage, age } = startOf(i)
    const lived = age + ticks
    return { x, y: y + Math.floor(lived / LIFE), lineage, age: lived % LIFE }
  })
}

function sumsOfWorld(sim: Simulation): Sums {
  const table = sim.world.population(mayfly)
  const [x, y, lineage, age] = (['x', 'y', 'lineage', 'age'] as const).map(name => table.column(name))
  const rows = Array.from({ length: table.size }, (_, i) => i)
  return sumsOf(rows, i => ({ x: x[i], y: y[i], lineage: lineage[i], age: age[i] }))
}

export const birthsDeaths: BenchCase = {
  name: 'births-deaths',
  about: 'half of the agents die and leave a child each, milliseconds a tick (100,000 births and deaths in a full run)',
  rounds: 21,
  async run({ smoke, rounds }) {
    const agents = smoke ? 4000 : 200_000
    const ticks = 4
    const warmup = 3
    const create = (workers: number) =>
      Simulation.create<typeof scenario>(URL_OF_TURNOVER, { workers, params: { agents } })
    const sims = { inline: await create(0), '1 worker': await create(1), '2 workers': await create(2) }
    const peers = [bitecs(agents), miniplex(agents), piecs(agents)]
    const contenders: Contender[] = [
      ...Object.entries(sims).map(([name, sim]) => ({
        name: `populace ${name}`,
        round: async () => (await milliseconds(() => sim.run({ ticks }))) / ticks,
      })),
      ...peers.map(peer => ({
        name: peer.name,
        async round() {
          const all = await milliseconds(() => {
            for (let t = 0; t < ticks; t++) peer.tick()
          })
          return all / ticks
        },
      })),
    ]
    const samples = await interleave(contenders, rounds, warmup)
    const done = (rounds + warmup) * ticks
    const expected = JSON.stringify(expectedAfter(agents, done))
    const work: Work[] = peers.map(peer => ({
      what: `${peer.name}: agents, and sums of what they hold, after ${done} ticks`,
      found: JSON.stringify(peer.sums()),
      expected,
    }))
    const hash = await sims.inline.hash()
    for (const [name, sim] of Object.entries(sims)) {
      const { born, died } = sim.counters.populations.mayfly
      work.push(
        { what: `populace ${name}: the same`, found: JSON.stringify(sumsOfWorld(sim)), expected },
        { what: `populace ${name}: died in all`, found: String(died), expected: String(born - agents) },
        {
          what: `populace ${name}: born in all`,
          found: String(born - agents),
          expected: String((done * agents) / LIFE),
        },
        { what: `hash of populace ${name}`, found: await sim.hash(), expected: hash },
      )
      await sim.close()
    }
    return {
      lines: contenders.map(({ name }) => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
      targets: ['bitecs', 'miniplex'].flatMap(peer => [
        fasterBy(samples, 'populace inline', peer, 1),
        fasterBy(samples, 'populace 2 workers', peer, 1),
      ]),
      work,
    }
  },
}
