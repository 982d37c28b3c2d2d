import { test } from 'tap'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitBreakerState,
  type CircuitChange,
} from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

function breakerWith(options: CircuitBreakerOptions = {}) {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker({ openMs: 1000, ...options }, clock)
  const changes: string[] = []
  breaker.subscribe(({ from, to, reason }: CircuitChange) => changes.push(`${from} > ${to}: ${reason}`))
  const good = () => breaker.execute(() => 'good')
  const bad = () =>
    breaker
      .execute(() => {
        throw new Error('down')
      })
      .catch((error: Error) => error.message)
  /** A call that ends when the test says so. */
  const slow = () => {
    let [finish, fail] = [() => {}, () => {}]
    const result = breaker.execute(
      () =>
        new Promise<void>((resolve, reject) => {
          finish = resolve
          fail = () => reject(new Error('down'))
        }),
    )
    const settled = result.then(
      () => 'good',
      (error: Error) => error.message,
    )
    return { settled, finish: () => (finish(), settled), fail: () => (fail(), settled) }
  }
  return { clock, breaker, changes, good, bad, slow }
}

test('failures in a row open it, a success between them does not', async t => {
  const one = breakerWith({ failureThreshold: 3 })
  for (const call of [one.bad, one.bad, one.good, one.bad, one.bad]) await call()
  t.match(one.breaker.status(), { state: 'closed', consecutiveFailures: 2 })
  t.equal(await one.bad(), 'down', 'the error itself comes out')
  t.match(one.breaker.status(), { state: 'open', openForMs: 1000, opened: 1, failures: 5, successes: 1 })
  await refusedLater(t, 'CIRCUIT_OPEN', /is open. Try again in 1000 ms/, one.good)
  one.clock.advance(400)
  await t.rejects(one.good(), { code: 'CIRCUIT_OPEN', retryAfterMs: 600 })
  refused(t, 'CIRCUIT_OPEN', /is open/, () => one.breaker.check())
  t.match(one.breaker.status(), { refused: 3, openForMs: 600 })
  t.strictSame(one.changes, ['closed > open: failures in a row'])
})

test('five failures in a row open one without options', async t => {
  const breaker = new CircuitBreaker()
  for (let i = 0; i < 5; i++) {
    t.equal(breaker.status().state, 'closed')
    await t.rejects(breaker.execute(() => Promise.reject(new Error('down'))))
  }
  t.match(breaker.status(), { state: 'open', opened: 1 })
})

test('the part of failures in a window opens it, from minimumCalls on', async t => {
  const one = breakerWith({ failureRatio: 0.5, windowMs: 1000, minimumCalls: 4 })
  for (const call of [one.bad, one.bad, one.bad]) await call()
  t.equal(one.breaker.status().state, 'closed', 'too few calls, and no number in a row was asked for')
  one.clock.advance(1000)
  t.match(one.breaker.status().window, { successes: 0, failures: 0 }, 'they are forgotten with the window')
  for (const call of [one.good, one.good, one.good, one.bad, one.bad]) await call()
  t.equal(one.breaker.status().state, 'closed', '2 of 5')
  await one.bad()
  t.equal(one.breaker.status().state, 'open', '3 of 6')
  t.strictSame(one.changes, ['closed > open: failure ratio'])
})

test('after openMs one call is let through, and closes it when it succeeds', async t => {
  const one = breakerWith({ failureThreshold: 1 })
  await one.bad()
  one.clock.advance(999)
  await refusedLater(t, 'CIRCUIT_OPEN', /in 1 ms/, one.good)
  one.clock.advance(1)
  t.match(one.breaker.status(), { state: 'half-open', openForMs: 0 })
  one.breaker.check()
  const probe = one.slow()
  await turn()
  await refusedLater(t, 'CIRCUIT_OPEN', /half-open and its probes are under way/, one.good)
  t.equal(await probe.finish(), 'good')
  t.match(one.breaker.status(), { state: 'closed', consecutiveFailures: 0 })
  t.equal(await one.good(), 'good')
  t.strictSame(one.changes.slice(1), ['open > half-open: openMs is over', 'half-open > closed: probes succeeded'])
})

test('a probe that fails opens it again, for as long', async t => {
  const one = breakerWith({ failureThreshold: 1 })
  await one.bad()
  one.clock.advance(1000)
  await one.bad()
  t.match(one.breaker.status(), { state: 'open', openForMs: 1000, opened: 2 })
  t.equal(one.changes.at(-1), 'half-open > open: a probe failed')
})

test('all of several probes must succeed', async t => {
  const one = breakerWith({ failureThreshold: 1, halfOpenProbes: 2 })
  await one.bad()
  one.clock.advance(1000)
  const [a, b] = [one.slow(), one.slow()]
  await turn()
  await refusedLater(t, 'CIRCUIT_OPEN', /half-open/, one.good)
  await a.finish()
  t.equal(one.breaker.status().state, 'half-open')
  await b.finish()
  t.equal(one.breaker.status().state, 'closed')
})

test('a probe that never ends does not keep it half-open for ever', async t => {
  const one = breakerWith({ failureThreshold: 1 })
  await one.bad()
  one.clock.advance(1000)
  const stuck = one.slow()
  await turn()
  one.clock.advance(999)
  await refusedLater(t, 'CIRCUIT_OPEN', /half-open/, one.good)
  one.clock.advance(1)
  t.equal(await one.good(), 'good')
  t.equal(one.breaker.status().state, 'closed')
  t.equal(await stuck.fail(), 'down')
  t.equal(one.breaker.status().state, 'closed', 'its end is of another time')
})

test('what began before it opened says nothing after', async t => {
  const one = breakerWith({ failureThreshold: 1 })
  const [late, later] = [one.slow(), one.slow()]
  await one.bad()
  one.clock.advance(1000)
  const probe = one.slow()
  await late.finish()
  t.equal(one.breaker.status().state, 'half-open', 'a late success does not close it')
  await later.fail()
  t.equal(one.breaker.status().state, 'half-open', 'a late failure does not open it')
  await probe.finish()
  t.equal(one.breaker.status().state, 'closed')
})

test('what is not the fault of the service is no failure', async t => {
  const one = breakerWith({ failureThreshold: 1, isFailure: error => (error as { status?: number }).status !== 404 })
  const missing = () => one.breaker.execute(() => Promise.reject(Object.assign(new Error('none'), { status: 404 })))
  await t.rejects(missing())
  t.match(one.breaker.status(), { state: 'closed', failures: 0, successes: 0 })
  await one.bad()
  one.clock.advance(1000)
  await t.rejects(missing())
  t.equal(one.breaker.status().state, 'half-open', 'a probe that says nothing makes room for another')
  t.equal(await one.good(), 'good')
  t.equal(one.breaker.status().state, 'closed')
})

test('a call that its caller gives up is no failure, and frees its probe', async t => {
  const one = breakerWith({ failureThreshold: 1 })
  await one.bad()
  one.clock.advance(1000)
  const end = new AbortController()
  let told: AbortSignal | undefined
  const stuck = one.breaker.execute(
    ({ signal }) => {
      told = signal
      return new Promise(() => {})
    },
    { signal: end.signal },
  )
  await turn()
  end.abort()
  await refusedLater(t, 'ABORTED', /a call through a circuit breaker/, () => stuck)
  t.equal(told?.aborted, true, 'the work is told')
  t.equal(await one.good(), 'good')
  t.equal(one.breaker.status().state, 'closed')
})

test('opened by hand it stays so until it is closed by hand', async t => {
  const one = breakerWith()
  one.breaker.open()
  one.clock.advance(1e9)
  t.match(one.breaker.status(), { state: 'open', openForMs: Number.POSITIVE_INFINITY })
  await refusedLater(t, 'CIRCUIT_OPEN', /Somebody has to close it/, one.good)
  one.breaker.close()
  t.equal(await one.good(), 'good')
  one.breaker.close()
  t.strictSame(one.changes, ['closed > open: by hand', 'open > closed: by hand'], 'what is no change is not told')
})

test('a breaker goes on from what was saved', async t => {
  const options = { failureThreshold: 3, failureRatio: 0.5, windowMs: 1000, minimumCalls: 100 }
  const one = breakerWith(options)
  one.clock.advance(5000)
  for (const call of [one.good, one.bad, one.bad]) await call()
  one.clock.advance(350)
  const saved = JSON.parse(JSON.stringify(one.breaker.save())) as CircuitBreakerState
  t.match(saved, { state: 'closed', openForMs: 0, consecutiveFailures: 2, slices: [{ successes: 1, failures: 2 }] })
  const next = breakerWith(options)
  next.breaker.restore(saved)
  t.strictSame(next.breaker.status().window, { successes: 1, failures: 2 }, 'a clock may begin anew')
  next.clock.advance(600)
  t.equal(next.breaker.status().window.failures, 2)
  next.clock.advance(100)
  t.equal(next.breaker.status().window.failures, 0, 'and they grow old as before')
  await next.bad()
  t.equal(next.breaker.status().state, 'open')
  next.clock.advance(300)
  const last = breakerWith(options)
  last.breaker.restore(next.breaker.save(), 200)
  t.match(last.breaker.status(), { state: 'open', openForMs: 500 })
  t.equal(last.changes.at(-1), 'closed > open: restored')
  one.breaker.open()
  const byHand = JSON.parse(JSON.stringify(one.breaker.save())) as CircuitBreakerState
  last.breaker.restore(byHand, 1e9)
  t.match(last.breaker.status(), { state: 'open', openForMs: Number.POSITIVE_INFINITY })
})

test('saved half-open it lets probes through', async t => {
  const one = breakerWith({ failureThreshold: 1 })
  await one.bad()
  one.clock.advance(1000)
  const next = breakerWith({ failureThreshold: 1 })
  next.breaker.restore(one.breaker.save())
  t.equal(next.breaker.status().state, 'half-open')
  t.equal(await next.good(), 'good')
  t.equal(next.breaker.status().state, 'closed')
})

test('wrong options, calls and states are refused by name', async t => {
  const make = (options: object) => () => new CircuitBreaker(options)
  refused(t, 'OPTION_UNKNOWN', /'failureTreshold'.*'failureThreshold'/, make({ failureTreshold: 3 }))
  for (const [name, value] of Object.entries({
    failureThreshold: 0,
    failureRatio: 1.5,
    windowMs: 5,
    minimumCalls: 0,
    openMs: 0,
    halfOpenProbes: 1001,
    isFailure: 'no',
  }))
    refused(t, 'OPTION_INVALID', new RegExp(`'${name}' of CircuitBreaker`), make({ [name]: value }))
  const { breaker } = breakerWith()
  await refusedLater(t, 'OPTION_UNKNOWN', /CircuitBreaker.execute has no option 'abort'/, () =>
    breaker.execute(() => 1, { abort: 1 } as object),
  )
  await refusedLater(t, 'OPTION_INVALID', /The work of CircuitBreaker.execute/, () => breaker.execute(7 as never))
  const state = { state: 'closed', openForMs: 0, consecutiveFailures: 0, slices: [] }
  for (const [name, value] of Object.entries({ state: 'ajar', openForMs: -1, consecutiveFailures: 0.5, slices: 7 }))
    refused(t, 'OPTION_INVALID', new RegExp(`'${name}' of a saved CircuitBreaker`), () =>
      breaker.restore({ ...state, [name]: value } as CircuitBreakerState),
    )
  refused(t, 'OPTION_INVALID', /'elapsedMs'/, () => breaker.restore(state as never, Number.NaN))
  refused(t, 'OPTION_INVALID', /listener of a circuit breaker/, () => breaker.subscribe(undefined as never))
  t.match(breaker.status(), { state: 'closed', refused: 0, failures: 0 })
})
