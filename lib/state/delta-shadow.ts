// What a stream of deltas knows of one population: its agents as they were when they were last told. Rows are numbered by
// arrival: an agent that comes is put last, and one that goes leaves its number to the last, as in the receiver's own
// table. So numbers say the same on both sides, whatever the rows of the world are.
//
//   invariant   slotAt[slot of ids[p]] = p + 1; rowAt[p] is the agent's place in the image that was taken in last

import { hashBytes } from '../kernels/hash.js'
import { bitLanes, canonicalLanes, changedRows, closeGaps, type Lanes, lanesOf } from '../kernels/row-changes.js'
import { newArray } from '../memory/arrays.js'
import type { AnyArray, Kind } from '../memory/column-types.js'
import type { SchemaColumn } from './schema.js'
import type { FindRows } from './stream-rows.js'

/** What became of the agents of a population. Places are as they are after those that went have gone, but for `gone`. */
export interface PopulationChanges {
  /** Places before any went, ascending. */
  readonly gone: Uint32Array
  /** Agents that stayed; those that came have the places from there on. */
  readonly stayed: number
  /** Places of those that stayed, in another partition than before. */
  readonly moved: Uint32Array
  /** By column: places of those that stayed and have other values than before. */
  readonly changed: readonly Uint32Array[]
}

/** Lanes of a document's row: offset and length in the heap that came last, and two words of what its bytes are. */
const DOCUMENT = { offset: 0, length: 1, low: 2, high: 3, lanes: 4 } as const

const NONE = new Uint32Array(0)
const NO_BYTES = new Uint8Array(0)

/** A column as it was last told. */
export class ColumnShadow {
  readonly schema: SchemaColumn
  readonly lanes: number
  /** Its rows; in whole numbers, whatever they hold. */
  rows: Lanes
  /** Bytes of documents, where they came with the last image. */
  heap: Uint8Array = NO_BYTES

  constructor(schema: SchemaColumn) {
    this.schema = schema
    this.lanes = schema.doc ? DOCUMENT.lanes : schema.size * lanesOf(schema.kind)
    this.rows = this.#make(0)
  }

  get #kind(): Kind {
    return this.schema.doc ? 'i32' : this.schema.kind
  }

  #make(rows: number): Lanes {
    // Whole words, so that rows can be compared four bytes at a time.
    const values = this.schema.doc ? rows * this.lanes : rows * this.schema.size
    return bitLanes(this.#kind, newArray(this.#kind, Math.ceil(values / 4) * 4))
  }

  grow(rows: number): void {
    const grown = this.#make(rows)
    grown.set(this.rows)
    this.rows = grown
  }

  copyRow(from: number, to: number): void {
    this.rows.copyWithin(to * this.lanes, from * this.lanes, (from + 1) * this.lanes)
  }

  /** The bytes of the document in a row; none, or those of a heap that did not come, are no bytes. */
  document(place: number): Uint8Array {
    const at = place * DOCUMENT.lanes
    const offset = this.rows[at + DOCUMENT.offset] >>> 0
    return this.heap.subarray(offset, offset + this.rows[at + DOCUMENT.length])
  }

  clone(): ColumnShadow {
    const copy = new ColumnShadow(this.schema)
    copy.rows = this.rows.slice()
    return copy
  }

  /** Takes in values of the `stayed` first places, and of those after them, who came. The places that differ. */
  update(array: AnyArray, rowAt: Int32Array, same: boolean, stayed: number, size: number, scratch: Uint32Array) {
    const { kind } = this.schema
    const { lanes } = this
    const now = bitLanes(kind, array)
    const n = changedRows(kind, now, this.rows, lanes, same ? undefined : rowAt, stayed, scratch)
    for (let p = stayed; p < size; p++) {
      const from = rowAt[p] * lanes
      for (let lane = 0; lane < lanes; lane++) this.rows[p * lanes + lane] = now[from + lane]
    }
    canonicalLanes(kind, this.rows, stayed * lanes, size * lanes)
    return n === 0 ? NONE : scratch.slice(0, n)
  }

  /** The same of documents. `steady`: none was moved in the heap since, so one that lies where it lay is the same. */
  updateDocuments(
    words: Uint32Array,
    heap: Uint8Array,
    rowAt: Int32Array,
    steady: boolean,
    stayed: number,
    size: number,
    scratch: Uint32Array,
  ): Uint32Array {
    const { rows } = this
    const digest = new Int32Array(2)
    this.heap = heap
    let n = 0
    for (let p = 0; p < size; p++) {
      const at = p * DOCUMENT.lanes
      if (rowAt[p] < 0) {
        rows[at + DOCUMENT.offset] = -1 // when it wakes it lies elsewhere
        continue
      }
      const offset = words[rowAt[p] * 2] | 0
      const length = words[rowAt[p] * 2 + 1]
      const sameLength = rows[at + DOCUMENT.length] === length
      if (steady && p < stayed && sameLength && rows[at + DOCUMENT.offset] === offset) continue
      if (length === 0) digest.fill(0)
      else hashBytes(heap, offset >>> 0, length, digest)
      const same = sameLength && rows[at + DOCUMENT.low] === digest[0] && rows[at + DOCUMENT.high] === digest[1]
      rows[at + DOCUMENT.offset] = offset
      rows[at + DOCUMENT.length] = length
      rows[at + DOCUMENT.low] = digest[0]
      rows[at + DOCUMENT.high] = digest[1]
      if (!same && p < stayed) scratch[n++] = p
    }
    return n === 0 ? NONE : scratch.slice(0, n)
  }
}

export class PopulationShadow {
  readonly name: string
  readonly columns: readonly ColumnShadow[]
  size = 0
  ids = new Float64Array(0)
  /** By the stream's own numbers of partitions. */
  partitions = new Uint32Array(0)
  #rowAt = new Int32Array(0)
  /** Whether each place is the row of that number in the image. */
  #same = true
  #slotAt = new Int32Array(0)
  #scratch = new Uint32Array(0)
  /** By row of the image, while it is taken in: who came, and the stream's number of the partition. */
  #came = new Int32Array(0)
  #partitionOf = new Uint32Array(0)

  constructor(name: string, columns: readonly ColumnShadow[]) {
    this.name = name
    this.columns = columns
  }

  /** A copy, that goes its own way. */
  clone(): PopulationShadow {
    const copy = new PopulationShadow(
      this.name,
      this.columns.map(c => c.clone()),
    )
    copy.size = this.size
    copy.ids = this.ids.slice()
    copy.partitions = this.partitions.slice()
    copy.#rowAt = this.#rowAt.slice()
    copy.#same = this.#same
    copy.#slotAt = this.#slotAt.slice()
    copy.#scratch = new Uint32Array(this.#scratch.length)
    return copy
  }

  #grow(rows: number): void {
    if (rows <= this.ids.length) return
    const capacity = Math.max(rows, Math.ceil(this.ids.length * 1.5))
    const grown = <T extends Float64Array | Uint32Array | Int32Array>(from: T, into: T): T => {
      into.set(from)
      return into
    }
    this.ids = grown(this.ids, new Float64Array(capacity))
    this.partitions = grown(this.partitions, new Uint32Array(capacity))
    this.#rowAt = grown(this.#rowAt, new Int32Array(capacity))
    this.#scratch = new Uint32Array(capacity)
    for (const column of this.columns) column.grow(capacity)
  }

  /** Where an agent is; -1: nowhere. `guess` is looked at first. */
  #placeOf(id: number, guess: number): number {
    if (guess < this.size && this.ids[guess] === id) return guess
    const place = (this.#slotAt[id >>> 0] ?? 0) - 1
    return place >= 0 && this.ids[place] === id ? place : -1
  }

  /**
   * Takes in an image. `number` gives the stream's number of a partition of the world. Of what the image does not have,
   * nothing has changed, nor to agents of `asleep` partitions (by the stream's numbers) that are not in it. `steady`: no
   * document was moved in memory since the last image.
   */
  update(
    find: FindRows,
    number: (partition: number) => number,
    steady: boolean,
    asleep: ReadonlySet<number>,
  ): PopulationChanges {
    const ids = find('id') as Float64Array | undefined // of the kinds that capture.ts gives, here and below
    const runs = find('runs') as Uint32Array | undefined
    let gone: Uint32Array = NONE
    let moved: Uint32Array = NONE
    let stayed = this.size
    if (ids && runs) {
      const came = this.#match(ids)
      gone = this.#removeGone(asleep)
      stayed = this.size
      this.#append(ids, came)
      moved = this.#place(runs, number, stayed)
    }
    const heap = (find('heap') ?? NO_BYTES) as Uint8Array
    const changed = this.columns.map(column => {
      const { name, doc } = column.schema
      column.heap = NO_BYTES
      const array = find(doc ? 'words' : 'column', name)
      if (!array) return NONE
      if (!doc) return column.update(array, this.#rowAt, this.#same, stayed, this.size, this.#scratch)
      const words = array as Uint32Array
      return column.updateDocuments(words, heap, this.#rowAt, steady, stayed, this.size, this.#scratch)
    })
    return { gone, stayed, moved, changed }
  }

  /** Finds the row of every agent that is known; gives the rows of those that are not, in order. */
  #match(ids: Float64Array): Int32Array {
    const rowAt = this.#rowAt.fill(-1, 0, this.size)
    if (this.#came.length < ids.length) {
      this.#came = new Int32Array(Math.ceil(ids.length * 1.5))
      this.#partitionOf = new Uint32Array(this.#came.length)
    }
    const came = this.#came
    let n = 0
    let place = -1
    for (let row = 0; row < ids.length; row++) {
      const found = this.#placeOf(ids[row], place + 1) // neighbours mostly stay neighbours
      if (found < 0) came[n++] = row
      else {
        rowAt[found] = row
        place = found
      }
    }
    return came.subarray(0, n)
  }

  #removeGone(asleep: ReadonlySet<number>): Uint32Array {
    const rowAt = this.#rowAt
    const scratch = this.#scratch
    let n = 0
    const { partitions } = this
    for (let p = 0; p < this.size; p++) if (rowAt[p] < 0 && !asleep.has(partitions[p])) scratch[n++] = p
    if (n === 0) return NONE
    const gone = scratch.slice(0, n)
    for (let i = 0; i < n; i++) this.#slotAt[this.ids[gone[i]] >>> 0] = 0
    this.size = closeGaps(gone, n, this.size, (from, to) => {
      this.ids[to] = this.ids[from]
      this.partitions[to] = this.partitions[from]
      rowAt[to] = rowAt[from]
      this.#slotAt[this.ids[to] >>> 0] = to + 1
      for (const column of this.columns) column.copyRow(from, to)
    })
    return gone
  }

  #append(ids: Float64Array, came: Int32Array): void {
    this.#grow(this.size + came.length)
    for (let i = 0; i < came.length; i++) {
      const place = this.size++
      const id = ids[came[i]]
      const slot = id >>> 0
      if (slot >= this.#slotAt.length) {
        const grown = new Int32Array(Math.max(1024, slot * 2))
        grown.set(this.#slotAt)
        this.#slotAt = grown
      }
      this.ids[place] = id
      this.#rowAt[place] = came[i]
      this.#slotAt[slot] = place + 1
    }
  }

  /** Notes where everybody is; gives the places of those that stayed and moved. */
  #place(runs: Uint32Array, number: (partition: number) => number, stayed: number): Uint32Array {
    const { partitions } = this
    const rowAt = this.#rowAt
    const partitionOf = this.#partitionOf
    for (let run = 0, at = 0; run < runs.length; at += runs[run + 1], run += 2)
      partitionOf.fill(number(runs[run]), at, at + runs[run + 1])
    const scratch = this.#scratch
    let n = 0
    let same = true
    for (let p = 0; p < this.size; p++) {
      const row = rowAt[p]
      if (row !== p) same = false
      if (row < 0) continue
      if (partitions[p] === partitionOf[row]) continue
      partitions[p] = partitionOf[row]
      if (p < stayed) scratch[n++] = p
    }
    this.#same = same
    return scratch.slice(0, n)
  }
}
