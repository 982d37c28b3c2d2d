// Documents that one thread stages for events, in its staging memory, until its engine ends. A thread keeps as many bytes
// as a tick's events may have together; of a document beyond those it keeps the length alone, for it cannot be accepted:
// what the thread staged before it comes before it in the order of blocks too.
import { MAX_DOCUMENT_BYTES, MAX_TICK_EVENT_BYTES } from '../core/limits.js'
import type { DocumentStore } from './documents.js'

/** Bytes that it takes. */
export const STAGED_DOCUMENT_BYTES = MAX_TICK_EVENT_BYTES + MAX_DOCUMENT_BYTES

export class StagedDocuments implements DocumentStore {
  readonly bytes: Uint8Array
  readonly view: DataView
  #next = 0

  constructor(memory: ArrayBufferLike, offset: number) {
    this.bytes = new Uint8Array(memory, offset, STAGED_DOCUMENT_BYTES)
    this.view = new DataView(memory, offset, STAGED_DOCUMENT_BYTES)
  }

  store(from: Uint8Array, begin: number, length: number): number {
    const at = Math.min(this.#next, MAX_TICK_EVENT_BYTES)
    this.bytes.set(from.subarray(begin, begin + length), at)
    this.#next = at + length
    return at
  }

  /** Forgets all: when the thread begins to step an engine. */
  clear(): void {
    this.#next = 0
  }
}
