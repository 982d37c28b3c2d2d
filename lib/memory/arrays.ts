// The typed array of each kind of column, over the bytes of an arena.
import type { AnyArray, Arrays, Kind } from './column-types.js'

/** The constructor behind each kind. */
export const ARRAY_OF = {
  f32: Float32Array,
  f64: Float64Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  bool: Uint8Array,
  ref: Float64Array,
  fixed: Float64Array,
} as const

/** Bytes of one value. */
export function bytesOf(kind: Kind): number {
  return ARRAY_OF[kind].BYTES_PER_ELEMENT
}

/** `length` values of `kind` at `offset`. */
export function arrayAt<K extends Kind>(buffer: ArrayBufferLike, kind: K, offset: number, length: number): Arrays[K] {
  // The table above pairs kind and array; its constructors take shared memory too, whatever their union says.
  const make = ARRAY_OF[kind] as unknown as new (buffer: ArrayBufferLike, offset: number, length: number) => Arrays[K]
  return new make(buffer, offset, length)
}

/** `length` values of `kind`, in memory of their own. */
export function newArray(kind: Kind, length: number): AnyArray {
  return new ARRAY_OF[kind](length)
}
