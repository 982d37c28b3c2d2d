// The documents of one population: its heap, the words by which its rows name them, and the ways to get at them. Kernels
// are given accessors that write straight into their thread's page; hosts, commands and setup write alone, so each of
// their calls finds out beforehand whether there is room and changes nothing when there is none.
import { PopulaceError } from '../core/errors.js'
import { decode, documentError, encode, encoded } from './document-codec.js'
import type { DocumentHeap } from './document-heap.js'
import type { PopulationMemory, Segment } from './population-memory.js'

/** A fresh copy of a row's document; undefined: it has none, or nobody lives there. */
export interface DocumentReader {
  get(row: number): unknown
}

/** `set` replaces the document of a row; undefined: it has none from then on. DOCUMENT_INVALID, DOCUMENT_TOO_LARGE, DOCUMENTS_FULL. */
export interface DocumentWriter extends DocumentReader {
  set(row: number, value: unknown): void
}

/** Where documents' bytes lie. */
export interface DocumentStore {
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Copies `length` bytes of `from`, from `begin`; their offset. */
  store(from: Uint8Array, begin: number, length: number): number
}

/** Rows that name documents by two words each. */
export interface DocumentRows {
  readonly heap: DocumentStore
  readonly words: Uint32Array
  /** Whose documents they are, where the rows are agents: 0 where nobody lives. */
  readonly ids: Float64Array
  /** 'population.column', for messages. */
  readonly name: string
}

/** A document as bytes of its own; undefined: none. */
export type DocumentBytes = Uint8Array | undefined

/** Encodes plain data into bytes of its own. DOCUMENT_INVALID, DOCUMENT_TOO_LARGE. */
export function documentBytes(value: unknown, where: string): DocumentBytes {
  if (value === undefined) return undefined
  const length = encode(value)
  if (length <= 0) throw documentError(length, value, where)
  return encoded.slice(0, length)
}

/** The document in bytes of its own. */
export function documentIn(bytes: Uint8Array): unknown {
  return decode(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0)
}

function getter({ heap, words, ids }: DocumentRows): (row: number) => unknown {
  const { bytes, view } = heap
  return row => {
    // A row -1 or beyond finds undefined in both arrays.
    if (!(words[row * 2 + 1] > 0 && ids[row] > 0)) return undefined
    return decode(bytes, view, words[row * 2])
  }
}

/** Reads; what it has for `set` refuses. */
export function documentReader(rows: DocumentRows): DocumentReader {
  return documentRefusal(getter(rows), rows.name)
}

function documentRefusal(get: (row: number) => unknown, name: string): DocumentReader {
  const set = () => {
    throw new PopulaceError(
      'WORLD_READ_ONLY',
      `Column '${name}' was set where it may only be read`,
      'Add it to the writes of the engine, whose kernel then sets the documents of its own rows.',
    )
  }
  const reader: DocumentWriter = { get, set }
  return reader
}

/** Reads where rows are records: messages in an inbox. */
export function recordReader(store: DocumentStore, words: Uint32Array, name: string): DocumentReader {
  const { get } = documentDraft(store, words, name)
  return documentRefusal(get, name)
}

/** What a kernel reads and writes through, in its own thread. */
export function documentWriter(rows: DocumentRows): DocumentWriter {
  const { heap, words, ids, name } = rows
  return {
    get: getter(rows),
    set(row, value) {
      if (!(ids[row] > 0)) throw nobody(name, row)
      if (value === undefined) {
        words[row * 2 + 1] = 0
        return
      }
      const length = encode(value)
      if (length <= 0) throw documentError(length, value, `Column '${name}' of agent ${ids[row]}`)
      words[row * 2] = heap.store(encoded, 0, length)
      words[row * 2 + 1] = length
    },
  }
}

/** What a kernel drafts through, where rows are records that it has just added: no agents yet. */
export function documentDraft(store: DocumentStore, words: Uint32Array, name: string): DocumentWriter {
  return {
    get: at => (words[at * 2 + 1] > 0 ? decode(store.bytes, store.view, words[at * 2]) : undefined),
    set(at, value) {
      if (!(at * 2 + 1 < words.length && words[at * 2 + 1] >= 0)) throw nobody(name, at)
      const length = value === undefined ? 0 : encode(value)
      if (length < 0 || (length === 0 && value !== undefined))
        throw documentError(length, value, `Column '${name}' of a record`)
      if (length > 0) words[at * 2] = store.store(encoded, 0, length)
      words[at * 2 + 1] = length
    },
  }
}

function nobody(name: string, row: number): PopulaceError {
  return new PopulaceError(
    'DOCUMENT_INVALID',
    `Column '${name}' is set for row ${row}, where nobody lives`,
    'Set the document of the row that is being stepped.',
  )
}

/** Documents of one thread that are forgotten together. */
export class ScratchDocuments implements DocumentStore {
  bytes = new Uint8Array(0)
  view = new DataView(this.bytes.buffer)
  #length = 0

  store(from: Uint8Array, begin: number, length: number): number {
    const at = this.#length
    this.#length += length
    if (this.#length > this.bytes.length) {
      const grown = new Uint8Array(this.#length * 2)
      grown.set(this.bytes)
      this.bytes = grown
      this.view = new DataView(grown.buffer)
    }
    this.bytes.set(from.subarray(begin, begin + length), at)
    return at
  }

  /** Forgets them all. */
  clear(): void {
    this.#length = 0
  }
}

/** The document of a row. */
export function readDocument(population: PopulationMemory, column: string, row: number): unknown {
  const { documents, columns } = population
  const words = columns.get(column)?.array as Uint32Array // known to be a document column
  return documents && getter(documents.rows(column, words))(row)
}

/** A copy of all documents of a column in these rows, in order. */
export function columnCopy(
  population: PopulationMemory,
  column: string,
  segments: readonly Segment[] = population.segments(),
): DocumentReader {
  const words = population.columns.get(column)?.array as Uint32Array // as above
  const heap = population.documents?.heap
  const copies: DocumentBytes[] = []
  for (const { row: begin, count } of segments) {
    for (let row = begin; row < begin + count; row++) {
      const length = words[row * 2 + 1]
      copies.push(length > 0 ? heap?.bytes.slice(words[row * 2], words[row * 2] + length) : undefined)
    }
  }
  return {
    get(i) {
      const bytes = copies[i]
      return bytes && documentIn(bytes)
    },
  }
}

/** What a host fills whole columns through: document i is that of row i of the segments. */
export function columnFiller(
  population: PopulationMemory,
  column: string,
  segments: readonly Segment[],
  count: number,
): DocumentWriter {
  const { documents, columns, layout } = population
  const words = columns.get(column)?.array as Uint32Array // as above
  const where = `Column '${layout.name}.${column}'`
  let near = 0 // rows are filled one after another: the next is in the segment of the last, or in the next one
  const rowOf = (i: number): number => {
    if (segments[near] && i < segments[near].at) near = 0
    while (near < segments.length - 1 && i >= segments[near].at + segments[near].count) near++
    return segments[near] ? segments[near].row + i - segments[near].at : -1
  }
  return {
    get: i => readDocument(population, column, rowOf(i)),
    set(i, value) {
      if (!(Number.isInteger(i) && i >= 0 && i < count))
        throw new PopulaceError(
          'DOCUMENT_INVALID',
          `${where} is set at ${i}, beyond the ${count} rows that are filled`,
          'Count rows from 0.',
        )
      documents?.put(words, rowOf(i), documentBytes(value, where))
    },
  }
}

export class Documents {
  readonly heap: DocumentHeap
  readonly #population: PopulationMemory
  readonly #columns: readonly Uint32Array[]

  constructor(heap: DocumentHeap, population: PopulationMemory) {
    this.heap = heap
    this.#population = population
    // A document column's array is its words: see columnData in columns.ts.
    this.#columns = [...population.columns.values()].filter(c => c.layout.data.doc).map(c => c.array as Uint32Array)
  }

  /** The rows of a column, by their words now or by a copy of them. */
  rows(column: string, words: Uint32Array): DocumentRows {
    const { layout, id } = this.#population
    return { heap: this.heap, words, ids: id, name: `${layout.name}.${column}` }
  }

  /** Gives a row a document. By whoever changes the world alone: setup, main engines, commands, hosts. DOCUMENTS_FULL. */
  put(words: Uint32Array, row: number, bytes: DocumentBytes): void {
    const undo = this.#population.undo
    if (bytes === undefined) {
      undo?.touch(words, row * 2, 2)
      words[row * 2 + 1] = 0
      return
    }
    this.admit(bytes.length, words[row * 2 + 1])
    const offset = this.heap.store(bytes, 0, bytes.length)
    undo?.touch(words, row * 2, 2)
    words[row * 2] = offset
    words[row * 2 + 1] = bytes.length
  }

  /** Makes room for `added` bytes that take the place of `replaced`. Throws before anything changes. DOCUMENTS_FULL. */
  admit(added: number, replaced: number): void {
    const { heap } = this
    const { limit } = heap.layout
    const undo = this.#population.undo
    if (undo ? heap.written + added > limit : added > limit) throw heap.fullError()
    if (heap.used + heap.written + added <= limit) return
    // While a command can still be undone nothing may be moved: its documents lie beside what was there before.
    if (!undo) this.#collect()
    if ((undo ? this.#live() : heap.used) + added - replaced > limit) throw heap.fullError()
  }

  /** To be called when a change by setup, a main engine or a host is done, and when a command stands. */
  settle(): void {
    if (this.#population.undo || !this.heap.settle()) return
    this.#collectBegun()
  }

  #collect(): void {
    if (!this.heap.settle()) this.heap.begin()
    this.#collectBegun()
  }

  #collectBegun(): void {
    for (const { row, count } of this.#segments()) this.collectRows(row, row + count)
    this.finish()
  }

  /** Ends a collection, when all rows were copied. By one thread. DOCUMENTS_FULL. */
  finish(): void {
    this.#population.noteEdit() // sorted views hold copies of words, which are about to be out of date
    this.heap.finish()
  }

  /** Copies the documents of rows [begin, end) out of what is about to be freed. */
  collectRows(begin: number, end: number): void {
    for (const words of this.#columns) this.heap.collect(words, begin, end)
  }

  #segments(): readonly Segment[] {
    return this.#population.segments()
  }

  #live(): number {
    let live = 0
    for (const { row, count } of this.#segments())
      for (const words of this.#columns) for (let i = row; i < row + count; i++) live += words[i * 2 + 1]
    return live
  }
}
