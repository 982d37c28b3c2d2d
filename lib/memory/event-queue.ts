// The queue of events between a crew and the main thread: a ring of records in the order in which they were emitted.
// The crew adds at the head, between barriers; the main thread takes at the tail. A tick adds MAX_TICK_EVENTS at most and
// begins only when there is room for as many, so nothing accepted is lost and memory is bounded. So do the bytes of their
// documents, in a ring of their own.
import { EVENT_QUEUE, EVENT_QUEUE_BYTES, MAX_TICK_EVENT_BYTES, MAX_TICK_EVENTS } from '../core/limits.js'
import { arrayAt } from './arrays.js'
import type { AnyArray } from './column-types.js'
import type { ColumnData } from './columns.js'
import { decode } from './document-codec.js'
import { EVENTS, type EventQueueLayout } from './layout.js'
import type { EventData } from './record.js'
import { shownValue } from './stored.js'

/** An event as hosts get it; (run, tick, sequence) is its identity. */
export interface EmittedEvent {
  readonly name: string
  readonly tick: number
  /** Its number among the events of its tick, from 0. */
  readonly sequence: number
  /** The id of the agent that emitted it. */
  readonly from: number
  /** Labels of enumerations, fixed columns in their units, arrays where there are several values, documents. */
  readonly values: Readonly<Record<string, unknown>>
}

/** What became of events since the world began. */
export interface EventCounts {
  /** By event. */
  readonly emitted: Readonly<Record<string, number>>
  /** Of all kinds, beyond what one tick may emit. */
  readonly refused: number
}

/** Events that are told between two looks at the clock, which costs about as much as one of them. */
const TOLD_BETWEEN_LOOKS = 16

interface Kept {
  readonly data: EventData
  readonly from: Float64Array
  readonly columns: readonly { readonly name: string; readonly data: ColumnData; readonly array: AnyArray }[]
}

export class EventQueue {
  readonly kinds: readonly Kept[]
  readonly #words: Int32Array
  readonly #kind: Uint16Array
  readonly #sequence: Int32Array
  readonly #tick: Float64Array
  /** Emitted by kind, and refused after the last. */
  readonly numbers: Float64Array
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(buffer: ArrayBufferLike, layout: EventQueueLayout, events: readonly EventData[]) {
    this.#words = new Int32Array(buffer, layout.words, EVENTS.words)
    const records = events.length === 0 ? 0 : EVENT_QUEUE
    this.#kind = new Uint16Array(buffer, layout.kind, records)
    this.#sequence = new Int32Array(buffer, layout.sequence, records)
    this.#tick = new Float64Array(buffer, layout.tick, records)
    this.numbers = new Float64Array(buffer, layout.counts, events.length + 1)
    const bytes = layout.bytes === 0 ? 0 : EVENT_QUEUE_BYTES
    this.#bytes = new Uint8Array(buffer, layout.bytes, bytes)
    this.#view = new DataView(buffer, layout.bytes, bytes)
    this.kinds = events.map((data, i) => {
      const place = layout.kinds[i]
      const columns = [...data.columns].map(([name, column]) => {
        const offset = place.columns.get(name) as number // placed for the same events
        return { name, data: column, array: arrayAt(buffer, column.kind, offset, EVENT_QUEUE * column.size) }
      })
      const from = new Float64Array(buffer, place.from, EVENT_QUEUE)
      return { data, from, columns }
    })
  }

  // ---- the crew's side -------------------------------------------------------------------------------------------------

  /**
   * A place for the next event, whose documents have so many bytes (Infinity: more than any may); -1 where nobody
   * listens or this tick has had its share: then it is counted only.
   */
  take(kind: number, tick: number, bytes: number): number {
    const words = this.#words
    if (words[EVENTS.ofTick] !== (tick | 0) || words[EVENTS.any] === 0) {
      words[EVENTS.any] = 1
      words[EVENTS.ofTick] = tick | 0
      words[EVENTS.inTick] = 0
      words[EVENTS.bytesInTick] = 0
    }
    if (words[EVENTS.bytesInTick] + bytes > MAX_TICK_EVENT_BYTES) words[EVENTS.bytesInTick] = MAX_TICK_EVENT_BYTES + 1
    if (words[EVENTS.inTick] === MAX_TICK_EVENTS || (bytes > 0 && words[EVENTS.bytesInTick] > MAX_TICK_EVENT_BYTES)) {
      this.refuse()
      return -1
    }
    this.numbers[kind]++
    words[EVENTS.bytesInTick] += bytes
    const sequence = words[EVENTS.inTick]++
    if (words[EVENTS.wanted] === 0) return -1
    const at = words[EVENTS.next] & (EVENT_QUEUE - 1)
    words[EVENTS.next]++
    this.#kind[at] = kind
    this.#tick[at] = tick
    this.#sequence[at] = sequence
    return at
  }

  /** Counts an event that there is no room for. */
  refuse(): void {
    this.numbers[this.kinds.length]++
  }

  /** Keeps a document of an event that was given a place; its offset. */
  keep(from: Uint8Array, begin: number, length: number): number {
    const words = this.#words
    const left = EVENT_QUEUE_BYTES - (words[EVENTS.nextBytes] & (EVENT_QUEUE_BYTES - 1))
    if (left < length) words[EVENTS.nextBytes] += left // a document lies in one piece
    const at = words[EVENTS.nextBytes] & (EVENT_QUEUE_BYTES - 1)
    this.#bytes.set(from.subarray(begin, begin + length), at)
    words[EVENTS.nextBytes] += length
    return at
  }

  /** Lets the main thread see what was added. Pairs with the loads in `drain`. Whether there is no room for a tick more. */
  publish(): boolean {
    const words = this.#words
    Atomics.store(words, EVENTS.head, words[EVENTS.next])
    Atomics.store(words, EVENTS.headBytes, words[EVENTS.nextBytes]) // after the head: see drain
    const waiting = (words[EVENTS.next] - Atomics.load(words, EVENTS.tail)) | 0
    const bytes = (words[EVENTS.nextBytes] - Atomics.load(words, EVENTS.tailBytes)) | 0
    // A tick may skip the end of the ring once, less than half of what it may write.
    return waiting > EVENT_QUEUE - MAX_TICK_EVENTS || bytes > EVENT_QUEUE_BYTES - 2 * MAX_TICK_EVENT_BYTES
  }

  // ---- main's side -----------------------------------------------------------------------------------------------------

  /** Whether anybody listens: to be said between batches. */
  set wanted(yes: boolean) {
    this.#words[EVENTS.wanted] = yes ? 1 : 0
  }

  /** Takes what is there, in order, until `isOver`, which is asked now and then. Whether that was all. */
  drain(tell: (event: EmittedEvent) => void, isOver: () => boolean): boolean {
    const words = this.#words
    // Before the head, which is stored first: these are bytes of events up to it, or of fewer. Both pair with `publish`.
    const bytes = Atomics.load(words, EVENTS.headBytes)
    const head = Atomics.load(words, EVENTS.head)
    for (let told = 1; words[EVENTS.tail] !== head; told++) {
      const event = this.#read(words[EVENTS.tail] & (EVENT_QUEUE - 1))
      Atomics.store(words, EVENTS.tail, (words[EVENTS.tail] + 1) | 0) // pairs with the load in publish
      tell(event)
      if (told % TOLD_BETWEEN_LOOKS === 0 && isOver() && words[EVENTS.tail] !== head) return false
    }
    Atomics.store(words, EVENTS.tailBytes, bytes) // pairs with the load in publish
    return true
  }

  #read(at: number): EmittedEvent {
    const { data, from, columns } = this.kinds[this.#kind[at]]
    const values: Record<string, unknown> = {}
    for (const { name, data: column, array } of columns) {
      const { size } = column
      if (column.doc) values[name] = this.#document(array[at * 2], array[at * 2 + 1])
      else if (size === 1) values[name] = shownValue(column, array[at])
      else values[name] = Array.from(array.subarray(at * size, (at + 1) * size), v => shownValue(column, v))
    }
    return { name: data.name, tick: this.#tick[at], sequence: this.#sequence[at], from: from[at], values }
  }

  #document(offset: number, length: number): unknown {
    return length === 0 ? undefined : decode(this.#bytes, this.#view, offset)
  }

  get counts(): EventCounts {
    const emitted = Object.fromEntries(this.kinds.map((k, i) => [k.data.name, this.numbers[i]]))
    return { emitted, refused: this.numbers[this.kinds.length] }
  }
}
