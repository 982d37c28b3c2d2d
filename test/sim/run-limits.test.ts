// Limits of a simulation: the same tick reaches them on any number of workers, and no result depends on them.
import t from 'tap'
import { EventBus, Simulation, type SimulationOptions } from '../../lib/index.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const CHATTER = new URL('../fixtures/chatter.js', import.meta.url)
const TICKS = 20
const create = (options: SimulationOptions) => Simulation.create(CHATTER, { seed: 5, ...options })

async function untouched(): Promise<{ hash: string; most: number; at: number }> {
  await using sim = await create({ workers: 0 })
  let [most, at, before] = [0, 0, 0]
  for (let tick = 1; tick <= TICKS; tick++) {
    await sim.run({ ticks: 1 })
    const { said, slept } = sim.counters.events.emitted
    if (said + slept - before > most) [most, at] = [said + slept - before, tick]
    before = said + slept
  }
  return { hash: await sim.hash(), most, at }
}

t.test('the same tick goes beyond a limit on 0, 1, 2 and 3 workers, and the run goes on when it is raised', async t => {
  const { hash, most, at } = await untouched()
  for (const workers of [0, 1, 2, 3]) {
    await using sim = await create({ workers, limits: { perTick: { events: most - 1 } } })
    const named = new RegExp(`${most} events in one tick are more than perTick.events of ${most - 1}`)
    await refusedLater(t, 'LIMIT_EXCEEDED', named, () => sim.run({ ticks: TICKS }))
    t.equal(sim.tick, at)
    sim.limits.set({ perTick: { events: most } })
    await sim.run({ ticks: TICKS - at })
    t.equal(await sim.hash(), hash, `${workers} workers`)
  }
})

t.test('a run that a limit ended is resumed from a checkpoint of that tick', async t => {
  const { hash, most, at } = await untouched()
  const store = 'memory:limited'
  const sim = await create({ workers: 0, store, limits: { perTick: { events: most - 1 } } })
  await refusedLater(t, 'LIMIT_EXCEEDED', /events/, () => sim.run({ ticks: TICKS }))
  await sim.close()
  await using again = await Simulation.resume(CHATTER, { workers: 0, store, limits: { perTick: { events: most } } })
  t.equal(again.tick, at)
  await again.run({ ticks: TICKS - at })
  t.equal(await again.hash(), hash)
})

t.test("with 'pause' a run waits, says so, and goes on when limits are raised, or ends by its signal", async t => {
  const { hash } = await untouched()
  let warned = (_message: string) => {}
  const warning = new Promise<string>(resolve => (warned = resolve))
  const logger = { warn: (message: string) => warned(message) }
  await using sim = await create({ workers: 0, logger, limits: { maxAgents: { person: 299 }, policy: 'pause' } })
  const ending = new AbortController()
  const ended = sim.run({ ticks: TICKS, signal: ending.signal })
  t.match(await warning, /waits at tick 0: 300 agents of 'person' are more than their quota of 299/)
  t.equal(await sim.read(() => sim.limits.status().action), 'pause')
  ending.abort()
  await refusedLater(t, 'ABORTED', /aborted/, () => ended)
  t.equal(sim.tick, 0)
  const run = sim.run({ ticks: TICKS })
  await sim.read(() => undefined)
  sim.limits.set({ maxAgents: 300 })
  await run
  t.equal(await sim.hash(), hash)
})

t.test('bad limits are refused by name', async t => {
  const wrong = (limits: object) => () => create({ workers: 0, limits })
  await refusedLater(t, 'OPTION_UNKNOWN', /maxAgent/, wrong({ maxAgent: 1 }))
  await refusedLater(t, 'OPTION_INVALID', /maxAgents/, wrong({ maxAgents: -1 }))
  await refusedLater(t, 'OPTION_INVALID', /policies.births/, wrong({ policies: { births: 'throttle' } }))
  await refusedLater(t, 'POPULATION_UNKNOWN', /'persons'/, wrong({ maxAgents: { persons: 1 } }))
  for (const option of ['eventBus', 'database', 'cache', 'tasks'])
    await refusedLater(t, 'OPTION_INVALID', new RegExp(option), () => create({ workers: 0, [option]: {} }))
  await refusedLater(t, 'STORE_INVALID', /'postgres:' has no address/, () => create({ workers: 0, store: 'postgres:' }))
  await using sim = await create({ workers: 0 })
  refused(t, 'OPTION_UNKNOWN', /tickTimeoutMs/, () => sim.limits.set({ tickTimeoutMs: 1 } as object))
})

t.test(
  'a bus gets the events in one order on any number of workers, whatever its handlers do, and stays open',
  async t => {
    const { hash } = await untouched()
    let expected = ''
    for (const workers of [0, 1, 2, 3]) {
      const bus = new EventBus({ maxQueueSize: 50 })
      const told: string[] = []
      bus.subscribe<{ tick: number; sequence: number }>('chatter.event.*', ({ topic, payload }) => {
        told.push(`${topic} ${payload.tick} ${payload.sequence}`)
        if (told.length % 7 === 0) throw new Error('a handler of a test')
      })
      bus.start()
      const sim = await create({ workers, eventBus: bus })
      await sim.run({ ticks: TICKS })
      t.equal(await sim.hash(), hash)
      const { emitted } = sim.counters.events
      await sim.close()
      await bus.drain()
      t.equal(told.length, emitted.said + emitted.slept)
      expected ||= told.join('\n')
      t.ok(told.join('\n') === expected, `${workers} workers`)
      t.ok(await bus.publish('still.open'))
      await bus.stop()
    }
  },
)
