import { test } from 'tap'
import { MAX_SUBSCRIPTIONS } from '../../lib/core/limits.js'
import { EventBus, type EventBusOptions, type EventBusStats } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

function busWith(options: EventBusOptions = {}) {
  const clock = new FakeClock()
  return { clock, bus: new EventBus(options, clock) }
}

/** A handler whose calls end when the test says so. */
function held() {
  const calls: { payload: unknown; end(): void; fail(error: unknown): void }[] = []
  const handler = ({ payload }: { payload: unknown }) =>
    new Promise<void>((resolve, reject) => calls.push({ payload, end: resolve, fail: reject }))
  return { calls, handler }
}

const balances = (s: EventBusStats) => s.accepted === s.done + s.failed + s.dropped + s.queued + s.running

test('events go to the handlers whose patterns match, and publish calls none of them', async t => {
  const { bus } = busWith()
  const seen: string[] = []
  bus.subscribe('npc.*', ({ topic, payload, sequence }) => seen.push(`${topic} ${payload} ${sequence}`))
  bus.subscribe('tick', () => seen.push('tick'))
  bus.start()
  t.equal(await bus.publish('npc.born', 7), true)
  await bus.publish('npc')
  t.strictSame(seen, [])
  await bus.drain()
  t.strictSame(seen, ['npc.born 7 1'])
  t.match(bus.getStats(), { accepted: 2, done: 2, unheard: 1, calls: 1, latency: { count: 2 } })
  await bus.stop()
})

test('what is published before start is dispatched after it', async t => {
  const { bus } = busWith()
  const seen: unknown[] = []
  for (const payload of [1, 2, 3]) await bus.publish('a', payload)
  bus.subscribe('a', ({ payload }) => seen.push(payload))
  await turn()
  t.strictSame(seen, [])
  await refusedLater(t, 'EVENT_BUS_NOT_STARTED', /before start/, () => bus.drain())
  bus.start()
  await bus.drain()
  t.strictSame(seen, [1, 2, 3])
})

test('handlers of an event begin by priority, lowest first, then in the order in which they subscribed', async t => {
  const { bus } = busWith()
  const seen: string[] = []
  bus.subscribe('a.b', () => seen.push('second'))
  bus.subscribe('**', () => seen.push('last'), { priority: 5 })
  bus.subscribe('a.*', () => seen.push('third'))
  bus.subscribe('a.b', () => seen.push('first'), { priority: -1 })
  bus.start()
  await bus.publish('a.b')
  await bus.drain()
  t.strictSame(seen, ['first', 'second', 'third', 'last'])
})

test('events of one topic come one at a time and in order, those of others meanwhile', async t => {
  const { bus } = busWith({ workerCount: 2 })
  const { calls, handler } = held()
  bus.subscribe('**', handler)
  bus.start()
  for (const [topic, payload] of [
    ['a', 'a1'],
    ['a', 'a2'],
    ['b', 'b1'],
    ['c', 'c1'],
  ] as const)
    await bus.publish(topic, payload)
  await turn()
  t.strictSame(
    calls.map(call => call.payload),
    ['a1', 'b1'],
  )
  t.match(bus.getStats(), { running: 2, queued: 2 })
  calls[1].end()
  await turn()
  t.strictSame(
    calls.map(call => call.payload),
    ['a1', 'b1', 'c1'],
    'a is busy',
  )
  calls[0].end()
  await turn()
  t.strictSame(
    calls.map(call => call.payload),
    ['a1', 'b1', 'c1', 'a2'],
  )
  for (const call of calls) call.end()
  await bus.drain()
  t.match(bus.getStats(), { done: 4, running: 0 })
})

test('the topic whose oldest event has the lowest priority is next, and no topic is reordered', async t => {
  const { bus } = busWith({ workerCount: 1 })
  const seen: unknown[] = []
  bus.subscribe('**', ({ payload }) => seen.push(payload))
  await bus.publish('a', 'a1')
  await bus.publish('a', 'a2', { priority: -9 })
  await bus.publish('b', 'b1', { priority: -1 })
  await bus.publish('c', 'c1', { priority: 1 })
  bus.start()
  await bus.drain()
  t.strictSame(seen, ['b1', 'a1', 'a2', 'c1'])
})

test('a handler that throws or rejects harms no other, and its events become dead letters', async t => {
  const { bus } = busWith()
  const seen: unknown[] = []
  const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
  const throws = bus.subscribe('a', () => {
    throw thrown
  })
  const rejects = bus.subscribe('*', () => Promise.reject(rejected))
  bus.subscribe('a', ({ payload }) => seen.push(payload))
  bus.start()
  await bus.publish('a', 1)
  await bus.publish('a', 2)
  await bus.drain()
  t.strictSame(seen, [1, 2])
  t.match(bus.getStats(), { accepted: 2, done: 0, failed: 2, calls: 6, callsFailed: 4, deadLetters: 4 })
  t.match([throws.calls, throws.failed, rejects.failed], [2, 2, 2])
  const letters = bus.takeDeadLetters()
  t.strictSame(
    letters.map(({ event, pattern, error }) => [event.payload, pattern, error]),
    [
      [1, 'a', thrown],
      [1, '*', rejected],
      [2, 'a', thrown],
      [2, '*', rejected],
    ],
  )
  t.strictSame(bus.takeDeadLetters(), [])
})

test('a handler that hangs is given up after its timeoutMs, and what becomes of it later changes nothing', async t => {
  const { bus, clock } = busWith({ handlerTimeoutMs: 500 })
  const { calls, handler } = held()
  const own = held()
  const hanging = bus.subscribe('a', handler)
  bus.subscribe('a', own.handler, { timeoutMs: 100 })
  bus.start()
  await bus.publish('a', 1)
  await bus.publish('a', 2)
  await turn()
  t.strictSame(clock.waiting, [100, 500])
  clock.advance(100)
  await turn()
  t.match(bus.getStats(), { running: 1, callsTimedOut: 1 })
  clock.advance(400)
  await turn()
  t.match(bus.getStats(), { failed: 1, running: 1, callsTimedOut: 2 })
  t.equal(hanging.timedOut, 1)
  calls[0].fail(new Error('late'))
  own.calls[0].end()
  await turn()
  t.match(bus.getStats(), { failed: 1, running: 1, callsFailed: 0, deadLetters: 2 })
  calls[1].end()
  own.calls[1].end()
  await bus.drain()
  t.match(bus.getStats(), { failed: 1, done: 1 })
  t.strictSame(clock.waiting, [], 'no timer is left')
  t.match(bus.takeDeadLetters()[1], { pattern: 'a', event: { payload: 1 }, error: { code: 'EVENT_TIMEOUT' } })
})

test('only the newest dead letters are kept', async t => {
  for (const [maxDeadLetters, kept] of [
    [2, [4, 5]],
    [0, []],
  ] as const) {
    const { bus } = busWith({ maxDeadLetters })
    bus.subscribe('a', () => Promise.reject(new Error('no')))
    bus.start()
    for (let i = 1; i <= 5; i++) await bus.publish('a', i)
    await bus.drain()
    t.match(bus.getStats(), { deadLetters: kept.length, deadLettersLost: 5 - kept.length })
    t.strictSame(
      bus.takeDeadLetters().map(letter => letter.event.payload),
      kept,
    )
  }
})

test('unsubscribing ends calls at once, though an event is being dispatched', async t => {
  const { bus } = busWith()
  const seen: string[] = []
  bus.subscribe('a', () => second.unsubscribe(), { priority: -1 })
  const second = bus.subscribe('a', () => seen.push('second'))
  bus.start()
  await bus.publish('a')
  await bus.drain()
  second.unsubscribe()
  t.strictSame(seen, [])
  t.match(bus.getStats(), { subscriptions: 1, calls: 1 })
})

test("'drop' drops what there is no room for, and says so to the publisher", async t => {
  const { bus } = busWith({ maxQueueSize: 2, backpressureStrategy: 'drop' })
  const given = await Promise.all([1, 2, 3, 4].map(i => bus.publish('a', i)))
  t.strictSame(given, [true, true, false, false])
  t.match(bus.getStats(), { accepted: 4, dropped: 2, queued: 2, blocked: 0 })
  bus.start()
  await bus.drain()
  t.ok(balances(bus.getStats()))
  t.match(bus.getStats(), { done: 2 })
})

test("'log' tells of the first drop at once, then at most once a second of how many there were", async t => {
  const told: string[] = []
  const { bus, clock } = busWith({ maxQueueSize: 1, backpressureStrategy: 'log', logger: { warn: m => told.push(m) } })
  for (let i = 0; i < 5; i++) await bus.publish('a', i)
  t.strictSame(told, ["An event was dropped by an event bus whose maxQueueSize of 1 are waiting, the last one of 'a'."])
  clock.advance(1000)
  await bus.publish('b')
  t.match(told[1], /^4 events were dropped .*'b'/)
  await bus.publish('c')
  await bus.stop()
  t.match(told[2], /^An event was dropped .* waiting\.$/)
  t.match(bus.getStats(), { accepted: 7, done: 1, dropped: 6 })
})

test("'block' lets publishers wait for room, in order, and nobody who comes later gets in before them", async t => {
  const { bus } = busWith({ maxQueueSize: 1, maxBlocked: 2 })
  const seen: unknown[] = []
  bus.subscribe('a', ({ payload }) => {
    seen.push(payload)
    if (payload === 1) void bus.publish('a', 'later')
  })
  const gave: string[] = []
  for (const i of [1, 2, 3]) void bus.publish('a', i).then(accepted => gave.push(`${i} ${accepted}`))
  t.equal(await bus.publish('a', 4), false, 'beyond maxBlocked it is dropped')
  t.strictSame(gave, ['1 true'])
  t.match(bus.getStats(), { accepted: 2, dropped: 1, queued: 1, blocked: 2 })
  bus.start()
  await bus.drain()
  t.strictSame(seen, [1, 2, 3, 'later'])
  t.strictSame(gave, ['1 true', '2 true', '3 true'])
  t.match(bus.getStats(), { accepted: 5, done: 4, dropped: 1, blocked: 0 })
})

test('a publisher that waits can give up', async t => {
  const { bus } = busWith({ maxQueueSize: 1 })
  const controller = new AbortController()
  await bus.publish('a', 1)
  const waits = bus.publish('a', 2, { signal: controller.signal })
  controller.abort(new Error('enough'))
  await refusedLater(t, 'ABORTED', /publish/, () => waits)
  await refusedLater(t, 'ABORTED', /publish/, () => bus.publish('a', 3, { signal: controller.signal }))
  t.match(bus.getStats(), { accepted: 1, blocked: 0 })
})

test('stop dispatches all that was accepted or blocked, started or not, and refuses the rest', async t => {
  const { bus } = busWith({ maxQueueSize: 2 })
  const seen: unknown[] = []
  const subscription = bus.subscribe('a', ({ payload }) => seen.push(payload))
  const published = [1, 2, 3, 4].map(i => bus.publish('a', i))
  const stopping = bus.stop()
  await refusedLater(t, 'EVENT_BUS_STOPPED', /published to after stop/, () => bus.publish('a', 5))
  await stopping
  await bus.stop()
  t.strictSame(await Promise.all(published), [true, true, true, true])
  t.strictSame(seen, [1, 2, 3, 4])
  t.match(bus.getStats(), { state: 'stopped', accepted: 4, done: 4 })
  refused(t, 'EVENT_BUS_STOPPED', /started after stop/, () => bus.start())
  refused(t, 'EVENT_BUS_STOPPED', /subscribed to after stop/, () => bus.subscribe('a', () => 1))
  subscription.unsubscribe()
  await bus.drain()
})

test('a stop that takes too long gives up what is left, and every event is accounted for', async t => {
  const { bus, clock } = busWith({ maxQueueSize: 2, workerCount: 1 })
  const { calls, handler } = held()
  bus.subscribe('*', handler)
  bus.start()
  await bus.publish('a', 1)
  await turn()
  const [, , blocked] = [2, 3, 4].map(i => bus.publish('b', i).catch(error => error.code))
  const drained = bus.drain()
  const stopping = bus.stop({ timeoutMs: 100 })
  clock.advance(100)
  await refusedLater(t, 'EVENT_TIMEOUT', /4 events were left/, () => stopping)
  t.equal(await blocked, 'EVENT_BUS_STOPPED')
  await drained
  const stats = bus.getStats()
  t.match(stats, { state: 'stopped', accepted: 3, failed: 1, dropped: 2, queued: 0, running: 0, blocked: 0 })
  t.ok(balances(stats))
  t.strictSame(
    bus.takeDeadLetters().map(({ event, pattern }) => [event.payload, pattern]),
    [
      [1, '*'],
      [2, undefined],
      [3, undefined],
    ],
  )
  t.strictSame(clock.waiting, [])
  calls[0].end()
  await turn()
  t.equal(calls.length, 1, 'nothing begins any more')
})

test('a drain can be given up, and the bus goes on', async t => {
  const { bus, clock } = busWith()
  const { calls, handler } = held()
  bus.subscribe('a', handler)
  bus.start()
  await bus.publish('a')
  await turn()
  const late = bus.drain({ timeoutMs: 5 })
  clock.advance(5)
  await refusedLater(t, 'EVENT_TIMEOUT', /draining .* 5 ms/, () => late)
  await refusedLater(t, 'ABORTED', /drain/, () => bus.drain({ signal: AbortSignal.abort() }))
  const drained = bus.drain()
  calls[0].end()
  await drained
  t.match(bus.getStats(), { done: 1 })
})

test('topics made up without end leave nothing behind', async t => {
  const { bus } = busWith({ maxQueueSize: 100_000 })
  let heard = 0
  bus.subscribe('npc.*', () => heard++)
  bus.start()
  for (let i = 0; i < 50_000; i++) await bus.publish(`npc.${i}`)
  await bus.drain()
  t.equal(heard, 50_000)
})

test('a bus has no more subscriptions than it may have', async t => {
  const { bus } = busWith()
  const subscribe = () => bus.subscribe('a', () => 1)
  const first = subscribe()
  for (let i = 1; i < MAX_SUBSCRIPTIONS; i++) subscribe()
  refused(t, 'EVENT_BUS_FULL', /100000 subscriptions/, subscribe)
  first.unsubscribe()
  subscribe()
})

test('what a bus is given wrongly is refused, and changes nothing', async t => {
  const wrong: Record<string, unknown[]> = {
    maxQueueSize: [0, 10_000_001, 1.5, '4'],
    workerCount: [0, 1025],
    backpressureStrategy: ['wait', true],
    maxBlocked: [-1],
    handlerTimeoutMs: [0, 2 ** 31],
    maxDeadLetters: [-1, 1_000_001],
    logger: [{}, null],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      refused(t, 'OPTION_INVALID', new RegExp(`'${name}' of EventBus`), () => new EventBus({ [name]: value }))
    }
  }
  refused(t, 'OPTION_UNKNOWN', /'maxQueuesize'.*'maxQueueSize'/, () => new EventBus({ maxQueuesize: 1 } as never))
  const { bus } = busWith()
  refused(t, 'TOPIC_INVALID', /pattern, ''/, () => bus.subscribe('', () => 1))
  refused(t, 'OPTION_INVALID', /handler of 'a'/, () => bus.subscribe('a', undefined as never))
  refused(t, 'OPTION_INVALID', /'priority' of subscribe/, () => bus.subscribe('a', () => 1, { priority: 0.5 }))
  refused(t, 'OPTION_UNKNOWN', /'timeout'.*'timeoutMs'/, () => bus.subscribe('a', () => 1, { timeout: 1 } as never))
  await refusedLater(t, 'TOPIC_INVALID', /topic, 'a\.\*'/, () => bus.publish('a.*'))
  await refusedLater(t, 'OPTION_INVALID', /'signal' of publish/, () => bus.publish('a', 1, { signal: 1 as never }))
  await refusedLater(t, 'OPTION_UNKNOWN', /publish has no option 'prio'/, () =>
    bus.publish('a', 1, { prio: 1 } as never),
  )
  await refusedLater(t, 'OPTION_INVALID', /'timeoutMs' of drain/, () => bus.drain({ timeoutMs: -1 }))
  await refusedLater(t, 'OPTION_INVALID', /'timeoutMs' of stop/, () => bus.stop({ timeoutMs: 0 }))
  t.match(bus.getStats(), { state: 'new', accepted: 0, subscriptions: 0 })
  bus.start()
  refused(t, 'EVENT_BUS_NOT_STARTED', /started twice/, () => bus.start())
})
