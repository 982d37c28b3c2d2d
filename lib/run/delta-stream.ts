// A stream of deltas: one part of the world every so many ticks, told to all who asked for the same. At a tick that is due
// the crew copies what may have changed, and the run goes on while that is encoded; one encoding is in flight at most.
// One who has no room is left behind with a stream of its own, so that its next delta covers all that it missed.

import type { StreamOptions as EncodedOptions, StreamImage, StreamMessages } from '../state/delta-encoder.js'
import type { DeltaMeasures } from '../state/delta-format.js'
import { frozenImage, planPart, type Seen } from '../state/delta-part.js'
import type { DeltaCoder } from './delta-coder.js'
import type { DeltaTarget } from './delta-subscription.js'
import type { OpenWorld } from './open-world.js'
import { capturePart, ImageMemory } from './world-image.js'

/** What all streams of a simulation share. */
export interface StreamSurroundings {
  readonly world: OpenWorld
  readonly coder: () => Promise<DeltaCoder>
  /** The measures of the present state, between two ticks. */
  measures(): Promise<DeltaMeasures>
  /** A number that no stream has had. */
  number(): number
  /** Encoding failed: streams go on with a keyframe. */
  failed(error: unknown): void
  /** Columns that an engine may write without a word: by population. */
  readonly written: ReadonlyMap<string, ReadonlySet<string>>
  /** Messages were encoded; milliseconds from the copy on. */
  encoded(messages: { readonly delta?: Uint8Array; readonly keyframe?: Uint8Array }, ms: number): void
  /** Adds a stream for those that are left behind. */
  add(stream: DeltaStream): void
}

/** What a stream is of. */
export interface StreamShape {
  readonly encoded: EncodedOptions
  readonly every: number
  readonly keyframeEvery: number | undefined
  readonly measures: boolean
}

export class DeltaStream {
  readonly shape: StreamShape
  readonly targets = new Set<DeltaTarget>()
  readonly #around: StreamSurroundings
  readonly #number: number
  /** Of its own: images of one stream are of one size, and one is in use at a time. */
  readonly #memory = new ImageMemory()
  /** The last tick that was told, or left to the next delta: one that is stepped again is not told again. */
  #due = -1
  #sequence = 0
  #open = false
  #seen: Seen | undefined
  #busy: Promise<void> | undefined
  /** A tick that was due while the encoder was busy, and who was to be told: it is told if the run rests there. */
  #skipped: { readonly tick: number; readonly targets: readonly DeltaTarget[] } | undefined

  constructor(shape: StreamShape, around: StreamSurroundings) {
    this.shape = shape
    this.#around = around
    this.#number = around.number()
  }

  /** The next tick after `tick` at which it has something to tell. */
  nextTick(tick: number): number {
    if (this.targets.size === 0) return Number.POSITIVE_INFINITY
    const { every } = this.shape
    return (Math.floor(Math.max(tick, this.#due) / every) + 1) * every
  }

  /** The run rests at this tick: resolves when all that is due has been told. */
  async rest(tick: number): Promise<void> {
    await this.#busy
    if (this.#skipped?.tick === tick) {
      this.#due = tick - 1
      this.#skipped = undefined
    }
    this.#countSkipped()
    await this.boundary(tick)
    await this.#busy
  }

  /** Between two ticks: tells the state, if that is due and somebody has room for it. */
  async boundary(tick: number): Promise<void> {
    if (tick % this.shape.every !== 0 || tick <= this.#due || this.targets.size === 0) return
    this.#countSkipped()
    if (this.#busy) {
      if (![...this.targets].some(target => target.exact)) {
        this.#due = tick
        this.#skipped = { tick, targets: [...this.targets] }
        return
      }
      await this.#busy
    }
    const told: DeltaTarget[] = []
    const behind: DeltaTarget[] = []
    for (const target of [...this.targets]) (target.reserve(tick) ? told : behind).push(target)
    if (told.length > 0) {
      const left = behind.filter(target => this.targets.has(target) && !target.wantsKeyframe)
      await this.#leaveBehind(left, tick)
      await this.#tell(tick, told)
    }
    this.#due = tick
  }

  #countSkipped(): void {
    for (const target of this.#skipped?.targets ?? []) target.missed()
    this.#skipped = undefined
  }

  /** Those who miss a tick that others are told go on from what they were told last, in a stream of their own. */
  async #leaveBehind(targets: readonly DeltaTarget[], tick: number): Promise<void> {
    if (targets.length === 0) return
    const { add, coder } = this.#around
    const fork = new DeltaStream(this.shape, this.#around)
    fork.#due = tick // which is merged for them
    fork.#sequence = this.#sequence
    fork.#open = this.#open
    fork.#seen = this.#seen
    for (const target of targets) {
      this.targets.delete(target)
      fork.targets.add(target)
    }
    add(fork)
    await (await coder()).do({ fork: this.#number, as: fork.#number })
  }

  async #tell(tick: number, targets: readonly DeltaTarget[]): Promise<void> {
    const { keyframeEvery, measures: riding, encoded } = this.shape
    const { world, written } = this.#around
    const memory = this.#memory
    const coder = await this.#around.coder()
    if (!this.#open) await coder.do({ open: this.#number, options: encoded })
    this.#open = true
    const whole = keyframeEvery !== undefined && this.#sequence % keyframeEvery === 0
    const fresh = targets.filter(target => whole || target.wantsKeyframe)
    const measures = riding ? await this.#around.measures() : undefined
    const { filter, tables } = encoded
    const { part, seen, froze, ...known } = planPart(
      world.memory,
      { filter, tables, written },
      this.#seen,
      fresh.length > 0,
    )
    const rows = froze.length > 0 ? world.frozen.rows(new Set(froze)) : []
    const { sections, buffer } = await capturePart(world, part, memory).catch(error => {
      for (const target of targets) target.release()
      throw error
    })
    this.#seen = seen
    for (const target of fresh) target.wantsKeyframe = false
    const image: StreamImage = {
      ...{ tick, sections, buffer, ...known },
      ...(rows.length > 0 ? { frozen: frozenImage(world.memory, tables, await Promise.all(rows)) } : {}),
      ...(measures ? { measures } : {}),
      delta: targets.length > fresh.length,
      keyframe: fresh.length > 0,
    }
    this.#busy = this.#encode(coder, image, targets, new Set(fresh)).finally(() => {
      this.#busy = undefined
      memory.give(buffer)
    })
    if (coder.inline) await this.#busy
  }

  async #encode(
    coder: DeltaCoder,
    image: StreamImage,
    targets: readonly DeltaTarget[],
    fresh: ReadonlySet<DeltaTarget>,
  ): Promise<void> {
    const { tick } = image
    const { run } = this.shape.encoded
    const began = performance.now()
    const messages = await coder.do({ encode: this.#number, image }).catch((error): StreamMessages => {
      this.#around.failed(error)
      return { lost: true }
    })
    if (messages.lost) {
      // Another thread begins anew with the next tick that is due.
      this.#open = false
      this.#seen = undefined
      for (const target of targets) {
        target.missed()
        target.wantsKeyframe = true
      }
      return
    }
    this.#around.encoded(messages, performance.now() - began)
    this.#sequence++
    for (const target of targets) {
      const bytes = fresh.has(target) ? messages.keyframe : (messages.delta ?? messages.keyframe)
      if (bytes) target.take({ run, tick, bytes, keyframe: bytes === messages.keyframe })
    }
  }

  /** Ends it for one, or for all. */
  end(error: Error | undefined): void {
    for (const target of this.targets) target.end(error)
    this.targets.clear()
  }

  /** Lets the encoder forget it. */
  async forget(): Promise<void> {
    await this.#busy
    if (this.#open) await (await this.#around.coder()).do({ close: this.#number })
  }
}
