// The frozen partitions of a stored run, as blobs of its store: what is stored of them, and which checkpoint has which.
import { pack, unpack } from 'msgpackr'
import { PopulaceError } from '../core/errors.js'
import { APART } from './apart-rows.js'
import { PartitionShelf } from './partition-shelf.js'
import type { PartitionStore } from './partition-store.js'
import type { RunWriter, StateStore } from './store.js'

/** The list of the keys that a checkpoint has. */
const listKey = (tick: number) => `checkpoint/${tick}/${APART}`

/** A blob of a run, or of one that it was forked from: a fork copies what it needs, and may have been ended before. */
export async function readApart(store: StateStore, run: string, key: string): Promise<Uint8Array> {
  const seen = new Set<string>()
  for (let at: string | undefined = run; at !== undefined && !seen.has(at); ) {
    const found = await store.readBlob(at, key)
    if (found) return found
    seen.add(at)
    const record: { fork?: { run: string } } | undefined = await store.run(at)
    at = record?.fork?.run
  }
  throw new PopulaceError(
    'SNAPSHOT_INVALID',
    `Run '${run}' has no frozen partition under '${key}', which a checkpoint of it names`,
    'Go back to another checkpoint.',
  )
}

/** Blobs of a run that may not be in the store yet: then they wait in memory until it is. */
class RunPartitionStore implements PartitionStore {
  readonly #store: StateStore
  readonly #writer: RunWriter
  readonly #waiting = new Map<string, Uint8Array>()
  #from: string
  #created: boolean

  constructor(store: StateStore, writer: RunWriter, o: { from: string; created: boolean }) {
    this.#store = store
    this.#writer = writer
    this.#from = o.from
    this.#created = o.created
  }

  async put(all: ReadonlyMap<string, Uint8Array>): Promise<void> {
    if (this.#created) return this.#writer.putBlobs(all)
    for (const [key, bytes] of all) this.#waiting.set(key, bytes)
  }

  async get(key: string): Promise<Uint8Array> {
    return this.#waiting.get(key) ?? readApart(this.#store, this.#from, key)
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#waiting.delete(key)
    if (this.#created) await this.#writer.deleteBlobs(keys)
  }

  /** The run is in the store now. */
  async begin(run: string): Promise<void> {
    this.#created = true
    this.#from = run
    if (this.#waiting.size > 0) await this.#writer.putBlobs(this.#waiting)
    this.#waiting.clear()
  }

  /** The run's store is closed by whoever opened it. */
  async close(): Promise<void> {}
}

export class RunPartitions {
  readonly shelf: PartitionShelf
  readonly #writer: RunWriter
  readonly #blobs: RunPartitionStore

  private constructor(writer: RunWriter, blobs: RunPartitionStore, keys: Iterable<string>) {
    this.#writer = writer
    this.#blobs = blobs
    this.shelf = new PartitionShelf(blobs, keys)
  }

  /** Of a run that is to be. from: the run that it is forked from. */
  static create(store: StateStore, writer: RunWriter, from = writer.run): RunPartitions {
    return new RunPartitions(writer, new RunPartitionStore(store, writer, { from, created: false }), [])
  }

  /** Of a run that is in the store, with checkpoints at `ticks`. */
  static async open(store: StateStore, writer: RunWriter, ticks: readonly number[]): Promise<RunPartitions> {
    const { run } = writer
    const keys = new Set((await store.blobs(run)).map(b => b.key))
    const blobs = new RunPartitionStore(store, writer, { from: run, created: true })
    const own = new RunPartitions(
      writer,
      blobs,
      [...keys].filter(key => key.startsWith(APART)),
    )
    for (const tick of ticks) {
      const list = keys.has(listKey(tick)) ? await store.readBlob(run, listKey(tick)) : undefined
      if (list) own.shelf.refer(tick, unpack(list) as string[]) // written below
    }
    return own
  }

  /** The run is in the store now. */
  begin(): Promise<void> {
    return this.#blobs.begin(this.#writer.run)
  }

  /** To be called before a checkpoint is written that has these. */
  async refer(tick: number, keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.#writer.putBlobs(new Map([[listKey(tick), pack(keys)]]))
    this.shelf.refer(tick, keys)
  }

  /** To be called when checkpoints were taken away. */
  async forget(ticks: readonly number[]): Promise<void> {
    this.shelf.forget(ticks)
    await this.#writer.deleteBlobs(ticks.map(listKey))
  }
}
