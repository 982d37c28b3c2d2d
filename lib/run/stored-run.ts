// A run in a store, held by this process: its record, its journal, and what checkpoints are written to.
import { randomUUID } from 'node:crypto'
import { PopulaceError } from '../core/errors.js'
import { KEEP_CHECKPOINTS } from '../core/limits.js'
import type { ApartRows } from '../state/apart-rows.js'
import { type Codec, threadCodec } from '../state/codec.js'
import type { Coded, SealedImage } from '../state/coding.js'
import type { PartitionShelf } from '../state/partition-shelf.js'
import { type RetentionPolicy, ticksToDelete } from '../state/retention.js'
import { RunPartitions } from '../state/run-partitions.js'
import type { CheckpointRecord, RunRecord, RunWriter, StateStore } from '../state/store.js'
import { readJournal, StoredJournal } from '../state/stored-journal.js'
import { findRun, nearest, readState } from '../state/stored-state.js'
import type { CheckpointSink } from './checkpoints.js'

/** What a run is made from, as far as the host knows it; the rest is filled in. */
export type RunOrigin = Omit<RunRecord, 'run' | 'id' | 'node' | 'arch' | 'created'>

export class StoredRun implements CheckpointSink {
  readonly store: StateStore
  readonly name: string
  readonly id: string
  readonly journal: StoredJournal
  readonly codec: Codec
  readonly #writer: RunWriter
  readonly #partitions: RunPartitions
  /** What it is created from with its first checkpoint; undefined: it is in the store. */
  #origin: RunOrigin | undefined
  #checkpoints: CheckpointRecord[]
  /** Which checkpoints stay. */
  retention: RetentionPolicy | undefined

  private constructor(
    store: StateStore,
    writer: RunWriter,
    name: string,
    o: {
      id: string
      codec: Codec
      journal: StoredJournal
      partitions: RunPartitions
      origin?: RunOrigin
      checkpoints: CheckpointRecord[]
    },
  ) {
    this.store = store
    this.#writer = writer
    this.name = name
    this.id = o.id
    this.journal = o.journal
    this.codec = o.codec
    this.#partitions = o.partitions
    this.#origin = o.origin
    this.#checkpoints = o.checkpoints
    if (!o.origin) this.journal.attach(writer)
  }

  /**
   * Takes the name of a run that is to be. It is in the store once its first checkpoint is. STORE_RUN_EXISTS, STORE_RUN_BUSY.
   * @param codec - who codes its checkpoints, here and below.
   */
  static async create(
    store: StateStore,
    name: string,
    origin: RunOrigin,
    codec: Codec = threadCodec,
  ): Promise<StoredRun> {
    const writer = await store.write(name)
    if (await store.run(name)) {
      await writer.close()
      throw new PopulaceError(
        'STORE_RUN_EXISTS',
        `${store.url} has a run '${name}' already`,
        'Resume it, or give the new one another name.',
      )
    }
    return new StoredRun(store, writer, name, {
      id: randomUUID(),
      codec,
      journal: new StoredJournal(),
      partitions: RunPartitions.create(store, writer, origin.fork?.run),
      origin,
      checkpoints: [],
    })
  }

  /** Goes on with a run, from `tick` or the newest checkpoint before it. STORE_RUN_UNKNOWN, STORE_RUN_BUSY, CHECKPOINT_UNKNOWN. */
  static async resume(
    store: StateStore,
    record: RunRecord,
    tick: number | undefined,
    codec: Codec = threadCodec,
  ): Promise<{ stored: StoredRun; image: SealedImage }> {
    const { run, id } = record
    const writer = await store.write(run)
    try {
      await findRun(store, run) // it may have been deleted before the lease was ours
      const checkpoints = await store.checkpoints(run)
      const from = nearest(run, checkpoints, tick)
      const image = await readState(store, run, checkpoints, from.tick, codec)
      const ticks = checkpoints.map(c => c.tick)
      const partitions = await RunPartitions.open(store, writer, ticks)
      const stored = new StoredRun(store, writer, run, {
        id,
        codec,
        journal: new StoredJournal(),
        partitions,
        checkpoints,
      })
      await stored.rewind(from.tick)
      await stored.#complete(image)
      return { stored, image }
    } catch (error) {
      await writer.close()
      throw error
    }
  }

  /** Takes a run's state at `tick`, or its newest, for the beginning of another. STORE_RUN_EXISTS, CHECKPOINT_UNKNOWN. */
  static async fork(
    store: StateStore,
    record: RunRecord,
    tick: number | undefined,
    as: string,
    origin: RunOrigin,
    codec: Codec = threadCodec,
  ): Promise<{ stored: StoredRun; image: SealedImage }> {
    const checkpoints = await store.checkpoints(record.run)
    const from = nearest(record.run, checkpoints, tick)
    const image = await readState(store, record.run, checkpoints, from.tick, codec)
    const fork = { run: record.run, tick: tick ?? from.tick }
    const stored = await StoredRun.create(store, as, { ...origin, fork }, codec)
    // What is known between the checkpoint and the tick that was asked for is the new run's past too.
    const past = await readJournal(store, record.run, from.tick)
    for (const [, entry] of past) if (tick === undefined || entry.tick < tick) stored.journal.append(entry)
    return { stored, image }
  }

  /** Copies what a fork that was ended too early has not copied yet. */
  async #complete({ apart = [], head }: SealedImage): Promise<void> {
    if (apart.every(a => this.shelf.has(a.key))) return
    await this.keep(apart)
    await this.#partitions.refer(head.tick, head.apart ?? [])
  }

  /** Where its frozen partitions are. */
  get shelf(): PartitionShelf {
    return this.#partitions.shelf
  }

  async keep(apart: readonly ApartRows[]): Promise<void> {
    // What a fork takes from another run is copied when it is in the store itself.
    const own = this.isCreated ? apart : apart.filter(a => a.key === undefined)
    await this.shelf.keep(own, this.codec)
  }

  /** Whether it is in the store. */
  get isCreated(): boolean {
    return this.#origin === undefined
  }

  /** Has the journal from `tick` on at hand, as it is stored. */
  async rewind(tick: number): Promise<void> {
    const all = await readJournal(this.store, this.name)
    this.journal.load(
      all.filter(([, entry]) => entry.tick >= tick),
      all.length,
    )
  }

  /** The state at the newest checkpoint at `tick` or before. CHECKPOINT_UNKNOWN. */
  async stateBefore(tick: number): Promise<SealedImage> {
    const from = nearest(this.name, this.#checkpoints, tick)
    return readState(this.store, this.name, this.#checkpoints, from.tick, this.codec)
  }

  /** Aborted when another process has taken over. */
  get lost(): AbortSignal {
    return this.#writer.lost
  }

  async put({ parts, sealed }: Coded, base: number | undefined): Promise<void> {
    const { tick } = sealed.head
    const checkpoint: CheckpointRecord = {
      tick,
      ...(base === undefined ? {} : { base }),
      hash: sealed.id,
      bytes: parts.reduce((n, part) => n + part.length, 0),
      created: new Date().toISOString(),
    }
    const origin = this.#origin
    if (origin) {
      const { version: node, arch } = process
      const record = { ...origin, run: this.name, id: this.id, node, arch, created: checkpoint.created }
      await this.#writer.create(record, checkpoint, parts, this.journal.take())
      this.#origin = undefined
      this.journal.attach(this.#writer)
      await this.#partitions.begin()
      await this.keep(sealed.apart ?? [])
      await this.#partitions.refer(tick, sealed.head.apart ?? [])
    } else {
      await this.#partitions.refer(tick, sealed.head.apart ?? [])
      await this.#writer.putCheckpoint(checkpoint, parts)
    }
    this.#checkpoints = [...this.#checkpoints.filter(c => c.tick !== tick), checkpoint].sort((a, b) => a.tick - b.tick)
    const gone = ticksToDelete(this.#checkpoints, this.retention ?? { keepLast: KEEP_CHECKPOINTS })
    await this.#delete(gone)
  }

  async #delete(ticks: readonly number[]): Promise<void> {
    if (ticks.length === 0) return
    await this.#writer.deleteCheckpoints(ticks)
    this.#checkpoints = this.#checkpoints.filter(c => !ticks.includes(c.tick))
    await this.#partitions.forget(ticks)
  }

  /** The tick of the newest checkpoint: as far as the run is known. */
  get lastTick(): number {
    return this.#checkpoints.at(-1)?.tick ?? 0
  }

  /** Takes away the checkpoints after `tick`: the run has another future. */
  async forgetAfter(tick: number): Promise<void> {
    await this.#delete(this.#checkpoints.filter(c => c.tick > tick).map(c => c.tick))
  }

  async close(): Promise<void> {
    await this.#writer.close()
    await this.store.close()
  }
}
