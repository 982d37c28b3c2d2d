// Streams: records that threads stage while they step blocks, to be taken in the order of the blocks, whoever stepped
// them. A thread stages into memory of its own; which thread stepped a block, and where in its memory the block's
// records lie, is noted by frame when the block ends.
//
// A thread keeps its first `capacity` records: it claims blocks in ascending order, so among them are all of its records
// that are among the first `capacity` of all. What lies beyond is counted only.
import { invariant } from '../core/invariant.js'
import { fresh } from '../kernels/fresh.js'
import { arrayAt, newArray } from '../memory/arrays.js'
import type { AnyArray } from '../memory/column-types.js'
import { type DocumentStore, documentDraft } from '../memory/documents.js'
import type { RecordColumn, StreamLayout, WorldLayout } from '../memory/layout.js'
import { IN_TURN, outOfTurn, type Turn } from './turn.js'

/** Int32 words of a staging's state: the next record, and records put out since the block began. */
const STATE = { next: 0, added: 1, words: 2 } as const

/** Numbers of one column that are set one by one at most. */
const UNROLLED = 8

/** How the records that a kernel adds begin. */
export interface Head {
  /** What is refused for rows out of turn, as in 'A kernel gives birth for row 7'. */
  readonly does: string
  /** Parameters after the row, and statements over `row`, those and `at` that fill the record's head. */
  readonly parameters: string
  readonly fill: string
  /** Constants of those statements. */
  readonly constants: Readonly<Record<string, unknown>>
}

/** One thread's part of a stream. */
export class Staging {
  readonly arrays: ReadonlyMap<string, AnyArray>
  readonly capacity: number
  readonly #columns: ReadonlyMap<string, RecordColumn>
  readonly #state = new Int32Array(STATE.words)

  private constructor(columns: ReadonlyMap<string, RecordColumn>, arrays: Map<string, AnyArray>, capacity: number) {
    this.#columns = columns
    this.arrays = arrays
    this.capacity = capacity
  }

  /** In the staging memory of a thread. */
  static in(memory: ArrayBufferLike, { columns, capacity }: StreamLayout): Staging {
    const arrays = [...columns].map(
      ([name, { kind, size, offset }]) => [name, arrayAt(memory, kind, offset, (capacity + 1) * size)] as const,
    )
    return new Staging(columns, new Map(arrays), capacity)
  }

  /** In no memory that anybody takes from: each record is written over by the next. */
  static nowhere({ columns }: StreamLayout): Staging {
    const arrays = [...columns].map(([name, { kind, size }]) => [name, newArray(kind, size)] as const)
    return new Staging(columns, new Map(arrays), 0)
  }

  /** Forgets all records: when a thread begins to step an engine. */
  clear(): void {
    this.#state.fill(0)
  }

  /** Begins a block: where its first record will be. */
  begin(): number {
    this.#state[STATE.added] = 0
    return this.#state[STATE.next]
  }

  /** Records put out since the block began. */
  get added(): number {
    return this.#state[STATE.added]
  }

  /**
   * What a kernel is given: the arrays, and `add(row, …)`, which begins a record with its defaults and gives its place.
   * OUTPUT_ROW. `began` is called with the row and place of each record before anything is written there. Documents go
   * to `documents`, which is there where a column holds some.
   */
  draft(
    turn: Turn,
    head: Head,
    hide: readonly string[],
    began?: (row: number, at: number) => void,
    documents?: DocumentStore,
  ): object {
    const constants: Record<string, unknown> = {
      ...head.constants,
      ...{ turn, state: this.#state, began, outside: (row: number) => outOfTurn(head.does, row, turn) },
    }
    let defaults = ''
    let k = 0
    for (const [name, { size, default: value }] of this.#columns) {
      if (hide.includes(name)) continue
      constants[`c${k}`] = this.arrays.get(name)
      // One by one where there are few: that takes less than a call of fill.
      if (size > UNROLLED) defaults += `c${k}.fill(${value}, at * ${size}, at * ${size} + ${size})\n`
      else for (let i = 0; i < size; i++) defaults += `c${k}[at * ${size} + ${i}] = ${value}\n`
      k++
    }
    const add = fresh(
      constants,
      `return (row${head.parameters}) => {
        ${IN_TURN}
        let at = state[${STATE.next}]
        state[${STATE.added}]++
        if (at < ${this.capacity}) state[${STATE.next}] = at + 1
        else at = ${this.capacity}
        ${began ? 'began(row, at)' : ''}
        ${head.fill}
        ${defaults}
        return at
      }`,
    )
    const columns = [...this.arrays].filter(([name]) => !hide.includes(name))
    const shown = columns.map(([name, array]): [string, object] => {
      if (!this.#columns.get(name)?.doc) return [name, array]
      invariant(documents !== undefined, `documents '${name}' of a stream have no store`)
      return [name, documentDraft(documents, array as Uint32Array, name)]
    })
    return { ...Object.fromEntries(shown), add }
  }
}

/** A stream as all threads see it: who staged what in which block. */
export class Stream {
  readonly capacity: number
  readonly layout: StreamLayout
  readonly thread: Int32Array
  readonly start: Int32Array
  readonly count: Int32Array
  readonly base: Int32Array
  /** One a thread. */
  readonly stagings: readonly Staging[]

  constructor(world: ArrayBufferLike, staging: readonly ArrayBufferLike[], layout: StreamLayout, frames: number) {
    this.layout = layout
    this.capacity = layout.capacity
    this.thread = new Int32Array(world, layout.thread, frames)
    this.start = new Int32Array(world, layout.start, frames)
    this.count = new Int32Array(world, layout.count, frames)
    this.base = new Int32Array(world, layout.base, frames)
    this.stagings = staging.map(memory => Staging.in(memory, layout))
  }

  /** Notes what `thread` staged in a block: `first` is what `begin` gave. */
  note(frame: number, thread: number, first: number): void {
    this.thread[frame] = thread
    this.start[frame] = first
    this.count[frame] = this.stagings[thread].added
  }
}

/** All streams of a world by name, in one thread. */
export function openStreams(
  world: ArrayBufferLike,
  staging: readonly ArrayBufferLike[],
  layout: WorldLayout,
): ReadonlyMap<string, Stream> {
  const frames = Math.max(1, ...layout.populations.map(p => p.frames))
  return new Map([...layout.streams].map(([name, s]) => [name, new Stream(world, staging, s, frames)]))
}
