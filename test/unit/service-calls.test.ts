// The calls of one service, with a clock that the test holds in its hand.
import t from 'tap'
import { MAX_ABANDONED_CALLS } from '../../lib/core/limits.js'
import { type Reply, replyOf, type ServiceScope } from '../../lib/run/service.js'
import { Call, ServiceCalls } from '../../lib/run/service-calls.js'
import { FakeClock } from '../fixtures/fake-clock.js'

const turn = () => new Promise(resolve => setImmediate(resolve))
class TestCall extends Call {
  get identity() {
    return { id: 'run/ask/0/engine/1/0', run: 'run', ask: 'ask', tick: 0, engine: 'engine', agent: 1, sequence: 0 }
  }
}

/** Calls that the test answers, one by one. */
function makeCalls(maxConcurrent: number, timeoutMs = 100) {
  const clock = new FakeClock()
  const under: { question: unknown; scope: ServiceScope; answer(value: unknown): void; fail(error: unknown): void }[] =
    []
  const ask = (question: unknown, scope: ServiceScope) =>
    new Promise<unknown>((answer, fail) => under.push({ question, scope, answer, fail }))
  const replies: [unknown, Reply][] = []
  const replied = ({ question, reply }: Call) => reply && replies.push([question, reply])
  const calls = new ServiceCalls({ ask, maxConcurrent, timeoutMs }, clock, replied)
  const put = (question: unknown) => {
    const call = new TestCall(question)
    calls.put(call)
    return () => calls.cancel(call)
  }
  return { clock, under, replies, calls, put }
}

t.test('at most so many calls are under way, the others wait in order', async t => {
  const { under, replies, calls, put } = makeCalls(2)
  for (const question of ['a', 'b', 'c', 'd']) put(question)
  t.equal(under.length, 0, 'nothing is called at once')
  await turn()
  t.strictSame(
    under.map(u => u.question),
    ['a', 'b'],
  )
  t.match(calls.status, { running: 2, waiting: 2 })
  under[1].answer(7)
  await turn()
  t.equal(under[2].question, 'c')
  under[0].fail(new Error('broken'))
  under[2].answer(null)
  await turn()
  under[3].answer(1)
  await turn()
  t.strictSame(replies, [
    ['b', { outcome: 'ok', value: 7 }],
    ['a', { outcome: 'failed', reason: 'broken' }],
    ['c', { outcome: 'ok', value: null }],
    ['d', { outcome: 'ok', value: 1 }],
  ])
  t.match(calls.status, { running: 0, waiting: 0, ok: 3, failed: 1, late: 0, refused: 0, lastReason: 'broken' })
})

t.test('a question is late at its deadline, called or not; a call is told so, and makes room', async t => {
  const { clock, under, replies, calls, put } = makeCalls(1)
  put('a')
  await turn()
  clock.advance(60)
  put('b')
  put('c')
  clock.advance(40)
  t.strictSame(replies, [['a', { outcome: 'late', reason: 'No answer within 100 ms' }]])
  t.ok(under[0].scope.signal.aborted)
  t.equal(under[0].scope.id, 'run/ask/0/engine/1/0')
  t.match(calls.status, { abandoned: 1 })
  await turn()
  t.equal(under[1].question, 'b')
  clock.advance(60)
  t.equal(replies.length, 3, 'one while it ran, one while it waited')
  t.strictSame(clock.waiting, [], 'no timer is left')
  under[0].answer('too late')
  under[1].fail(new Error('too late'))
  await turn()
  t.equal(replies.length, 3)
  t.match(calls.status, { abandoned: 0, late: 3, running: 0, waiting: 0 })
  t.equal(under.length, 2, 'what waited in vain was never called')
})

t.test('a question that is taken back is answered to nobody', async t => {
  const { clock, under, replies, calls, put } = makeCalls(1)
  const takeBack = [put('a'), put('b')]
  await turn()
  for (const take of takeBack) take()
  t.ok(under[0].scope.signal.aborted)
  takeBack[0]()
  under[0].answer(1)
  await turn()
  t.strictSame(replies, [])
  t.strictSame(clock.waiting, [])
  t.match(calls.status, { running: 0, waiting: 0, abandoned: 0, ok: 0 })
})

t.test('a service that heeds no signal is not called for ever', async t => {
  const { clock, under, replies, put } = makeCalls(MAX_ABANDONED_CALLS, 10)
  for (let i = 0; i < MAX_ABANDONED_CALLS; i++) put(i)
  await turn()
  clock.advance(10)
  t.equal(replies.length, MAX_ABANDONED_CALLS)
  put('one more')
  await turn()
  t.equal(under.length, MAX_ABANDONED_CALLS)
  t.match(replies.at(-1), ['one more', { outcome: 'refused' }])
  for (const { answer } of under) answer(0)
  await turn()
  put('again')
  await turn()
  t.equal(under.at(-1)?.question, 'again')
})

t.test('an open circuit refuses what waits at once', async t => {
  const { under, replies, calls, put } = makeCalls(2)
  for (const question of ['a', 'b', 'c', 'd']) put(question)
  await turn()
  under[1].fail(Object.assign(new Error('open'), { code: 'CIRCUIT_OPEN' }))
  await turn()
  t.strictSame(
    replies.map(([question]) => question),
    ['c', 'd', 'b'],
  )
  t.ok(replies.every(([, { outcome }]) => outcome === 'refused'))
  t.equal(under.length, 2, 'they were not called')
  under[0].answer(1)
  put('e')
  await turn()
  t.equal(under[2].question, 'e', 'what comes after is')
  t.match(calls.status, { running: 1, waiting: 0, ok: 1, refused: 3, abandoned: 0 })
})

t.test(
  'a circuit that was open is tried with one question of those that are asked together, until it answers',
  async t => {
    const { under, replies, calls, put } = makeCalls(4)
    const open = () => Object.assign(new Error('open'), { code: 'CIRCUIT_OPEN' })
    put('a')
    await turn()
    under[0].fail(open())
    await turn()
    for (const question of ['b', 'c', 'd']) put(question)
    await null
    t.match(calls.status, { running: 1, waiting: 2 })
    under[1].fail(open())
    await turn()
    t.equal(replies.length, 4, 'the refusal of one answers all that wait')
    t.equal(under.length, 2)
    for (const question of ['e', 'f', 'g']) put(question)
    await null
    t.match(calls.status, { running: 1, waiting: 2 })
    await turn()
    t.match(calls.status, { running: 2, waiting: 1 }, 'one that is slow to answer keeps none of the others')
    under[2].answer(1)
    await turn()
    for (const question of ['h', 'i']) put(question)
    await null
    t.match(calls.status, { running: 4, waiting: 0 })
  },
)

t.test('a service that throws at once is one that rejects', async t => {
  const replies: Reply[] = []
  const ask = () => {
    throw new RangeError('no')
  }
  const replied = ({ reply }: Call) => reply && replies.push(reply)
  const calls = new ServiceCalls({ ask, maxConcurrent: 1, timeoutMs: 10 }, new FakeClock(), replied)
  calls.put(new TestCall(1))
  await turn()
  t.strictSame(replies, [{ outcome: 'failed', reason: 'no' }])
})

t.test('an error says what became of an ask', async t => {
  const coded = (code: unknown) => Object.assign(new Error('x'), { code })
  for (const code of ['CIRCUIT_OPEN', 'RATE_BUSY', 'RATE_TIMEOUT', 'BUDGET_SPENT', 'SERVICE_BUSY', 'RATE_LIMITED'])
    t.strictSame(replyOf(coded(code)), { outcome: 'refused', reason: 'x' })
  for (const late of [coded('CALL_TIMEOUT'), coded('ETIMEDOUT'), new DOMException('x', 'TimeoutError')])
    t.strictSame(replyOf(late), { outcome: 'late', reason: 'x' })
  for (const other of [coded('ECONNRESET'), coded(7), new Error('x'), 'x'])
    t.strictSame(replyOf(other), { outcome: 'failed', reason: 'x' })
  t.strictSame(replyOf(undefined), { outcome: 'failed', reason: 'undefined' })
})
