// What a simulation tells an event bus: all of it in one order, on any number of workers, whatever the bus and its handlers
// do; and nothing that they do comes back: the hash is that of a run without a bus.
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import {
  EventBus,
  type EventBusOptions,
  MetricsCollector,
  Simulation,
  type SimulationOptions,
} from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { scraped } from '../fixtures/scraped.js'

const CHATTER = new URL('../fixtures/chatter.js', import.meta.url)
const TICKS = 20
const seed = 5
const create = (options: SimulationOptions) => Simulation.create(CHATTER, { seed, ...options })

interface Told {
  readonly tick: number
  readonly sequence: number
}

/** What listeners of a run without a bus are told, and its hash. */
async function untouched(ticks = TICKS): Promise<{ hash: string; all: string }> {
  const all: string[] = []
  await using sim = await create({ workers: 0 })
  sim.on('event', ({ name, tick, sequence }) => all.push(`chatter.event.${name} ${tick} ${sequence}`))
  await sim.run({ ticks })
  return { hash: await sim.hash(), all: all.join('\n') }
}

const { hash, all } = await untouched()
const EMITTED = all.split('\n').length

/** A bus that notes its events, and does `work` with each before the next one. */
function noting(options: EventBusOptions, work: (count: number) => unknown = () => undefined, clock?: FakeClock) {
  const told: string[] = []
  const bus = new EventBus({ workerCount: 1, logger: { warn: () => undefined }, ...options }, clock)
  bus.subscribe<Told>('chatter.event.*', ({ topic, payload }) => {
    told.push(`${topic} ${payload.tick} ${payload.sequence}`)
    return work(told.length)
  })
  bus.start()
  return { bus, told }
}

/** A door that handlers wait at. */
function door() {
  let open = () => {}
  const opened = new Promise<void>(resolve => (open = resolve))
  return { opened, open }
}

/** What became of what a simulation published, as its metrics say. */
async function countsOf(metrics: MetricsCollector): Promise<{ published: number; waiting: number; lost: number }> {
  const lines = scraped(await metrics.text())
  const figure = (name: string) =>
    lines.get(`populace_component{component="chatter.eventBus",figure="simulation_${name}"}`) ?? Number.NaN
  return { published: figure('published'), waiting: figure('waiting'), lost: figure('lost') }
}

for (const workers of [0, 1, 2, 3]) {
  t.test(
    `${workers} workers: a bus gets the events in one order, whatever its handlers throw, and stays open`,
    async t => {
      const { bus, told } = noting({ maxQueueSize: 50 }, n => {
        if (n % 7 === 0) throw new Error('a handler of a test')
      })
      const sim = await create({ workers, eventBus: bus })
      await sim.run({ ticks: TICKS })
      t.equal(await sim.hash(), hash)
      await bus.drain()
      t.ok(told.join('\n') === all, 'when a run has ended the bus has all of it')
      await sim.close()
      t.equal(bus.getStats().callsFailed, Math.floor(EMITTED / 7))
      t.equal(bus.takeDeadLetters().length, Math.min(1000, Math.floor(EMITTED / 7)))
      t.ok(await bus.publish('still.open'))
      await bus.stop()
    },
  )

  t.test(`${workers} workers: a bus that blocks holds the run up between two ticks, and nothing is lost`, async t => {
    const { opened, open } = door()
    const { bus, told } = noting({ maxQueueSize: 3, maxBlocked: 1 }, n => (n === 1 ? opened : turn()))
    const metrics = new MetricsCollector()
    await using sim = await create({ workers, eventBus: bus, metrics })
    let isDone = false
    const run = sim.run({ ticks: TICKS }).then(() => {
      isDone = true
    })
    while (bus.getStats().blocked === 0) await turn()
    const at = await sim.read(({ tick }) => tick)
    for (let i = 0; i < 20; i++) await turn()
    t.equal(await sim.read(({ tick }) => tick), at, 'it waits where it is, and can be read')
    t.notOk(isDone)
    t.ok((await countsOf(metrics)).waiting > 0)
    open()
    await run
    t.equal(await sim.hash(), hash)
    const { published, waiting, lost } = await countsOf(metrics)
    t.strictSame({ waiting, lost, dropped: bus.getStats().dropped }, { waiting: 0, lost: 0, dropped: 0 })
    t.equal(published, bus.getStats().accepted)
    await bus.drain()
    t.ok(told.join('\n') === all)
    await bus.stop()
  })

  for (const backpressureStrategy of workers === 2 ? (['drop', 'log'] as const) : (['drop'] as const)) {
    t.test(
      `${workers} workers: what a bus with '${backpressureStrategy}' loses is counted, and holds nothing up`,
      async t => {
        const { bus, told } = noting({ backpressureStrategy, maxQueueSize: 10 })
        const metrics = new MetricsCollector()
        await using sim = await create({ workers, eventBus: bus, metrics })
        await sim.run({ ticks: TICKS })
        t.equal(await sim.hash(), hash)
        await bus.drain()
        const { published, waiting, lost } = await countsOf(metrics)
        const { accepted, dropped, done } = bus.getStats()
        t.ok(lost > 0)
        t.strictSame([published, waiting, lost, published - lost], [accepted, 0, dropped, done])
        const kept = new Set(told)
        t.ok(
          told.join('\n') ===
            all
              .split('\n')
              .filter(event => kept.has(event))
              .join('\n'),
          'in order, each once',
        )
        await bus.stop()
      },
    )
  }

  t.test(`${workers} workers: a bus that is stopped midway gets no more, which is counted`, async t => {
    const { bus, told } = noting({})
    const metrics = new MetricsCollector()
    await using sim = await create({ workers, eventBus: bus, metrics })
    await sim.run({ ticks: TICKS / 2 })
    await bus.stop()
    const had = told.length
    await sim.run({ ticks: TICKS / 2 })
    t.equal(await sim.hash(), hash)
    const { published, waiting, lost } = await countsOf(metrics)
    t.strictSame([waiting, published - lost], [0, bus.getStats().accepted])
    t.ok(lost >= EMITTED - had && told.length === had)
  })
}

// What the crew does differs in no way here: with threads and without is enough.
for (const workers of [0, 2]) {
  t.test(`${workers} workers: a bus that is stopped while it holds a run up lets it go`, async t => {
    const clock = new FakeClock()
    const { bus } = noting({ maxQueueSize: 1, handlerTimeoutMs: 1000 }, () => new Promise(() => undefined), clock)
    const metrics = new MetricsCollector()
    await using sim = await create({ workers, eventBus: bus, metrics })
    const run = sim.run({ ticks: TICKS })
    while (bus.getStats().blocked === 0) await turn()
    const stopped = t.rejects(bus.stop({ timeoutMs: 10 }), { code: 'EVENT_TIMEOUT' })
    clock.advance(10)
    await Promise.all([stopped, run])
    t.equal(await sim.hash(), hash)
    const { published, waiting, lost } = await countsOf(metrics)
    t.strictSame([waiting, published - lost], [0, bus.getStats().accepted])
  })

  t.test(`${workers} workers: an event whose handler hangs is a dead letter, and the run goes on`, async t => {
    const clock = new FakeClock()
    const hang = (n: number) => (n === 5 ? new Promise(() => undefined) : undefined)
    const { bus, told } = noting({ maxQueueSize: 5, handlerTimeoutMs: 1000 }, hang, clock)
    await using sim = await create({ workers, eventBus: bus })
    const run = sim.run({ ticks: TICKS })
    while (told.length < 5 || bus.getStats().blocked === 0) await turn()
    clock.advance(1000)
    await run
    t.equal(await sim.hash(), hash)
    await bus.drain()
    t.ok(told.join('\n') === all)
    const [letter, ...others] = bus.takeDeadLetters()
    t.match(letter, { error: { code: 'EVENT_TIMEOUT' }, pattern: 'chatter.event.*' })
    t.equal(others.length, 0)
    await bus.stop()
  })

  t.test(`${workers} workers: in real time a bus that blocks holds the run up too`, async t => {
    const { opened, open } = door()
    const { bus, told } = noting({ maxQueueSize: 3 }, n => (n === 1 ? opened : turn()))
    await using sim = await create({ workers, eventBus: bus })
    await sim.start({ hz: 1000 })
    while (bus.getStats().blocked === 0) await turn()
    const at = await sim.read(({ tick }) => tick)
    for (let i = 0; i < 20; i++) await turn()
    t.equal(await sim.read(({ tick }) => tick), at)
    open()
    while (sim.tick < TICKS) await turn()
    await sim.stop()
    const expected = await untouched(sim.tick)
    t.equal(await sim.hash(), expected.hash)
    await sim.close()
    await bus.stop()
    t.ok(told.join('\n') === expected.all)
  })

  t.test(
    `${workers} workers: a run that is held up can be stopped, aborted and closed at once, and nothing is lost`,
    async t => {
      const { opened, open } = door()
      const { bus, told } = noting({ maxQueueSize: 3 }, n => (n === 1 ? opened : undefined))
      const sim = await create({ workers, eventBus: bus })
      const stopped = sim.run({ ticks: TICKS })
      while (bus.getStats().blocked === 0) await turn()
      await sim.stop()
      await stopped
      const { tick } = sim
      const abort = new AbortController()
      const aborted = sim.run({ ticks: TICKS, signal: abort.signal })
      await turn()
      abort.abort()
      await t.rejects(aborted, { code: 'ABORTED' })
      t.equal(sim.tick, tick, 'it did not go on')
      const closed = sim.run({ ticks: TICKS })
      await turn()
      await Promise.all([sim.close(), t.rejects(closed, { code: 'SIM_CLOSED' })])
      open()
      await bus.stop()
      t.ok(told.join('\n') === (await untouched(tick)).all)
      t.equal(bus.getStats().dropped, 0)
    },
  )
}
