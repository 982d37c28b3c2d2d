// What is stored of frozen partitions, for as long as somebody needs it: the world that goes on, the newest checkpoint,
// which is in memory and may be on its way to a store, or one that is stored.
import { PARTITION_BATCH_BYTES } from '../core/limits.js'
import type { ApartRows, ReadsApart } from './apart-rows.js'
import type { Codec } from './codec.js'
import type { PartitionStore } from './partition-store.js'

export class PartitionShelf implements ReadsApart {
  readonly #store: PartitionStore
  /** All that is stored. */
  readonly #keys: Set<string>
  /** Of each key, in how many stored checkpoints it is; and of each of these, its keys. */
  readonly #uses = new Map<string, number>()
  readonly #checkpoints = new Map<number, readonly string[]>()
  /** Of the newest checkpoint. */
  #newest: ReadonlySet<ApartRows> = new Set()

  /** keys: what is stored already. */
  constructor(store: PartitionStore, keys: Iterable<string> = []) {
    this.#store = store
    this.#keys = new Set(keys)
  }

  get(key: string): Promise<Uint8Array> {
    return this.#store.get(key)
  }

  has(key: string | undefined): boolean {
    return key !== undefined && this.#keys.has(key)
  }

  /** Stores rows that are not stored yet; `codec` codes those in memory, and others are copied from where they are. */
  async keep(all: readonly ApartRows[], codec: Codec): Promise<void> {
    let batch = new Map<string, Uint8Array>()
    let bytes = 0
    const put = async () => {
      await this.#store.put(batch)
      for (const key of batch.keys()) this.#keys.add(key)
      batch = new Map()
      bytes = 0
    }
    for (const each of all) {
      if (this.has(each.key)) continue
      const one = each.rows
        ? await each.encode(each.rows, codec)
        : { key: each.key as string, bytes: await this.get(each.key as string) } // rows not in memory have a key
      if (this.has(one.key)) continue
      batch.set(one.key, one.bytes)
      bytes += one.bytes.length
      if (bytes >= PARTITION_BATCH_BYTES) await put()
    }
    if (batch.size > 0) await put()
  }

  /** A checkpoint that is stored needs these. */
  refer(tick: number, keys: readonly string[]): void {
    this.forget([tick])
    this.#checkpoints.set(tick, keys)
    for (const key of keys) this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1)
  }

  /** Checkpoints that are stored no more. */
  forget(ticks: readonly number[]): void {
    for (const tick of ticks) {
      for (const key of this.#checkpoints.get(tick) ?? []) {
        const left = (this.#uses.get(key) ?? 0) - 1
        if (left > 0) this.#uses.set(key, left)
        else this.#uses.delete(key)
      }
      this.#checkpoints.delete(tick)
    }
  }

  /** These are of the newest checkpoint, and those before no more. */
  hold(newest: readonly ApartRows[]): void {
    this.#newest = new Set(newest)
  }

  /** The world does not need these rows any more. */
  async release(rows: ApartRows): Promise<void> {
    const { key } = rows
    if (key === undefined || !this.has(key) || this.#uses.has(key) || this.#newest.has(rows)) return
    await this.#delete([key])
  }

  /** Takes away what neither a stored checkpoint needs nor `inUse` names. */
  async sweep(inUse: Iterable<string>): Promise<void> {
    const needed = new Set(inUse)
    for (const { key } of this.#newest) if (key !== undefined) needed.add(key)
    const gone = [...this.#keys].filter(key => !needed.has(key) && !this.#uses.has(key))
    if (gone.length > 0) await this.#delete(gone)
  }

  async #delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#keys.delete(key)
    await this.#store.delete(keys)
  }

  /** Ends what it holds open. */
  close(): Promise<void> {
    return this.#store.close()
  }
}
