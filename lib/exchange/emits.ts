// Emitting: kernels put events into streams, one for each kind and one that keeps the order among kinds; when the engine
// ends they go to the queue in the order of the blocks.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import type { AnyArray } from '../memory/column-types.js'
import type { ColumnData } from '../memory/columns.js'
import type { EventQueue } from '../memory/event-queue.js'
import type { PopulationMemory } from '../memory/population-memory.js'
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
  readonly #queue: EventQueue
  readonly #kinds: ReadonlyMap<string, number>

  constructor(queue: EventQueue, order: Stream, streams: ReadonlyMap<string, Stream>) {
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
    const record = staging.draft(turn, head, [SENDER], began) as Adder
    const number = order.draft(turn, ordered, [KIND]) as Adder
    const put = makePut(event, columns, staging)
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
        const to = this.#queue.take(kind, tick)
        if (to >= 0) this.#copy(kind, streams.get(kinds[kind])?.stagings[thread], next[kind], to)
        next[kind]++
      }
      order.count[frame] = 0
      for (const stream of streams.values()) stream.count[frame] = 0
    }
  }

  #copy(kind: number, staging: Staging | undefined, from: number, to: number): void {
    const kept = this.#queue.kinds[kind]
    if (!staging) return
    kept.from[to] = staging.arrays.get(SENDER)?.[from] ?? 0
    for (const { name, data, array } of kept.columns) {
      const staged = staging.arrays.get(name) as AnyArray // a stream of events has all their columns
      for (let k = 0; k < data.size; k++) array[to * data.size + k] = staged[from * data.size + k]
    }
  }
}

/** Fills the columns of a record with what a kernel gives. */
function makePut(event: string, columns: ReadonlyMap<string, ColumnData>, staging: Staging) {
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
      const numbers = storedValues(column, values[name], `Column '${name}' of event '${event}'`)
      staging.arrays.get(name)?.set(numbers, at * column.size)
    }
  }
}
