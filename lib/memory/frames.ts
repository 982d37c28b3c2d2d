// The frames of one population: which partition each belongs to, in what order, and how many rows it holds.
// Blocks of a partition are dense: all are full but the last. The block list (frames in (partition, block) order) is
// what ticks are stepped by; it is made anew after structural changes, by whoever made them.
// Changed by one thread at a time, between barriers; read by all.
import { PopulaceError } from '../core/errors.js'
import { invariant } from '../core/invariant.js'
import { HEADER, META, type PopulationLayout, type WorldLayout } from './layout.js'
import type { UndoLog } from './undo.js'

/** Sentinel in the frame links and partition heads: stored plus one, so that untouched memory means none. */
const NO_FRAME = -1

/** Thrown when frames run out though the capacity is not reached: partitions end in part-filled blocks. */
export class FramesSpent extends Error {
  readonly population: string

  constructor(population: string) {
    super(`population '${population}' has no frame left`)
    this.population = population
  }
}

export class Frames {
  readonly layout: PopulationLayout
  readonly meta: Int32Array
  readonly partitionOf: Int32Array
  readonly rows: Int32Array
  readonly ordinal: Int32Array
  readonly blockList: Int32Array
  readonly partitionRows: Int32Array
  /** Where the n-th fresh frame is placed; checks mode shuffles it. */
  placement: Int32Array | undefined
  undo: UndoLog | undefined
  readonly #header: Int32Array
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #free: Int32Array
  readonly #head: Int32Array
  readonly #tail: Int32Array

  constructor(buffer: ArrayBufferLike, layout: PopulationLayout, world: WorldLayout) {
    const words = (offset: number, n: number) => new Int32Array(buffer, offset, n)
    const partitions = (layout.partitionTail - layout.partitionHead) >> 2
    this.layout = layout
    this.#header = words(world.header, HEADER.words)
    this.meta = words(layout.meta, META.words)
    this.partitionOf = words(layout.framePartition, layout.frames)
    this.rows = words(layout.frameRows, layout.frames)
    this.ordinal = words(layout.frameOrdinal, layout.frames)
    this.blockList = words(layout.blockList, layout.frames)
    this.#next = words(layout.frameNext, layout.frames)
    this.#previous = words(layout.framePrevious, layout.frames)
    this.#free = words(layout.freeFrames, layout.frames)
    this.#head = words(layout.partitionHead, partitions)
    this.#tail = words(layout.partitionTail, partitions)
    this.partitionRows = words(layout.partitionRows, partitions)
  }

  #put(array: Int32Array, at: number, value: number): void {
    this.undo?.touch(array, at)
    array[at] = value
  }

  /** Partitions of the world. */
  get partitions(): number {
    return this.#header[HEADER.partitions]
  }

  /** How many more rows fit at the end of `partition` (undefined: one without rows), were they all to go there. */
  roomIn(partition: number | undefined): number {
    const { block, frames } = this.layout
    const tail = partition === undefined ? NO_FRAME : this.#tail[partition] - 1
    const free = this.meta[META.framesFree] + frames - this.meta[META.framesUsed]
    return (tail === NO_FRAME ? 0 : block - this.rows[tail]) + free * block
  }

  /** Room for up to `most` rows at the end of `partition`: the first row, and how many lie there one after another. */
  extend(partition: number, most: number): { row: number; count: number } {
    const { block } = this.layout
    let frame = this.#tail[partition] - 1
    if (frame === NO_FRAME || this.rows[frame] === block) frame = this.#append(partition, frame)
    const used = this.rows[frame]
    const count = Math.min(most, block - used)
    this.#put(this.rows, frame, used + count)
    this.#put(this.partitionRows, partition, this.partitionRows[partition] + count)
    this.#put(this.meta, META.size, this.meta[META.size] + count)
    this.#put(this.meta, META.structure, this.meta[META.structure] + 1)
    return { row: frame * block + used, count }
  }

  #append(partition: number, tail: number): number {
    const frame = this.#takeFrame()
    this.#put(this.partitionOf, frame, partition)
    this.#put(this.rows, frame, 0)
    this.#put(this.ordinal, frame, tail === NO_FRAME ? 0 : this.ordinal[tail] + 1)
    this.#put(this.#next, frame, 0)
    this.#put(this.#previous, frame, tail + 1)
    if (tail === NO_FRAME) this.#put(this.#head, partition, frame + 1)
    else this.#put(this.#next, tail, frame + 1)
    this.#put(this.#tail, partition, frame + 1)
    this.#put(this.meta, META.stale, 1)
    return frame
  }

  #takeFrame(): number {
    const { meta, layout } = this
    if (meta[META.framesFree] > 0) {
      this.#put(meta, META.framesFree, meta[META.framesFree] - 1)
      return this.#free[meta[META.framesFree]]
    }
    invariant(meta[META.framesUsed] < layout.frames, `population '${layout.name}' took a frame that it does not have`)
    this.#put(meta, META.framesUsed, meta[META.framesUsed] + 1)
    const fresh = meta[META.framesUsed] - 1
    return this.placement ? this.placement[fresh] : fresh
  }

  /** The last row of a partition, which a removal moves into the hole. */
  lastRow(partition: number): number {
    const frame = this.#tail[partition] - 1
    return frame * this.layout.block + this.rows[frame] - 1
  }

  /** Takes the last row of a partition away. */
  shrink(partition: number): void {
    const frame = this.#tail[partition] - 1
    const { rows, partitionRows, meta, undo } = this
    if (undo) {
      undo.touch(rows, frame)
      undo.touch(partitionRows, partition)
      undo.touch(meta, 0, META.words)
    }
    rows[frame]--
    partitionRows[partition]--
    meta[META.size]--
    meta[META.structure]++
    if (rows[frame] > 0) return
    const previous = this.#previous[frame] - 1
    this.#put(this.#tail, partition, previous + 1)
    if (previous === NO_FRAME) this.#put(this.#head, partition, 0)
    else this.#put(this.#next, previous, 0)
    this.#put(this.#free, this.meta[META.framesFree], frame)
    this.#put(this.meta, META.framesFree, this.meta[META.framesFree] + 1)
    this.#put(this.meta, META.stale, 1)
  }

  /** The frames of a partition, in the order of its blocks. */
  framesOf(partition: number): number[] {
    const found: number[] = []
    for (let frame = this.#head[partition] - 1; frame !== NO_FRAME; frame = this.#next[frame] - 1) found.push(frame)
    return found
  }

  /** Takes all rows of a partition away; its frames are free for others. There is no undo. */
  release(partition: number): void {
    const { meta, rows } = this
    const taken = this.framesOf(partition)
    if (taken.length === 0) return
    // The last one first: whoever takes frames next gets them in the order in which they lay here.
    for (const frame of taken.reverse()) {
      rows[frame] = 0
      this.#free[meta[META.framesFree]++] = frame
    }
    meta[META.size] -= this.partitionRows[partition]
    meta[META.structure]++
    meta[META.stale] = 1
    this.partitionRows[partition] = 0
    this.#head[partition] = 0
    this.#tail[partition] = 0
  }

  /** Makes the block list anew if frames were added or taken away. */
  refresh(): void {
    const { meta, blockList } = this
    if (meta[META.stale] === 0) return
    let n = 0
    this.undo?.touch(blockList, 0, this.layout.frames)
    for (let partition = 0; partition < this.partitions; partition++) {
      for (let frame = this.#head[partition] - 1; frame !== NO_FRAME; frame = this.#next[frame] - 1)
        blockList[n++] = frame
    }
    this.#put(meta, META.blocks, n)
    this.#put(meta, META.stale, 0)
  }

  /** Blocks in the list; call refresh first where structure may have changed. */
  get blocks(): number {
    return this.meta[META.blocks]
  }
}

/** The error for frames that ran out where setup can't start again with smaller blocks. */
export function framesError(layout: PopulationLayout): PopulaceError {
  return new PopulaceError(
    'CAPACITY_EXCEEDED',
    `Population '${layout.name}' has no block left: its partitions end in too many part-filled blocks of ${layout.block} rows`,
    `Give it smaller blocks (block: ${Math.max(16, layout.block / 4)}) or a larger capacity than ${layout.capacity}.`,
  )
}
