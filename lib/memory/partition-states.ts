// What the partitions of a world are: active or frozen, and what was asked of them. It lies in the world's memory, so
// every thread sees it and an undone command leaves nothing behind. Where the rows of a frozen partition are is not
// known here (lib/run/frozen-partitions.ts): they are in no frame, and their agents' slots say which partition they are in.
//
// states  changed by the main thread between batches, and by setup and loaders while nobody else is in the world
// woken   set to 1 by any thread, at a commit or when mail is put into a mailbox; put back to 0 by the main thread
// due     set to 1 by any thread that asks for something; put back by the main thread when it has done what was asked
import { MAX_PARTITIONS } from '../core/limits.js'
import { HEADER, type WorldLayout } from './layout.js'
import type { UndoLog } from './undo.js'

/** Bits of a partition's byte. */
export const STATE = {
  /** It does not tick; its rows are in no frame. */
  frozen: 1,
  /** It never had content: its loader makes it when it thaws. Always frozen too. */
  unloaded: 2,
  /** It is to freeze, or to thaw, when the next tick begins. */
  freeze: 4,
  thaw: 8,
  /** Its bytes stay in memory. */
  pinned: 16,
  /** Its bytes are to leave memory. */
  unload: 32,
  /** Agents were put back who were asleep: the engines' wake is to be called for them. Within the start of a tick only. */
  waking: 64,
} as const

export class PartitionStates {
  undo: UndoLog | undefined
  readonly states: Uint8Array
  readonly woken: Uint8Array
  /** Of a frozen partition: the tick at which it froze; while it wakes, how many ticks it has missed. */
  readonly since: Float64Array
  readonly #header: Int32Array

  constructor(buffer: ArrayBufferLike, layout: WorldLayout) {
    this.#header = new Int32Array(buffer, layout.header, HEADER.words)
    this.states = new Uint8Array(buffer, layout.partitionStates, MAX_PARTITIONS)
    this.woken = new Uint8Array(buffer, layout.partitionWoken, MAX_PARTITIONS)
    this.since = new Float64Array(buffer, layout.partitionSince, MAX_PARTITIONS)
  }

  /** How many partitions are frozen. */
  get frozen(): number {
    return this.#header[HEADER.frozen]
  }

  /** Whether anything is to be done before the next tick. */
  get due(): boolean {
    return this.#header[HEADER.due] === 1
  }

  set due(due: boolean) {
    this.#setHeader(HEADER.due, due ? 1 : 0)
  }

  /** Whether a partition has any of the bits. */
  has(partition: number, bits: number): boolean {
    return (this.states[partition] & bits) !== 0
  }

  isFrozen(partition: number): boolean {
    return this.has(partition, STATE.frozen)
  }

  #setHeader(word: number, value: number): void {
    this.undo?.touch(this.#header, word)
    this.#header[word] = value
  }

  /** Replaces all bits of a partition. */
  set(partition: number, bits: number): void {
    const was = this.states[partition] & STATE.frozen
    this.undo?.touch(this.states, partition)
    this.states[partition] = bits
    const more = (bits & STATE.frozen) - was
    if (more !== 0) this.#setHeader(HEADER.frozen, this.frozen + more)
  }

  #change(partition: number, on: number, off: number): void {
    this.set(partition, (this.states[partition] & ~off) | on)
  }

  /** To freeze when the next tick begins; what was asked before is taken back. Fine for what is frozen. */
  askFreeze(partition: number): void {
    this.#change(partition, this.isFrozen(partition) ? 0 : STATE.freeze, STATE.freeze | STATE.thaw)
    this.due = true
  }

  /** To thaw when the next tick begins; what was asked before is taken back. Fine for what is active. */
  askThaw(partition: number): void {
    this.#change(partition, this.isFrozen(partition) ? STATE.thaw : 0, STATE.freeze | STATE.thaw)
    this.due = true
  }

  /** Its bytes stay in memory from now on. */
  pin(partition: number): void {
    this.#change(partition, STATE.pinned, STATE.unload)
  }

  /** Its bytes leave memory when the next tick begins. */
  askUnload(partition: number): void {
    this.#change(partition, STATE.unload, 0)
    this.due = true
  }

  /** Something waits in a frozen partition that wakes it. By any thread: all write the same. */
  wake(partition: number): void {
    this.undo?.touch(this.woken, partition)
    this.woken[partition] = 1
    this.due = true
  }

  /** It is frozen from `tick` on. */
  freeze(partition: number, tick: number): void {
    this.#change(partition, STATE.frozen, STATE.freeze | STATE.thaw)
    this.since[partition] = tick
  }

  /** It is active from now on. */
  thaw(partition: number): void {
    this.#change(partition, 0, STATE.frozen | STATE.unloaded | STATE.freeze | STATE.thaw | STATE.unload)
    this.woken[partition] = 0
  }

  /** A new partition that a loader will fill when it first thaws. */
  beginUnloaded(partition: number): void {
    this.set(partition, STATE.frozen | STATE.unloaded)
  }

  /** Its first content is made by somebody else, or now. */
  fill(partition: number): void {
    this.#change(partition, 0, STATE.frozen | STATE.unloaded)
  }

  /** Agents that were put back in it are to be woken, having missed so many ticks. */
  beginWaking(partition: number, missed: number): void {
    this.#change(partition, STATE.waking, 0)
    this.since[partition] = missed
  }

  endWaking(partition: number): void {
    this.#change(partition, 0, STATE.waking)
  }
}
