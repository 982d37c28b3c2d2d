// Copies and fills of parts of columns.
import type { AnyArray } from '../memory/column-types.js'

/** Copies elements [begin, end) to the same place of another array of the same kind. */
export function copyRange(from: AnyArray, to: AnyArray, begin: number, end: number): void {
  to.set(from.subarray(begin, end), begin)
}
