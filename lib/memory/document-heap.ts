// The bytes of the documents of one population, or of one kind of message: pages of shared memory that threads fill from the front. A row holds where
// its document lies (two words of a hidden column: offset and length; length 0: none). A document is never changed in
// place and nothing is freed by itself: what no row names any more is left behind when all that is named is copied to
// fresh pages (a collection, Cheney 1970), between engines, by all threads. So an older version lasts until the engine
// that replaced it has ended, a row that moves or dies takes its words along or drops them, and undoing a command is
// putting words back.
//
// Which page holds what depends on timing; nothing that can be seen does: bytes are counted as they are written, so
// when a collection comes, and whether the limit is reached, are functions of the documents alone.
//
//   bound   used <= limit before an engine; it may write `limit`, and a collection copies at most `limit` beside both;
//           a page is closed with less than one document's room left, and each writer has one page open
import { PopulaceError } from '../core/errors.js'
import {
  DOCUMENT_BYTES_PER_AGENT,
  MAX_ARENA_BYTES,
  MAX_DEFAULT_DOCUMENT_BYTES,
  MAX_DOCUMENT_BYTES,
  MIN_DOCUMENT_BYTES,
} from '../core/limits.js'
import type { UndoLog } from './undo.js'

/** Where a heap lies. */
export interface HeapLayout {
  /** Bytes that documents may have together. */
  readonly limit: number
  /** Threads that write, the main thread included. */
  readonly writers: number
  readonly pages: number
  /** Float64 words: META below. */
  readonly meta: number
  /** CURSOR.words Float64 words a writer. */
  readonly cursors: number
  /** An Int32 word a page: 0 free, else the mark that it was taken under plus one. */
  readonly states: number
  readonly bytes: number
}

/** Whose documents a heap holds, for its errors. */
export interface HeapOwner {
  /** As in "population 'person'". */
  readonly what: string
  /** How it is given more room. */
  readonly remedy: string
}

/** Bytes of a page. */
export const DOCUMENT_PAGE = MAX_DOCUMENT_BYTES * 16

/** mark: 0 or 1, changed by each collection; used: bytes since and including the last one; kept: what it copied. */
export const HEAP_META = { mark: 0, collecting: 1, used: 2, kept: 3, words: 8 } as const

/** Of one writer, 64 bytes: where its next document goes, where its page ends, bytes written since it was settled. */
export const HEAP_CURSOR = { next: 0, end: 1, written: 2, words: 8 } as const

/** Pages that a limit needs: see the bound above. */
export function heapPages(limit: number, writers: number): number {
  return 3 * (Math.ceil(limit / (DOCUMENT_PAGE - MAX_DOCUMENT_BYTES)) + writers)
}

/** The limit of a population's heap: what it says, or by its capacity. SCENARIO_INVALID. */
export function heapLimit(population: string, capacity: number, said: number | undefined): number {
  if (said === undefined)
    return Math.min(MAX_DEFAULT_DOCUMENT_BYTES, Math.max(MIN_DOCUMENT_BYTES, capacity * DOCUMENT_BYTES_PER_AGENT))
  if (!(Number.isInteger(said) && said >= 1 && said <= MAX_ARENA_BYTES)) {
    throw new PopulaceError(
      'SCENARIO_INVALID',
      `The documentBytes of population '${population}' is ${said}`,
      `Give an integer from 1 to ${MAX_ARENA_BYTES}.`,
    )
  }
  return said
}

/** Documents shorter than this are copied byte by byte: a call to set() costs more. */
const SHORT = 48

export class DocumentHeap {
  readonly layout: HeapLayout
  readonly owner: HeapOwner
  readonly bytes: Uint8Array
  readonly view: DataView
  undo: UndoLog | undefined
  readonly #meta: Float64Array
  readonly #cursors: Float64Array
  readonly #states: Int32Array
  /** This thread's cursor. */
  readonly #own: number

  constructor(buffer: ArrayBufferLike, layout: HeapLayout, owner: HeapOwner, writer: number) {
    this.layout = layout
    this.owner = owner
    this.bytes = new Uint8Array(buffer, layout.bytes, layout.pages * DOCUMENT_PAGE)
    this.view = new DataView(buffer, layout.bytes, layout.pages * DOCUMENT_PAGE)
    this.#meta = new Float64Array(buffer, layout.meta, HEAP_META.words)
    this.#cursors = new Float64Array(buffer, layout.cursors, layout.writers * HEAP_CURSOR.words)
    this.#states = new Int32Array(buffer, layout.states, layout.pages)
    this.#own = writer * HEAP_CURSOR.words
  }

  /** Bytes written since the heap was last settled, by this thread. */
  get written(): number {
    return this.#cursors[this.#own + HEAP_CURSOR.written]
  }

  /** Bytes since and including the last collection, as of the last time that the heap was settled. */
  get used(): number {
    return this.#meta[HEAP_META.used]
  }

  /** Pages that hold something; what it comes to depends on timing. */
  get pagesTaken(): number {
    let n = 0
    for (const state of this.#states) if (state !== 0) n++
    return n
  }

  /** Bytes up to the end of the last page that holds something; what it comes to depends on timing. */
  get extent(): number {
    const states = this.#states
    let pages = states.length
    while (pages > 0 && states[pages - 1] === 0) pages--
    return pages * DOCUMENT_PAGE
  }

  /** Whether a collection was begun and is not finished. The same for all threads between two barriers. */
  get collecting(): boolean {
    return this.#meta[HEAP_META.collecting] === 1
  }

  /**
   * Copies `length` bytes of `from`, from `begin`, into this thread's page; their offset. DOCUMENTS_FULL: what was
   * written counts all the same, so that the tick fails even if a kernel catches it.
   */
  store(from: Uint8Array, begin: number, length: number): number {
    const cursors = this.#cursors
    const own = this.#own
    this.undo?.touch(cursors, own, HEAP_CURSOR.words)
    cursors[own + HEAP_CURSOR.written] += length
    let at = cursors[own + HEAP_CURSOR.next]
    if (at + length > cursors[own + HEAP_CURSOR.end]) at = this.#openPage()
    cursors[own + HEAP_CURSOR.next] = at + length
    const { bytes } = this
    if (length < SHORT) for (let i = 0; i < length; i++) bytes[at + i] = from[begin + i]
    else bytes.set(from.subarray(begin, begin + length), at)
    return at
  }

  /** Takes a free page, the lowest there is, so that memory touched before is used again. */
  #openPage(): number {
    const states = this.#states
    const taken = this.#meta[HEAP_META.mark] + 1
    for (let page = 0; page < states.length; page++) {
      if (states[page] !== 0) continue // as it was a moment ago: the exchange below decides
      this.undo?.touch(states, page)
      // Pairs with the same exchange in other threads: only one of them finds the page free.
      if (Atomics.compareExchange(states, page, 0, taken) !== 0) continue
      const at = page * DOCUMENT_PAGE
      this.#cursors[this.#own + HEAP_CURSOR.end] = at + DOCUMENT_PAGE
      return at
    }
    throw this.fullError()
  }

  /**
   * Counts what all threads wrote, and begins a collection where it is time for one: then true. By one thread, while
   * no other writes. DOCUMENTS_FULL: more was written at once than the limit.
   */
  settle(): boolean {
    const meta = this.#meta
    const written = this.#takeWritten()
    if (written > this.layout.limit) throw this.fullError()
    meta[HEAP_META.used] += written
    // Twice what is live: copying then costs no more than writing did.
    const enough = Math.max(2 * meta[HEAP_META.kept], MIN_DOCUMENT_BYTES)
    if (meta[HEAP_META.used] <= Math.min(this.layout.limit, enough)) return false
    this.begin()
    return true
  }

  #takeWritten(): number {
    const cursors = this.#cursors
    let written = 0
    for (let at = HEAP_CURSOR.written; at < cursors.length; at += HEAP_CURSOR.words) {
      written += cursors[at]
      cursors[at] = 0
    }
    return written
  }

  /** Begins a collection: every thread's next document goes to a fresh page. By one thread, while no other writes. */
  begin(): void {
    const cursors = this.#cursors
    this.#meta[HEAP_META.mark] = 1 - this.#meta[HEAP_META.mark]
    this.#meta[HEAP_META.collecting] = 1
    cursors.fill(0)
  }

  /** Copies the documents of rows [begin, end) of a column's words to fresh pages. Rows of one block: one thread. */
  collect(words: Uint32Array, begin: number, end: number): void {
    for (let row = begin; row < end; row++) {
      const length = words[row * 2 + 1]
      if (length > 0) words[row * 2] = this.store(this.bytes, words[row * 2], length)
    }
  }

  /** Ends a collection: frees all other pages. By one thread, when all have copied. DOCUMENTS_FULL. */
  finish(): void {
    const meta = this.#meta
    const states = this.#states
    const kept = this.#takeWritten()
    const taken = meta[HEAP_META.mark] + 1
    for (let page = 0; page < states.length; page++) if (states[page] !== taken) states[page] = 0
    meta[HEAP_META.used] = kept
    meta[HEAP_META.kept] = kept
    meta[HEAP_META.collecting] = 0
    if (kept > this.layout.limit) throw this.fullError()
  }

  /** Why no more documents can be written. */
  fullError(): PopulaceError {
    return new PopulaceError(
      'DOCUMENTS_FULL',
      `The documents of ${this.owner.what} exceed the ${this.layout.limit} bytes that it may hold, or write in one engine or call`,
      `${this.owner.remedy}, or keep less in its documents.`,
    )
  }
}
