// Emitting: kernels put events into streams, one for each kind and one that keeps the order among kinds; when the engine
// ends they go to the queue in the order of the blocks.
import { PopulaceError } from '../core/errors.js'
import { MAX_TICK_EVENT_BYTES } from '../core/limits.js'
import { hint } from '../core/suggest.js'
import type { AnyArray } from '../memory/column-types.js'
import type { ColumnData } from '../memory/columns.js'
import type { DocumentStore, DocumentWriter } from '../memory/documents.js'
import type { EventQueue } from '../memory/event-queue.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { StagedDocuments } from '../memory/staged-documents.js'
import { storedValues } from '../memory/stored.js'
import { KIND, SENDER } from './needs.js'
import type { Staging, Stream } from './streams.js'
import type { Turn } from './turn.js'

/** What a kernel emits with. */
export type Emitter = (row: number, values: Readonly<Record<string, unknown>>) => void

interface Adder {
  add(row: number, kind?: number): number
}

export class Emits {
  /** Of all kinds, in the order in which they were emitted. */
  readonly order: Stream
  /** By event. */
  readonly streams: ReadonlyMap<string, Stream>
  /** Where each thread's documents are staged; undefined: there are none. */
  readonly documents: readonly StagedDocuments[] | undefined
  readonly #queue: EventQueue
  readonly #kinds: ReadonlyMap<string, number>

  constructor(
    queue: EventQueue,
    order: Stream,
    streams: ReadonlyMap<string, Stream>,
    documents: readonly StagedDocuments[] | undefined,
  ) {
    this.documents = documents
    this.order = order
    this.streams = streams
    this.#queue = queue
    this.#kinds = new Map(queue.kinds.map((k, i) => [k.data.name, i]))
  }

  /** What a kernel over `senders` emits one kind with. OUTPUT_ROW, COLUMN_UNKNOWN, VALUE_INVALID. */
  emitter(
    event: string,
    staging: Staging,
    order: Staging,
    senders: PopulationMemory,
    turn: Turn,
    began?: (row: number, at: number) => void,
    documents?: DocumentStore,
  ): Emitter {
    const kind = this.#kinds.get(event) as number // all events of the scenario have one
    const { columns } = this.#queue.kinds[kind].data
    const does = `emits '${event}' for`
    const head = {
      ...{ does, parameters: '', fill: 'from[at] = ids[row]' },
      constants: { from: staging.arrays.get(SENDER), ids: senders.id },
    }
    const ordered = {
      does,
      parameters: ', kind',
      fill: 'kinds[at] = kind',
      constants: { kinds: order.arrays.get(KIND) },
    }
    const record = staging.draft(turn, head, [SENDER], began, documents) as Adder & Record<string, DocumentWriter>
    const number = order.draft(turn, ordered, [KIND]) as Adder
    const put = makePut(event, columns, staging, record)
    return (row, values) => {
      const at = record.add(row)
      number.add(row, kind)
      put(at, values)
    }
  }

  /** By one thread: queues what was emitted in the blocks of `senders`. */
  commit(senders: PopulationMemory, tick: number): void {
    const { order, streams } = this
    const { blockList, blocks } = senders.frames
    const kinds = this.#queue.kinds.map(k => k.data.name)
    const next = new Int32Array(kinds.length)
    for (let i = 0; i < blocks; i++) {
      const frame = blockList[i]
      const n = order.count[frame]
      if (n === 0) continue
      const thread = order.thread[frame]
      const staged = order.stagings[thread].arrays.get(KIND) as AnyArray
      for (const [k, name] of kinds.entries()) next[k] = streams.get(name)?.start[frame] ?? 0
      for (let at = order.start[frame]; at < order.start[frame] + n; at++) {
        if (at >= order.capacity) {
          this.#queue.refuse() // a thread keeps as many as a tick may emit: what lies beyond is in nobody's memory
          continue
        }
        const kind = staged[at]
        const staging = streams.get(kinds[kind])?.stagings[thread]
        const to = this.#queue.take(kind, tick, this.#bytesOf(kind, staging, next[kind]))
        if (to >= 0) this.#copy(kind, staging, thread, next[kind], to)
        next[kind]++
      }
      order.count[frame] = 0
      for (const stream of streams.values()) stream.count[frame] = 0
    }
  }

  /** Bytes of an event's documents; Infinity where the thread had no room for one. */
  #bytesOf(kind: number, staging: Staging | undefined, at: number): number {
    let bytes = 0
    for (const { name, data } of this.#queue.kinds[kind].columns) {
      const words = data.doc ? staging?.arrays.get(name) : undefined
      if (!words || words[at * 2 + 1] === 0) continue
      bytes += words[at * 2] + words[at * 2 + 1] > MAX_TICK_EVENT_BYTES ? Number.POSITIVE_INFINITY : words[at * 2 + 1]
    }
    return bytes
  }

  #copy(kind: number, staging: Staging | undefined, thread: number, from: number, to: number): void {
    const kept = this.#queue.kinds[kind]
    if (!staging) return
    kept.from[to] = staging.arrays.get(SENDER)?.[from] ?? 0
    for (const { name, data, array } of kept.columns) {
      const staged = staging.arrays.get(name) as AnyArray // a stream of events has all their columns
      const documents = this.documents?.[thread]
      if (data.doc && documents) {
        const length = staged[from * 2 + 1]
        array[to * 2] = length === 0 ? 0 : this.#queue.keep(documents.bytes, staged[from * 2], length)
        array[to * 2 + 1] = length
        continue
      }
      for (let k = 0; k < data.size; k++) array[to * data.size + k] = staged[from * data.size + k]
    }
  }
}

/** Fills the columns of a record with what a kernel gives. */
function makePut(
  event: string,
  columns: ReadonlyMap<string, ColumnData>,
  staging: Staging,
  documents: Readonly<Record<string, DocumentWriter>>,
) {
  const known = [...columns.keys()]
  return (at: number, values: Readonly<Record<string, unknown>>): void => {
    for (const name in values) {
      const column = columns.get(name)
      if (!column)
        throw new PopulaceError(
          'COLUMN_UNKNOWN',
          `Event '${event}' has no column '${name}'`,
          `Check the spelling; ${hint(name, known)}`,
        )
      if (values[name] === undefined) continue
      if (column.doc) {
        documents[name].set(at, values[name])
        continue
      }
      const numbers = storedValues(column, values[name], `Column '${name}' of event '${event}'`)
      staging.arrays.get(name)?.set(numbers, at * column.size)
    }
  }
}
