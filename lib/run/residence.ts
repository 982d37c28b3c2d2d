// Where the rows of frozen partitions are: in memory, on their way out, or in a store. It keeps what is resident within
// the memory budget, least recently active first, and fetches back what is asked for. Storing goes on beside the ticks.
// Coding is done in this thread, a few milliseconds at a time: threads of a pool would take more memory than many a budget
// saves. What it does can be seen in memory and time alone, never in a result.
import { PopulaceError } from '../core/errors.js'
import { invariant } from '../core/invariant.js'
import { inlineCodec } from '../state/codec.js'
import { decodeWhole, encodeWhole } from '../state/coding.js'
import { joinParts } from '../state/container.js'
import type { FrozenRows } from '../state/frozen-rows.js'
import type { StateHead } from '../state/image.js'
import type { PartitionStore } from '../state/partition-store.js'
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
  readonly partition: number
  readonly since: number
  readonly footprint: Footprint
  readonly key: string
  /** undefined: it is in the store only. */
  rows: FrozenRows | undefined
  /** Being stored; its rows are dropped when that is done, unless somebody wants them meanwhile. */
  leaving: Promise<void> | undefined
  /** Being fetched. */
  coming: Promise<FrozenRows> | undefined
  stored: boolean
}

/** How a residence is made. */
export interface ResidenceOptions {
  readonly store: PartitionStore
  readonly budget: MemoryBudget
  /** Told before the rows of a partition leave memory. */
  leaves(partition: number, rows: FrozenRows): void
  /** The name of a partition, for messages. */
  name(partition: number): string
}

/** The head of what is stored: a container wants one, and all that a partition needs is in the world that it is of. */
const HEAD: StateHead = {
  scenario: '',
  schema: { populations: [], messages: [], events: [] },
  seed: 0,
  params: {},
  tick: 0,
  blocks: {},
  commands: 0,
  shed: {},
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
    return this.#sum(k => k.rows !== undefined)
  }

  /** Partitions whose rows are in the store only. */
  get stored(): number {
    let n = 0
    for (const kept of this.#kept.values()) if (kept.rows === undefined) n++
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
    return kept === undefined || kept.rows !== undefined
  }

  /** Keeps the rows of a partition that froze at tick `since`. */
  keep(partition: number, since: number, rows: FrozenRows, footprint: Footprint): void {
    const key = `frozen/${partition}/${since}`
    const state = { rows, leaving: undefined, coming: undefined, stored: false }
    this.#kept.set(partition, { partition, since, footprint, key, ...state })
  }

  /** Begins to fetch a partition that will be wanted. */
  fetch(partition: number): void {
    const kept = this.#kept.get(partition)
    if (kept && !kept.rows) this.#come(kept).catch(() => undefined) // told to whoever takes it
  }

  #come(kept: Kept): Promise<FrozenRows> {
    kept.coming ??= (async () => {
      try {
        const bytes = await this.#o.store.get(kept.key)
        const { sections, buffer } = await decodeWhole(bytes, inlineCodec, n => this.memory.take(n))
        return { sections, buffer }
      } catch (error) {
        throw this.#failed(kept, 'come back to', error)
      }
    })()
    return kept.coming
  }

  #failed({ partition }: Kept, what: string, cause: unknown): PopulaceError {
    return new PopulaceError(
      'MEMORY_BUDGET',
      `Partition '${this.#o.name(partition)}' could not ${what} memory: ${(cause as Error)?.message ?? cause}`,
      'See to the store, or give the world a budget that it fits in.',
      cause,
    )
  }

  /** The rows of a partition that is kept, which stays where it is; a promise where they have to be fetched. */
  look(partition: number): FrozenRows | Promise<FrozenRows> {
    const kept = this.#kept.get(partition)
    invariant(kept !== undefined, `partition ${partition} is not kept`)
    if (kept.rows) {
      this.memory.share(kept.rows.buffer)
      return kept.rows
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
    const rows = kept.rows ?? (await this.#come(kept))
    if (kept.leaving) this.memory.share(rows.buffer) // it is being coded
    this.#kept.delete(partition)
    this.#discard(kept)
    return rows
  }

  /** What was stored of a partition is needed no more. */
  async #discard(kept: Kept): Promise<void> {
    await Promise.allSettled([kept.leaving, kept.coming])
    if (!kept.stored) return
    try {
      await this.#o.store.delete([kept.key])
    } catch (error) {
      this.#failure ??= this.#failed(kept, 'be taken out of the store after it came back to', error)
    }
  }

  /** Begins to store a partition and drops its rows when that is done. */
  unload(partition: number): void {
    const kept = this.#kept.get(partition)
    if (!kept?.rows || kept.leaving) return
    kept.leaving = this.#leave(kept, kept.rows)
  }

  async #leave(kept: Kept, rows: FrozenRows): Promise<void> {
    try {
      this.#o.leaves(kept.partition, rows)
      const { parts } = await encodeWhole({ head: HEAD, ...rows }, inlineCodec)
      if (this.#kept.get(kept.partition) !== kept) return // it thawed meanwhile
      await this.#o.store.put(kept.key, joinParts(parts))
      kept.stored = true
      if (this.#kept.get(kept.partition) !== kept) return // it thawed while it was written
      kept.rows = undefined
      this.memory.give(rows.buffer)
    } catch (error) {
      this.#failure ??= this.#failed(kept, 'leave', error)
    } finally {
      kept.leaving = undefined
    }
  }

  /**
   * Brings what is resident within the budget; `active` is what active partitions take. pinned: what stays.
   * MEMORY_BUDGET: active partitions alone exceed it, or something could not be stored.
   */
  enforce(active: Footprint, pinned: (partition: number) => boolean): void {
    this.check(active)
    const { budget } = this.#o
    const staying = this.#sum(k => k.rows !== undefined && k.leaving === undefined)
    let frames = active.frames + staying.frames
    let bytes = active.bytes + staying.bytes
    if (frames <= budget.frames && bytes <= budget.bytes) return
    const oldest = [...this.#kept.values()]
      .filter(k => k.rows && !k.leaving && !pinned(k.partition))
      .sort((a, b) => a.since - b.since || a.partition - b.partition)
    for (const { partition, footprint } of oldest) {
      this.unload(partition)
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

  /** Ends the store, when nothing is on its way any more. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#kept.values()].flatMap(k => [k.leaving, k.coming]))
    await this.#o.store.close()
  }
}
