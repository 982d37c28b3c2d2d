// Journal entries as they cross to a store's thread and back: their bytes in one piece, their ticks and lengths beside
// it. Thousands of small arrays would take longer to cross than to store.
import type { JournalRecord } from './store.js'

export interface PackedEntries {
  /** Their numbers, without a gap or not: whoever stores them checks. */
  readonly numbers: readonly number[]
  readonly ticks: readonly number[]
  readonly lengths: readonly number[]
}

/** All of entries but their bytes. */
export function packEntries(entries: readonly JournalRecord[]): PackedEntries {
  return {
    numbers: entries.map(entry => entry.number),
    ticks: entries.map(entry => entry.tick),
    lengths: entries.map(entry => entry.bytes.length),
  }
}

/** The entries again, their bytes windows on `bytes` from `offset` on. */
export function unpackEntries(packed: PackedEntries, bytes: Uint8Array, offset = 0): JournalRecord[] {
  return packed.lengths.map((length, i) => {
    const entry = { number: packed.numbers[i], tick: packed.ticks[i], bytes: bytes.subarray(offset, offset + length) }
    offset += length
    return entry
  })
}
