// The mailbox of one kind of message: those that wait, in the order in which they were sent, which is the order that
// inboxes have. Engines append between barriers, the main thread through `send`; exchange/mail.ts delivers.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import { arrayAt } from './arrays.js'
import type { AnyArray } from './column-types.js'
import { DocumentHeap, type HeapOwner } from './document-heap.js'
import { documentBytes } from './documents.js'
import { MAIL, type MailColumn, type MailLayout } from './layout.js'
import type { MessageData } from './record.js'
import { storedValues } from './stored.js'
import type { UndoLog } from './undo.js'

/** What is in the mask of a message whose receiver died before anybody saw it: no receiving engine has this bit. */
export const GONE = 0x80000000

/** A column of the messages that wait. */
export interface BoundMail {
  readonly layout: MailColumn
  readonly array: AnyArray
}

/** What became of a kind of message since the world began: sent = delivered + dropped + waiting. */
export interface MailCounts {
  readonly sent: number
  readonly delivered: number
  readonly dropped: number
  readonly waiting: number
  /** Not sent, for the mailbox was full. */
  readonly refused: number
}

export class Mailbox {
  readonly layout: MailLayout
  readonly to: Float64Array
  readonly from: Float64Array
  /** Bits of the receiving engines that have seen a message, or GONE. */
  readonly seen: Uint32Array
  readonly columns: ReadonlyMap<string, BoundMail>
  /** By MAIL. */
  readonly numbers: Float64Array
  /** Of the documents that wait; undefined: it has none. */
  readonly heap: DocumentHeap | undefined
  #undo: UndoLog | undefined

  /** writer: number of the thread in its crew, or of the main thread after all of them. owner: where it is no message's. */
  constructor(
    buffer: ArrayBufferLike,
    layout: MailLayout,
    writer: number,
    owner: HeapOwner = { what: `message '${layout.name}'`, remedy: `Raise the capacity of '${layout.name}'` },
  ) {
    const { capacity } = layout
    this.layout = layout
    this.to = new Float64Array(buffer, layout.to, capacity)
    this.from = new Float64Array(buffer, layout.from, capacity)
    this.seen = new Uint32Array(buffer, layout.seen, capacity)
    this.columns = new Map(
      [...layout.columns].map(([name, column]) => [
        name,
        { layout: column, array: arrayAt(buffer, column.kind, column.offset, capacity * column.size) },
      ]),
    )
    this.numbers = new Float64Array(buffer, layout.counts, MAIL.words)
    this.heap = layout.documents && new DocumentHeap(buffer, layout.documents, owner, writer)
  }

  get undo(): UndoLog | undefined {
    return this.#undo
  }

  set undo(log: UndoLog | undefined) {
    this.#undo = log
    if (this.heap) this.heap.undo = log
  }

  get waiting(): number {
    return this.numbers[MAIL.waiting]
  }

  /** Of those that wait, the ones that can be delivered: all messages, and the asks that are answered. */
  get ready(): number {
    return this.numbers[MAIL.waiting] - this.numbers[MAIL.open]
  }

  /** Messages in the inbox as it was made last. */
  get delivered(): number {
    return this.numbers[MAIL.inbox]
  }

  get counts(): MailCounts {
    const [waiting, sent, delivered, dropped, refused] = this.numbers
    return { sent, delivered, dropped, waiting, refused }
  }

  /** Makes room for up to `count` messages at the end, and counts those sent and refused; how many there is room for. */
  admit(count: number): number {
    const admitted = Math.min(count, this.layout.capacity - this.waiting)
    this.undo?.touch(this.numbers, 0, MAIL.words)
    this.numbers[MAIL.waiting] += admitted
    this.numbers[MAIL.sent] += admitted
    this.numbers[MAIL.refused] += count - admitted
    return admitted
  }

  /** Sends one message from the main thread. MESSAGE_INVALID, COLUMN_UNKNOWN, VALUE_INVALID and what documents refuse. */
  send(data: MessageData, to: number, values: object): void {
    checkReceiver(data.name, to)
    const parsed = Object.entries(values ?? {}).filter(([, value]) => value !== undefined)
    const stored = parsed.map(([name, value]) => {
      const column = data.columns.get(name)
      if (!column)
        throw new PopulaceError(
          'COLUMN_UNKNOWN',
          `Message '${data.name}' has no column '${name}'`,
          `Check the spelling; ${hint(name, [...data.columns.keys()])}`,
        )
      const where = `Column '${name}' of message '${data.name}'`
      if (column.doc) return [name, documentBytes(value, where) ?? []] as const
      return [name, storedValues(column, value, where)] as const
    })
    const bytes = stored.reduce((n, [, value]) => n + (value instanceof Uint8Array ? value.length : 0), 0)
    if (bytes > 0) this.admitBytes(bytes)
    const at = this.waiting
    if (this.admit(1) === 0) return
    for (const array of [this.to, this.from, this.seen]) this.undo?.touch(array, at)
    this.to[at] = to
    this.from[at] = 0
    this.seen[at] = 0
    for (const { layout, array } of this.columns.values()) {
      const { size, default: value } = layout
      this.undo?.touch(array, at * size, size)
      array.fill(value, at * size, (at + 1) * size)
    }
    for (const [name, given] of stored) {
      const column = this.columns.get(name)
      const isDocument = given instanceof Uint8Array
      const numbers = isDocument ? [this.heap?.store(given, 0, given.length) ?? 0, given.length] : given
      if (column) for (const [k, v] of numbers.entries()) column.array[at * column.layout.size + k] = v
    }
    this.settle()
  }

  /** Makes room for so many bytes more; throws before anything changes where there is none. DOCUMENTS_FULL. */
  admitBytes(bytes: number): void {
    const { heap } = this
    if (!heap) return
    const { limit } = heap.layout
    if (heap.used + heap.written + bytes <= limit) return
    if (!this.#undo) this.#collect(heap)
    // While a command can still be undone nothing may be moved: its documents lie beside those that wait no more.
    const held = this.#undo ? this.#live() : heap.used
    if (heap.written + bytes > limit || held + bytes > limit) throw heap.fullError()
  }

  /** Bytes of the messages that wait. */
  #live(): number {
    let live = 0
    for (const { array, layout } of this.columns.values())
      if (layout.doc) for (let at = 0; at < this.waiting; at++) live += array[at * 2 + 1]
    return live
  }

  /** Frees the bytes of messages that wait no more, when it is time to. By one thread, while no other writes. DOCUMENTS_FULL. */
  settle(): void {
    if (this.heap && !this.#undo && this.heap.settle()) this.#collectBegun(this.heap)
  }

  #collect(heap: DocumentHeap): void {
    if (!heap.settle()) heap.begin()
    this.#collectBegun(heap)
  }

  #collectBegun(heap: DocumentHeap): void {
    for (const { array, layout } of this.columns.values())
      if (layout.doc) heap.collect(array as Uint32Array, 0, this.waiting) // the words of documents, see RecordColumn
    heap.finish()
  }

  /** Takes away all messages, `delivered` of which came to somebody alive. For mail that a tick takes in whole. */
  empty(delivered: number): void {
    const { numbers } = this
    numbers[MAIL.delivered] += delivered
    numbers[MAIL.dropped] += this.waiting - delivered
    numbers[MAIL.waiting] = 0
  }

  /** Takes away the messages that all receiving engines (the bits of `all`) have seen, and those that are gone. */
  retire(all: number): void {
    const { to, from, seen, numbers } = this
    const n = this.waiting
    let kept = 0
    let gone = 0
    for (let at = 0; at < n; at++) {
      const mask = seen[at]
      if (mask === GONE) gone++
      else if ((mask & all) !== all) {
        if (kept !== at) {
          to[kept] = to[at]
          from[kept] = from[at]
          seen[kept] = mask
          for (const { array, layout } of this.columns.values())
            array.copyWithin(kept * layout.size, at * layout.size, (at + 1) * layout.size)
        }
        kept++
      }
    }
    numbers[MAIL.dropped] += gone
    numbers[MAIL.delivered] += n - kept - gone
    numbers[MAIL.waiting] = kept
  }
}

/** Refuses what can be nobody's id; NONE is nobody, and what goes to nobody is dropped. */
export function checkReceiver(message: string, to: number): void {
  if (Number.isSafeInteger(to) && to >= 0) return
  throw new PopulaceError(
    'MESSAGE_INVALID',
    `Message '${message}' is sent to ${String(to)}`,
    'Send to the id of an agent, not to a row or an undefined.',
  )
}
