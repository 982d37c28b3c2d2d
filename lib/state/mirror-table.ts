// One population as a mirror holds it. A change is prepared first, which may refuse it and changes nothing that can be
// seen, and committed then, which cannot fail. Rows are numbered as docs/delta.md says: those that come are put last, the
// last takes the place of one that goes.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import type { HashSum } from '../kernels/hash.js'
import { bitLanes, closeGaps, lanesOf, scatterRows } from '../kernels/row-changes.js'
import { readIds, readPlaces, readRuns, VarintReader } from '../kernels/varints.js'
import { bytesOf, newArray } from '../memory/arrays.js'
import type { AnyArray } from '../memory/column-types.js'
import { addColumn, addPresence, type HashSums } from './content-hash.js'
import type { DeltaPopulation, DeltaRows, DeltaValues } from './delta-format.js'
import { documentShown, numbersShown, type StateRow } from './row-values.js'
import type { SchemaColumn } from './schema.js'

/** Values that were read from a message, checked. */
type Values = { readonly numbers: Uint8Array } | { readonly documents: readonly Uint8Array[] }

/** What is done to a table, checked whole. */
export interface PreparedChange {
  readonly gone: Uint32Array
  readonly moved: Uint32Array
  readonly partitions: Uint32Array
  readonly changed: readonly ({ readonly places: Uint32Array | undefined; readonly values: Values } | undefined)[]
  readonly came: { readonly ids: Float64Array; readonly partitions: Uint32Array; readonly values: readonly Values[] }
}

const NONE = new Uint32Array(0)
const NO_BYTES = new Uint8Array(0)

/** A column's rows. */
class MirrorColumn {
  readonly schema: SchemaColumn
  /** Numbers, `size` a row; empty where there are documents. */
  array: AnyArray
  documents: Uint8Array[] = []

  constructor(schema: SchemaColumn) {
    this.schema = schema
    this.array = newArray(schema.kind, 0)
  }

  /** Bytes of a row of numbers. */
  get width(): number {
    return this.schema.size * bytesOf(this.schema.kind)
  }

  /** Refuses values that are not of `count` rows. RangeError. */
  read(given: DeltaValues, count: number): Values {
    const { doc, name } = this.schema
    if (!doc) {
      if (!(given instanceof Uint8Array && given.length === count * this.width))
        throw new RangeError(`column '${name}' has not the values of ${count} rows`)
      return { numbers: given }
    }
    if (given instanceof Uint8Array) throw new RangeError(`column '${name}' has numbers for documents`)
    const [lengths, bytes] = given
    const reader = new VarintReader(lengths)
    const documents: Uint8Array[] = []
    let at = 0
    for (let i = 0; i < count; i++) {
      const length = reader.next(bytes.length - at)
      documents.push(length === 0 ? NO_BYTES : bytes.slice(at, at + length))
      at += length
    }
    if (!reader.done || at !== bytes.length) throw new RangeError(`column '${name}' has more documents than rows`)
    return { documents }
  }

  grow(rows: number): void {
    if (this.schema.doc) return
    const grown = newArray(this.schema.kind, rows * this.schema.size)
    grown.set(this.array)
    this.array = grown
  }

  copyRow(from: number, to: number): void {
    const { doc, size } = this.schema
    if (doc) this.documents[to] = this.documents[from]
    else this.array.copyWithin(to * size, from * size, (from + 1) * size)
  }

  /** Puts values to rows from `begin` on, or to those that `places` names. */
  put(values: Values, places: Uint32Array | undefined, begin: number): void {
    const { kind, size } = this.schema
    if ('documents' in values)
      values.documents.forEach((bytes, i) => {
        this.documents[places ? places[i] : begin + i] = bytes
      })
    else if (!places) {
      const { buffer, byteOffset } = this.array
      new Uint8Array(buffer, byteOffset + begin * this.width, values.numbers.length).set(values.numbers)
    } else {
      const own = newArray(kind, places.length * size) // where they lie in the message they may not be aligned
      new Uint8Array(own.buffer).set(values.numbers)
      scatterRows(bitLanes(kind, own), size * lanesOf(kind), places, places.length, bitLanes(kind, this.array))
    }
  }

  shown(row: number): unknown {
    return this.schema.doc ? documentShown(this.documents[row]) : numbersShown(this.schema, this.array, row)
  }

  addTo(sum: HashSum, table: string, ids: Float64Array, size: number): void {
    if (!this.schema.doc) {
      addColumn(sum, table, { ...this.schema, array: this.array }, ids, NO_BYTES, 0, size)
      return
    }
    const array = new Uint32Array(size * 2)
    let at = 0
    for (let row = 0; row < size; row++) {
      array[row * 2] = at
      array[row * 2 + 1] = this.documents[row].length
      at += this.documents[row].length
    }
    const heap = new Uint8Array(at)
    for (let row = 0; row < size; row++) heap.set(this.documents[row], array[row * 2])
    addColumn(sum, table, { ...this.schema, array }, ids, heap, 0, size)
  }
}

/** The agents of one population in a mirror. What it gives is good until the next delta is applied. */
export class MirrorTable {
  readonly name: string
  #size = 0
  #ids = new Float64Array(0)
  #partitions = new Uint32Array(0)
  #columns: readonly MirrorColumn[]
  #names: readonly string[] = []
  /** Made when an id is first looked up, kept from then on. */
  #places: Map<number, number> | undefined

  /** @internal */
  constructor(name: string, columns: readonly SchemaColumn[]) {
    this.name = name
    this.#columns = columns.map(c => new MirrorColumn(c))
  }

  /** Agents. */
  get size(): number {
    return this.#size
  }

  /** Ids by row: a view, not to be written. */
  get ids(): Float64Array {
    return this.#ids.subarray(0, this.#size)
  }

  /** Names of the columns that the stream tells. */
  get columns(): readonly string[] {
    return this.#columns.map(c => c.schema.name)
  }

  #column(name: string): MirrorColumn {
    const found = this.#columns.find(c => c.schema.name === name)
    if (found) return found
    throw new PopulaceError(
      'COLUMN_UNKNOWN',
      `The mirror has no column '${name}' of population '${this.name}'`,
      `Check the spelling and the filter of the stream; ${hint(name, this.columns)}`,
    )
  }

  /** A column of numbers as they are stored, row by row: a view, not to be written. COLUMN_UNKNOWN. */
  column(name: string): AnyArray {
    const { array, schema } = this.#column(name)
    return array.subarray(0, this.#size * schema.size)
  }

  /** The row of an agent; -1: it does not live here. */
  rowOf(id: number): number {
    this.#places ??= new Map(Array.from(this.ids, (known, row) => [known, row]))
    return this.#places.get(id) ?? -1
  }

  /** An agent, with labels and documents; undefined: it does not live here. */
  get(id: number): StateRow | undefined {
    const row = this.rowOf(id)
    return row < 0 ? undefined : this.#row(row)
  }

  /** The name of the partition that an agent lives in; undefined: it does not live here. */
  partitionOf(id: number): string | undefined {
    const row = this.rowOf(id)
    return row < 0 ? undefined : this.#names[this.#partitions[row]]
  }

  #row(row: number): StateRow {
    const values = this.#columns.map(column => [column.schema.name, column.shown(row)])
    return { id: this.#ids[row], ...Object.fromEntries(values) }
  }

  /** All agents by row. */
  *rows(): IterableIterator<StateRow> {
    for (let row = 0; row < this.#size; row++) yield this.#row(row)
  }

  /** @internal Checks what is to be done, and reserves memory for it. `names`: of partitions when it is done. RangeError. */
  prepare(part: DeltaPopulation, names: readonly string[]): PreparedChange {
    const gone = part.gone ? readPlaces(part.gone, this.#size) : NONE
    const stayed = this.#size - gone.length
    const moved = part.moved ? readPlaces(part.moved[0], stayed) : NONE
    const partitions = part.moved ? readRuns(part.moved[1], moved.length, names.length) : NONE
    if (part.changed && part.changed.length !== this.#columns.length) throw new RangeError('it has other columns')
    const changed = (part.changed ?? []).map((column, i) => {
      if (!column) return undefined
      const places = column[0] ? readPlaces(column[0], stayed) : undefined
      return { places, values: this.#columns[i].read(column[1], places ? places.length : stayed) }
    })
    const came = this.#readRows(part.came ?? [0, NO_BYTES, NO_BYTES, this.#columns.map(emptyOf)], names.length)
    this.#reserve(stayed + came.ids.length)
    return { gone, moved, partitions, changed, came }
  }

  #readRows([count, identities, runs, given]: DeltaRows, names: number): PreparedChange['came'] {
    const ids = readIds(identities, count)
    const partitions = readRuns(runs, count, names)
    if (given.length !== this.#columns.length) throw new RangeError('it has other columns')
    return { ids, partitions, values: this.#columns.map((column, i) => column.read(given[i], count)) }
  }

  #reserve(rows: number): void {
    if (rows <= this.#ids.length) return
    const capacity = Math.max(rows, Math.ceil(this.#ids.length * 1.5))
    const ids = new Float64Array(capacity)
    ids.set(this.#ids)
    const partitions = new Uint32Array(capacity)
    partitions.set(this.#partitions)
    for (const column of this.#columns) column.grow(capacity)
    this.#ids = ids
    this.#partitions = partitions
  }

  /** @internal Does what was prepared. */
  commit(change: PreparedChange, names: readonly string[]): void {
    const { gone, moved, partitions, changed, came } = change
    const places = this.#places
    this.#names = names
    if (places) for (const place of gone) places.delete(this.#ids[place])
    this.#size = closeGaps(gone, gone.length, this.#size, (from, to) => {
      this.#ids[to] = this.#ids[from]
      this.#partitions[to] = this.#partitions[from]
      places?.set(this.#ids[to], to)
      for (const column of this.#columns) column.copyRow(from, to)
    })
    for (const column of this.#columns) if (column.schema.doc) column.documents.length = this.#size
    for (let i = 0; i < moved.length; i++) this.#partitions[moved[i]] = partitions[i]
    changed.forEach((some, i) => {
      if (some) this.#columns[i].put(some.values, some.places, 0)
    })
    const begin = this.#size
    this.#size += came.ids.length
    this.#ids.set(came.ids, begin)
    this.#partitions.set(came.partitions, begin)
    if (places) for (let i = 0; i < came.ids.length; i++) places.set(came.ids[i], begin + i)
    this.#columns.forEach((column, i) => {
      column.put(came.values[i], undefined, begin)
    })
  }

  /** @internal Takes over the rows of another table of this name, so that whoever holds this one goes on. */
  become(other: MirrorTable): void {
    this.#size = other.#size
    this.#ids = other.#ids
    this.#partitions = other.#partitions
    this.#columns = other.#columns
    this.#names = other.#names
    this.#places = undefined
  }

  /** @internal Adds its sums; `presence`: also that agents are there, and where. */
  addTo(sums: HashSums, presence: boolean): void {
    const own: Record<string, HashSum> = {}
    sums[this.name] = own
    const { ids } = this
    if (presence) {
      own[''] = { lo: 0, hi: 0 }
      for (let begin = 0, end = 0; begin < this.#size; begin = end) {
        while (end < this.#size && this.#partitions[end] === this.#partitions[begin]) end++
        addPresence(own[''], this.name, this.#names[this.#partitions[begin]], ids, begin, end)
      }
    }
    for (const column of this.#columns) {
      own[column.schema.name] = { lo: 0, hi: 0 }
      column.addTo(own[column.schema.name], this.name, ids, this.#size)
    }
  }
}

const emptyOf = ({ schema }: MirrorColumn): DeltaValues => (schema.doc ? [NO_BYTES, NO_BYTES] : NO_BYTES)
