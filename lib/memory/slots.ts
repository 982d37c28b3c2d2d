// The slots of one population: who lives in each, where, and which are free. An id names a slot and a generation, so an
// id is never another agent's. Slots are given out lowest first; one whose generations are spent is retired.
// Changed by one thread at a time, between barriers; read by all.
import { PopulaceError } from '../core/errors.js'
import { idOf } from '../core/ids.js'
import { MAX_GENERATIONS } from '../core/limits.js'
import { META, type PopulationLayout } from './layout.js'
import type { UndoLog } from './undo.js'

export class Slots {
  /** The row of each slot plus one; 0: nobody; below 0: of an agent of a frozen partition, -(its number + 1). */
  readonly row: Int32Array
  /** How many lived in each slot before. */
  readonly generation: Uint32Array
  undo: UndoLog | undefined
  readonly #meta: Int32Array
  readonly #free: Int32Array
  readonly #layout: PopulationLayout

  constructor(buffer: ArrayBufferLike, layout: PopulationLayout) {
    this.#layout = layout
    this.#meta = new Int32Array(buffer, layout.meta, META.words)
    this.row = new Int32Array(buffer, layout.slotRow, layout.capacity + 1)
    this.generation = new Uint32Array(buffer, layout.slotGeneration, layout.capacity + 1)
    this.#free = new Int32Array(buffer, layout.freeSlots, Math.ceil((layout.capacity + 1) / 32))
  }

  #put(array: Int32Array | Uint32Array, at: number, value: number): void {
    this.undo?.touch(array, at)
    array[at] = value
  }

  /** Agents that can still be made. */
  get room(): number {
    return this.#meta[META.slotsFree] + this.#layout.capacity - this.#meta[META.slotsUsed]
  }

  /** Slots never used yet; when no freed one waits, the next ids are consecutive. */
  get onlyFresh(): boolean {
    return this.#meta[META.slotsFree] === 0
  }

  /** Gives the lowest free slot to the agent in `row`; its id. CAPACITY_EXCEEDED, GENERATIONS_SPENT. */
  take(row: number): number {
    const slot = this.#meta[META.slotsFree] > 0 ? this.#takeFreed() : this.#takeFresh()
    this.#put(this.row, slot, row + 1)
    return idOf(slot, this.generation[slot])
  }

  /** Gives the lowest free slots, in order, to the agents in `count` rows from `row`; their ids come in `ids`, by row. */
  takeRun(row: number, count: number, ids: Float64Array): void {
    const end = row + count
    let next = row
    if (!this.undo) {
      const meta = this.#meta
      const free = this.#free
      const { row: rows, generation } = this
      // All bits of a word before the next word: that is the order in which takeFreed gives them.
      for (let word = meta[META.firstFree]; next < end && meta[META.slotsFree] > 0; word++) {
        let bits = free[word]
        for (; bits !== 0 && next < end; bits &= bits - 1, next++) {
          const slot = word * 32 + 31 - Math.clz32(bits & -bits)
          rows[slot] = next + 1
          ids[next] = idOf(slot, generation[slot])
          meta[META.slotsFree]--
        }
        free[word] = bits
        meta[META.firstFree] = word
      }
    }
    for (; next < end; next++) ids[next] = this.take(next)
  }

  #takeFresh(): number {
    const used = this.#meta[META.slotsUsed]
    if (used === this.#layout.capacity) throw this.fullError(1)
    this.#put(this.#meta, META.slotsUsed, used + 1)
    return used + 1
  }

  #takeFreed(): number {
    const free = this.#free
    let word = this.#meta[META.firstFree]
    while (free[word] === 0) word++
    const bits = free[word]
    const bit = 31 - Math.clz32(bits & -bits)
    this.#put(free, word, bits & (bits - 1))
    this.#put(this.#meta, META.firstFree, word)
    this.#put(this.#meta, META.slotsFree, this.#meta[META.slotsFree] - 1)
    return word * 32 + bit
  }

  /** Frees the slot of an agent that died. */
  release(slot: number): void {
    this.#put(this.row, slot, 0)
    this.#put(this.generation, slot, this.generation[slot] + 1)
    if (this.generation[slot] === MAX_GENERATIONS) return // retired: its ids are spent
    const word = slot >>> 5
    this.#put(this.#free, word, this.#free[word] | (1 << (slot & 31)))
    if (this.#meta[META.slotsFree] === 0 || word < this.#meta[META.firstFree])
      this.#put(this.#meta, META.firstFree, word)
    this.#put(this.#meta, META.slotsFree, this.#meta[META.slotsFree] + 1)
  }

  /** Frees the slots of `n` agents that died, as `release` does one after another. There is no undo. */
  releaseAll(ids: Float64Array, n: number): void {
    const { row, generation } = this
    const free = this.#free
    const meta = this.#meta
    let first = meta[META.slotsFree] === 0 ? free.length : meta[META.firstFree]
    let freed = 0
    for (let i = 0; i < n; i++) {
      const slot = ids[i] >>> 0
      row[slot] = 0
      const next = generation[slot] + 1
      generation[slot] = next
      if (next === MAX_GENERATIONS) continue // retired, as in `release`
      const word = slot >>> 5
      free[word] |= 1 << (slot & 31)
      if (word < first) first = word
      freed++
    }
    if (freed === 0) return
    meta[META.firstFree] = first
    meta[META.slotsFree] += freed
  }

  /** The agent of a slot moved to another row. */
  moved(slot: number, row: number): void {
    this.#put(this.row, slot, row + 1)
  }

  /** The agent of a slot is asleep in a partition. */
  slept(slot: number, partition: number): void {
    this.row[slot] = -(partition + 1)
  }

  /** The id of whoever lives in a slot now. */
  idOf(slot: number): number {
    return idOf(slot, this.generation[slot])
  }

  /** The frozen partition that an agent sleeps in; -1: it is awake, dead or nobody. */
  sleepsIn(id: number): number {
    const slot = id >>> 0
    const word = this.row[slot] ?? 0
    return word < 0 && idOf(slot, this.generation[slot]) === id ? -word - 1 : -1
  }

  /** Puts back how often each slot was used; to be followed by `moved` or `slept` for each agent, then `free`. In memory never used. */
  restore(generation: ArrayLike<number>): void {
    this.generation.set(generation)
    this.#meta[META.slotsUsed] = generation.length - 1
  }

  /** Frees all slots in which nobody lives and that are not retired. */
  free(): void {
    const meta = this.#meta
    for (let slot = meta[META.slotsUsed]; slot >= 1; slot--) {
      if (this.row[slot] !== 0 || this.generation[slot] === MAX_GENERATIONS) continue
      this.#free[slot >>> 5] |= 1 << (slot & 31)
      meta[META.firstFree] = slot >>> 5
      meta[META.slotsFree]++
    }
  }

  /** Why no more agents can be made. */
  fullError(wanted: number): PopulaceError {
    const { name, capacity } = this.#layout
    const alive = this.#meta[META.size] + this.#meta[META.frozen]
    if (this.#meta[META.slotsUsed] === capacity && alive < capacity && this.room === 0) {
      return new PopulaceError(
        'GENERATIONS_SPENT',
        `Population '${name}' has retired slots: their ${MAX_GENERATIONS} generations are spent`,
        'Give it a larger capacity.',
      )
    }
    return new PopulaceError(
      'CAPACITY_EXCEEDED',
      `Population '${name}' has room for ${this.room} more of its ${capacity} agents, and ${wanted} were asked for`,
      `Raise the capacity of '${name}'.`,
    )
  }
}
