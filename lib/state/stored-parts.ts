// Bytes of any length as rows of bounded ones, and back: a value of hundreds of megabytes would have to be in memory several
// times over, as text besides.
import { invariant } from '../core/invariant.js'
import { PARTS_AT_ONCE, STORED_PART_BYTES } from '../core/limits.js'
import type { SqlCalls } from './sql-session.js'

/** Pieces of the parts in order, none empty. They are windows, not copies. */
export function* piecesOf(parts: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += STORED_PART_BYTES) yield part.subarray(at, at + STORED_PART_BYTES)
  }
}

/** Where bytes are stored in parts: by run and another key. */
export interface PartsTable {
  readonly table: string
  readonly key: string
}

export const CHECKPOINT_PARTS: PartsTable = { table: 'populace.checkpoint_parts', key: 'tick' }
export const BLOB_PARTS: PartsTable = { table: 'populace.blob_parts', key: 'key' }

/** Stores what belongs to several keys of one run. */
export async function storeParts(
  calls: SqlCalls,
  { table, key }: PartsTable,
  run: string,
  values: Iterable<readonly [key: string | number, parts: Iterable<Uint8Array>]>,
): Promise<void> {
  function* rows() {
    for (const [name, parts] of values) {
      let number = 0
      for (const piece of piecesOf(parts)) yield [run, name, number++, piece]
    }
  }
  await calls.copyInto(table, ['run', key, 'part', 'bytes'], rows())
}

/** Reads what belongs to one key, of which `bytes` are stored. */
export async function readParts(
  calls: SqlCalls,
  { table, key }: PartsTable,
  run: string,
  name: string | number,
  bytes: number,
): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes)
  const text = `select bytes from ${table} where run = $1 and ${key} = $2 and part >= $3 order by part limit $4`
  let filled = 0
  for (let part = 0; filled < bytes; part += PARTS_AT_ONCE) {
    const rows = await calls.query<{ bytes: Uint8Array }>(text, [run, name, part, PARTS_AT_ONCE])
    invariant(rows.length > 0, `of ${bytes} stored bytes there are ${filled}`)
    for (const row of rows) {
      whole.set(row.bytes, filled)
      filled += row.bytes.length
    }
  }
  return whole
}
