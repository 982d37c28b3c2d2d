// What a simulation tells a collector, against what the simulation itself says; and that telling changes nothing.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { test } from 'tap'
import {
  compose,
  DatabasePool,
  getMetricsCollector,
  MetricsCollector,
  RedisCache,
  Simulation,
} from '../../lib/index.js'
import { refusedLater } from '../fixtures/refused.js'
import { scraped } from '../fixtures/scraped.js'

const OBSERVED = new URL('../fixtures/observed-world.js', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'populace-metrics-'))
t.teardown(() => rmSync(folder, { recursive: true }))

const STORED = 'populace_partitions{simulation="observed",state="stored"}'

const textOf = async (metrics: MetricsCollector) => scraped(await metrics.text())

test('a run has the same hash with metrics and without, on any number of workers, scraped or not', async t => {
  await using plain = await Simulation.create(OBSERVED, { workers: 0, seed: 3 })
  await plain.run({ ticks: 60 })
  const hash = await plain.hash()
  for (const workers of [0, 1, 2]) {
    const metrics = new MetricsCollector()
    await using sim = await Simulation.create(OBSERVED, { workers, seed: 3, metrics })
    const run = sim.run({ ticks: 60 })
    let going = true
    const end = run.finally(() => {
      going = false
    })
    do await metrics.text()
    while (going)
    await end
    t.equal(await sim.hash(), hash, `${workers} workers`)
  }
})

test('with checks, metrics read no clock where none may be read', async t => {
  const metrics = new MetricsCollector()
  await using sim = await Simulation.create(OBSERVED, { workers: 0, checks: true, metrics })
  await sim.run({ ticks: 10 })
  t.equal((await textOf(metrics)).get('populace_ticks_total{simulation="observed"}'), 10)
})

for (const workers of [0, 2]) {
  test(`what is told is what is so, on ${workers} workers`, async t => {
    const metrics = new MetricsCollector()
    const store = `memory:${randomUUID()}`
    await using sim = await Simulation.create(OBSERVED, { workers, metrics, store, checkpoint: { everyTicks: 20 } })
    const deltas: number[] = []
    sim.on('delta', ({ bytes }) => deltas.push(bytes.length), { every: 10 })
    await sim.run({ ticks: 20 })
    await sim.command('freeze' as never, 'east' as never)
    await sim.command('freeze' as never, 'north' as never)
    await sim.run({ ticks: 2 })
    await sim.command('unload' as never, 'north' as never)
    await sim.run({ ticks: 28 })
    const { tick, counters, measures } = sim
    let lines = await textOf(metrics)
    while (lines.get(STORED) !== 1) {
      await setImmediate() // storing goes on beside the ticks
      lines = await textOf(metrics)
    }
    const read = (name: string, labels = '') =>
      lines.get(`populace_${name}{simulation="observed"${labels === '' ? '' : `,${labels}`}}`)
    t.equal(read('tick'), tick)
    t.equal(read('ticks_total'), 50)
    t.equal(read('simulation_state', 'state="idle"'), 1)
    t.equal(read('simulation_state', 'state="running"'), 0)
    const { born, died, moved, refusedBirths } = counters.populations.person
    t.strictSame(
      [read('births_total', 'population="person"'), read('deaths_total', 'population="person"')],
      [born, died],
    )
    t.equal(read('moves_total', 'population="person"'), moved)
    t.equal(read('refusals_total', 'population="person",of="birth"'), refusedBirths)
    const alive = (state: string) => read('agents', `population="person",state="${state}"`) ?? Number.NaN
    t.equal(alive('active') + alive('frozen'), born - died)
    t.ok(alive('frozen') > 0)
    t.strictSame(
      [read('agents_capacity', 'population="person"'), read('agents_capacity', 'population="town"')],
      [2000, undefined],
    )
    for (const [outcome, n] of Object.entries(counters.messages.greeting))
      if (outcome !== 'waiting') t.equal(read('messages_total', `message="greeting",outcome="${outcome}"`), n)
    t.ok((read('messages_total', 'message="greeting",outcome="refused"') ?? 0) > 0)
    t.equal(read('messages_waiting', 'message="greeting"'), counters.messages.greeting.waiting)
    t.equal(read('emitted_events_total', 'event="born"'), counters.events.emitted.born)
    const { open, waiting, untold: _, ...outcomes } = counters.asks.price
    for (const [outcome, n] of Object.entries(outcomes))
      t.equal(read('asks_total', `ask="price",outcome="${outcome}"`), n, outcome)
    t.ok(outcomes.ok > 0 && outcomes.refused > 0)
    t.strictSame(
      [read('asks_waiting', 'ask="price",state="open"'), read('asks_waiting', 'ask="price",state="answered"')],
      [open, waiting],
    )
    const partitions = ['active', 'frozen', 'stored', 'unloaded'].map(state => read('partitions', `state="${state}"`))
    t.equal(
      partitions.reduce((a = 0, b = 0) => a + b),
      5,
    )
    t.strictSame(partitions.slice(1), [1, 1, 1])
    const told = measures as unknown as { people: number; age: number; ages: number[] }
    t.equal(read('measure', 'measure="people"'), told.people)
    t.equal(read('measure', 'measure="age"'), told.age)
    t.strictSame(
      [0, 1, 2, 3].map(bin => read('measure', `measure="ages",bin="${bin}"`)),
      told.ages,
    )
    t.equal(read('checkpoint_tick'), 40)
    t.equal(read('checkpoints_total'), 3)
    t.ok((read('checkpoint_bytes_total') ?? 0) > 0)
    t.equal(
      read('delta_bytes_total'),
      deltas.reduce((a, b) => a + b),
    )
    const kinds = [read('deltas_total', 'kind="delta"'), read('deltas_total', 'kind="keyframe"')]
    t.strictSame(kinds, [deltas.length - 1, 1])
    t.equal(read('delta_subscribers'), 1)
    t.equal(read('engine_duration_seconds_count', 'engine="watch"'), 10, 'each run of a main engine is timed')
    for (const engine of ['live', 'listen'])
      t.ok((read('engine_duration_seconds_sum', `engine="${engine}"`) ?? 0) > 0, engine)
    t.ok((read('tick_duration_seconds_count') ?? 0) > 0)
    const threads = Math.max(1, workers)
    for (let thread = 0; thread < threads; thread++) {
      t.ok((read('thread_busy_seconds_total', `thread="${thread}",work="kernels"`) ?? 0) > 0)
      t.type(read('barrier_wait_seconds_total', `thread="${thread}"`), 'number')
    }
    t.equal(read('barrier_wait_seconds_total', `thread="${threads}"`), undefined)
    t.equal((read('worker_skew_seconds_count') ?? 0) > 0, workers > 1)
  })
}

test('a service is shown with its calls, and with what stands around it', async t => {
  const metrics = new MetricsCollector()
  const teacher = compose({ limiter: { requestsPerSecond: 1e6 }, breaker: { failureThreshold: 3 } }, async () => {
    throw new Error('no connection')
  })
  const examiner = { ask: async () => 1, maxConcurrent: 2 }
  const pupils = new URL('../fixtures/pupils.js', import.meta.url)
  await using sim = await Simulation.create(pupils, { workers: 1, metrics, services: { teacher, examiner } })
  const lines = () => textOf(metrics)
  const figure = async (service: string, name: string) =>
    (await lines()).get(`populace_component{component="pupils.service.${service}",figure="${name}"}`)
  const state = 'populace_component_state{component="pupils.service.teacher",figure="guard_breaker_state"'
  t.equal((await lines()).get(`${state},state="closed"}`), 1)
  await sim.run({ ticks: 30 })
  t.equal((await lines()).get(`${state},state="open"}`), 1)
  t.notOk((await lines()).has(`${state},state="closed"}`))
  const { teacher: calls, examiner: others } = sim.services
  t.ok(calls.refused > 0 && others.ok > 0)
  t.strictSame(
    [await figure('teacher', 'refused'), await figure('teacher', 'failed'), await figure('examiner', 'ok')],
    [calls.refused, calls.failed, others.ok],
  )
  const { breaker } = teacher.status()
  t.equal(await figure('teacher', 'guard_breaker_consecutive_failures'), breaker?.consecutiveFailures)
  t.equal(await figure('examiner', 'guard_breaker_consecutive_failures'), undefined)
  t.equal((await lines()).get('populace_observe_failures_total{component="pupils.service.examiner"}'), 0)
})

test('a cache that answers before a service does is shown with what it spared', async t => {
  const metrics = new MetricsCollector()
  const cache = new RedisCache({ namespace: 'answers' })
  await cache.connect()
  let computed = 0
  const work = () => ({ text: 'yes', mark: ++computed })
  const teacher = compose({}, () => cache.getOrCompute('always the same', work))
  const pupils = new URL('../fixtures/pupils.js', import.meta.url)
  await using sim = await Simulation.create(pupils, { workers: 0, metrics, cache, services: { teacher } })
  await sim.run({ ticks: 20 })
  t.ok(sim.services.teacher.ok > 10)
  t.equal(computed, 1)
  const figure = async (name: string) =>
    (await textOf(metrics)).get(`populace_component{component="pupils.cache",figure="${name}"}`)
  t.equal(await figure('computed'), 1)
  t.equal(await figure('hits'), cache.status().hits)
  await sim.close()
  t.equal(await figure('computed'), undefined)
  t.equal(await cache.exists('always the same'), true, 'it stays open')
  await cache.close()
})

test('two simulations of one name share a collector, and what is closed is shown no more', async t => {
  const options = { workers: 0, metrics: true, params: { people: 100 } }
  const one = await Simulation.create(OBSERVED, options)
  const two = await Simulation.create(OBSERVED, options)
  await two.run({ ticks: 3 })
  const metrics = getMetricsCollector()
  t.strictSame(metrics.simulations, { observed: 'idle', 'observed-2': 'idle' })
  const lines = await textOf(metrics)
  t.equal(lines.get('populace_tick{simulation="observed"}'), 0)
  t.equal(lines.get('populace_tick{simulation="observed-2"}'), 3)
  await one.close()
  t.equal((await textOf(metrics)).has('populace_tick{simulation="observed"}'), false)
  await two.close()
  t.strictSame(metrics.simulations, {})
  t.notOk([...(await textOf(metrics)).keys()].some(line => line.includes('observed')))
})

test('a simulation that could not begin, or does not want to, is not collected', async t => {
  const metrics = new MetricsCollector()
  const failing = new URL('../fixtures/failing.js?fail=setup', import.meta.url)
  await refusedLater(t, 'SETUP_FAILED', /no setup today/, () => Simulation.create(failing, { workers: 0, metrics }))
  await using _sim = await Simulation.create(OBSERVED, { workers: 0, metrics: false, params: { people: 100 } })
  t.strictSame([metrics.simulations, getMetricsCollector().simulations], [{}, {}])
})

test('a failure is told, and a recovery counted', async t => {
  const metrics = new MetricsCollector()
  const failing = new URL('../fixtures/failing.js?fail=kernel', import.meta.url)
  await using sim = await Simulation.create(failing, { workers: 0, metrics })
  await refusedLater(t, 'ENGINE_FAILED', /no kernel today/, () => sim.run({ ticks: 9 }))
  t.strictSame(metrics.simulations, { failing: 'failed' })
  t.equal((await textOf(metrics)).get('populace_simulation_state{simulation="failing",state="failed"}'), 1)

  const mortal = new URL(
    `../fixtures/mortal.js?${new URLSearchParams({ deaths: '1', file: join(folder, randomUUID()) })}`,
    import.meta.url,
  )
  const checkpoint = { inMemory: true, everyTicks: 5 }
  await using again = await Simulation.create(mortal, { workers: 2, metrics, checkpoint })
  await again.run({ ticks: 20 })
  const lines = await textOf(metrics)
  t.equal(lines.get('populace_recoveries_total{simulation="mortal"}'), 1)
  t.equal(lines.get('populace_tick{simulation="mortal"}'), 20)
})

test('a pool is observed in one line', async t => {
  const metrics = new MetricsCollector()
  const pool = new DatabasePool({ connectionString: 'postgres://user:secret@nowhere/world', poolSize: 3 })
  metrics.observe('database', () => pool.status())
  const text = await metrics.text()
  t.notMatch(text, 'secret')
  const lines = scraped(text)
  t.equal(lines.get('populace_component{component="database",figure="pool_size"}'), 3)
  t.equal(lines.get('populace_component{component="database",figure="waiting"}'), 0)
  t.equal(lines.get('populace_component_state{component="database",figure="state",state="new"}'), 1)
  await pool.close()
  t.match(await metrics.text(), 'component="database",figure="state",state="closed"')
})

test('metrics of Simulation.create are true, false or a collector', async t => {
  for (const metrics of [7, 'yes', {}, null])
    await refusedLater(t, 'OPTION_INVALID', /'metrics' of Simulation.create.*MetricsCollector/, () =>
      Simulation.create(OBSERVED, { workers: 0, metrics: metrics as never }),
    )
})
