// Measures over one block: loops that reduce rows [begin, end) to a few partial results, left in out[at] and after.
// Partial results are merged in block order elsewhere, so a float sum has one order of terms.
// Each loop is a literal of its own over constant arrays (see fresh.ts), and counts without a branch: on a column of
// three random labels a branch is guessed wrong so often that it costs four times as much (5.3 against 1.4 ns a row).
import type { AnyArray } from '../memory/column-types.js'
import type { Loop } from '../schedule/scope.js'
import { fresh } from './fresh.js'

/** Rows that count: those whose column `array` holds `value` (as stored). */
export interface Condition {
  readonly array: AnyArray
  readonly value: number
}

/** The conditions as constants, and as an expression over `row`. */
function conditions(where: readonly Condition[]): { constants: Record<string, unknown>; all: string } {
  const constants: Record<string, unknown> = {}
  where.forEach(({ array, value }, i) => {
    constants[`array${i}`] = array
    constants[`value${i}`] = value
  })
  return { constants, all: where.map((_, i) => `(array${i}[row] === value${i})`).join(' & ') }
}

/** Counts the rows that match: one number. */
export function counter(where: readonly Condition[], out: Float64Array): Loop {
  const { constants, all } = conditions(where)
  if (where.length === 0) return fresh({ out }, 'return (begin, end, at) => { out[at] = end - begin }')
  return fresh(
    { ...constants, out },
    `return (begin, end, at) => {
      let n = 0
      for (let row = begin; row < end; row++) n += +(${all})
      out[at] = n
    }`,
  )
}

/** Count, sum, least and greatest of a column over the rows that match: four numbers. */
export function summarizer(array: AnyArray, where: readonly Condition[], out: Float64Array): Loop {
  const { constants, all } = conditions(where)
  return fresh(
    { ...constants, array, out },
    `return (begin, end, at) => {
      let n = 0
      let sum = 0
      let least = Infinity
      let greatest = -Infinity
      for (let row = begin; row < end; row++) {
        ${all === '' ? '' : `if (!(${all})) continue`}
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
    }`,
  )
}

/** Counts the rows in `bins` equal bins of [from, to], those outside in none: as many numbers. */
export function binner(array: AnyArray, from: number, to: number, bins: number, out: Float64Array): Loop {
  const scale = bins / (to - from)
  return fresh(
    { array, from, to, bins, scale, out },
    `return (begin, end, at) => {
      out.fill(0, at, at + bins)
      for (let row = begin; row < end; row++) {
        const v = array[row]
        if (v >= from && v <= to) out[at + Math.min(bins - 1, Math.floor((v - from) * scale))]++
      }
    }`,
  )
}
