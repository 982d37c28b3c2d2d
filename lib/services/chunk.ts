// Items in arrays of a given length, as they come.
import { PopulaceError } from '../core/errors.js'
import { MAX_BATCH_SIZE } from '../core/limits.js'
import { comeLater, type Items } from './item-source.js'

/**
 * Arrays of `size` items each, the last of what is left, taken when they are asked for: `for (const rows of chunk(all, 100))`,
 * and `for await` where the items are async. @param size - 1 to 1,000,000. OPTION_INVALID.
 */
export function chunk<T>(items: Iterable<T>, size: number): Generator<T[], void, undefined>
export function chunk<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void, undefined>
export function chunk<T>(items: Items<T>, size: number): Generator<T[]> | AsyncGenerator<T[]>
export function chunk<T>(items: Items<T>, size: number): Generator<T[]> | AsyncGenerator<T[]> {
  if (!(Number.isInteger(size) && size >= 1 && size <= MAX_BATCH_SIZE)) {
    throw new PopulaceError(
      'OPTION_INVALID',
      `The size of a chunk is ${String(size)}`,
      `Give an integer from 1 to ${MAX_BATCH_SIZE}.`,
    )
  }
  return comeLater(items, 'chunk') ? chunkLater(items, size) : chunkNow(items, size)
}

function* chunkNow<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let rows: T[] = []
  for (const item of items) {
    if (rows.push(item) < size) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}

async function* chunkLater<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let rows: T[] = []
  for await (const item of items) {
    if (rows.push(item) < size) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}
