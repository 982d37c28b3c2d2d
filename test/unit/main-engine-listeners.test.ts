import { once } from 'node:events'
import t from 'tap'
import { defineMainEngine, definePopulation, defineScenario, Simulation, u32 } from '../../lib/index.js'

t.test('main engines leave no listener behind from tick to tick', async t => {
  const agent = definePopulation('agent', { capacity: 1, columns: { a: u32() } })
  const scenario = defineScenario({
    name: 'watched',
    populations: [agent],
    engines: [defineMainEngine({ name: 'watch', update() {} })],
    setup() {},
  })
  const warnings: string[] = []
  const listen = (warning: Error) => void warnings.push(warning.name)
  process.on('warning', listen)
  await using sim = await Simulation.create(scenario, { workers: 0 })
  await sim.run({ ticks: 50 })
  const told = once(process, 'warning')
  process.emitWarning('the last', 'Last') // warnings come in order: those of the run are told before this one
  await told
  process.off('warning', listen)
  t.strictSame(warnings, ['Last'])
})
