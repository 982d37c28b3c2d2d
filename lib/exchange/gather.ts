// Copies of columns in the order of a sorted view: one loop over all columns, a literal of its own for each view.
import { fresh } from '../kernels/fresh.js'
import type { AnyArray } from '../memory/column-types.js'

/** A column and its copy. */
export interface GatheredColumn {
  readonly from: AnyArray
  readonly to: AnyArray
  /** Values a row. */
  readonly size: number
  /** 0, 1, 2: a coordinate along this axis, which copies across an edge shift; undefined: none. */
  readonly axis: number | undefined
}

/** What is copied, and by which rows. */
export interface Gathered {
  /** The rows in runs. */
  readonly row: Int32Array
  readonly ids: Float64Array
  readonly id: Float64Array
  readonly columns: readonly GatheredColumn[]
}

/** Fills `n` places from `to` with what the rows at `from` hold, coordinates shifted; elsewhere than `from`: rows too. */
export type Gather = (to: number, from: number, n: number, shift0: number, shift1: number, shift2: number) => void

/** shifts: whether there are copies across edges; without, to is from. */
export function makeGather({ row, ids, id, columns }: Gathered, shifts: boolean): Gather {
  const constants: Record<string, unknown> = { row, ids, id }
  const copies = columns.map(({ from, to, size, axis }, k) => {
    constants[`from${k}`] = from
    constants[`to${k}`] = to
    const shift = shifts && axis !== undefined ? ` + shift${axis}` : ''
    if (size === 1) return `to${k}[at] = from${k}[r]${shift}`
    return `for (let v = 0; v < ${size}; v++) to${k}[at * ${size} + v] = from${k}[r * ${size} + v]`
  })
  return fresh(
    constants,
    `return (to, from, n, shift0, shift1, shift2) => {
      for (let i = 0; i < n; i++) {
        const at = to + i
        const r = row[from + i]
        ${shifts ? 'row[at] = r' : ''}
        id[at] = ids[r]
        ${copies.join('\n')}
      }
    }`,
  )
}
