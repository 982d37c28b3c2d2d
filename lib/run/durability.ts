// What makes a simulation last: its journal, its checkpoints, the run in a store that both are written to; and going back
// to a checkpoint when a tick has failed. Without a store and without checkpoints in memory nothing lasts.
import { PopulaceError } from '../core/errors.js'
import { JOURNAL_ENTRIES, MAX_RERUNS } from '../core/limits.js'
import type { StateImage } from '../state/image.js'
import { type Journal, MemoryJournal } from '../state/journal.js'
import { PartitionShelf } from '../state/partition-shelf.js'
import { FolderPartitionStore, type PartitionStore } from '../state/partition-store.js'
import { Checkpoints, type CheckpointTotals, type Taken } from './checkpoints.js'
import type { Driver } from './driver.js'
import type { OpenWorld } from './open-world.js'
import type { StoredRun } from './stored-run.js'
import { captureCheckpoint } from './world-image.js'

/** Errors that are not of the ticks that were stepped: going back would not help. */
const NOT_OF_TICKS = /^(SIM_|STORE_|SNAPSHOT_|DIFF_|CHECKPOINT_|JOURNAL_|ABORTED|LIMIT_)/

export class Durability {
  readonly journal: Journal
  readonly stored: StoredRun | undefined
  /** Where frozen partitions are that leave memory. */
  readonly shelf: PartitionShelf
  readonly #checkpoints: Checkpoints | undefined
  readonly #recovered = new WeakSet<object>()
  #world: OpenWorld | undefined
  #driver: Driver | undefined
  #reruns = { tick: -1, times: 0 }
  /** Times that the world was put back after a failure. */
  recoveries = 0
  /** Is told of each checkpoint when it is durable, or in memory where there is no store. */
  onCheckpoint: (tick: number) => void = () => undefined

  /** everyTicks: of checkpoints; undefined: there are none. partitions: where there is no stored run; a temporary folder. */
  constructor(o: {
    stored?: StoredRun
    everyTicks: number | undefined
    journal?: Journal
    partitions?: PartitionStore
  }) {
    this.stored = o.stored
    this.shelf = o.stored?.shelf ?? new PartitionShelf(o.partitions ?? new FolderPartitionStore())
    const lasting = o.everyTicks === undefined ? JOURNAL_ENTRIES : Number.POSITIVE_INFINITY
    this.journal = o.journal ?? o.stored?.journal ?? new MemoryJournal(lasting)
    if (o.everyTicks !== undefined) this.#checkpoints = new Checkpoints(o.everyTicks, o.stored)
  }

  /** Begins with a world that is set up, or was restored from `image`; then there is a checkpoint to go back to. */
  async begin(world: OpenWorld, driver: Driver, image: StateImage | undefined): Promise<void> {
    this.#world = world
    this.#driver = driver
    if (image) driver.begin(image.head, this.stored?.lastTick)
    if (image && this.stored?.isCreated !== false) this.#begin(image)
    else if (this.#checkpoints) await (await this.#take(this.#checkpoints)).written
  }

  /** Goes on from a state that is stored, or from one that was given. */
  #begin(image: StateImage): void {
    this.#checkpoints?.begin(image)
    this.shelf.hold(image.apart ?? [])
  }

  /** Whether there are checkpoints at all. */
  get lasts(): boolean {
    return this.#checkpoints !== undefined
  }

  /** What checkpoints came to, and the tick of the newest; undefined: there are none. */
  get totals(): (CheckpointTotals & { readonly tick: number }) | undefined {
    const { latest, totals } = this.#checkpoints ?? {}
    return latest && totals && { ...totals, tick: latest.head.tick }
  }

  /** To be called between two ticks: takes a checkpoint where one is due, and tells what the last one failed with. */
  async boundary(tick: number): Promise<void> {
    this.stored?.lost.throwIfAborted()
    if (this.#checkpoints?.isDue(tick)) await this.#take(this.#checkpoints)
  }

  nextTick(tick: number): number {
    return this.#checkpoints?.nextTick(tick) ?? Number.POSITIVE_INFINITY
  }

  /** The world was changed by hand between two runs: what was known of later ticks does not come. */
  async edited(tick: number): Promise<void> {
    if (!this.#checkpoints) return
    await this.journal.cut(tick + 1)
    await this.stored?.forgetAfter(tick)
    const { driver } = this.#running
    driver.begin(driver.position)
    await this.#take(this.#checkpoints)
  }

  /** Takes a checkpoint now, between two ticks. OPTION_INVALID where they are kept nowhere. */
  async checkpoint(): Promise<Taken> {
    if (!this.#checkpoints)
      throw new PopulaceError(
        'OPTION_INVALID',
        'checkpoint() has nowhere to keep one',
        "Give the simulation a store, such as store: 'file:runs', or checkpoint: { everyTicks: 1000, inMemory: true }.",
      )
    const { latest } = this.#checkpoints
    if (latest && latest.head.tick === this.#running.driver.tick)
      return { tick: latest.head.tick, written: this.#checkpoints.drain() } // nothing has happened since
    return this.#take(this.#checkpoints)
  }

  async #take(checkpoints: Checkpoints): Promise<Taken> {
    const { world, driver } = this.#running
    await this.journal.flush()
    const taken = await checkpoints.take(memory => captureCheckpoint(world, driver.position, memory))
    this.journal.forget(taken.tick)
    const told = () => this.onCheckpoint(taken.tick)
    taken.written.then(told, () => undefined) // a write that fails is told when the next one is taken, and by drain
    this.shelf.hold(checkpoints.latest?.apart ?? [])
    await this.shelf.sweep(world.frozen.keys)
    return taken
  }

  get #running(): { world: OpenWorld; driver: Driver } {
    if (!this.#world || !this.#driver) throw new Error('a simulation begins before it lasts')
    return { world: this.#world, driver: this.#driver }
  }

  /**
   * After a batch that failed: puts the world back to the last checkpoint, and resolves where its ticks are to be stepped
   * again, as those are in which a worker died; else rejects with the error, the journal cut at the checkpoint.
   */
  async recover(error: unknown): Promise<void> {
    const image = this.#checkpoints?.latest
    const code = error instanceof PopulaceError ? error.code : ''
    if (!image || NOT_OF_TICKS.test(code)) throw error
    const { tick } = image.head
    if (this.#reruns.tick !== tick) this.#reruns = { tick, times: 0 }
    const again = code === 'WORKER_DIED' && this.#reruns.times++ < MAX_RERUNS
    if (!again) {
      await this.journal.cut(tick)
      await this.stored?.forgetAfter(tick)
    }
    // Of ticks that are stepped again the journal alone speaks: what came meanwhile comes after all that was told.
    await this.goTo(image, again ? this.#running.driver.reached : 0)
    this.recoveries++
    if (again) return
    if (error instanceof Error) this.#recovered.add(error)
    throw error
  }

  /** Whether the world was put back when this error came. */
  recovered(error: unknown): boolean {
    return error instanceof Error && this.#recovered.has(error)
  }

  /** Puts the world into a state, with what the journal knows from there on. `reached`: the run is known up to there at least. */
  async goTo(image: StateImage, reached = 0): Promise<void> {
    const { world, driver } = this.#running
    await world.reopen(image)
    driver.begin(image.head, Math.max(reached, this.stored?.lastTick ?? 0))
  }

  /** Goes back, or on, to the newest checkpoint at `tick` or before. CHECKPOINT_UNKNOWN. */
  async goBefore(tick: number): Promise<void> {
    const latest = this.#checkpoints?.latest
    await this.#checkpoints?.drain()
    if (!this.stored) {
      if (!latest || latest.head.tick > tick)
        throw new PopulaceError(
          'CHECKPOINT_UNKNOWN',
          `There is no checkpoint at tick ${tick} or before`,
          'Give the simulation a store, which keeps all of them.',
        )
      return this.goTo(latest)
    }
    await this.journal.flush()
    const image = await this.stored.stateBefore(tick)
    await this.stored.rewind(image.head.tick)
    this.#begin(image)
    await this.goTo(image)
  }

  /** Waits for what is being written, and gives the run back. */
  async close(): Promise<void> {
    try {
      await this.#checkpoints?.drain()
      await this.journal.flush()
    } finally {
      await this.shelf.close()
      await this.stored?.close()
    }
  }
}
