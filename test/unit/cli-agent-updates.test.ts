import t from 'tap'
import { agentUpdates, UpdateMeter } from '../../lib/cli/agent-updates.js'
import { defineEngine, defineMainEngine, definePopulation, u32 } from '../../lib/index.js'
import { isDue } from '../../lib/schedule/engine.js'

const agent = definePopulation('agent', { capacity: 1, columns: { a: u32() } })
const town = definePopulation('town', { capacity: 1, columns: { a: u32() } })
const agents = { agent: 1000, town: 10 }
const kernel = () => () => {}
const engine = (population: typeof agent | typeof town, o: { every?: number; phase?: number; weight?: number } = {}) =>
  defineEngine({ name: 'e', population: population as typeof agent, kernel, ...o })

t.test('an engine counts the rows of its population once a tick', async t => {
  t.equal(agentUpdates([engine(agent), engine(town)], agents, 0, 5), 5 * 1010)
  t.equal(agentUpdates([engine(agent)], agents, 5, 5), 0)
})

t.test('main engines count nothing', async t => {
  t.equal(agentUpdates([defineMainEngine({ name: 'm', update() {} })], agents, 0, 5), 0)
})

t.test('of an engine of weight w that share counts', async t => {
  t.equal(agentUpdates([engine(agent, { weight: 0.25 })], agents, 0, 4), 1000)
})

t.test('an engine that is not due counts nothing, whatever the ticks are cut into', async t => {
  for (const every of [1, 2, 3, 7]) {
    for (const phase of [0, 1, 5, 20]) {
      const one = engine(agent, { every, phase })
      for (let from = 0; from < 25; from++) {
        for (let to = from; to < 25; to++) {
          let due = 0
          for (let tick = from; tick < to; tick++) if (isDue(one, tick)) due++
          if (agentUpdates([one], agents, from, to) !== due * 1000)
            t.fail(`every ${every} phase ${phase} ${from} ${to}`)
        }
      }
    }
  }
  t.pass()
})

t.test('a meter adds up with the agents that there were', async t => {
  let n = 10
  const meter = new UpdateMeter([engine(agent)], () => ({ agent: n }), 0)
  t.equal(meter.upTo(3), 30)
  n = 20
  t.equal(meter.upTo(5), 70)
  t.equal(meter.upTo(5), 70)
})
