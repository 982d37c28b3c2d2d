// Batches and mapping in parallel against the plain loop, over random sources, failures and times.
import fc from 'fast-check'
import { test } from 'tap'
import { BatchProcessor, type Items, parallelMap, parallelStream } from '../../lib/index.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

const cases = fc.record({
  count: fc.integer({ min: 0, max: 40 }),
  size: fc.integer({ min: 1, max: 7 }),
  most: fc.integer({ min: 1, max: 6 }),
  /** Turns of the event loop that an item or batch takes, and that the source takes for an item, if it is async. */
  turns: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1 }),
  pause: fc.option(fc.integer({ min: 0, max: 2 })),
  failing: fc.uniqueArray(fc.integer({ min: 0, max: 39 })),
})
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never

/** A source and a worker that keep count of what is going on. */
class Works {
  readonly done = new Map<number, number>()
  taken = 0
  running = 0
  readonly #case: Case

  constructor(one: Case) {
    this.#case = one
  }

  get items(): Items<number> {
    const { pause } = this.#case
    return pause === null ? this.#now() : this.#later(pause)
  }

  async work(items: readonly number[], most: number, fails: readonly number[]): Promise<number[]> {
    this.running++
    if (this.running > most) throw new Error('too many at once')
    if (this.taken > this.done.size + most * this.#case.size) throw new Error('too many taken')
    const { turns } = this.#case
    for (let i = turns[items[0] % turns.length]; i > 0; i--) await turn()
    this.running--
    for (const item of items) this.done.set(item, (this.done.get(item) ?? 0) + 1)
    if (items.some(item => fails.includes(item))) throw new Error('fails')
    return items.map(item => item * 10)
  }

  /** Every item of the case was worked on, once. */
  get allOnce(): boolean {
    return this.done.size === this.#case.count && [...this.done.values()].every(times => times === 1)
  }

  *#now(): Generator<number> {
    for (let i = 0; i < this.#case.count; i++) {
      this.taken++
      yield i
    }
  }

  async *#later(pause: number): AsyncGenerator<number> {
    for (const item of this.#now()) {
      for (let i = 0; i < pause; i++) await turn()
      yield item
    }
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

test('batches: each item once, results in order, gaps where a batch failed', async t => {
  await fc.assert(
    fc.asyncProperty(cases, async one => {
      const works = new Works(one)
      const { results, failures, items } = await BatchProcessor.processBatch({
        items: works.items,
        batchSize: one.size,
        maxConcurrent: one.most,
        errorPolicy: 'collect',
        processor: (batch: number[]) => works.work(batch, one.most, one.failing),
      })
      const failed = (i: number) =>
        one.failing.some(f => f < one.count && Math.floor(f / one.size) === Math.floor(i / one.size))
      const expected = numbers(one.count).map(i => (failed(i) ? undefined : i * 10))
      const first = new Set(
        numbers(one.count)
          .filter(failed)
          .map(i => Math.floor(i / one.size) * one.size),
      )
      t.strictSame([...results], expected.every(r => r === undefined) ? [] : expected)
      t.strictSame(
        failures.map(failure => failure.index),
        [...first],
      )
      return works.allOnce && items === one.count
    }),
    { numRuns: 60 },
  )
})

test('mapping: what a loop would give, or the error of an item that fails', async t => {
  await fc.assert(
    fc.asyncProperty(cases, async one => {
      const single = { ...one, size: 1 }
      const good = new Works(single)
      const mapped = await parallelMap(good.items, item => good.work([item], one.most, []), { maxConcurrent: one.most })
      t.strictSame(
        mapped.flat(),
        numbers(one.count).map(i => i * 10),
      )
      const bad = new Works(single)
      const failing = one.failing.filter(item => item < one.count)
      const call = parallelMap(bad.items, item => bad.work([item], one.most, failing), { maxConcurrent: one.most })
      const error = await call.then(
        () => undefined,
        (e: { index: number }) => e,
      )
      return (
        good.allOnce &&
        bad.running === 0 &&
        (error === undefined ? failing.length === 0 : failing.includes(error.index))
      )
    }),
    { numRuns: 60 },
  )
})

test('streaming: the same results one by one, and those before the first error', async t => {
  await fc.assert(
    fc.asyncProperty(cases, async one => {
      const works = new Works({ ...one, size: 1 })
      const got: number[] = []
      let failed = false
      try {
        for await (const [result] of parallelStream(works.items, item => works.work([item], one.most, one.failing), {
          maxConcurrent: one.most,
        }))
          got.push(result)
      } catch (error) {
        failed = (error as { code?: string }).code === 'BATCH_FAILED'
      }
      const first = Math.min(one.count, ...one.failing)
      const prefix = got.every((result, i) => result === i * 10)
      // An item that fails ends those before it that still run.
      return prefix && failed === first < one.count && (failed ? got.length <= first : got.length === one.count)
    }),
    { numRuns: 60 },
  )
  t.pass()
})
