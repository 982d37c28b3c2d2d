import { test } from 'tap'
import {
  BatchProcessor,
  type BatchProgress,
  chunk,
  type ProcessBatchOptions,
  parallelMap,
  parallelStream,
} from '../../lib/index.js'
import { byHand, Counted, still, turn } from '../fixtures/item-sources.js'
import { refused, refusedLater } from '../fixtures/refused.js'

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
