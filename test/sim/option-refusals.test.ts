// Options of a simulation that are wrong: each is refused by its code, and leaves nothing: no run in the store, no lease, no
// thread, nothing in the metrics.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import {
  defineEngine,
  defineEvent,
  definePopulation,
  defineScenario,
  type ErrorCode,
  EventBus,
  MetricsCollector,
  openStore,
  Simulation,
  type SimulationOptions,
  TaskQueue,
  u32,
} from '../../lib/index.js'
import { refusedLater } from '../fixtures/refused.js'

const PUPILS = new URL('../fixtures/pupils.js', import.meta.url)

const bus = new EventBus()
const tasks = new TaskQueue()
t.teardown(async () => {
  await bus.stop()
  await tasks.stop()
})

/** A collector that has no room for a component more. */
function full(): MetricsCollector {
  const metrics = new MetricsCollector()
  for (let i = 0; i < 100; i++) metrics.observe(`component ${i}`, () => ({}))
  return metrics
}

/** What is wrong, the code, and what the message names. */
const WRONG: readonly (readonly [object, ErrorCode, RegExp])[] = [
  ...['eventBus', 'database', 'cache', 'tasks', 'metrics', 'logger'].flatMap(option =>
    [{}, 7, null].map(value => [{ [option]: value }, 'OPTION_INVALID', new RegExp(`'${option}'`)] as const),
  ),
  // One in the place of another.
  [{ eventBus: tasks }, 'OPTION_INVALID', /'eventBus'.*EventBus/],
  [{ tasks: bus }, 'OPTION_INVALID', /'tasks'.*TaskQueue/],
  [{ task: tasks }, 'OPTION_UNKNOWN', /'task'.*'tasks'/],
  [{ limits: { perTick: { ask: 1 } } }, 'OPTION_UNKNOWN', /'limits.perTick.ask'.*'asks'/],
  [{ limits: { perTick: { asks: -1 } } }, 'OPTION_INVALID', /limits.perTick.asks/],
  [{ limits: { perTick: { asks: 0.5 } } }, 'OPTION_INVALID', /limits.perTick.asks/],
  [{ limits: { policies: { asks: 'throttle' } } }, 'OPTION_INVALID', /limits.policies.asks/],
  [{ limits: { maxAgents: { pupils: 1 } } }, 'POPULATION_UNKNOWN', /'pupils'.*'pupil'/s],
  [{ services: { teachers: async () => 1 } }, 'SERVICE_UNKNOWN', /'teachers'.*'teacher'/s],
  [{ services: { teacher: 7 } }, 'OPTION_INVALID', /service 'teacher'/],
  [{ services: { teacher: { ask: async () => 1, maxConcurrent: 0 } } }, 'OPTION_INVALID', /maxConcurrent/],
  [{ eventBus: bus, run: 'north..one' }, 'TOPIC_INVALID', /'north\.\.one/],
  [{ eventBus: bus, run: 'north*' }, 'TOPIC_INVALID', /'north\*/],
  [{ metrics: full() }, 'METRIC_INVALID', /100 components/],
]

/** Threads of this process beside the main one. */
const threads = () => (process.report.getReport() as unknown as { workers: unknown[] }).workers.length

for (const workers of [0, 2]) {
  t.test(`${workers} workers: a wrong option of a new run is refused, and leaves nothing`, async t => {
    const before = threads()
    for (const [options, code, named] of WRONG) {
      const address = `memory:${randomUUID()}`
      const given = { workers, store: address, run: 'one', ...options } as SimulationOptions
      await refusedLater(t, code, named, () => Simulation.create(PUPILS, given))
      t.equal(threads(), before, 'no thread is left')
      const store = await openStore(address)
      t.strictSame(await store.runs(), [], 'no run is there')
      const writer = await store.write(given.run as string)
      await writer.close() // its lease was given back
      await store.close()
      const { metrics } = given
      if (metrics instanceof MetricsCollector) t.strictSame(metrics.simulations, {})
    }
  })
}

t.test('a wrong option of a run that is to go on is refused, and the run stays as it was', async t => {
  const store = `memory:${randomUUID()}`
  const first = await Simulation.create(PUPILS, { workers: 0, store, run: 'one' })
  await first.run({ ticks: 10 })
  await first.checkpoint()
  const hash = await first.hash()
  await first.close()
  const before = threads()
  for (const [options, code, named] of WRONG) {
    if ('run' in options) continue // there is none of that name
    const given = { workers: 2, store, run: 'one', ...options }
    await refusedLater(t, code, named, () => Simulation.resume(PUPILS, given))
    await refusedLater(t, code, named, () => Simulation.fork(PUPILS, { ...given, as: 'two' }))
    t.equal(threads(), before, 'no thread is left')
  }
  const looked = await openStore(store)
  t.strictSame(
    (await looked.runs()).map(({ run }) => run),
    ['one'],
  )
  await looked.close()
  await using again = await Simulation.resume(PUPILS, { workers: 0, store, run: 'one' })
  t.equal(again.tick, 10)
  t.equal(await again.hash(), hash)
})

t.test('an event that has no name for a topic is refused where there is a bus', async t => {
  const person = definePopulation('person', { capacity: 1, columns: { age: u32() } })
  const odd = defineEvent('at.*', { columns: { age: u32() } })
  const shout = defineEngine({
    ...{ name: 'shout', population: person, emits: { odd } },
    kernel: () => () => undefined,
  })
  const scenario = defineScenario({ name: 'odd', populations: [person], engines: [shout], setup: () => undefined })
  await refusedLater(t, 'TOPIC_INVALID', /'odd\.event\.at\.\*'/, () =>
    Simulation.create(scenario, { workers: 0, eventBus: bus }),
  )
  await using sim = await Simulation.create(scenario, { workers: 0 })
  await sim.run({ ticks: 1 })
})
