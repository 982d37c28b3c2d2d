// A population as hosts see it: get, set, rows, spawn, update, despawn by id and by column name.
// Values are checked before anything changes; numbers are what columns hold, labels what enumerations are given.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import { newArray } from './arrays.js'
import type { AnyArray, Columns, Read, Row, Values, View, Write } from './column-types.js'
import { columnCopy, columnFiller, type DocumentBytes, documentBytes, readDocument } from './documents.js'
import { DEFAULT_PARTITION, type Partitions } from './partitions.js'
import type { BoundColumn, PopulationMemory, Segment } from './population-memory.js'
import { invalid, shownValue, storedValues } from './stored.js'

/** Births in a partition, or a death. */
export type Restructure = { readonly birthsIn: string } | 'death'

/** What a table asks of the world it belongs to. */
export interface TableScope {
  readonly partitions: Partitions
  /** Stamp of births: tick plus one. */
  readonly stamp: number
  mayRead(): void
  mayWrite(): void
  mayRestructure(change: Restructure): void
  guard<T>(work: () => T): T
  /** The one partition that is seen, whose name is where agents are made when none is named; undefined: all. */
  readonly only?: number
}

const SPAWN_OPTIONS = ['partition', 'fill']

/** Checked values of one row. */
interface Parsed {
  readonly numbers: readonly (readonly [BoundColumn, readonly number[]])[]
  readonly documents: readonly (readonly [BoundColumn, DocumentBytes])[]
}

export class Table<C extends Columns> {
  readonly #memory: PopulationMemory
  readonly #scope: TableScope

  /** @internal Tables are given by world.population(). */
  constructor(memory: PopulationMemory, scope: TableScope) {
    this.#memory = memory
    this.#scope = scope
  }

  /** Agents alive, those of frozen partitions too. */
  get size(): number {
    this.#scope.mayRead()
    const { only } = this.#scope
    return only === undefined ? this.#memory.size + this.#memory.asleep : this.#memory.frames.partitionRows[only]
  }

  /** Rows that are seen here. */
  #segments(): Segment[] {
    return this.#memory.segments(this.#scope.only)
  }

  /** The row of an agent that is seen here; -1 for nobody, the dead and the frozen. */
  #rowOf(id: number): number {
    const { only } = this.#scope
    const row = this.#memory.rowOf(id)
    return row >= 0 && only !== undefined && this.#memory.partition[row] !== only ? -1 : row
  }

  /** The same of an agent that is to be changed. PARTITION_FROZEN. */
  #rowToChange(id: number): number {
    const row = this.#rowOf(id)
    const asleep = row < 0 ? this.#memory.slots.sleepsIn(id) : -1
    if (asleep < 0) return row
    throw new PopulaceError(
      'PARTITION_FROZEN',
      `Agent ${id} of '${this.#memory.layout.name}' was to be changed, and its partition '${this.#scope.partitions.names()[asleep]}' is frozen`,
      'Thaw the partition first, or send a message that wakes it.',
    )
  }

  #column(name: string): BoundColumn {
    const { columns, layout } = this.#memory
    const column = columns.get(name)
    if (!column)
      throw new PopulaceError(
        'COLUMN_UNKNOWN',
        `Population '${layout.name}' has no column '${name}'`,
        `Check the spelling; ${hint(name, [...columns.keys()])}`,
      )
    return column
  }

  #given(values: object | undefined): [BoundColumn, unknown][] {
    if (values !== undefined && (typeof values !== 'object' || values === null)) {
      invalid(
        `Population '${this.#memory.layout.name}'`,
        `is given ${String(values)} for values`,
        'Give an object of values by column name.',
      )
    }
    const given = Object.entries(values ?? {}).map(([name, value]): [BoundColumn, unknown] => [
      this.#column(name),
      value,
    ])
    // undefined says nothing of a number, and of a document that there is to be none.
    return given.filter(([{ layout }, value]) => value !== undefined || layout.data.doc)
  }

  #where({ layout }: BoundColumn): string {
    return `Column '${this.#memory.layout.name}.${layout.name}'`
  }

  #numbers(given: readonly [BoundColumn, unknown][]): [BoundColumn, readonly number[]][] {
    return given.map(([column, value]) => [column, storedValues(column.layout.data, value, this.#where(column))])
  }

  #parse(values: object | undefined): Parsed {
    const given = this.#given(values)
    const documents = given.filter(([c]) => c.layout.data.doc)
    return {
      numbers: this.#numbers(given.filter(([c]) => !c.layout.data.doc)),
      documents: documents.map(([column, value]) => [column, documentBytes(value, this.#where(column))]),
    }
  }

  /** Finds out whether there is room for documents before anything changes. Row -1: of an agent still to be made. */
  #admit({ documents }: Parsed, row: number): void {
    if (documents.length === 0) return
    let added = 0
    let replaced = 0
    for (const [{ array }, bytes] of documents) {
      added += bytes?.length ?? 0
      if (row >= 0) replaced += array[row * 2 + 1]
    }
    this.#memory.documents?.admit(added, replaced)
  }

  #write(row: number, { numbers, documents }: Parsed): void {
    this.#memory.noteEdit()
    for (const [{ array, size }, values] of numbers) {
      this.#memory.undo?.touch(array, row * size, size)
      for (let k = 0; k < size; k++) array[row * size + k] = values[k]
    }
    if (documents.length === 0) return
    for (const [column, bytes] of documents) this.#memory.documents?.put(column.array as Uint32Array, row, bytes)
    this.#memory.documents?.settle()
  }

  #row(row: number): Row<C> {
    const out: Record<string, unknown> = { id: this.#memory.id[row] }
    for (const [name, { array, size, layout }] of this.#memory.columns) {
      if (layout.data.doc) out[name] = readDocument(this.#memory, name, row)
      else if (size === 1) out[name] = shownValue(layout.data, array[row])
      else out[name] = Array.from(array.subarray(row * size, (row + 1) * size), v => shownValue(layout.data, v))
    }
    return out as Row<C> // made from the same columns that C names
  }

  /** A copy of an agent's values; undefined for nobody, the dead and those of frozen partitions. */
  get(id: number): Row<C> | undefined {
    this.#scope.mayRead()
    const row = this.#rowOf(id)
    return row < 0 ? undefined : this.#row(row)
  }

  /** Changes an agent's values; false for nobody and the dead. VALUE_INVALID, COLUMN_UNKNOWN, PARTITION_FROZEN. */
  set(id: number, values: Values<C>): boolean {
    this.#scope.mayWrite()
    const parsed = this.#parse(values)
    const row = this.#rowToChange(id)
    if (row < 0) return false
    this.#admit(parsed, row)
    this.#write(row, parsed)
    return true
  }

  /** Copies of the agents of active partitions whose values match, in (partition, block, row) order. Not to be mixed with births and deaths. */
  *rows(match?: Values<C>): IterableIterator<Row<C>> {
    this.#scope.mayRead()
    const wanted = this.#numbers(this.#given(match))
    for (const { row: begin, count } of this.#segments()) {
      for (let row = begin; row < begin + count; row++) {
        this.#scope.mayRead() // whoever iterates may have kept the iterator beyond its call
        if (wanted.every(([{ array, size }, v]) => v.every((x, k) => array[row * size + k] === x))) yield this.#row(row)
      }
    }
  }

  /** A copy of a column of active partitions, as kernels see it, in (partition, block, row) order; of documents `{ get(i) }`. COLUMN_UNKNOWN. */
  column<K extends keyof C & string>(name: K): Read<C[K]> {
    this.#scope.mayRead()
    const { array, size, layout } = this.#column(name)
    if (layout.data.doc) return columnCopy(this.#memory, name, this.#segments()) as Read<C[K]> // a document column is read by its get
    const segments = this.#segments()
    const copy = newArray(layout.data.kind, segments.reduce((n, s) => n + s.count, 0) * size)
    for (const s of segments) copy.set(array.subarray(s.row * size, (s.row + s.count) * size), s.at * size)
    return copy as unknown as Read<C[K]> // every column is read as a typed array
  }

  /** Makes one agent; its id. CAPACITY_EXCEEDED, PERMANENT, VALUE_INVALID, COLUMN_UNKNOWN, PARTITION_FROZEN. */
  spawn(values: Values<C> = {}, partition: string = this.#home): number {
    this.#scope.mayRestructure({ birthsIn: partition })
    const parsed = this.#parse(values)
    this.#admit(parsed, -1)
    const ids = new Float64Array(1)
    const [{ row }] = this.#born(ids, partition)
    this.#write(row, parsed)
    return ids[0]
  }

  /**
   * Makes `count` agents; their ids. `fill` is given whole columns of `count` rows (typed arrays, as kernels see them),
   * defaults filled in, and the ids in the same order. CAPACITY_EXCEEDED, PERMANENT, VALUE_INVALID, OPTION_UNKNOWN,
   * PARTITION_FROZEN.
   */
  spawnMany(
    count: number,
    o: { partition?: string; fill?(columns: { readonly [k in keyof C]: Write<C[k]> }, ids: View): void } = {},
  ): Float64Array {
    const { partition = this.#home } = o
    this.#scope.mayRestructure({ birthsIn: partition })
    const { layout } = this.#memory
    for (const key of Object.keys(o)) {
      if (!SPAWN_OPTIONS.includes(key))
        throw new PopulaceError(
          'OPTION_UNKNOWN',
          `spawnMany on '${layout.name}' has no option '${key}'`,
          `Check the spelling; ${hint(key, SPAWN_OPTIONS)}`,
        )
    }
    if (!(Number.isInteger(count) && count >= 0))
      invalid(`spawnMany on '${layout.name}'`, `is given a count of ${count}`, 'Give an integer of at least 0.')
    if (o.fill !== undefined && typeof o.fill !== 'function')
      invalid(`spawnMany on '${layout.name}'`, 'is given a fill that is no function', 'Give a function of the columns.')
    const ids = new Float64Array(count)
    if (count === 0) return ids
    const segments = this.#born(ids, partition)
    if (o.fill) this.#fill(segments, count, columns => o.fill?.(columns, ids))
    return ids
  }

  /** Where agents are made when no partition is named. */
  get #home(): string {
    const { only, partitions } = this.#scope
    return only === undefined ? DEFAULT_PARTITION : partitions.names()[only]
  }

  /** Makes as many agents as `ids` has room for; refuses before a partition is made for them. */
  #born(ids: Float64Array, partition: string): Segment[] {
    const { partitions, guard, stamp } = this.#scope
    return guard(() => {
      this.#memory.admit(ids.length, partitions.find(partition))
      return this.#memory.spawn(ids.length, partitions.number(partition), stamp, ids)
    })
  }

  /** Changes whole columns, of one partition or of all that are active: rows in (partition, block, row) order. VALUE_INVALID. */
  update(fill: (columns: { readonly [k in keyof C]: Write<C[k]> }, ids: View) => void, partition?: string): void {
    this.#scope.mayWrite()
    if (typeof fill !== 'function')
      invalid(
        `update on '${this.#memory.layout.name}'`,
        'is given no function',
        'Give a function of the columns and ids.',
      )
    const number = partition === undefined ? undefined : this.#scope.partitions.find(partition)
    if (partition !== undefined && number === undefined) return // nobody lives there
    if (number !== undefined) this.#refuseFrozen(number)
    const segments = this.#memory.segments(this.#scope.only ?? number)
    const count = segments.reduce((n, s) => n + s.count, 0)
    const ids = new Float64Array(count)
    for (const s of segments) ids.set(this.#memory.id.subarray(s.row, s.row + s.count), s.at)
    this.#fill(segments, count, columns => fill(columns, ids))
  }

  /** Gives `fill` the columns themselves where the rows lie one after another, else copies that are written back. */
  #fill(
    segments: readonly Segment[],
    count: number,
    fill: (columns: { readonly [k in keyof C]: Write<C[k]> }) => void,
  ): void {
    this.#memory.noteEdit()
    const views: Record<string, AnyArray> = {}
    const documents: Record<string, object> = {}
    const whole = segments.length === 1 ? segments[0] : undefined
    for (const [name, { array, size, layout }] of this.#memory.columns) {
      if (layout.data.doc) {
        documents[name] = columnFiller(this.#memory, name, segments, count)
        continue
      }
      for (const s of segments) this.#memory.undo?.touch(array, s.row * size, s.count * size)
      if (whole) {
        views[name] = array.subarray(whole.row * size, (whole.row + count) * size)
        continue
      }
      views[name] = newArray(layout.data.kind, count * size)
      for (const s of segments) views[name].set(array.subarray(s.row * size, (s.row + s.count) * size), s.at * size)
    }
    fill({ ...views, ...documents } as { readonly [k in keyof C]: Write<C[k]> }) // made from the same columns that C names
    this.#memory.documents?.settle()
    if (whole) return
    for (const [name, { array, size, layout }] of this.#memory.columns) {
      if (layout.data.doc) continue // written as they were set
      for (const s of segments) array.set(views[name].subarray(s.at * size, (s.at + s.count) * size), s.row * size)
    }
  }

  #refuseFrozen(partition: number): void {
    const { partitions } = this.#scope
    if (!partitions.states.isFrozen(partition)) return
    throw new PopulaceError(
      'PARTITION_FROZEN',
      `update on '${this.#memory.layout.name}' names partition '${partitions.names()[partition]}', which is frozen`,
      'Thaw it first.',
    )
  }

  /** Ends an agent's life; false for nobody and the dead. PERMANENT, PARTITION_FROZEN. */
  despawn(id: number): boolean {
    this.#scope.mayRestructure('death')
    const row = this.#rowToChange(id)
    if (row < 0) return false
    this.#memory.remove(row)
    return true
  }
}
