// Agents of one population that are to go to a frozen partition. Such a move is carried out when the next tick begins,
// for the partition thaws then: till then the agent stays where it is, lives, acts and may die. It is part of the state.
//
// ids  in the order of the moves; what is taken back, or was done, stays in the list until the list is emptied
// to   by slot: the partition's number plus one, 0 for an agent that goes nowhere
//
// Changed by one thread at a time, at a commit or between batches.
import { META, type PopulationLayout } from './layout.js'
import type { UndoLog } from './undo.js'

/** An agent and the number of the partition that it goes to. */
export interface Leaver {
  readonly id: number
  readonly to: number
}

export class Leaving {
  undo: UndoLog | undefined
  readonly #ids: Float64Array
  readonly #to: Uint32Array
  readonly #meta: Int32Array

  constructor(buffer: ArrayBufferLike, { capacity, permanent, leavingIds, leavingTo, meta }: PopulationLayout) {
    this.#ids = new Float64Array(buffer, leavingIds, permanent ? 0 : capacity)
    this.#to = new Uint32Array(buffer, leavingTo, permanent ? 0 : capacity + 1)
    this.#meta = new Int32Array(buffer, meta, META.words)
  }

  /** Whether anybody may be in the list. */
  get any(): boolean {
    return this.#meta[META.leaving] > 0
  }

  /** Sends an agent to a partition when the next tick begins; of several times the last counts. */
  add(id: number, to: number): void {
    const slot = id >>> 0
    if (this.#to[slot] === 0) {
      if (this.#meta[META.leaving] === this.#ids.length) this.#shorten()
      this.#ids[this.#meta[META.leaving]++] = id
    }
    this.#to[slot] = to + 1
  }

  /** The agent goes nowhere: it died, or went elsewhere since. */
  forget(id: number): void {
    if (!this.any) return
    this.undo?.touch(this.#to, id >>> 0)
    this.#to[id >>> 0] = 0
  }

  /** All that wait, in order. */
  list(): Leaver[] {
    const found = new Map<number, number>() // by slot: who waits now is who came to it last
    for (let i = 0; i < this.#meta[META.leaving]; i++) {
      const id = this.#ids[i]
      if (this.#to[id >>> 0] === 0) continue
      found.delete(id >>> 0)
      found.set(id >>> 0, id)
    }
    return [...found].map(([slot, id]) => ({ id, to: this.#to[slot] - 1 }))
  }

  /** Forgets all. */
  clear(): void {
    for (let i = 0; i < this.#meta[META.leaving]; i++) this.#to[this.#ids[i] >>> 0] = 0
    this.#meta[META.leaving] = 0
  }

  #shorten(): void {
    const all = this.list()
    this.clear()
    for (const { id, to } of all) this.add(id, to)
  }
}
