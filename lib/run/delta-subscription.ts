// A subscription to deltas: a queue of its own that one consumer takes from, and what happens when that is slow. The queue
// is bounded, and nothing is encoded for a place in it that is not there.
import { PopulaceError } from '../core/errors.js'

/** A message of a stream. The bytes are shared by all who are given it: not to be written. */
export interface Delta {
  readonly run: string
  /** Ticks done of the state that it leads to. */
  readonly tick: number
  /** For Mirror.apply; docs/delta.md describes it. */
  readonly bytes: Uint8Array
  /** Whether it follows nothing. */
  readonly keyframe: boolean
}

/** What a stream of deltas is of; all that is left out is whole. */
export interface StreamOptions {
  populations?: readonly string[]
  columns?: readonly string[]
  partitions?: readonly string[]
  /** Ticks from delta to delta: those whose number it divides. Default 1. */
  every?: number
  /** Each so many messages one is a keyframe; by default the first alone. */
  keyframeEvery?: number
  /** Whether the scenario's measures ride along. Default false. */
  measures?: boolean
}

/** Options of sim.subscribe. */
export interface SubscribeOptions extends StreamOptions {
  /**
   * When the queue is full: 'merge' (default) tells nothing, and the next delta covers all ticks since the last one that
   * was queued; 'keyframe' empties the queue and goes on with a keyframe; 'close' ends with SUBSCRIBER_SLOW.
   */
  backpressure?: 'merge' | 'keyframe' | 'close'
  /** Deltas that may wait. Default 16. */
  maxQueue?: number
}

/** What became of the ticks that a subscription is due. */
export interface DeltaCounts {
  /** Deltas that were queued. */
  readonly queued: number
  /** Ticks that were left to the next delta. */
  readonly merged: number
  /** Deltas that were thrown out of the queue. */
  readonly dropped: number
}

/** Who is told deltas by a stream. */
export interface DeltaTarget {
  /** Whether the next message has to be a keyframe. */
  wantsKeyframe: boolean
  /** Whether every due tick has to be told: the run waits for it. */
  readonly exact: boolean
  /** Asked once a due tick: whether there is room. Then `take` follows, or `missed`. */
  reserve(tick: number): boolean
  /** The tick is left to the next delta, for want of an encoder. */
  missed(): void
  /** Nothing comes of what was reserved: the tick is stepped again. */
  release(): void
  take(delta: Delta): void
  /** No more comes: the simulation was closed, or has failed. */
  end(error: Error | undefined): void
}

type Resolved = Required<Pick<SubscribeOptions, 'backpressure' | 'maxQueue'>>

export class DeltaSubscription implements DeltaTarget, AsyncIterableIterator<Delta> {
  /** @internal */
  readonly exact = false
  /** @internal */
  wantsKeyframe = true
  readonly #o: Resolved
  readonly #leave: (self: DeltaSubscription) => void
  readonly #queue: Delta[] = []
  #reserved = 0
  #queued = 0
  #merged = 0
  #dropped = 0
  #ended = false
  #error: Error | undefined
  #consumer: { resolve(result: IteratorResult<Delta>): void; reject(error: Error): void } | undefined

  /** @internal Made by sim.subscribe. */
  constructor(o: Resolved, leave: (self: DeltaSubscription) => void) {
    this.#o = o
    this.#leave = leave
  }

  /** What became of the ticks so far; queued + merged are those that were due. */
  get counts(): DeltaCounts {
    return { queued: this.#queued, merged: this.#merged, dropped: this.#dropped }
  }

  /** Deltas that wait now. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Asks for a keyframe in place of the next delta, as a mirror that missed one needs it. */
  keyframe(): void {
    this.wantsKeyframe = true
  }

  /** Ends it: what waits may still be taken, nothing comes any more. */
  close(): void {
    this.end(undefined)
    this.#leave(this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The next delta; done when the subscription or the simulation has ended. SUBSCRIBER_SLOW, SIM_FAILED. */
  next(): Promise<IteratorResult<Delta>> {
    const value = this.#queue.shift()
    if (value) return Promise.resolve({ value, done: false })
    const error = this.#error
    this.#error = undefined // told once, as by a generator that threw
    if (error) return Promise.reject(error)
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    if (this.#consumer)
      return Promise.reject(
        new PopulaceError(
          'OPTION_INVALID',
          'A subscription was asked for its next delta while it is being waited for',
          'Let one consumer take from it; subscribe twice for two.',
        ),
      )
    return new Promise((resolve, reject) => {
      this.#consumer = { resolve, reject }
    })
  }

  /** Ends it and forgets what waits: called where a loop over it is left. */
  async return(): Promise<IteratorResult<Delta>> {
    this.#queue.length = 0
    this.#error = undefined
    this.close()
    return { value: undefined, done: true }
  }

  /** @internal */
  reserve(tick: number): boolean {
    if (this.#ended) return false
    if (this.#queue.length + this.#reserved >= this.#o.maxQueue) {
      if (this.#o.backpressure === 'merge') {
        this.#merged++
        return false
      }
      if (this.#o.backpressure === 'close') {
        this.end(
          new PopulaceError(
            'SUBSCRIBER_SLOW',
            `A subscription had ${this.#o.maxQueue} deltas waiting when that of tick ${tick} came`,
            "Take them sooner, ask for fewer with every, or use backpressure 'merge' or 'keyframe'.",
          ),
        )
        this.#leave(this)
        return false
      }
      this.#dropped += this.#queue.length
      this.#queue.length = 0
      this.wantsKeyframe = true
    }
    this.#reserved = 1
    return true
  }

  /** @internal */
  missed(): void {
    this.#reserved = 0
    this.#merged++
  }

  /** @internal */
  release(): void {
    this.#reserved = 0
  }

  /** @internal */
  take(delta: Delta): void {
    this.#reserved = 0
    if (this.#ended) return
    this.#queued++
    const consumer = this.#consumer
    this.#consumer = undefined
    if (consumer) consumer.resolve({ value: delta, done: false })
    else this.#queue.push(delta)
  }

  /** @internal */
  end(error: Error | undefined): void {
    if (this.#ended) return
    this.#ended = true
    const consumer = this.#consumer
    this.#consumer = undefined
    if (!consumer) this.#error = error
    else if (error) consumer.reject(error)
    else consumer.resolve({ value: undefined, done: true })
  }
}
