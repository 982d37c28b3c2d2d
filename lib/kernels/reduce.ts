// Measures over one block: partial results, which are merged in block order, so float sums have one order of terms.
import type { AnyArray } from '../memory/column-types.js'

/** Rows that count: those whose column `array` holds `value` (as stored), for each condition. */
export interface Condition {
  readonly array: AnyArray
  readonly value: number
}

function matches(where: readonly Condition[], row: number): boolean {
  for (let i = 0; i < where.length; i++) if (where[i].array[row] !== where[i].value) return false
  return true
}

/** Rows in [begin, end) that match. */
export function countRows(where: readonly Condition[], begin: number, end: number): number {
  if (where.length === 0) return end - begin
  if (where.length === 1) return countEqual(where[0].array, where[0].value, begin, end)
  let n = 0
  for (let row = begin; row < end; row++) if (matches(where, row)) n++
  return n
}

function countEqual(array: AnyArray, value: number, begin: number, end: number): number {
  let n = 0
  for (let row = begin; row < end; row++) n += array[row] === value ? 1 : 0
  return n
}

/** Sum, least and greatest of a column over the rows that match: out[at] to out[at + 3] get count, sum, least, greatest. */
export function summarize(
  array: AnyArray,
  where: readonly Condition[],
  begin: number,
  end: number,
  out: Float64Array,
  at: number,
): void {
  let n = 0
  let sum = 0
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  for (let row = begin; row < end; row++) {
    if (where.length > 0 && !matches(where, row)) continue
    const v = array[row]
    n++
    sum += v
    if (v < least) least = v
    if (v > greatest) greatest = v
  }
  out[at] = n
  out[at + 1] = sum
  out[at + 2] = least
  out[at + 3] = greatest
}

/** Adds the rows to `bins` equal bins of [from, to]: those outside count in no bin. */
export function binRows(
  array: AnyArray,
  from: number,
  to: number,
  bins: number,
  begin: number,
  end: number,
  out: Float64Array,
  at: number,
): void {
  out.fill(0, at, at + bins)
  const scale = bins / (to - from)
  for (let row = begin; row < end; row++) {
    const v = array[row]
    if (!(v >= from && v <= to)) continue
    out[at + Math.min(bins - 1, Math.floor((v - from) * scale))]++
  }
}
