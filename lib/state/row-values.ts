// Values of a row as hosts are shown them, wherever the row is held: numbers, labels, arrays, documents.
import type { AnyArray } from '../memory/column-types.js'
import { decode } from '../memory/document-codec.js'
import type { SchemaColumn } from './schema.js'

/** A row as hosts get it: numbers, labels, arrays where there are several values, documents. */
export type StateRow = { readonly id: number } & Readonly<Record<string, unknown>>

/** The value or values in a row of a column of numbers. */
export function numbersShown({ kind, size, labels, unit }: SchemaColumn, array: AnyArray, row: number): unknown {
  const values = Array.from(array.subarray(row * size, (row + 1) * size), v =>
    labels ? labels[v] : kind === 'fixed' ? v * unit : v,
  )
  return size === 1 ? values[0] : values
}

/** A document from its bytes, a fresh copy each time; undefined where there are none. */
export function documentShown(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined
  return decode(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0)
}
