// One population in memory: its arrays, and the ways its rows come and go. Rows of a partition are dense: a removal
// moves the partition's last row into the hole. Every change tells the undo log first, when there is one.
// Changed by one thread at a time, between barriers; kernels write columns only.
import { invariant } from '../core/invariant.js'
import { arrayAt, bytesOf } from './arrays.js'
import type { AnyArray } from './column-types.js'
import { DocumentHeap } from './document-heap.js'
import { Documents } from './documents.js'
import { Frames, FramesSpent } from './frames.js'
import { type BesideLayout, COUNT, type ColumnLayout, META, type PopulationLayout, type WorldLayout } from './layout.js'
import { Leaving } from './leaving.js'
import { Slots } from './slots.js'
import type { UndoLog } from './undo.js'

/** Rows that lie one after another: `count` rows from `row`; the first is number `at` of those asked for. */
export interface Segment {
  readonly row: number
  readonly count: number
  readonly at: number
}

/** A column with its array. */
export interface BoundColumn {
  readonly layout: ColumnLayout
  readonly array: AnyArray
  /** Values a row. */
  readonly size: number
}

/** An array beside the columns. */
export interface Beside {
  readonly array: AnyArray
  /** One byte a frame: whether any row of it may be other than 0. To be set by whoever writes there. */
  readonly used: Uint8Array
}

export class PopulationMemory {
  readonly layout: PopulationLayout
  readonly buffer: ArrayBufferLike
  readonly frames: Frames
  readonly slots: Slots
  /** Who waits to go to a frozen partition. */
  readonly leaving: Leaving
  readonly id: Float64Array
  readonly partition: Uint32Array
  readonly columns: ReadonlyMap<string, BoundColumn>
  /** One of `Uint32Array` a not-every-tick engine: the tick of each row's last turn plus one; its birth's, before any. */
  readonly lastTurns: readonly Uint32Array[]
  /** Its documents; undefined: it has no document column. */
  readonly documents: Documents | undefined
  /** What became of its agents, by COUNT. */
  readonly counts: Float64Array
  readonly #hidden: ReadonlyMap<string, Beside>
  readonly #scratch: ReadonlyMap<string, Beside>
  /** The hidden arrays, and all that goes along with a row as it is. */
  readonly along: readonly Beside[]
  /** Copies a row as `#copyRow` does, where there is no undo log: made by whoever has many to copy. */
  carrier: ((from: number, to: number) => void) | undefined
  #undo: UndoLog | undefined

  /** writer: number of the thread, by which its documents go to pages of its own; the main thread's is the last. */
  constructor(buffer: ArrayBufferLike, layout: PopulationLayout, world: WorldLayout, writer: number) {
    this.buffer = buffer
    this.layout = layout
    this.frames = new Frames(buffer, layout, world)
    this.slots = new Slots(buffer, layout)
    this.leaving = new Leaving(buffer, layout)
    this.id = new Float64Array(buffer, layout.id, layout.rows)
    this.partition = new Uint32Array(buffer, layout.partition, layout.rows)
    this.columns = new Map(
      layout.columns.map(column => {
        const { size, kind } = column.data
        return [column.name, { layout: column, array: arrayAt(buffer, kind, column.offset, layout.rows * size), size }]
      }),
    )
    this.lastTurns = [...layout.turns.values()].map(t => new Uint32Array(buffer, t.last, layout.rows))
    const owner = { what: `population '${layout.name}'`, remedy: `Raise the documentBytes of '${layout.name}'` }
    this.documents = layout.documents && new Documents(new DocumentHeap(buffer, layout.documents, owner, writer), this)
    this.counts = new Float64Array(buffer, layout.counts, COUNT.words)
    const bind = ({ kind, offset, used }: BesideLayout): Beside => ({
      array: arrayAt(buffer, kind, offset, layout.rows),
      used: new Uint8Array(buffer, used, layout.frames),
    })
    this.#hidden = new Map([...layout.hidden].map(([name, place]) => [name, bind(place)]))
    this.#scratch = new Map([...layout.scratch].map(([name, place]) => [name, bind(place)]))
    this.along = [...this.#hidden.values()]
  }

  /** An array that goes along with rows, by the name that the plan gave it. */
  hidden(name: string): Beside {
    return this.#beside(this.#hidden, name)
  }

  /** An array that stays where it is, by the name that the plan gave it. */
  scratch(name: string): Beside {
    return this.#beside(this.#scratch, name)
  }

  #beside(all: ReadonlyMap<string, Beside>, name: string): Beside {
    const found = all.get(name)
    invariant(found !== undefined, `population '${this.layout.name}' has no array '${name}'`)
    return found
  }

  #count(what: number, n: number): void {
    this.#undo?.touch(this.counts, what)
    this.counts[what] += n
  }

  get undo(): UndoLog | undefined {
    return this.#undo
  }

  set undo(log: UndoLog | undefined) {
    this.#undo = log
    this.frames.undo = log
    this.slots.undo = log
    this.leaving.undo = log
    if (this.documents) this.documents.heap.undo = log
  }

  /** To be called by whoever changes values of rows that are there, other than an engine. */
  noteEdit(): void {
    const { meta } = this.frames
    this.#undo?.touch(meta, META.edits)
    meta[META.edits]++
  }

  /** Partitions of the world, whether any of these agents lives there or not. */
  get partitions(): number {
    return this.frames.partitions
  }

  /** Agents alive and awake: those of frozen partitions are in no row. */
  get size(): number {
    return this.frames.meta[META.size]
  }

  /** Agents of frozen partitions. */
  get asleep(): number {
    return this.frames.meta[META.frozen]
  }

  /** The row of an agent; -1 for nobody, the dead and those of frozen partitions. */
  rowOf(id: number): number {
    const row = (this.slots.row[id >>> 0] ?? 0) - 1
    return row >= 0 && this.id[row] === id ? row : -1
  }

  /** Throws when there is no room for `count` more in a partition (undefined: one still to be made). */
  admit(count: number, partition: number | undefined): void {
    if (count > this.slots.room) throw this.slots.fullError(count)
    if (count > this.frames.roomIn(partition)) throw new FramesSpent(this.layout.name)
  }

  /**
   * Makes `count` agents in a partition, columns at their defaults; `stamp` is the tick of their birth plus one.
   * The ids come in `ids`, in order. Throws before anything changes when there is no room.
   */
  spawn(count: number, partition: number, stamp: number, ids: Float64Array): Segment[] {
    this.admit(count, partition)
    const segments: Segment[] = []
    for (let at = 0; at < count; ) {
      const { row, count: n } = this.frames.extend(partition, count - at)
      const last = segments.at(-1)
      if (last && last.row + last.count === row) segments[segments.length - 1] = { ...last, count: last.count + n }
      else segments.push({ row, count: n, at })
      at += n
    }
    for (const segment of segments) this.#open(segment, partition, stamp, ids)
    this.#count(COUNT.born, count)
    return segments
  }

  /**
   * Makes up to `most` agents that lie one after another, their columns as they happen to be: the caller fills them.
   * There must be room. The first row, and how many they are. By the commit of births alone: there is no undo.
   */
  bear(partition: number, most: number, stamp: number): { row: number; count: number } {
    const rows = this.frames.extend(partition, most)
    const end = rows.row + rows.count
    this.slots.takeRun(rows.row, rows.count, this.id)
    this.partition.fill(partition, rows.row, end)
    for (const last of this.lastTurns) last.fill(stamp, rows.row, end)
    this.#clearHidden(rows.row, end)
    this.counts[COUNT.born] += rows.count
    return rows
  }

  /** Moves an agent to the end of another partition, where there must be room; its id stays. Its new row. */
  move(row: number, partition: number): number {
    const to = this.frames.extend(partition, 1).row
    this.#copyRow(row, to)
    this.partition[to] = partition
    this.#takeAway(row)
    this.counts[COUNT.moved]++
    return this.rowOf(this.id[to])
  }

  /** Rows used before may hold what was left there. */
  #clearHidden(begin: number, end: number): void {
    for (const { array } of this.along) {
      this.#undo?.touch(array, begin, end - begin)
      fillUnlessEqual(array, begin, end, 0)
    }
  }

  #open(segment: Segment, partition: number, stamp: number, ids: Float64Array): void {
    const { row: begin, count, at } = segment
    const end = begin + count
    const undo = this.#undo
    undo?.touch(this.id, begin, count)
    undo?.touch(this.partition, begin, count)
    for (let row = begin, i = at; row < end; row++, i++) {
      const id = this.slots.take(row)
      this.id[row] = id
      ids[i] = id
    }
    // Untouched memory is zero already; writing zeros would only commit pages.
    for (let row = begin; row < end; row++) if (this.partition[row] !== partition) this.partition[row] = partition
    for (const { array, size, layout } of this.columns.values()) {
      undo?.touch(array, begin * size, count * size)
      fillUnlessEqual(array, begin * size, end * size, layout.data.default)
    }
    for (const last of this.lastTurns) {
      undo?.touch(last, begin, count)
      fillUnlessEqual(last, begin, end, stamp)
    }
    this.#clearHidden(begin, end)
  }

  /** Takes all rows of a partition away, which froze: its agents' slots say so. To be called once they are copied. */
  fallAsleep(partition: number): void {
    for (const { row, count } of this.segmentsOf(partition)) {
      for (let r = row; r < row + count; r++) this.slots.slept(this.id[r] >>> 0, partition)
      this.id.fill(0, row, row + count)
    }
    this.frames.meta[META.frozen] += this.frames.partitionRows[partition]
    this.frames.release(partition)
  }

  /** Makes rows for agents of a partition that thaws: whoever copied their values writes all but what begins a tick at 0. */
  wakeUp(partition: number, slots: ArrayLike<number>): Segment[] {
    const count = slots.length
    if (count > this.frames.roomIn(partition)) throw new FramesSpent(this.layout.name)
    const segments: Segment[] = []
    for (let at = 0; at < count; ) {
      const { row, count: n } = this.frames.extend(partition, count - at)
      for (let r = row, i = at; r < row + n; r++, i++) {
        this.id[r] = this.slots.idOf(slots[i])
        this.slots.moved(slots[i], r)
      }
      this.partition.fill(partition, row, row + n)
      this.#clearHidden(row, row + n)
      for (const { array, size, layout } of this.columns.values())
        if (layout.data.reset) array.fill(layout.data.default, row * size, (row + n) * size)
      segments.push({ row, count: n, at })
      at += n
    }
    this.frames.meta[META.frozen] -= count
    return segments
  }

  /** Removes the agent in a row; the partition's last row takes its place. */
  remove(row: number): void {
    this.leaving.forget(this.id[row])
    this.slots.release(this.id[row] >>> 0)
    this.#takeAway(row)
    this.#count(COUNT.died, 1)
  }

  /** Removes the `n` agents of these ids, who live, as `remove` does one after another. By the commit of deaths alone: no undo. */
  removeAll(ids: Float64Array, n: number): void {
    const { row } = this.slots
    // Slots are freed at the end: till then they say where those are who are still to go, and have been moved.
    for (let i = 0; i < n; i++) this.#takeAway(row[ids[i] >>> 0] - 1)
    if (this.leaving.any) for (let i = 0; i < n; i++) this.leaving.forget(ids[i])
    this.slots.releaseAll(ids, n)
    this.counts[COUNT.died] += n
  }

  /** Closes the gap that a row leaves in its partition. */
  #takeAway(row: number): void {
    const partition = this.partition[row]
    const last = this.frames.lastRow(partition)
    if (last !== row) this.#copyRow(last, row)
    this.undo?.touch(this.id, last)
    this.id[last] = 0
    this.frames.shrink(partition)
  }

  #copyRow(from: number, to: number): void {
    const undo = this.#undo
    if (!undo && this.carrier) {
      this.carrier(from, to)
      return
    }
    undo?.touch(this.id, to)
    this.id[to] = this.id[from]
    this.slots.moved(this.id[to] >>> 0, to)
    for (const { array, size } of this.columns.values()) {
      undo?.touch(array, to * size, size)
      if (size === 1)
        array[to] = array[from] // many times as fast as a call of copyWithin
      else array.copyWithin(to * size, from * size, (from + 1) * size)
    }
    for (const last of this.lastTurns) {
      undo?.touch(last, to)
      last[to] = last[from]
    }
    const frame = to >>> this.layout.shift
    for (const { array, used } of this.along) {
      if (array[from] === 0 && array[to] === 0) continue
      undo?.touch(array, to)
      undo?.touch(used, frame)
      array[to] = array[from]
      used[frame] = 1
    }
  }

  /** Rows of one partition in the order of its blocks; no block list is needed. */
  segmentsOf(partition: number): Segment[] {
    let at = 0
    return this.frames.framesOf(partition).map(frame => {
      const count = this.frames.rows[frame]
      at += count
      return { row: frame * this.layout.block, count, at: at - count }
    })
  }

  /** Rows in (partition, block) order, of one partition, of some or of all, joined where they lie one after another. */
  segments(of?: number | ReadonlySet<number>): Segment[] {
    const { frames } = this
    frames.refresh()
    const found: Segment[] = []
    let at = 0
    for (let i = 0; i < frames.blocks; i++) {
      const frame = frames.blockList[i]
      const partition = frames.partitionOf[frame]
      if (of !== undefined && !(typeof of === 'number' ? of === partition : of.has(partition))) continue
      const row = frame * this.layout.block
      const count = frames.rows[frame]
      const last = found.at(-1)
      if (last && last.row + last.count === row) found[found.length - 1] = { ...last, count: last.count + count }
      else found.push({ row, count, at })
      at += count
    }
    return found
  }

  /** Bytes of columns, ids and slots for the agents there is room for. */
  get columnBytes(): number {
    let bytes = 8 + 4 + 4
    for (const { size, layout } of this.columns.values()) bytes += size * bytesOf(layout.data.kind)
    return bytes * this.layout.capacity
  }
}

/** Fills where the value differs, so that memory never written stays uncommitted. */
function fillUnlessEqual(array: AnyArray, begin: number, end: number, value: number): void {
  if (value !== 0) {
    array.fill(value, begin, end)
    return
  }
  for (let i = begin; i < end; i++) if (array[i] !== 0) array[i] = 0
}
