// Nothing that the services keep grows with what they have done: topics, keys and labels that come once, errors, signals that
// outlive many calls. CI does a tenth.
import { setMaxListeners } from 'node:events'
import t, { test } from 'tap'
import {
  CircuitBreaker,
  EventBus,
  MetricsCollector,
  type PopulaceError,
  RateLimiter,
  RedisCache,
  ServiceGuard,
  TaskQueue,
} from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { closeSharedRedis, sharedRedis } from '../fixtures/redis-server.js'
import { soak } from '../fixtures/soak.js'
import { MODULE } from '../fixtures/tasks.js'

const url = await sharedRedis()
t.teardown(closeSharedRedis)

/** Bytes of the idle topics that a bus keeps, of which there are between 4,096 and twice that. */
const KEPT = 2e6

const turn = () => new Promise(resolve => setImmediate(resolve))

/** Of a signal that outlives many calls, some of them at once. */
function lastingController(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/** The code of what a call rejects with; 'ok' where it resolves. */
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: PopulaceError) => error.code ?? 'OTHER',
  )

/** Counts what became of calls. */
class Ends {
  readonly counts: Record<string, number> = {}

  async note(call: Promise<unknown>): Promise<void> {
    const code = await codeOf(call)
    this.counts[code] = (this.counts[code] ?? 0) + 1
  }
}

test('an event bus keeps nothing of topics, subscriptions, failures and signals that are over', async t => {
  const clock = new FakeClock()
  const logger = { warn: () => undefined }
  const { signal } = lastingController()
  const buses = (['drop', 'block', 'log'] as const).map(
    backpressureStrategy =>
      new EventBus({ backpressureStrategy, maxQueueSize: 50, maxBlocked: 50, maxDeadLetters: 20, logger }, clock),
  )
  for (const bus of buses) {
    bus.start()
    bus.subscribe<number>('npc.**', ({ payload }) => {
      if (payload % 7 === 0) throw new Error('thrown')
      return payload % 11 === 0 ? new Promise(() => undefined) : payload % 3 === 0 ? turn() : undefined
    })
  }
  await soak(
    t,
    ofCampaign(1_200_000),
    async (from, to) => {
      const passing = buses.map(bus => bus.subscribe(`npc.${from}.*`, () => undefined))
      const published = new Set<Promise<unknown>>()
      for (let i = from; i < to; i++) {
        const publishing = buses[i % 3].publish(`npc.${i}.moved`, i, { signal })
        published.add(publishing)
        void publishing.finally(() => published.delete(publishing))
        if (i % 300 === 299) {
          clock.advance(30_000) // whoever hangs is given up
          await turn()
        }
      }
      let over = false
      const drained = Promise.all(buses.map(bus => bus.drain())).then(() => (over = true))
      while (!over) {
        clock.advance(30_000)
        await turn()
      }
      await drained
      for (const each of passing) each.unsubscribe()
    },
    KEPT,
  )
  const [drop, block, log] = buses.map(bus => bus.getStats())
  t.ok(drop.dropped > 0 && log.dropped > 0 && block.done > 0 && block.callsFailed > 0 && block.callsTimedOut > 0)
  for (const bus of buses) await bus.stop()
})

test('a task queue keeps nothing of tasks, schedules and signals that are over', async t => {
  const queue = new TaskQueue({ maxWorkers: 1, maxResults: 50, maxQueueSize: 200 })
  queue.start()
  const ends = new Ends()
  const { signal } = lastingController()
  await soak(t, ofCampaign(120_000), async (from, to) => {
    for (let i = from; i < to; i += 100) {
      const schedule = queue.schedule({ module: MODULE, name: 'add' }, { a: 1, b: 2 }, { everyMs: 60_000, times: 3 })
      const calls = Array.from({ length: 100 }, (_, n) => {
        const name = n % 10 === 9 ? 'fail' : 'add'
        const id = queue.enqueue({ module: MODULE, name }, { a: i, b: n }, { signal, priority: n % 3 })
        if (n % 25 === 24) queue.cancel(id)
        return ends.note(queue.getResult(id, { signal, timeout: 60_000 }))
      })
      await Promise.all(calls)
      schedule.cancel()
    }
    await queue.drain()
  })
  t.strictSame(Object.keys(ends.counts).sort(), ['TASK_CANCELLED', 'TASK_FAILED', 'ok'])
  t.ok(queue.getStats().results <= 50)
  await queue.stop()
})

for (const [where, options] of Object.entries({ memory: { maxEntries: 500 }, redis: { url } })) {
  test(`${where}: a cache keeps nothing of keys, computations and signals that are over`, async t => {
    const patient = { timeoutMs: 60_000, defaultTtl: 1000 } // a machine that is busy is no server that is down
    const cache = new RedisCache({ ...options, ...patient, namespace: `soak-${process.pid}` })
    await cache.connect()
    const ends = new Ends()
    const { signal } = lastingController()
    await soak(t, ofCampaign(100_000), async (from, to) => {
      for (let i = from; i < to; i += 50) {
        const calls = Array.from({ length: 50 }, (_, n) => {
          const key = `k${i + n}`
          const compute = n % 10 === 9 ? () => Promise.reject(new Error('down')) : async () => ({ n })
          const asked = [cache.getOrCompute(key, compute, { signal }), cache.getOrCompute(key, compute, { signal })]
          return Promise.all(
            [...asked, cache.save(`s${key}`, n), cache.load(`s${key}`), cache.remove(key)].map(c => ends.note(c)),
          )
        })
        await Promise.all(calls)
      }
      await cache.invalidatePattern('*')
    })
    const { calls, answered, computing, pending } = cache.status()
    t.strictSame([answered, computing, pending], [calls, 0, 0])
    t.strictSame(Object.keys(ends.counts).sort(), ['OTHER', 'ok'])
    await cache.close()
  })
}

test('a limiter, a breaker and a guard keep nothing of calls, listeners and signals that are over', async t => {
  const clock = new FakeClock()
  const { signal } = lastingController()
  const limiter = new RateLimiter({ requestsPerSecond: 1000, burst: 20, maxWaiting: 30, timeoutMs: 20 }, clock)
  const breaker = new CircuitBreaker({ failureThreshold: 5, failureRatio: 0.9, windowMs: 50, openMs: 10 }, clock)
  const retry = { attempts: 2, backoff: { initialMs: 1 }, seed: 1 }
  const guard = new ServiceGuard({ limiter, breaker, retry, timeoutMs: 5, deadlineMs: 30, maxConcurrent: 20 }, clock)
  const ends = new Ends()
  await soak(t, ofCampaign(400_000), async (from, to) => {
    const off = [limiter.subscribe(() => undefined), breaker.subscribe(() => undefined)]
    for (let i = from; i < to; i += 100) {
      const calls = Array.from({ length: 100 }, (_, n) => {
        if (n % 4 === 0) return ends.note(limiter.acquire({ signal }))
        const isBad = (i / 100) % 5 === 4 || n % 10 === 9
        const work = () => (isBad ? Promise.reject(new Error('down')) : n % 50 === 3 ? new Promise(() => undefined) : n)
        if (n % 4 === 1) return ends.note(breaker.execute(isBad ? work : () => n, { signal }))
        return ends.note(guard.execute(work, { signal }))
      })
      let over = false
      const all = Promise.all(calls).then(() => (over = true))
      while (!over) {
        await turn()
        if (!over) clock.advance(1)
      }
      await all
    }
    for (const stop of off) stop()
  })
  t.strictSame(clock.waiting, [])
  const met = ['CIRCUIT_OPEN', 'OTHER', 'RATE_BUSY', 'RATE_TIMEOUT', 'ok']
  for (const code of met) t.ok(ends.counts[code] > 0, JSON.stringify(ends.counts))
})

test('a collector of metrics keeps nothing of labels and events that come once', async t => {
  const metrics = new MetricsCollector({ process: true })
  const counter = metrics.counter('asked_total', { help: 'Asked.', labels: ['who'], maxSeries: 100 })
  const gauge = metrics.gauge('mood', { help: 'Mood.', labels: ['who'], maxSeries: 100 })
  const histogram = metrics.histogram('waited_seconds', { help: 'Waited.', labels: ['who'], maxSeries: 20 })
  let bytes = 0
  await soak(t, ofCampaign(2_000_000), async (from, to) => {
    const off = metrics.observe('part', () => ({ from }))
    for (let i = from; i < to; i++) {
      const who = `npc ${i}`
      counter.add(1, { who })
      gauge.set(i, { who })
      histogram.observe(i % 7, { who })
      metrics.recordEvent(`kind ${i}`)
      using _tick = metrics.measureTick()
      using _engine = metrics.measureEngine(`engine ${i % 20}`)
    }
    bytes = (await metrics.text()).length
    off()
  })
  t.ok(bytes > 1000)
})
