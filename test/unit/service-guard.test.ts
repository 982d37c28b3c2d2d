import { test } from 'tap'
import {
  Budget,
  CircuitBreaker,
  compose,
  type GuardedContext,
  RateLimiter,
  ServiceGuard,
  type ServiceGuardOptions,
  type ServiceGuardState,
} from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

function guardWith(options: ServiceGuardOptions) {
  const clock = new FakeClock()
  return { clock, guard: new ServiceGuard(options, clock) }
}

const down = () => Promise.reject(new Error('down'))
const stuck = () => new Promise<never>(() => {})

test('limiter, breaker, retry and deadline go around a function in one line', async t => {
  const clock = new FakeClock()
  const [limiter, breaker] = [new RateLimiter({ requestsPerSecond: 5 }, clock), new CircuitBreaker({}, clock)]
  let failures = 2
  const seen: [string, number][] = []
  const ask = compose(
    { limiter, breaker, retry: { attempts: 4, jitter: 'none' }, deadlineMs: 30_000 },
    (name: string, { attempt, signal }) => {
      t.equal(signal.aborted, false)
      seen.push([name, attempt])
      if (failures-- > 0) throw new Error('down')
      return `hello, ${name}`
    },
    clock,
  )
  const answer = ask('Ann')
  for (const ms of [100, 200]) {
    await turn()
    clock.advance(ms)
  }
  t.equal(await answer, 'hello, Ann')
  t.strictSame(seen, [
    ['Ann', 1],
    ['Ann', 2],
    ['Ann', 3],
  ])
  t.equal(limiter.status().granted, 3, 'each try takes a token')
  t.match(breaker.status(), { failures: 2, successes: 1 })
  t.strictSame(clock.waiting, [])
})

test('without any part calls go straight through', async t => {
  const { guard } = guardWith({})
  t.equal(await guard.execute(({ attempt }) => attempt), 1)
  await t.rejects(guard.execute(down), { message: 'down' })
  t.match(guard.status(), { inFlight: 0, succeeded: 1, tries: 2, failed: { OTHER: 1 }, durations: { count: 1 } })
  t.strictSame(guard.save(), {})
  guard.restore({})
})

test('an open breaker refuses at once, takes no token and spends nothing', async t => {
  const { guard } = guardWith({
    limiter: { requestsPerSecond: 1 },
    breaker: {},
    budget: { requests: { limit: 9 } },
    retry: {},
  })
  guard.breaker?.open()
  await t.rejects(guard.execute(down), { code: 'CIRCUIT_OPEN' })
  t.equal(guard.limiter?.status().buckets.requests.level, 1)
  t.match(guard.budget?.status().amounts.requests, { spent: 0, reserved: 0 })
  t.match(guard.status(), { tries: 0, failed: { CIRCUIT_OPEN: 1 } })
  t.equal(guard.refusal(), 'CIRCUIT_OPEN', 'it can be asked without an error')
  t.match(guard.status(), { failed: { CIRCUIT_OPEN: 2 } })
  guard.breaker?.close()
  t.equal(guard.refusal(), undefined)
})

test('who waits for the limiter while the breaker opens is refused after it, and nothing is spent', async t => {
  const { guard, clock } = guardWith({
    limiter: { requestsPerSecond: 1 },
    breaker: {},
    budget: { requests: { limit: 9 } },
  })
  await guard.execute(() => 1)
  const waits = guard.execute(() => t.fail('it reached the service'))
  await turn()
  t.match(guard.budget?.status().amounts.requests, { spent: 1, reserved: 1 })
  guard.breaker?.open()
  clock.advance(1000)
  await t.rejects(waits, { code: 'CIRCUIT_OPEN' })
  t.match(guard.budget?.status().amounts.requests, { spent: 1, reserved: 0 })
})

test('a wait for the limiter that is too long is no failure of the service', async t => {
  const { guard, clock } = guardWith({
    limiter: { requestsPerSecond: 0.001, timeoutMs: 100 },
    breaker: { failureThreshold: 1 },
    budget: { requests: { limit: 9 } },
  })
  await guard.execute(() => 1)
  const late = refusedLater(t, 'RATE_TIMEOUT', /timeoutMs of 100 ms/, () => guard.execute(() => 1))
  await turn()
  clock.advance(100)
  await late
  t.match(guard.breaker?.status(), { state: 'closed', failures: 0 })
  t.match(guard.budget?.status().amounts.requests, { spent: 1, reserved: 0 })
})

test('a service that hangs is a failure, with the limit of a try or of the whole call', async t => {
  for (const limits of [{ timeoutMs: 500 }, { deadlineMs: 500 }]) {
    const { guard, clock } = guardWith({ ...limits, breaker: { failureThreshold: 1 } })
    const [name] = Object.keys(limits)
    let told: AbortSignal | undefined
    const call = guard.execute(({ signal }) => {
      told = signal
      return stuck()
    })
    const failed = refusedLater(t, 'CALL_TIMEOUT', new RegExp(`${name} of 500 ms`), () => call)
    await turn()
    clock.advance(500)
    await failed
    await turn()
    t.equal(told?.aborted, true)
    t.match(guard.breaker?.status(), { state: 'open', failures: 1 }, name)
    t.match(guard.status(), { inFlight: 0, failed: { CALL_TIMEOUT: 1 } })
    t.strictSame(clock.waiting, [])
  }
})

test('a call may have a deadline of its own, which its waits are part of', async t => {
  const { guard, clock } = guardWith({ limiter: { requestsPerSecond: 0.001 } })
  await guard.execute(() => 1)
  const late = refusedLater(t, 'CALL_TIMEOUT', /A call of a service .* deadlineMs of 50 ms/, () =>
    guard.execute(() => 1, { deadlineMs: 50 }),
  )
  await turn()
  clock.advance(50)
  await late
  await turn()
  t.equal(guard.limiter?.status().waiting, 0, 'it has left the line')
})

test('a deadline that waits have used up is no failure, where a try has a limit of its own', async t => {
  const { guard, clock } = guardWith({
    limiter: { requestsPerSecond: 1 },
    breaker: { failureThreshold: 1 },
    timeoutMs: 500,
    deadlineMs: 1100,
  })
  await guard.execute(() => 1)
  const late = refusedLater(t, 'CALL_TIMEOUT', /deadlineMs of 1100 ms/, () => guard.execute(stuck))
  await turn()
  clock.advance(1000)
  await turn()
  clock.advance(100)
  await late
  await turn()
  t.match(guard.breaker?.status(), { state: 'closed', failures: 0 })
})

test('a signal ends a call wherever it is, and is no failure', async t => {
  const { guard, clock } = guardWith({ breaker: { failureThreshold: 1 }, retry: {} })
  const end = new AbortController()
  const call = guard.execute(stuck, { signal: end.signal })
  await turn()
  end.abort()
  await refusedLater(t, 'ABORTED', /AbortSignal/, () => call)
  await turn()
  t.match(guard.breaker?.status(), { state: 'closed', failures: 0 })
  t.match(guard.status(), { inFlight: 0, failed: { ABORTED: 1 } })
  t.strictSame(clock.waiting, [])
})

test('each try costs, as much as was said or as it says itself', async t => {
  const { guard } = guardWith({
    limiter: { buckets: { requests: { limit: 100 }, tokens: { limit: 1000 } } },
    budget: { tokens: { limit: 500 }, money: { limit: 100 } },
  })
  await guard.execute(() => 1, { cost: { tokens: 200, money: 7 } })
  t.match(guard.limiter?.status().buckets, { requests: { level: 99 }, tokens: { level: 800 } })
  t.match(guard.budget?.status().amounts, { tokens: { spent: 200 }, money: { spent: 7 } })
  await guard.execute(({ spent }) => spent({ tokens: 30, money: 2 }), { cost: { tokens: 300 } })
  t.match(guard.budget?.status().amounts, { tokens: { spent: 230 }, money: { spent: 9 } })
  await t.rejects(guard.execute(down, { cost: { tokens: 100 } }))
  t.equal(guard.budget?.status().amounts.tokens.spent, 330, 'one that failed may have been billed')
  await t.rejects(guard.execute(context => (context.spent({ tokens: 0 }), down()), { cost: { tokens: 100 } }))
  t.equal(guard.budget?.status().amounts.tokens.spent, 330, 'unless it says that it was not')
  await t.rejects(
    guard.execute(() => 1, { cost: { tokens: 171 } }),
    { code: 'BUDGET_SPENT' },
  )
  await guard.execute(() => 1, { cost: { requests: 0 } })
  t.match(guard.status(), { failed: { OTHER: 2, BUDGET_SPENT: 1 } })
})

test('what a call did cost is spent though it was not known before', async t => {
  const { guard } = guardWith({ budget: { requests: { limit: 10 }, tokens: { limit: 100 } } })
  for (let i = 0; i < 2; i++) await guard.execute(({ spent }) => spent({ tokens: 60 }))
  t.match(guard.budget?.status().amounts, { requests: { spent: 2 }, tokens: { spent: 120, left: 0 } })
  await refusedLater(t, 'BUDGET_SPENT', /does not say what it costs of 'tokens'/, () => guard.execute(() => 1))
})

test('no more tries run at once than may, others wait in line and may leave it', async t => {
  const { guard } = guardWith({ maxConcurrent: 2 })
  const ends: ((result: string) => void)[] = []
  const order: string[] = []
  const call = (name: string, signal?: AbortSignal) =>
    guard
      .execute(() => new Promise<string>(resolve => ends.push(resolve)), signal && { signal })
      .then(result => order.push(`${name} ${result}`))
  const end = new AbortController()
  const calls = [call('a'), call('b'), call('c', end.signal), call('d')]
  await turn()
  t.match(guard.status(), { inFlight: 4, waiting: 2 })
  t.equal(ends.length, 2)
  end.abort()
  await refusedLater(t, 'ABORTED', /AbortSignal/, () => calls[2])
  ends[1]('done')
  await calls[1]
  await turn()
  t.equal(ends.length, 3)
  t.match(guard.status(), { inFlight: 2, waiting: 0 })
  ends[2]('done')
  ends[0]('done')
  await Promise.all([calls[0], calls[3]])
  t.strictSame(order, ['b done', 'd done', 'a done'])
  const failing = guard.execute(down)
  await t.rejects(failing)
  t.equal(await guard.execute(() => 1), 1, 'an error gives its place back')
})

test('when the service asks for a rest, all who wait for its limiter have it', async t => {
  const { guard, clock } = guardWith({ limiter: { requestsPerSecond: 100 }, retry: { jitter: 'none' } })
  let busy = true
  const call = guard.execute(() => {
    if (!busy) return 'done'
    busy = false
    throw Object.assign(new Error('busy'), { status: 429, headers: { 'retry-after': '3' } })
  })
  await turn()
  t.equal(guard.limiter?.status().pausedMs, 3000)
  const other = guard.execute(() => clock.now())
  clock.advance(3000)
  t.equal(await call, 'done')
  t.equal(await other, 3000)
  await t.rejects(guard.execute(() => Promise.reject({ retryAfterMs: 1e12 })))
  t.equal(guard.limiter?.status().pausedMs, 60_000, 'for a minute at most')
})

test('calls at once are bounded', async t => {
  const { guard } = guardWith({ maxInFlight: 1 })
  let finish = () => {}
  const first = guard.execute(
    () =>
      new Promise<void>(resolve => {
        finish = resolve
      }),
  )
  await refusedLater(t, 'SERVICE_BUSY', /maxInFlight of 1/, () => guard.execute(() => 1))
  t.equal(guard.refusal(), 'SERVICE_BUSY')
  await turn()
  finish()
  await first
  t.equal(guard.refusal(), undefined)
  t.equal(await guard.execute(() => 2), 2)
  t.match(guard.status(), { inFlight: 0, succeeded: 2, failed: { SERVICE_BUSY: 2 } })
})

test('a guard is saved and goes on as a whole', async t => {
  const options = {
    limiter: { requestsPerSecond: 10 },
    breaker: { failureThreshold: 2 },
    budget: { requests: { limit: 5 } },
  }
  const { guard } = guardWith(options)
  await guard.execute(() => 1)
  await t.rejects(guard.execute(down))
  const saved = JSON.parse(JSON.stringify(guard.save())) as ServiceGuardState
  const next = guardWith(options)
  next.guard.restore(saved)
  t.strictSame(next.guard.save(), saved)
  t.match(next.guard.status(), {
    limiter: { buckets: { requests: { level: 8 } } },
    breaker: { consecutiveFailures: 1 },
    budget: { amounts: { requests: { spent: 2 } } },
  })
  next.guard.restore({ limiter: saved.limiter }, 100)
  t.equal(next.guard.limiter?.status().buckets.requests.level, 9)
  const before = next.guard.save()
  const wrong = { ...saved, budget: { request: { spent: 1, periodAgeMs: 0 } } }
  refused(t, 'OPTION_UNKNOWN', /A saved Budget has a 'request'/, () => next.guard.restore(wrong))
  refused(t, 'OPTION_UNKNOWN', /A saved RateLimiter has a 'requests'/, () => guardWith({}).guard.restore(saved))
  t.strictSame(next.guard.save(), before, 'one wrong part changes none')
})

test('guards may share a limiter and a budget', async t => {
  const clock = new FakeClock()
  const limiter = new RateLimiter({ requestsPerSecond: 3 }, clock)
  const budget = new Budget({ requests: { limit: 2 } }, clock)
  const [a, b] = [new ServiceGuard({ limiter, budget }, clock), new ServiceGuard({ limiter, budget }, clock)]
  await a.execute(() => 1)
  await b.execute(() => 1)
  t.equal(limiter.status().granted, 2)
  await t.rejects(
    a.execute(() => 1),
    { code: 'BUDGET_SPENT' },
  )
  const ask = compose(a, (n: number) => n)
  await t.rejects(ask(1), { code: 'BUDGET_SPENT' })
  t.equal(a.status().failed.BUDGET_SPENT, 2, 'compose takes a guard that is there')
})

test('wrong options, costs and states are refused by name', async t => {
  const make = (options: object) => () => new ServiceGuard(options)
  refused(t, 'OPTION_UNKNOWN', /ServiceGuard has no option 'braker'.*'breaker'/, make({ braker: {} }))
  refused(t, 'OPTION_UNKNOWN', /retry has no option 'attempt'/, make({ retry: { attempt: 1 } }))
  refused(t, 'OPTION_UNKNOWN', /RateLimiter has no option 'hz'/, make({ limiter: { hz: 1 } }))
  refused(t, 'OPTION_INVALID', /options of CircuitBreaker are 7/, make({ breaker: 7 }))
  refused(t, 'OPTION_INVALID', /'tokens' of Budget/, make({ budget: { tokens: 5 } }))
  for (const [name, value] of Object.entries({ timeoutMs: 0, deadlineMs: -1, maxInFlight: 1.5, maxConcurrent: 0 }))
    refused(t, 'OPTION_INVALID', new RegExp(`'${name}' of ServiceGuard`), make({ [name]: value }))
  const { guard } = guardWith({ limiter: { requestsPerSecond: 10 }, budget: { tokens: { limit: 10 } } })
  const wrong = (call: object) => () => guard.execute(() => t.fail('it ran'), call)
  await refusedLater(
    t,
    'OPTION_UNKNOWN',
    /cost of a call names 'token'. did you mean 'tokens'/,
    wrong({ cost: { token: 1 } }),
  )
  await refusedLater(
    t,
    'OPTION_INVALID',
    /'cost.tokens' of ServiceGuard.execute is -1/,
    wrong({ cost: { tokens: -1 } }),
  )
  await refusedLater(t, 'OPTION_INVALID', /'deadlineMs' of ServiceGuard.execute/, wrong({ deadlineMs: 0 }))
  await refusedLater(t, 'OPTION_INVALID', /'signal' of ServiceGuard.execute/, wrong({ signal: 1 }))
  await refusedLater(t, 'OPTION_INVALID', /The work of ServiceGuard.execute/, () => guard.execute('x' as never))
  await refusedLater(t, 'OPTION_UNKNOWN', /names 'money'/, () =>
    guard.execute(({ spent }: GuardedContext) => spent({ money: 1 }), { cost: { tokens: 1 } }),
  )
  refused(t, 'OPTION_UNKNOWN', /a saved ServiceGuard has no option 'limit'/, () =>
    guard.restore({ limit: 1 } as object),
  )
  t.equal(guard.limiter?.status().granted, 1)
})
