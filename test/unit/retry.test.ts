import { test } from 'tap'
import {
  compose,
  parseRetryAfter,
  type RetryOptions,
  retry,
  retryAfterOf,
  ServiceGuard,
  timeout,
} from '../../lib/index.js'
import { backoffMs } from '../../lib/services/backoff.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

/** Runs work under a fake clock that is moved to whatever is due, until it settles; gives the waits. */
async function waitsOf(clock: FakeClock, call: Promise<unknown>): Promise<number[]> {
  const waits: number[] = []
  let settled = false
  const over = () => {
    settled = true
  }
  call.then(over, over)
  for (await turn(); !settled; await turn()) {
    const [ms] = clock.waiting
    waits.push(ms)
    clock.advance(ms)
  }
  return waits
}

/** Work that fails so many times, and counts. */
function failing(times: number, error: () => unknown = () => new Error('down')) {
  const tries: number[] = []
  return {
    tries,
    work: ({ attempt }: { attempt: number }) => {
      tries.push(attempt)
      if (tries.length <= times) throw error()
      return 'done'
    },
  }
}

test('it tries again with waits that double, up to the longest', async t => {
  const clock = new FakeClock()
  const { work, tries } = failing(4)
  const told: [number, number][] = []
  const policy = retry(
    {
      attempts: 5,
      jitter: 'none',
      backoff: { initialMs: 100, factor: 2, maxMs: 350 },
      onRetry: ({ attempt, delayMs }) => told.push([attempt, delayMs]),
    },
    clock,
  )
  const call = policy.execute(work)
  t.strictSame(await waitsOf(clock, call), [100, 200, 350, 350])
  t.equal(await call, 'done')
  t.strictSame(tries, [1, 2, 3, 4, 5])
  t.strictSame(told, [
    [1, 100],
    [2, 200],
    [3, 350],
    [4, 350],
  ])
  t.strictSame(clock.waiting, [])
})

test('after the last try its error comes out as it is', async t => {
  const clock = new FakeClock()
  const errors = [new Error('first'), new Error('second'), new Error('third')]
  const { work, tries } = failing(9, () => errors[tries.length - 1])
  const call = retry({}, clock).execute(work)
  t.equal((await waitsOf(clock, call)).length, 2)
  await t.rejects(call, errors[2])
  t.equal(tries.length, 3)
})

test('jitter stays within its bounds and is the same for a seed', async t => {
  const backoff = { initialMs: 100, factor: 2, maxMs: 1000 }
  const bounds = {
    none: [400, 400],
    full: [0, 400],
    equal: [200, 400],
    decorrelated: [100, 900],
  } as const
  for (const [jitter, [least, most]] of Object.entries(bounds)) {
    const at = (r: number) => backoffMs(backoff, jitter as keyof typeof bounds, 3, 300, () => r)
    t.equal(at(0), least, jitter)
    t.equal(at(1), most, jitter)
  }
  t.equal(
    backoffMs(backoff, 'decorrelated', 9, 900, () => 1),
    1000,
  )
  const delays = async (options: RetryOptions) => {
    const clock = new FakeClock()
    return waitsOf(clock, retry({ attempts: 6, ...options }, clock).execute(failing(9).work))
  }
  const seeded = await delays({ seed: 7 })
  t.strictSame(await delays({ seed: 7 }), seeded)
  t.notSame(await delays({ seed: 8 }), seeded)
  t.strictSame(await delays({ random: () => 0.5 }), [50, 100, 200, 400, 800])
  await refusedLater(t, 'OPTION_INVALID', /'random' of retry gave 1/, () =>
    delays({ random: () => 1 }).then(() => retry({ random: () => 1 }).execute(failing(1).work)),
  )
})

test('a Retry-After is waited for, and one that is too long ends it', async t => {
  const clock = new FakeClock()
  const busy = (after: unknown) => () =>
    Object.assign(new Error('busy'), { status: 429, headers: { 'Retry-After': after } })
  const call = retry({ jitter: 'none' }, clock).execute(failing(1, busy('2')).work)
  t.strictSame(await waitsOf(clock, call), [2000])
  const long = failing(9, busy('61'))
  const failed = retry({}, clock).execute(long.work)
  t.strictSame(await waitsOf(clock, failed), [])
  t.match(await failed.catch(error => error), { status: 429 })
  const short = retry({ jitter: 'none', backoff: { initialMs: 5000 } }, clock).execute(failing(1, busy(1)).work)
  t.strictSame(await waitsOf(clock, short), [5000], 'the longer of both')
})

test('a Retry-After is seconds or a date of HTTP', async t => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5)
  t.equal(parseRetryAfter('120', now), 120_000)
  t.equal(parseRetryAfter(' 0 ', now), 0)
  t.equal(parseRetryAfter('Fri, 02 Jan 2026 03:04:35 GMT', now), 30_000)
  t.equal(parseRetryAfter('Friday, 02-Jan-26 03:04:35 GMT', now), 30_000)
  t.equal(parseRetryAfter('Fri Jan  2 03:04:35 2026', now), 30_000)
  t.equal(parseRetryAfter('Fri, 02 Jan 2026 03:00:00 GMT', now), 0, 'what is past is now')
  for (const none of ['', 'soon', '-5', '1.5', '2026-01-02', '1e3'])
    t.equal(parseRetryAfter(none, now), undefined, none)
  t.type(parseRetryAfter('Fri, 02 Jan 2026 03:04:35 GMT'), 'number')
})

test('a Retry-After is found where clients of HTTP put it', async t => {
  t.equal(retryAfterOf({ retryAfterMs: 5 }), 5)
  t.equal(retryAfterOf({ headers: new Headers({ 'retry-after': '3' }) }), 3000)
  t.equal(retryAfterOf({ headers: { 'RETRY-AFTER': 3 } }), 3000)
  t.equal(retryAfterOf({ response: { headers: new Headers({ 'Retry-After': '4' }) } }), 4000)
  for (const none of [
    undefined,
    null,
    'x',
    new Error('x'),
    { headers: {} },
    { headers: new Headers() },
    { retryAfterMs: -1 },
  ])
    t.equal(retryAfterOf(none), undefined)
})

test('what cannot pass is not tried again', async t => {
  const clock = new FakeClock()
  const triesFor = async (error: unknown, options: RetryOptions = {}) => {
    const { work, tries } = failing(9, () => error)
    await waitsOf(clock, retry(options, clock).execute(work))
    return tries.length
  }
  const open = new ServiceGuard({ breaker: {} })
  open.breaker?.open()
  const circuit = await open.execute(() => 1).catch(error => error)
  t.equal(await triesFor(circuit), 1, 'CIRCUIT_OPEN')
  t.equal(await triesFor(new DOMException('no', 'AbortError')), 1)
  for (const status of [400, 401, 404, 422]) t.equal(await triesFor({ status }), 1, `${status}`)
  for (const status of [408, 425, 429, 500, 503]) t.equal(await triesFor({ status }), 3, `${status}`)
  t.equal(await triesFor('text'), 3)
  t.equal(await triesFor(new Error('x'), { retryIf: (_, attempt) => attempt < 2 }), 2)
  t.equal(await triesFor(undefined, { attempts: 1 }), 1)
})

test('all tries together have their time, and no wait is begun that would go beyond', async t => {
  const clock = new FakeClock()
  const call = retry({ attempts: 9, jitter: 'none', backoff: { initialMs: 400 }, totalMs: 1000 }, clock).execute(
    failing(9).work,
  )
  const waits = await waitsOf(clock, call)
  t.strictSame(waits, [400], 'the next would be 800')
  await t.rejects(call, { message: 'down' })
  const stuck = retry({ totalMs: 1000 }, clock).execute(() => new Promise(() => {}))
  await waitsOf(clock, stuck)
  await refusedLater(t, 'CALL_TIMEOUT', /totalMs of 1000 ms/, () => stuck)
  t.strictSame(clock.waiting, [])
})

test('a signal ends a try and a wait', async t => {
  const clock = new FakeClock()
  for (const work of [failing(9).work, () => new Promise<string>(() => {})]) {
    const end = new AbortController()
    const call = retry({}, clock).execute(work, { signal: end.signal })
    await turn()
    end.abort(new Error('gone'))
    await refusedLater(t, 'ABORTED', /A call with its retries|AbortSignal/, () => call)
    await turn()
    t.strictSame(clock.waiting, [], 'no timer is left')
  }
  const early = failing(0)
  await refusedLater(t, 'ABORTED', /retries/, () => retry().execute(early.work, { signal: AbortSignal.abort() }))
  t.equal(early.tries.length, 0)
})

test('work that takes too long is given up and told', async t => {
  const clock = new FakeClock()
  let told: AbortSignal | undefined
  const call = timeout(500, clock).execute(({ signal }) => {
    told = signal
    return new Promise(() => {})
  })
  const failed = refusedLater(t, 'CALL_TIMEOUT', /A call took longer than its timeout of 500 ms/, () => call)
  clock.advance(500)
  await failed
  t.match(told, { aborted: true, reason: { code: 'CALL_TIMEOUT' } })
  t.equal(await timeout(500, clock).execute(() => 7), 7)
  await t.rejects(
    timeout(500, clock).execute(() => {
      throw new Error('at once')
    }),
    { message: 'at once' },
  )
  t.strictSame(clock.waiting, [])
})

test('an outer deadline comes out of all that it is around', async t => {
  const clock = new FakeClock()
  const call = timeout(100, clock).execute(({ signal }) =>
    retry({}, clock).execute(() => new Promise(() => {}), { signal }),
  )
  clock.advance(100)
  await refusedLater(t, 'CALL_TIMEOUT', /its timeout of 100 ms/, () => call)
})

test('wrong options and work are refused by name', async t => {
  refused(t, 'OPTION_UNKNOWN', /retry has no option 'attemps'.*'attempts'/, () => retry({ attemps: 1 } as RetryOptions))
  refused(t, 'OPTION_UNKNOWN', /'backoff.initialMS'.*'initialMs'/, () =>
    retry({ backoff: { initialMS: 1 } } as RetryOptions),
  )
  for (const [name, value] of Object.entries({
    attempts: 0,
    jitter: 'some',
    seed: -1,
    random: 1,
    totalMs: 0,
    maxRetryAfterMs: -1,
    retryIf: true,
    onRetry: 1,
    backoff: 7,
  }))
    refused(t, 'OPTION_INVALID', new RegExp(`'${name}' of retry`), () => retry({ [name]: value } as RetryOptions))
  refused(t, 'OPTION_INVALID', /'backoff.factor' of retry is 0.5/, () => retry({ backoff: { factor: 0.5 } }))
  refused(t, 'OPTION_INVALID', /both seed and random/, () => retry({ seed: 1, random: Math.random }))
  refused(t, 'OPTION_INVALID', /'ms' of timeout is 0/, () => timeout(0))
  for (const policy of [retry(), timeout(5)]) {
    await refusedLater(t, 'OPTION_INVALID', /The work of .*execute is no function/, () =>
      policy.execute(undefined as never),
    )
    await refusedLater(t, 'OPTION_UNKNOWN', /has no option 'signl'/, () =>
      policy.execute(() => 1, { signl: 1 } as object),
    )
  }
  refused(t, 'OPTION_INVALID', /The work of compose is no function/, () => compose({}, 5 as never))
})
