// Where the rows of frozen partitions are: in memory, on their way out, or in a store. It keeps what is resident within
// the memory budget, least recently active first, and fetches back what is asked for. Storing goes on beside the ticks.
// Coding is done in this thread, a few milliseconds at a time: threads of a pool would take more memory than many a budget
// saves. What it does can be seen in memory and time alone, never in a result.
import { PopulaceError } from '../core/errors.js'
import { invariant } from '../core/invariant.js'
import { KEPT_SHARE } from '../core/limits.js'
import type { ApartRows } from '../state/apart-rows.js'
import { inlineCodec } from '../state/codec.js'
import type { FrozenRows } from '../state/frozen-rows.js'
import type { PartitionShelf } from '../state/partition-shelf.js'
import { SpareMemory } from '../state/spare-memory.js'

/** What may be resident: frames and bytes of active partitions, and of frozen ones as if they were active. */
export interface MemoryBudget {
  readonly frames: number
  readonly bytes: number
}

/** What something takes. */
export type Footprint = MemoryBudget

/** A partition that is kept. */
interface Kept {
  readonly apart: ApartRows
  readonly footprint: Footprint
  /** Being stored; its rows are dropped when that is done, unless somebody wants them meanwhile. */
  leaving: Promise<void> | undefined
  /** Being fetched. */
  coming: Promise<FrozenRows> | undefined
}

/** How a residence is made. */
export interface ResidenceOptions {
  readonly shelf: PartitionShelf
  readonly budget: MemoryBudget
  /** Told before the rows of a partition leave memory. */
  leaves(partition: number, rows: FrozenRows): void
  /** The name of a partition, for messages. */
  name(partition: number): string
}

export class Residence {
  /** Of rows that are kept no more. */
  readonly memory = new SpareMemory()
  readonly #o: ResidenceOptions
  readonly #kept = new Map<number, Kept>()
  #failure: PopulaceError | undefined

  constructor(o: ResidenceOptions) {
    this.#o = o
  }

  /** What frozen partitions take in memory, those that are being stored included. */
  get resident(): Footprint {
    return this.#sum(k => k.apart.rows !== undefined)
  }

  /** Partitions whose rows are in the store only. */
  get stored(): number {
    let n = 0
    for (const kept of this.#kept.values()) if (kept.apart.rows === undefined) n++
    return n
  }

  #sum(which: (kept: Kept) => boolean): Footprint {
    let frames = 0
    let bytes = 0
    for (const kept of this.#kept.values()) {
      if (!which(kept)) continue
      frames += kept.footprint.frames
      bytes += kept.footprint.bytes
    }
    return { frames, bytes }
  }

  /** Whether a partition's rows are in memory, or it is not kept here at all. */
  isResident(partition: number): boolean {
    const kept = this.#kept.get(partition)
    return kept === undefined || kept.apart.rows !== undefined
  }

  /** Keeps the rows of a partition that froze. */
  keep(apart: ApartRows, footprint: Footprint): void {
    this.#kept.set(apart.partition, { apart, footprint, leaving: undefined, coming: undefined })
  }

  /** Who is kept, in the order of the partitions, for a checkpoint: their rows stay as they are from now on. */
  apart(): ApartRows[] {
    const all = [...this.#kept.values()].map(k => k.apart).sort((a, b) => a.partition - b.partition)
    for (const { rows } of all) if (rows) this.memory.share(rows.buffer)
    return all
  }

  /** Keys of what is kept, as far as they are known. */
  get keys(): string[] {
    return [...this.#kept.values()].flatMap(k => k.apart.key ?? [])
  }

  /** Begins to fetch a partition that will be wanted. */
  fetch(partition: number): void {
    const kept = this.#kept.get(partition)
    if (kept && !kept.apart.rows) this.#come(kept).catch(() => undefined) // told to whoever takes it
  }

  #come(kept: Kept): Promise<FrozenRows> {
    kept.coming ??= (async () => {
      try {
        return await kept.apart.read(this.#o.shelf, n => this.memory.take(n))
      } catch (error) {
        throw this.#failed(kept, 'come back to', error)
      }
    })()
    return kept.coming
  }

  #failed({ apart }: Kept, what: string, cause: unknown): PopulaceError {
    return new PopulaceError(
      'MEMORY_BUDGET',
      `Partition '${this.#o.name(apart.partition)}' could not ${what} memory: ${(cause as Error)?.message ?? cause}`,
      'See to the store, or give the world a budget that it fits in.',
      cause,
    )
  }

  /** The rows of a partition that is kept, which stays where it is; a promise where they have to be fetched. */
  look(partition: number): FrozenRows | Promise<FrozenRows> {
    const kept = this.#kept.get(partition)
    invariant(kept !== undefined, `partition ${partition} is not kept`)
    const { rows } = kept.apart
    if (rows) {
      this.memory.share(rows.buffer)
      return rows
    }
    const isWanted = kept.coming !== undefined // by somebody who will take it
    return this.#come(kept).then(rows => {
      this.memory.share(rows.buffer)
      if (!isWanted) kept.coming = undefined
      return rows
    })
  }

  /** The rows of a partition that thaws; it is kept no more, and the caller gives its memory back. undefined: it had none. */
  async take(partition: number): Promise<FrozenRows | undefined> {
    const kept = this.#kept.get(partition)
    if (!kept) return undefined
    const rows = kept.apart.rows ?? (await this.#come(kept))
    if (kept.leaving) this.memory.share(rows.buffer) // it is being coded
    this.#kept.delete(partition)
    this.#discard(kept)
    return rows
  }

  /** What was stored of a partition is needed no more. */
  async #discard(kept: Kept): Promise<void> {
    await Promise.allSettled([kept.leaving, kept.coming])
    try {
      await this.#o.shelf.release(kept.apart)
    } catch (error) {
      this.#failure ??= this.#failed(kept, 'be taken out of the store after it came back to', error)
    }
  }

  /** Begins to store a partition and drops its rows when that is done. */
  unload(partition: number): void {
    const kept = this.#kept.get(partition)
    if (!kept?.apart.rows || kept.leaving) return
    kept.leaving = this.#leave(kept, kept.apart.rows)
  }

  async #leave(kept: Kept, rows: FrozenRows): Promise<void> {
    const { apart } = kept
    try {
      this.#o.leaves(apart.partition, rows)
      await this.#o.shelf.keep([apart], inlineCodec)
      if (this.#kept.get(apart.partition) !== kept) return // it thawed meanwhile
      apart.rows = undefined
      this.memory.give(rows.buffer)
    } catch (error) {
      this.#failure ??= this.#failed(kept, 'leave', error)
    } finally {
      kept.leaving = undefined
    }
  }

  /**
   * Brings what is resident within the budget, so that there is room for what wakes next; `active` is what active
   * partitions take. pinned: what stays. MEMORY_BUDGET: active partitions alone exceed it, or something could not be stored.
   */
  enforce(active: Footprint, pinned: (partition: number) => boolean): void {
    this.check(active)
    const budget = { frames: this.#o.budget.frames * KEPT_SHARE, bytes: this.#o.budget.bytes * KEPT_SHARE }
    const staying = this.#sum(k => k.apart.rows !== undefined && k.leaving === undefined)
    let frames = active.frames + staying.frames
    let bytes = active.bytes + staying.bytes
    if (frames <= budget.frames && bytes <= budget.bytes) return
    const oldest = [...this.#kept.values()]
      .filter(({ apart, leaving }) => apart.rows && !leaving && !pinned(apart.partition))
      .sort((a, b) => a.apart.since - b.apart.since || a.apart.partition - b.apart.partition)
    for (const { apart, footprint } of oldest) {
      this.unload(apart.partition)
      frames -= footprint.frames
      bytes -= footprint.bytes
      if (frames <= budget.frames && bytes <= budget.bytes) return
    }
  }

  /** MEMORY_BUDGET: as enforce. */
  check(active: Footprint): void {
    if (this.#failure) throw this.#failure
    const { frames, bytes } = this.#o.budget
    if (active.frames <= frames && active.bytes <= bytes) return
    throw new PopulaceError(
      'MEMORY_BUDGET',
      active.frames > frames
        ? `Active partitions take ${active.frames} frames, and limits.residentFrames is ${frames}`
        : `Active partitions take ${Math.ceil(active.bytes / 2 ** 20)} MiB, and limits.maxMemoryMb is ${bytes / 2 ** 20}`,
      'Freeze partitions that need not tick, or give a larger budget.',
    )
  }

  /** Waits for what is on its way out, where memory holds more than the budget until it is gone. */
  async settle(active: Footprint): Promise<void> {
    const { frames, bytes } = this.#o.budget
    const { resident } = this
    if (active.frames + resident.frames <= frames && active.bytes + resident.bytes <= bytes) return
    await Promise.all([...this.#kept.values()].map(k => k.leaving))
  }

  /** Resolves when nothing is on its way any more. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#kept.values()].flatMap(k => [k.leaving, k.coming]))
  }
}
