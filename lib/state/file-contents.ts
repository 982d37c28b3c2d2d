// Contents in a folder's database: the bytes of a checkpoint or blob, in pieces under a number of their own. For use
// inside a read or a transaction of the database.
import { FILE_PIECE_BYTES } from '../core/limits.js'
import type { FileDatabase } from './file-database.js'
import { key, keyAfter } from './file-keys.js'
import { storeFailed } from './store-rules.js'

/** Bytes of a record that names a content, or more. */
const RECORD_BYTES = 1024

/** Keys that are collected at once before they are taken away. */
const KEYS_AT_ONCE = 4096

/** Lengths of the values that contents of these lengths are stored as, with one for each entry that names a content. */
export function valuesOf(lengths: readonly number[]): number[] {
  return lengths.flatMap(length => {
    const whole = Math.floor(length / FILE_PIECE_BYTES)
    return [...Array<number>(whole).fill(FILE_PIECE_BYTES), length % FILE_PIECE_BYTES, RECORD_BYTES]
  })
}

/** Stores bytes and gives their number. */
export function putContent(database: FileDatabase, bytes: Uint8Array): number {
  const content = database.nextNumber()
  for (let piece = 0; piece * FILE_PIECE_BYTES < bytes.length; piece++) {
    const from = piece * FILE_PIECE_BYTES
    const length = Math.min(FILE_PIECE_BYTES, bytes.length - from)
    database.put(key('piece', content, piece), Buffer.from(bytes.buffer, bytes.byteOffset + from, length))
  }
  return content
}

/** The bytes stored under a number, in memory of their own that can be handed to another thread. */
export function readContent(database: FileDatabase, url: string, content: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let from = 0, piece = 0; from < length; from += FILE_PIECE_BYTES, piece++) {
    const stored = database.get(key('piece', content, piece))
    if (stored?.length !== Math.min(FILE_PIECE_BYTES, length - from)) {
      throw storeFailed(url, 'is damaged: a piece is missing', 'Restore the folder from a copy.', undefined)
    }
    bytes.set(stored, from)
  }
  return bytes
}

/** Takes away all that is stored under keys from `start` to before `end`. */
export function removeRange(database: FileDatabase, start: Buffer, end: Buffer): void {
  for (;;) {
    const keys = database.keys(start, end, KEYS_AT_ONCE)
    for (const each of keys) database.remove(each)
    if (keys.length < KEYS_AT_ONCE) return
  }
}

/** Takes away all that is stored under keys which begin with `prefix`. */
export function removePrefix(database: FileDatabase, prefix: Buffer): void {
  removeRange(database, prefix, keyAfter(prefix))
}

/** Takes away what is stored under a number. */
export function removeContent(database: FileDatabase, content: number): void {
  removePrefix(database, key('piece', content))
}
