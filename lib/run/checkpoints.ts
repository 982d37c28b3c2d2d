// Checkpoints of a running simulation: when they are due, taking them, keeping the newest in memory to go back to, and
// having them coded and written beside the ticks. A run is held up only for a copy in memory, and where the checkpoint
// before is still being written: at most one waits, so memory is bounded.
import { KEYFRAME_EVERY } from '../core/limits.js'
import { type ApartRows, withKeys } from '../state/apart-rows.js'
import type { Codec } from '../state/codec.js'
import { type Coded, encodeChanges, encodeWhole, type SealedImage } from '../state/coding.js'
import type { StateImage } from '../state/image.js'
import { ImageMemory } from './world-image.js'

/** Where checkpoints are written. */
export interface CheckpointSink {
  /** Who codes them. */
  readonly codec: Codec
  /** Stores rows that a checkpoint has by their keys, which are known afterwards. */
  keep(apart: readonly ApartRows[]): Promise<void>
  /** Resolves when it is durable. `base`: the tick of the checkpoint that it is a diff of. */
  put(coded: Coded, base: number | undefined): Promise<void>
}

/** What a checkpoint came to. */
export interface Taken {
  readonly tick: number
  /** Resolves when it is durable, at once where it is kept in memory alone. */
  readonly written: Promise<void>
}

/** What checkpoints came to, in all. */
export interface CheckpointTotals {
  taken: number
  /** Milliseconds that the run was held up for. */
  heldMs: number
  /** Milliseconds of coding and writing, beside the ticks. */
  writtenMs: number
  /** As they are stored. */
  bytes: number
}

export class Checkpoints {
  /** Ticks from one to the next; infinite: none but those that are asked for. */
  readonly everyTicks: number
  readonly totals: CheckpointTotals = { taken: 0, heldMs: 0, writtenMs: 0, bytes: 0 }
  readonly #sink: CheckpointSink | undefined
  readonly #memory = new ImageMemory()
  /** The newest, to go back to. */
  latest: StateImage | undefined
  /** The newest that is written, of which the next is a diff. */
  #base: SealedImage | undefined
  #sinceWhole = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(everyTicks: number, sink: CheckpointSink | undefined) {
    this.everyTicks = everyTicks
    this.#sink = sink
  }

  /** The next tick after `tick` at which one is due. */
  nextTick(tick: number): number {
    return (Math.floor(tick / this.everyTicks) + 1) * this.everyTicks || Number.POSITIVE_INFINITY
  }

  /** Whether one is due at `tick`, which is between two ticks now. */
  isDue(tick: number): boolean {
    return tick % this.everyTicks === 0 && this.latest?.head.tick !== tick
  }

  /** Goes on from a checkpoint that is stored; the next one is whole. */
  begin(image: StateImage): void {
    this.latest = image
    this.#base = undefined
  }

  /** Takes one: `capture` copies the world into memory that it is given. Rejects with what the last write failed with. */
  async take(capture: (memory: ImageMemory) => Promise<StateImage>): Promise<Taken> {
    const began = performance.now()
    await this.#writing
    const image = await capture(this.#memory)
    this.totals.taken++
    this.totals.heldMs += performance.now() - began
    const before = this.latest
    this.latest = image
    if (this.#sink) {
      this.#writing = this.#write(image, this.#sink)
      this.#writing.catch(() => undefined) // told when the next one is taken, and by drain
    } else if (before) this.#memory.give(before.buffer)
    return { tick: image.head.tick, written: this.#writing }
  }

  async #write(taken: StateImage, sink: CheckpointSink): Promise<void> {
    if (taken.apart) await sink.keep(taken.apart)
    const image = withKeys(taken)
    // One of the same tick takes the place of its base.
    const began = performance.now()
    const isLater = this.#base !== undefined && this.#base.head.tick < image.head.tick
    const base = isLater && this.#sinceWhole < KEYFRAME_EVERY ? this.#base : undefined
    const coded = base ? await encodeChanges(image, base, sink.codec) : await encodeWhole(image, sink.codec)
    await sink.put(coded, base?.head.tick)
    this.totals.writtenMs += performance.now() - began
    this.totals.bytes += coded.parts.reduce((n, part) => n + part.length, 0)
    if (this.#base) this.#memory.give(this.#base.buffer)
    this.#base = coded.sealed
    this.#sinceWhole = base ? this.#sinceWhole + 1 : 0
  }

  /** Waits for what is being written. */
  async drain(): Promise<void> {
    await this.#writing
  }
}
