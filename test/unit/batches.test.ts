import { test } from 'tap'
import {
  BatchError,
  BatchProcessor,
  type BatchProgress,
  chunk,
  type ProcessBatchOptions,
  parallelMap,
  parallelStream,
} from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

/** Numbers from 0, with what became of the source. */
class Counted implements Iterable<number> {
  pulled = 0
  ended = false
  readonly #most: number

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most
  }

  *[Symbol.iterator](): Generator<number> {
    try {
      for (let i = 0; i < this.#most; i++) {
        this.pulled++
        yield i
      }
    } finally {
      this.ended = true
    }
  }
}

async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await turn()
    yield item
  }
}

/** A mapper whose calls end when the test says so. */
function byHand<T>() {
  const calls: { item: T; signal: AbortSignal; done: (result?: string) => void; fail: (error: Error) => void }[] = []
  const mapper = (item: T, { signal }: { signal: AbortSignal }) =>
    new Promise<string>((resolve, reject) => {
      calls.push({ item, signal, done: (result = `${item}`) => resolve(result), fail: reject })
    })
  return { calls, mapper }
}

/** Its time stands still, so nothing is put off to the next turn of the event loop. */
const still = new FakeClock()

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

test('batches are as long as they may be, some at once, their results in order', async t => {
  const source = new Counted(10)
  const seen: [number, number[]][] = []
  const progress: BatchProgress[] = []
  const result = await BatchProcessor.processBatch({
    items: source,
    batchSize: 4,
    maxConcurrent: 2,
    processor: async (batch: number[], { index, attempt }) => {
      t.equal(attempt, 1)
      seen.push([index, batch])
      for (let i = 0; i < 3 - index / 4; i++) await turn()
      return batch.map(item => item * 2)
    },
    onProgress: p => progress.push(p),
  })
  t.strictSame(result, { results: [0, 2, 4, 6, 8, 10, 12, 14, 16, 18], failures: [], items: 10, batches: 3 })
  t.strictSame(
    seen.map(([index, batch]) => [index, batch.length]),
    [
      [0, 4],
      [4, 4],
      [8, 2],
    ],
  )
  t.strictSame(progress.at(-1), { items: 10, failed: 0, batches: 3 })
  const array: BatchProgress[] = []
  const nothing = await BatchProcessor.processBatch({
    items: new Set([1, 2, 3]),
    batchSize: 2,
    processor: () => {},
    onProgress: p => array.push(p),
  })
  t.strictSame(nothing, { results: [], failures: [], items: 3, batches: 2 })
  t.strictSame(array[0], { items: 2, failed: 0, batches: 1, total: 3 }, 'the total where it is known')
})

test('of batches no more items are taken than are worked on', async t => {
  const source = new Counted()
  const { calls, mapper } = byHand<number[]>()
  const end = new AbortController()
  const all = new BatchProcessor({}, still).processBatch({
    items: source,
    batchSize: 5,
    maxConcurrent: 2,
    signal: end.signal,
    processor: async (batch: number[], context) => void (await mapper(batch, context)),
  })
  for (let i = 0; i < 3; i++) await turn()
  t.equal(source.pulled, 10)
  calls[0].done()
  for (let i = 0; i < 3; i++) await turn()
  t.equal(source.pulled, 15)
  end.abort()
  await t.rejects(all, { code: 'ABORTED' })
})

test('a batch that fails leaves its places empty, and the others go on', async t => {
  const result = await BatchProcessor.processBatch({
    items: [1, 2, 3, 4, 5],
    batchSize: 2,
    errorPolicy: 'collect',
    processor: batch => {
      if (batch.includes(3)) throw new Error('no 3')
      return batch.map(item => -item)
    },
  })
  t.strictSame([...result.results], [-1, -2, undefined, undefined, -5])
  t.match(result.failures, [{ code: 'BATCH_FAILED', index: 2, message: /items 2 to 3 failed: no 3/ }])
  t.match(result, { items: 5, batches: 3 })
})

test('results that do not go with the items are refused', async t => {
  const wrong = (given: unknown) =>
    BatchProcessor.processBatch({ items: [1, 2], processor: () => given as number[], retry: { attempts: 5 } })
  await refusedLater(t, 'BATCH_FAILED', /gave 1 results for 2 items/, () => wrong([1]))
  await refusedLater(t, 'BATCH_FAILED', /gave a string for 2 items/, () => wrong('ab'))
})

test('a processor keeps its options and counts', async t => {
  const processor = new BatchProcessor({ batchSize: 2, errorPolicy: 'collect' }, still)
  let finish = () => {}
  const wait = new Promise<void>(resolve => {
    finish = resolve
  })
  const call = processor.processBatch({
    items: [1, 2, 3],
    processor: async batch => (batch.length === 1 ? wait : undefined),
  })
  await turn()
  t.match(processor.status(), { calls: 1, running: 1 })
  finish()
  await call
  await processor.processBatch({
    items: [1, 2, 3, 4],
    batchSize: 4,
    processor: () => Promise.reject(new Error('down')),
  })
  t.strictSame(processor.status(), { calls: 0, running: 0, items: 7, failed: 4, batches: 3 })
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

test('wrong options, items and listeners are refused by name', async t => {
  const batch = (options: object) => () =>
    BatchProcessor.processBatch({ items: [1], processor: () => {}, ...options } as ProcessBatchOptions<number, void>)
  await refusedLater(
    t,
    'OPTION_UNKNOWN',
    /processBatch has no option 'batchsize'.*'batchSize'/,
    batch({ batchsize: 2 }),
  )
  for (const [name, value] of Object.entries({
    batchSize: 0,
    maxConcurrent: 100_001,
    errorPolicy: 'ignore',
    signal: 1,
    onProgress: 1,
    onError: 1,
    processor: undefined,
  })) {
    await refusedLater(t, 'OPTION_INVALID', new RegExp(`'${name}' of processBatch`), batch({ [name]: value }))
    if (name !== 'processor') {
      refused(
        t,
        'OPTION_INVALID',
        new RegExp(`'${name}' of BatchProcessor`),
        () => new BatchProcessor({ [name]: value }),
      )
    }
  }
  for (const items of [undefined, null, 7, 'text', {}]) {
    await refusedLater(t, 'OPTION_INVALID', /items of processBatch are neither/, batch({ items }))
    await refusedLater(t, 'OPTION_INVALID', /items of parallelMap are neither/, () =>
      parallelMap(items as unknown as number[], item => item),
    )
    refused(t, 'OPTION_INVALID', /items of parallelStream are neither/, () =>
      parallelStream(items as unknown as number[], item => item),
    )
    refused(t, 'OPTION_INVALID', /items of chunk are neither/, () => chunk(items as unknown as number[], 2))
  }
  for (const size of [0, 1.5, Number.NaN, 1_000_001, '2'])
    refused(t, 'OPTION_INVALID', /size of a chunk is/, () => chunk([1], size as number))
  await refusedLater(t, 'OPTION_INVALID', /'mapper' of parallelMap/, () => parallelMap([1], 5 as never))
  refused(t, 'OPTION_INVALID', /'mapper' of parallelStream/, () => parallelStream([1], undefined as never))
  await refusedLater(t, 'OPTION_UNKNOWN', /parallelMap has no option 'concurrency'/, () =>
    parallelMap([1], item => item, { concurrency: 2 } as object),
  )
  refused(t, 'OPTION_UNKNOWN', /parallelStream has no option 'errorPolicy'/, () =>
    parallelStream([1], item => item, { errorPolicy: 'collect' } as object),
  )
  await refusedLater(t, 'OPTION_UNKNOWN', /retry has no option 'times'/, batch({ retry: { times: 2 } }))
  const bad = () => {
    throw new Error('bad listener')
  }
  await refusedLater(t, 'LISTENER_FAILED', /onProgress of a batch threw: bad listener/, batch({ onProgress: bad }))
  await refusedLater(t, 'LISTENER_FAILED', /onError of a batch threw: bad listener/, () =>
    parallelMap([1], () => Promise.reject(new Error('x')), { onError: bad }),
  )
})
