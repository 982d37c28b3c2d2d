// Checks mode, the document columns of one engine in one thread. The real kernel writes to the heap; the twin, which
// runs a block again row by row, is given accessors that read the documents as they were before the block ran and keep
// what it sets as bytes of their own, to be compared with what the real one came to. Nothing of the twin's is stored.
// It refuses to touch the document of any row but the one being stepped, which is a row of another agent.
import { decode, documentError, encode, encoded } from '../memory/document-codec.js'
import { type DocumentRows, documentReader } from '../memory/documents.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { KernelEngine } from '../schedule/engine.js'

/** What the twin was found to do: what, and the row. */
export type DocumentFault = (what: string, row: number, remedy: string) => never

const OWN_ROW = 'A kernel changes its own row only: sense the documents of others, and use messages to change them.'

/** One document column of an engine. */
export class CheckedDocuments {
  readonly name: string
  /** What the twin is given in place of the column. */
  readonly twin: object
  readonly #rows: DocumentRows
  readonly #before: Uint32Array
  readonly #fail: DocumentFault
  #begin = 0
  #row = -1
  /** Set by the twin for the row being stepped; null: taken away; undefined: not set. */
  #set: Uint8Array | null | undefined

  constructor(rows: DocumentRows, name: string, written: boolean, block: number, fail: DocumentFault) {
    this.name = name
    this.#rows = rows
    this.#before = new Uint32Array(block * 2)
    this.#fail = fail
    const get = (row: number) => this.#get(row)
    this.twin = written
      ? { get, set: (row: number, v: unknown) => this.#keep(row, v) }
      : { ...documentReader(rows), get }
  }

  /** Before a block runs for real: notes where its documents lie. Their bytes last until the engine has ended. */
  begin(begin: number, end: number): void {
    this.#before.set(this.#rows.words.subarray(begin * 2, end * 2))
    this.#begin = begin
  }

  /** Before the twin steps a row. */
  open(row: number): void {
    this.#row = row
    this.#set = undefined
  }

  #own(row: number, does: string): void {
    if (row !== this.#row) this.#fail(`it ${does} the document '${this.name}' of row ${row}`, this.#row, OWN_ROW)
  }

  #placeBefore(row: number): readonly [offset: number, length: number] {
    const at = (row - this.#begin) * 2
    return [this.#before[at], this.#before[at + 1]]
  }

  #get(row: number): unknown {
    this.#own(row, 'read')
    if (this.#set === null) return undefined
    if (this.#set) return decode(this.#set, new DataView(this.#set.buffer), 0)
    const [offset, length] = this.#placeBefore(row)
    const { bytes, view } = this.#rows.heap
    return length === 0 ? undefined : decode(bytes, view, offset)
  }

  #keep(row: number, value: unknown): void {
    this.#own(row, 'set')
    if (value === undefined) {
      this.#set = null
      return
    }
    const length = encode(value)
    if (length <= 0) throw documentError(length, value, `Column '${this.#rows.name}' of agent ${this.#rows.ids[row]}`)
    this.#set = encoded.slice(0, length)
  }

  /** After the twin's row: whether it came to what the real one did; both as text where not. */
  difference(): { readonly real: string; readonly twin: string } | undefined {
    const { words, heap } = this.#rows
    const bytesAt = (offset: number, length: number) => heap.bytes.slice(offset, offset + length)
    const real = bytesAt(words[this.#row * 2], words[this.#row * 2 + 1])
    const twin = this.#set === undefined ? bytesAt(...this.#placeBefore(this.#row)) : (this.#set ?? new Uint8Array(0))
    if (Buffer.compare(real, twin) === 0) return undefined
    return { real: text(real), twin: text(twin) }
  }
}

function text(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'no document'
  const shown = JSON.stringify(decode(bytes, new DataView(bytes.buffer), 0))
  return shown.length > 200 ? `${shown.slice(0, 200)}…` : shown
}

/** The document columns that an engine reads or writes of its own rows. */
export function checkedDocuments(
  engine: KernelEngine,
  population: PopulationMemory,
  fail: DocumentFault,
): CheckedDocuments[] {
  const { documents, columns, layout } = population
  return [...new Set([...engine.reads, ...engine.writes])].flatMap(name => {
    const column = columns.get(name)
    if (!column?.layout.data.doc || !documents) return []
    const rows = documents.rows(name, column.array as Uint32Array)
    return [new CheckedDocuments(rows, name, engine.writes.includes(name), layout.block, fail)]
  })
}
