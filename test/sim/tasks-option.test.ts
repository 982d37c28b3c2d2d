// A host's task queue that codes checkpoints: what is stored, and what comes of a run, are the same with it and without,
// on any number of workers and whatever becomes of the queue.
import { createHash, randomUUID } from 'node:crypto'
import t from 'tap'
import { MetricsCollector, openStore, Simulation, type SimulationOptions, TaskQueue } from '../../lib/index.js'
import type life from '../fixtures/life.js'
import { scraped } from '../fixtures/scraped.js'
import { MODULE } from '../fixtures/tasks.js'

const LIFE = new URL('../fixtures/life.js', import.meta.url)
const REGIONS = new URL('../fixtures/regions.js', import.meta.url)
/** Some megabytes of state: the calling thread codes less by itself. */
const params = { people: 20_000 }
const TICKS = 12
const common = { seed: 5, run: 'one', checkpoint: { everyTicks: 3 } }

/** What is in a store of a run: each checkpoint with a digest of its bytes. */
async function stored(address: string): Promise<unknown[]> {
  const store = await openStore(address)
  const all = await Promise.all(
    (await store.checkpoints('one')).map(async ({ tick, base, hash, bytes }) => {
      const digest = createHash('sha256').update(await store.readCheckpoint('one', tick))
      return { tick, base, hash, bytes, digest: digest.digest('hex') }
    }),
  )
  await store.close()
  return all
}

async function whole(options: SimulationOptions, half = async () => {}): Promise<{ hash: string; stored: unknown[] }> {
  const store = `memory:${randomUUID()}`
  await using sim = await Simulation.create<typeof life>(LIFE, { ...common, params, store, ...(options as object) })
  await sim.run({ ticks: TICKS / 2 })
  await half()
  await sim.run({ ticks: TICKS / 2 })
  const hash = await sim.hash()
  await sim.close()
  return { hash, stored: await stored(store) }
}

const expected = await whole({ workers: 0 })

for (const workers of [0, 1, 2, 3]) {
  t.test(`${workers} workers: with a queue that works all is coded there, and is the same`, async t => {
    await using tasks = new TaskQueue({ maxWorkers: 2 })
    tasks.start()
    t.strictSame(await whole({ workers, tasks }), expected)
    const { done, failed, cancelled, results } = tasks.getStats()
    t.ok(done > 0)
    t.strictSame({ failed, cancelled, results }, { failed: 0, cancelled: 0, results: 0 })
  })

  t.test(`${workers} workers: a queue that is full, not started, or stopped midway costs no checkpoint`, async t => {
    await using full = new TaskQueue({ maxWorkers: 1, maxQueueSize: 1 })
    full.start()
    const gate = new SharedArrayBuffer(8)
    for (let i = 0; i < 2; i++) full.enqueue({ module: MODULE, name: 'waitFor' }, { gate })
    t.strictSame(await whole({ workers, tasks: full }), expected, 'full')
    t.ok(full.getStats().refused > 0)
    Atomics.store(new Int32Array(gate), 1, 1)
    Atomics.notify(new Int32Array(gate), 1) // pairs with the wait in waitFor

    t.strictSame(await whole({ workers, tasks: new TaskQueue() }), expected, 'not started')

    await using stopped = new TaskQueue({ maxWorkers: 1 })
    stopped.start()
    t.strictSame(await whole({ workers, tasks: stopped }, () => stopped.stop()), expected, 'stopped midway')
    t.ok(stopped.getStats().done > 0)
  })
}

t.test('a queue with all threads busy for long holds no run up', async t => {
  await using tasks = new TaskQueue({ maxWorkers: 1 })
  tasks.start()
  const gate = new SharedArrayBuffer(8)
  const busy = tasks.enqueue({ module: MODULE, name: 'waitFor' }, { gate })
  t.strictSame(await whole({ workers: 1, tasks }), expected)
  t.equal(tasks.getStatus(busy).state, 'running')
  t.match(tasks.getStats(), { waiting: 0 })
  Atomics.store(new Int32Array(gate), 1, 1)
  Atomics.notify(new Int32Array(gate), 1) // pairs with the wait in waitFor
})

t.test('a run is resumed, sought and forked in the queue too, and the queue stays open', async t => {
  const store = `memory:${randomUUID()}`
  await using tasks = new TaskQueue({ maxWorkers: 1 })
  tasks.start()
  const first = await Simulation.create<typeof life>(LIFE, { ...common, params, store, workers: 0 })
  await first.run({ ticks: TICKS - 1 })
  await first.close()
  const metrics = new MetricsCollector()
  await using again = await Simulation.resume(LIFE, {
    store,
    workers: 1,
    tasks,
    metrics,
    checkpoint: common.checkpoint,
  })
  const decoded = tasks.getStats().done
  t.ok(decoded > 0)
  await again.run({ ticks: TICKS - again.tick })
  t.equal(await again.hash(), expected.hash)
  await again.seek(4)
  await again.seek(TICKS)
  t.equal(await again.hash(), expected.hash)
  const lines = scraped(await metrics.text())
  const figure = (name: string) => lines.get(`populace_component{component="one.tasks",figure="${name}"}`)
  t.equal(figure('done'), tasks.getStats().done)
  t.ok((figure('simulation_batches') ?? 0) > 0)
  t.strictSame([figure('simulation_lost'), figure('simulation_elsewhere')], [0, 0])
  await again.close()
  const before = tasks.getStats().done
  await using fork = await Simulation.fork(LIFE, { store, workers: 0, tasks, as: 'two', tick: 6 })
  t.ok(tasks.getStats().done > before)
  await fork.run({ ticks: TICKS - 6 })
  t.equal(await fork.hash(), expected.hash)
  await fork.close()
  t.equal(tasks.getStats().state, 'started')
})

t.test('partitions that sleep are coded in the queue, and are the same', async t => {
  const ends = new Map<string, unknown>()
  for (const withTasks of [false, true]) {
    const store = `memory:${randomUUID()}`
    await using tasks = new TaskQueue({ maxWorkers: 2 })
    tasks.start()
    const o = { ...common, store, workers: 2, params: { regions: 3, folk: 4000, asleep: 2, restless: 0 } }
    await using sim = await Simulation.create(REGIONS, { ...o, ...(withTasks ? { tasks } : {}) })
    await sim.run({ ticks: 6 })
    ends.set(String(withTasks), { hash: await sim.hash() })
    await sim.close()
    ends.set(`${withTasks} stored`, await stored(store))
    t.equal(tasks.getStats().done > 0, withTasks)
  }
  t.strictSame(ends.get('true'), ends.get('false'))
  t.strictSame(ends.get('true stored'), ends.get('false stored'))
})
