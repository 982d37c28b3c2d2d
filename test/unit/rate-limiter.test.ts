import { inspect } from 'node:util'
import { test } from 'tap'
import { RateLimiter, type RateLimiterOptions, type RateLimiterState } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

function limiterWith(options: RateLimiterOptions) {
  const clock = new FakeClock()
  return { clock, limiter: new RateLimiter(options, clock) }
}

/** Callers that note the time at which they were let through. */
function callers(one: ReturnType<typeof limiterWith>) {
  const passed: [string, number][] = []
  const call = (name: string, options?: Parameters<RateLimiter['acquire']>[0]) =>
    one.limiter.acquire(options).then(() => passed.push([name, one.clock.now()]))
  return { passed, call }
}

test('as many calls as the burst go through at once, the others at the rate, in order', async t => {
  const one = limiterWith({ requestsPerSecond: 10, burst: 3 })
  const { passed, call } = callers(one)
  const all = ['a', 'b', 'c', 'd', 'e'].map(name => call(name))
  await turn()
  t.strictSame(
    passed.map(([name]) => name),
    ['a', 'b', 'c'],
  )
  one.clock.advance(99)
  await turn()
  t.equal(passed.length, 3)
  one.clock.advance(1)
  await turn()
  one.clock.advance(100)
  await Promise.all(all)
  t.strictSame(passed.slice(3), [
    ['d', 100],
    ['e', 200],
  ])
  t.match(one.limiter.status(), { granted: 5, waiting: 0, waits: { count: 5, totalMs: 300, maxMs: 200 } })
  t.strictSame(one.clock.waiting, [], 'no timer is left')
})

test('the burst comes back while nobody calls, and no more than it', async t => {
  const { clock, limiter } = limiterWith({ requestsPerSecond: 10, burst: 3 })
  for (let i = 0; i < 3; i++) t.equal(limiter.tryAcquire(), true)
  t.equal(limiter.tryAcquire(), false)
  clock.advance(150)
  t.equal(limiter.status().buckets.requests.level, 1.5)
  clock.advance(100_000)
  t.equal(limiter.status().buckets.requests.level, 3)
  t.match(limiter.status(), { granted: 3, refused: 1 })
})

test('the burst is what comes in a second, and at least 1', async t => {
  t.equal(limiterWith({ requestsPerSecond: 20 }).limiter.status().buckets.requests.burst, 20)
  const slow = limiterWith({ requestsPerSecond: 0.5 })
  t.equal(slow.limiter.status().buckets.requests.burst, 1)
  t.ok(slow.limiter.tryAcquire())
  slow.clock.advance(1999)
  t.notOk(slow.limiter.tryAcquire())
  slow.clock.advance(1)
  t.ok(slow.limiter.tryAcquire())
})

test('a call takes from all its buckets or from none', async t => {
  const { clock, limiter } = limiterWith({
    buckets: { requests: { limit: 60, perMs: 60_000, burst: 2 }, tokens: { limit: 6000, perMs: 60_000, burst: 1000 } },
  })
  t.strictSame(limiter.names, ['requests', 'tokens'])
  t.ok(limiter.tryAcquire({ tokens: 800 }))
  t.notOk(limiter.tryAcquire({ tokens: 300 }), 'too few tokens')
  t.match(limiter.status().buckets, { requests: { level: 1 }, tokens: { level: 200 } }, 'no request was taken')
  t.ok(limiter.tryAcquire({ tokens: 200 }))
  t.notOk(limiter.tryAcquire(), 'too few requests')
  clock.advance(1000)
  t.match(limiter.status().buckets, { requests: { level: 1 }, tokens: { level: 100 } })
  t.ok(limiter.tryAcquire({ requests: 0, tokens: 100 }), 'a cost may say that it is no request')
  t.equal(limiter.status().buckets.requests.level, 1)
})

test('nobody overtakes: a cheap call waits behind a dear one', async t => {
  const one = limiterWith({ buckets: { tokens: { limit: 10, perMs: 1000, burst: 100 } } })
  const { passed, call } = callers(one)
  await call('first', { cost: 95 })
  const dear = call('dear', { cost: 50 })
  const cheap = call('cheap', { cost: 1 })
  t.notOk(one.limiter.tryAcquire(1), 'not even one that would not wait')
  one.clock.advance(4499)
  await turn()
  t.equal(passed.length, 1)
  one.clock.advance(1)
  await dear
  one.clock.advance(100)
  await cheap
  t.strictSame(passed.slice(1), [
    ['dear', 4500],
    ['cheap', 4600],
  ])
})

test('when one leaves the line, who was behind need not wait for its cost', async t => {
  const one = limiterWith({ buckets: { tokens: { limit: 10, perMs: 1000, burst: 100 } } })
  const { passed, call } = callers(one)
  await call('first', { cost: 95 })
  const end = new AbortController()
  const dear = call('dear', { cost: 100, signal: end.signal })
  const cheap = call('cheap', { cost: 5 })
  end.abort(new Error('no more'))
  await refusedLater(t, 'ABORTED', /a wait for a rate limiter/, () => dear)
  await cheap
  t.equal(passed.at(-1)?.[0], 'cheap')
  await refusedLater(t, 'ABORTED', /a wait for a rate limiter/, () =>
    one.limiter.acquire({ signal: end.signal, cost: 1 }),
  )
  t.match(one.limiter.status(), { aborted: 2, granted: 2, waiting: 0 })
})

test('a wait ends with its time, and costs nothing', async t => {
  const one = limiterWith({ requestsPerSecond: 1, burst: 1, timeoutMs: 500 })
  const { passed, call } = callers(one)
  await call('first')
  const late = call('late')
  const patient = call('patient', { timeoutMs: 5000 })
  const timeout = refusedLater(t, 'RATE_TIMEOUT', /timeoutMs of 500 ms, with 1 more in line/, () => late)
  one.clock.advance(500)
  await timeout
  one.clock.advance(500)
  await patient
  t.strictSame(passed.at(-1), ['patient', 1000])
  t.match(one.limiter.status(), { timedOut: 1, granted: 2 })
  t.strictSame(one.clock.waiting, [])
})

test('the line is bounded', async t => {
  const one = limiterWith({ requestsPerSecond: 1, maxWaiting: 1 })
  await one.limiter.acquire()
  const waits = one.limiter.acquire()
  await refusedLater(t, 'RATE_BUSY', /maxWaiting of 1/, () => one.limiter.acquire())
  t.match(one.limiter.status(), { waiting: 1, refused: 1 })
  one.clock.advance(1000)
  await waits
  const none = limiterWith({ requestsPerSecond: 1, maxWaiting: 0 })
  await none.limiter.acquire()
  await refusedLater(t, 'RATE_BUSY', /maxWaiting of 0/, () => none.limiter.acquire())
})

test('a call that costs more than the burst is refused at once', async t => {
  const { limiter } = limiterWith({ requestsPerSecond: 5, burst: 2 })
  await refusedLater(t, 'RATE_COST', /costs 3 of 'requests'.* 2 at most/, () => limiter.acquire({ cost: 3 }))
  refused(t, 'RATE_COST', /costs 3 of 'requests'/, () => limiter.tryAcquire(3))
  t.equal(limiter.status().buckets.requests.level, 2)
})

test('a pause holds all up, whatever is in the buckets', async t => {
  const one = limiterWith({ requestsPerSecond: 10, burst: 5 })
  const { passed, call } = callers(one)
  one.limiter.pause(300)
  one.limiter.pause(100)
  t.notOk(one.limiter.tryAcquire())
  const waits = call('a')
  t.equal(one.limiter.status().pausedMs, 300)
  one.clock.advance(299)
  await turn()
  t.equal(passed.length, 0)
  one.clock.advance(1)
  await waits
  t.strictSame(passed, [['a', 300]])
  refused(t, 'OPTION_INVALID', /'ms' of pause is -1/, () => one.limiter.pause(-1))
})

test('a limiter goes on from what was saved', async t => {
  const { clock, limiter } = limiterWith({ requestsPerSecond: 10, burst: 3 })
  for (let i = 0; i < 3; i++) limiter.tryAcquire()
  clock.advance(50)
  limiter.pause(120)
  const saved = JSON.parse(JSON.stringify(limiter.save())) as RateLimiterState
  t.strictSame(saved, { levels: { requests: 0.5 }, pausedMs: 120 })
  const next = limiterWith({ requestsPerSecond: 10, burst: 3 })
  next.clock.advance(77)
  next.limiter.restore(saved)
  t.strictSame(next.limiter.save(), saved, 'as if no time had passed')
  next.limiter.restore(saved, 100)
  t.strictSame(next.limiter.save(), { levels: { requests: 1.5 }, pausedMs: 20 }, 'or as much as its owner says')
  const smaller = limiterWith({ requestsPerSecond: 1, burst: 1 })
  smaller.limiter.restore({ levels: { requests: 3 }, pausedMs: 0 })
  t.equal(smaller.limiter.status().buckets.requests.level, 1, 'never more than the burst')
})

test('what is saved of another limiter is refused, and changes nothing', async t => {
  const { limiter } = limiterWith({ requestsPerSecond: 10 })
  const before = limiter.save()
  refused(t, 'OPTION_UNKNOWN', /has a 'request'. did you mean 'requests'/, () =>
    limiter.restore({ levels: { requests: 1, request: 1 }, pausedMs: 0 }),
  )
  refused(t, 'OPTION_INVALID', /levels.requests' of a saved RateLimiter is -1/, () =>
    limiter.restore({ levels: { requests: -1 }, pausedMs: 0 }),
  )
  refused(t, 'OPTION_INVALID', /a saved RateLimiter/, () => limiter.restore(undefined as unknown as RateLimiterState))
  refused(t, 'OPTION_INVALID', /'elapsedMs' of restore/, () => limiter.restore(before, -1))
  t.strictSame(limiter.save(), before)
})

test('subscribers hear who begins and ends to wait; one that throws is a warning', async t => {
  const one = limiterWith({ requestsPerSecond: 10, burst: 1, maxWaiting: 1 })
  const heard: number[] = []
  const stop = one.limiter.subscribe(status => heard.push(status.waiting))
  const warnings: Error[] = []
  const listen = (warning: Error) => warnings.push(warning)
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  const stopBad = one.limiter.subscribe(() => {
    throw new Error('bad listener')
  })
  await one.limiter.acquire()
  t.strictSame(heard, [], 'nothing is told of calls that need not wait')
  const waits = one.limiter.acquire()
  await refusedLater(t, 'RATE_BUSY', /maxWaiting/, () => one.limiter.acquire())
  one.clock.advance(100)
  await waits
  t.strictSame(heard, [1, 1, 0])
  await turn()
  t.match(warnings[0], { code: 'LISTENER_FAILED', message: /rate limiter threw: bad listener/ })
  stop()
  stopBad()
  const last = one.limiter.acquire()
  one.clock.advance(100)
  await last
  t.equal(heard.length, 3)
  refused(t, 'OPTION_INVALID', /listener of a rate limiter/, () => one.limiter.subscribe(7 as unknown as () => void))
})

test('wrong options are refused by name', async t => {
  const make = (options: object) => () => new RateLimiter(options as RateLimiterOptions)
  refused(t, 'OPTION_UNKNOWN', /'requestPerSecond'.*'requestsPerSecond'/, make({ requestPerSecond: 1 }))
  refused(
    t,
    'OPTION_UNKNOWN',
    /'buckets.a.perM'.*Did you mean 'perMs'/,
    make({ buckets: { a: { limit: 1, perM: 1 } } }),
  )
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5'])
    refused(t, 'OPTION_INVALID', /'requestsPerSecond' of RateLimiter/, make({ requestsPerSecond: value }))
  for (const options of [{}, { requestsPerSecond: 1, buckets: { a: { limit: 1 } } }, { burst: 2 }])
    refused(t, 'OPTION_INVALID', /needs requestsPerSecond, .* or buckets/, make(options))
  refused(t, 'OPTION_INVALID', /'buckets' of RateLimiter has 0/, make({ buckets: {} }))
  refused(t, 'OPTION_INVALID', /'burst' of RateLimiter is 0.5/, make({ requestsPerSecond: 1, burst: 0.5 }))
  refused(t, 'OPTION_INVALID', /bucket 'requests' .* longer than/, make({ requestsPerSecond: 1e-7 }))
  refused(t, 'OPTION_INVALID', /'maxWaiting' of RateLimiter is -1/, make({ requestsPerSecond: 1, maxWaiting: -1 }))
  refused(t, 'OPTION_INVALID', /'timeoutMs' of RateLimiter is 0/, make({ requestsPerSecond: 1, timeoutMs: 0 }))
  refused(t, 'OPTION_INVALID', /options of RateLimiter/, make(undefined as unknown as object))
})

test('a wrong cost is refused, and takes nothing', async t => {
  const { limiter } = limiterWith({ buckets: { requests: { limit: 5 }, tokens: { limit: 10 } } })
  const before = limiter.save()
  const wrong = (cost: unknown) => () => limiter.tryAcquire(cost as number)
  refused(t, 'OPTION_UNKNOWN', /names 'token'. did you mean 'tokens'/, wrong({ token: 1 }))
  refused(t, 'OPTION_INVALID', /has -1 of 'tokens'/, wrong({ tokens: -1 }))
  refused(t, 'OPTION_INVALID', /has NaN of 'tokens'/, wrong({ tokens: Number.NaN }))
  refused(t, 'OPTION_INVALID', /has x of 'tokens'/, wrong({ tokens: 'x' }))
  refused(t, 'OPTION_INVALID', /is 3/, wrong(3))
  refused(t, 'OPTION_INVALID', /is nothing/, wrong({ requests: 0 }))
  await refusedLater(t, 'OPTION_UNKNOWN', /acquire has no option 'costs'/, () =>
    limiter.acquire({ costs: 1 } as object),
  )
  await refusedLater(t, 'OPTION_INVALID', /'timeoutMs' of acquire/, () => limiter.acquire({ timeoutMs: -1 }))
  const tokens = limiterWith({ buckets: { tokens: { limit: 10 } } }).limiter
  refused(t, 'OPTION_INVALID', /is nothing/, () => tokens.tryAcquire())
  t.strictSame(limiter.save(), before, inspect(limiter.status()))
})
