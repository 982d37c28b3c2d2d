import { test } from 'tap'
import { BatchError, BatchProcessor, chunk, parallelMap, parallelStream } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { byHand, Counted, later, still, turn } from '../fixtures/item-sources.js'
import { refusedLater } from '../fixtures/refused.js'

test('results are in the order of the items, in whatever order they come', async t => {
  const { calls, mapper } = byHand<number>()
  const all = parallelMap([10, 20, 30], mapper, {}, still)
  await turn()
  for (const call of [...calls].reverse()) {
    call.done()
    await turn()
  }
  t.strictSame(await all, ['10', '20', '30'])
})

test('no more items are taken than are worked on', async t => {
  const source = new Counted()
  const { calls, mapper } = byHand<number>()
  const end = new AbortController()
  const all = parallelMap(source, mapper, { maxConcurrent: 3, signal: end.signal }, still)
  for (let i = 0; i < 3; i++) await turn()
  t.equal(source.pulled, 3)
  calls[1].done()
  for (let i = 0; i < 3; i++) await turn()
  t.equal(source.pulled, 4)
  t.strictSame(
    calls.map(call => call.item),
    [0, 1, 2, 3],
  )
  end.abort()
  await refusedLater(t, 'ABORTED', /parallelMap/, () => all)
  t.ok(source.ended, 'the source is told')
})

test('items may come later, from one source at a time', async t => {
  t.strictSame(await parallelMap(later([1, 2, 3, undefined]), item => item ?? 'nothing', { maxConcurrent: 2 }), [
    1,
    2,
    3,
    'nothing',
  ])
  let asked = 0
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        t.equal(++asked, 1, 'not asked for two at once')
        await turn()
        asked--
        return { done: false as const, value: 1 }
      },
    }),
  }
  const seen: number[] = []
  for await (const item of parallelStream(source, item => item, { maxConcurrent: 5 })) if (seen.push(item) === 9) break
  t.equal(seen.length, 9)
})

test('the first error ends all: what runs is told and waited for', async t => {
  const source = new Counted()
  const { calls, mapper } = byHand<number>()
  const all = parallelMap(source, mapper, { maxConcurrent: 2 }, still)
  let settled = false
  const over = () => {
    settled = true
  }
  all.then(over, over)
  await turn()
  calls[1].fail(new Error('no good'))
  await turn()
  t.equal(settled, false)
  t.ok(calls[0].signal.aborted)
  calls[0].done()
  await refusedLater(t, 'BATCH_FAILED', /Item 1 failed: no good/, () => all)
  const error = await all.catch(e => e)
  t.type(error, BatchError)
  t.match(error, { index: 1, cause: { message: 'no good' } })
  t.equal(source.pulled, 2)
  t.ok(source.ended)
})

test('errors are collected where the policy says so', async t => {
  const told: number[] = []
  const outcomes = await parallelMap(
    [1, 2, 3],
    item => {
      if (item === 2) throw new Error('no good')
      return item * 10
    },
    { errorPolicy: 'collect', onError: error => told.push(error.index) },
  )
  t.match(outcomes, [
    { status: 'fulfilled', value: 10 },
    { status: 'rejected', reason: { code: 'BATCH_FAILED', index: 1 } },
    { status: 'fulfilled', value: 30 },
  ])
  t.strictSame(told, [1])
})

test('what failed is tried again, and only then told', async t => {
  const clock = new FakeClock()
  const tries: string[] = []
  const told: number[] = []
  const all = parallelMap(
    ['a', 'b'],
    (item, { attempt, index }) => {
      tries.push(`${item}${attempt}`)
      if (index === 1 && attempt < 3) throw new Error('down')
      return attempt
    },
    { retry: { attempts: 3, jitter: 'none' }, onError: error => told.push(error.index) },
    clock,
  )
  for (const ms of [100, 200]) {
    await turn()
    clock.advance(ms)
  }
  t.strictSame(await all, [1, 3])
  t.strictSame(tries, ['a1', 'b1', 'b2', 'b3'])
  t.strictSame(told, [])
})

test('a signal lets go of work and of a source that never end', async t => {
  const end = new AbortController()
  const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
  const calls = [
    parallelMap([1], () => new Promise(() => {}), { signal: end.signal }),
    parallelMap(never, item => item, { signal: end.signal }),
    parallelStream(never, item => item, { signal: end.signal }).next(),
    BatchProcessor.processBatch({ items: never, processor: () => {}, signal: end.signal }),
  ]
  const ends = calls.map(call => refusedLater(t, 'ABORTED', /AbortSignal/, () => call))
  await turn()
  end.abort()
  await Promise.all(ends)
  const source = new Counted()
  await refusedLater(t, 'ABORTED', /parallelMap/, () => parallelMap(source, () => 1, { signal: end.signal }))
  t.equal(source.pulled, 0)
})

test('a source that throws ends all with its place', async t => {
  function* broken(): Generator<number> {
    yield 1
    throw new Error('no more')
  }
  await refusedLater(t, 'BATCH_FAILED', /Taking item 1 failed: no more/, () => parallelMap(broken(), item => item))
  await refusedLater(t, 'BATCH_FAILED', /Taking item 1 failed/, () =>
    parallelMap(later(broken()), item => item, { errorPolicy: 'collect' }),
  )
})

test('a stream gives results as they are wanted', async t => {
  const source = new Counted()
  const results = parallelStream(source, item => item * 2, { maxConcurrent: 3 }, still)
  await turn()
  t.equal(source.pulled, 0, 'nothing is taken before')
  t.strictSame(await results.next(), { done: false, value: 0 })
  for (let i = 0; i < 5; i++) await turn()
  t.equal(source.pulled, 3, 'and no more than some beyond what was asked for')
  for (let i = 1; i < 5; i++) t.strictSame(await results.next(), { done: false, value: i * 2 })
  for (let i = 0; i < 5; i++) await turn()
  t.equal(source.pulled, 7)
  await results.return()
  t.ok(source.ended)
  const all: number[] = []
  for await (const result of parallelStream(later([1, 2, 3]), item => item + 1)) all.push(result)
  t.strictSame(all, [2, 3, 4])
})

test('a stream gives what came before an error, then the error', async t => {
  const got: number[] = []
  const read = async () => {
    for await (const result of parallelStream([1, 2, 3, 4], async item => {
      if (item === 3) throw new Error('no 3')
      return item
    }))
      got.push(result)
  }
  await refusedLater(t, 'BATCH_FAILED', /Item 2 failed: no 3/, read)
  t.strictSame(got, [1, 2])
})

test('leaving a stream ends what runs by its signal', async t => {
  const { calls, mapper } = byHand<number>()
  const results = parallelStream([1, 2, 3], mapper, {}, still)
  const first = results.next()
  await turn()
  calls[0].done()
  await first
  await results.return()
  t.ok(calls[1].signal.aborted)
})

test('chunks come as they are asked for, from what is there or comes later', async t => {
  t.strictSame([...chunk([1, 2, 3, 4, 5], 2)], [[1, 2], [3, 4], [5]])
  t.strictSame([...chunk([], 3)], [])
  const source = new Counted()
  for (const numbers of chunk(source, 3)) {
    t.strictSame(numbers, [0, 1, 2])
    break
  }
  t.equal(source.pulled, 3)
  t.ok(source.ended)
  const all: number[][] = []
  for await (const numbers of chunk(later([1, 2, 3]), 2)) all.push(numbers)
  t.strictSame(all, [[1, 2], [3]])
})

test('work that is ready at once lets the event loop turn', async t => {
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  t.teardown(() => clearInterval(timer))
  const busy = (ms: number) => {
    const until = performance.now() + ms
    while (performance.now() < until);
  }
  await parallelMap(new Counted(200), () => busy(1), { maxConcurrent: 2 })
  t.ok(turns > 2, `${turns} turns`)
})

test('one signal for many calls is no leak to warn of', async t => {
  const warnings: string[] = []
  const listen = (warning: Error) => warnings.push(warning.message)
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  const { signal } = new AbortController()
  await Promise.all(
    Array.from({ length: 30 }, () =>
      parallelMap(later([1, 2, 3]), item => item, { signal, retry: {}, maxConcurrent: 20 }),
    ),
  )
  await parallelMap(new Counted(50), turn, { signal, retry: {}, maxConcurrent: 50 })
  await turn()
  t.strictSame(warnings, [])
})
