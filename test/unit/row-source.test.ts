import { test } from 'tap'
import { RowSource, type Rows, SourceFailure } from '../../lib/services/row-source.js'
import { refused } from '../fixtures/refused.js'

const never = new AbortController().signal

async function all<T>(rows: Rows<T>, ending = never): Promise<T[]> {
  const source = new RowSource(rows, 'a test')
  const found: T[] = []
  for (let row = await source.next(ending); row !== undefined; row = await source.next(ending)) found.push(row)
  return found
}

/** An async iterable whose promises are of another make. */
const thenables: AsyncIterable<number> = {
  [Symbol.asyncIterator]() {
    let i = 0
    const result = () => (i < 3 ? { done: false, value: i++ } : { done: true, value: undefined })
    return {
      // biome-ignore lint/suspicious/noThenProperty: a promise of another make is what is tested
      next: () => ({ then: (done: (step: unknown) => void) => done(result()) }) as Promise<IteratorResult<number>>,
    }
  },
}

test('rows come from arrays, iterables and async iterables, also of promises of another make', async t => {
  t.strictSame(await all([1, 2]), [1, 2])
  t.strictSame(await all(new Set([1, 2])), [1, 2])
  t.strictSame(
    await all(
      (async function* () {
        yield 1
        yield 2
      })(),
    ),
    [1, 2],
  )
  t.strictSame(await all(thenables), [0, 1, 2])
})

test('a row that is there is taken without waiting', async t => {
  const source = new RowSource([1, 2], 'a test')
  t.equal(source.next(never), 1)
  t.equal(source.next(never), 2)
  t.equal(source.next(never), undefined)
})

test('what is no source is refused', async t => {
  for (const rows of [undefined, null, 7, {}, 'text']) {
    refused(
      t,
      'DATABASE_VALUE_INVALID',
      /a test .*neither iterable/,
      () => new RowSource(rows as unknown as [], 'a test'),
    )
  }
})

test('a row that is undefined is no end', async t => {
  await t.rejects(all([1, undefined]), { code: 'DATABASE_VALUE_INVALID' })
  await t.rejects(
    all(
      (async function* () {
        yield undefined
      })(),
    ),
    { code: 'DATABASE_VALUE_INVALID' },
  )
})

test('the error of a source is told from all others', async t => {
  const error = new Error('mine')
  const failing = {
    [Symbol.iterator]: () => ({
      next: (): IteratorResult<number> => {
        throw error
      },
    }),
  }
  const later = (async function* () {
    yield* failing
  })()
  for (const rows of [failing, later] as Rows<number>[]) {
    const found = await all(rows).catch(thrown => thrown)
    t.type(found, SourceFailure)
    t.equal(found.error, error)
  }
})

test('a row that is waited for is given up, and its source is sent away', async t => {
  let ended = 0
  const rows: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => undefined),
      return: async () => {
        ended++
        return { done: true, value: undefined }
      },
    }),
  }
  const end = new AbortController()
  const source = new RowSource(rows, 'a test')
  const waiting = source.next(end.signal) as Promise<number>
  const reason = new Error('enough')
  end.abort(reason)
  await t.rejects(waiting, reason)
  await t.rejects(source.next(end.signal) as Promise<number>, reason)
  source.end()
  source.end()
  t.equal(ended, 1)
})

test('what a source says when it is sent away harms nobody', async t => {
  const angry = (how: () => never | Promise<never>): Iterable<number> => ({
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: 1 }),
      return: how as unknown as () => IteratorResult<number>,
    }),
  })
  const words = () => {
    throw new Error('angry')
  }
  for (const rows of [angry(words), angry(async () => words())]) {
    const source = new RowSource(rows, 'a test')
    t.equal(source.next(never), 1)
    source.end()
  }
})
