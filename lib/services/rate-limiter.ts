// A limit of how often something is done: one or several token buckets, and a line of calls that wait for them.
//
// Invariants: a call takes from all its buckets in one turn of the event loop or from none; nobody overtakes: while somebody
// waits, tryAcquire gives false; whoever waits is served once, or told once why not; a timer runs only while somebody waits.
import { type Clock, systemClock } from '../core/clock.js'
import type { PopulaceError } from '../core/errors.js'
import { onAbort } from './abort-listener.js'
import { type Cost, resolveCost } from './cost.js'
import { resolveElapsed } from './elapsed.js'
import {
  type AcquireOptions,
  type RateLimiterOptions,
  type RateLimiterState,
  type ResolvedLimiterOptions,
  resolveAcquire,
  resolveLimiterOptions,
  resolveLimiterState,
  resolvePause,
} from './rate-limiter-options.js'
import { ended, ServiceError } from './service-error.js'
import { type Listener, Subscribers } from './subscribers.js'
import { type BucketRate, TokenBucket } from './token-bucket.js'
import { type WaitSummary, WaitTimes } from './wait-times.js'
import { WaitingLine } from './waiting-line.js'

/** Counts of a limiter at one moment. */
export interface RateLimiterStatus {
  /** Tokens in each bucket, and its rate. */
  readonly buckets: Readonly<Record<string, BucketRate & { readonly level: number }>>
  /** Milliseconds that nobody is let through since `pause`. */
  readonly pausedMs: number
  /** Calls that wait. */
  readonly waiting: number
  readonly maxWaiting: number
  /** Calls since the beginning: let through, and not: refused at once, too late, ended by their signal. */
  readonly granted: number
  readonly refused: number
  readonly timedOut: number
  readonly aborted: number
  /** How long calls of `acquire` waited that were let through. */
  readonly waits: WaitSummary
}

type Charge = ReadonlyMap<TokenBucket, number>

interface Waiter {
  readonly charge: Charge
  readonly go: () => void
}

export class RateLimiter {
  readonly #options: ResolvedLimiterOptions
  readonly #clock: Clock
  readonly #buckets: ReadonlyMap<string, TokenBucket>
  readonly #names: readonly string[]
  readonly #line = new WaitingLine<Waiter>()
  readonly #waits = new WaitTimes()
  readonly #counts = { granted: 0, refused: 0, timedOut: 0, aborted: 0 }
  readonly #subscribers = new Subscribers<RateLimiterStatus>('a rate limiter')
  #stopTimer: (() => void) | undefined
  #pausedUntil = Number.NEGATIVE_INFINITY

  /** Its buckets are full. OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options: RateLimiterOptions, clock: Clock = systemClock) {
    this.#options = resolveLimiterOptions(options)
    this.#clock = clock
    const now = clock.now()
    this.#buckets = new Map([...this.#options.rates].map(([name, rate]) => [name, new TokenBucket(rate, now)]))
    this.#names = [...this.#buckets.keys()]
  }

  /** The names of its buckets. */
  get names(): readonly string[] {
    return this.#names
  }

  /** Takes tokens if they are there and nobody waits; else it takes none. RATE_COST, OPTION_INVALID, OPTION_UNKNOWN. */
  tryAcquire(cost?: Cost): boolean {
    const charge = this.#charge(cost, 'tryAcquire')
    const free = this.#line.length === 0 && this.#waitMs(charge) === 0
    if (free) this.#take(charge)
    else this.#counts.refused++
    return free
  }

  /**
   * Takes tokens, and waits for them in line if need be.
   * RATE_BUSY: as many wait already as may. RATE_TIMEOUT, RATE_COST, ABORTED, OPTION_INVALID, OPTION_UNKNOWN.
   */
  async acquire(options?: AcquireOptions): Promise<void> {
    const { cost, signal, timeoutMs } = resolveAcquire(options, 'acquire')
    const charge = this.#charge(cost, 'acquire')
    if (signal?.aborted) throw this.#aborted(signal)
    if (this.#line.length === 0 && this.#waitMs(charge) === 0) {
      this.#take(charge)
      this.#waits.add(0)
      return
    }
    if (this.#line.length >= this.#options.maxWaiting) {
      this.#counts.refused++
      this.#tell()
      throw busy(this.#options.maxWaiting)
    }
    await this.#wait(charge, signal, timeoutMs)
  }

  /** Lets nobody through for some milliseconds at least, because the service asked for a rest. OPTION_INVALID. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + resolvePause(ms))
    this.#serve()
  }

  /** Tokens and counts at this moment. */
  status(): RateLimiterStatus {
    const now = this.#clock.now()
    const buckets = Object.fromEntries(
      [...this.#buckets].map(([name, bucket]) => [name, { ...bucket.rate, level: bucket.levelAt(now) }]),
    )
    const { maxWaiting } = this.#options
    const pausedMs = Math.max(0, this.#pausedUntil - now)
    return { buckets, pausedMs, waiting: this.#line.length, maxWaiting, ...this.#counts, waits: this.#waits.summary() }
  }

  /** Tells a listener whenever a call begins or ends to wait or is refused by `acquire`; gives what takes it away. OPTION_INVALID. */
  subscribe(listener: Listener<RateLimiterStatus>): () => void {
    return this.#subscribers.add(listener)
  }

  /** The tokens in each bucket, as plain data; calls that wait are not part of it. */
  save(): RateLimiterState {
    const { buckets, pausedMs } = this.status()
    return { levels: Object.fromEntries(Object.entries(buckets).map(([name, { level }]) => [name, level])), pausedMs }
  }

  /**
   * Goes on from what was saved; buckets that it does not name stay as they are.
   * @param elapsedMs - milliseconds since it was saved, if any is to be counted. OPTION_INVALID, OPTION_UNKNOWN.
   */
  restore(state: RateLimiterState, elapsedMs = 0): void {
    const { levels, pausedMs } = resolveLimiterState(state, this.#names)
    const since = this.#clock.now() - resolveElapsed(elapsedMs)
    for (const [name, level] of Object.entries(levels)) this.#buckets.get(name)?.setLevel(level, since)
    this.#pausedUntil = since + pausedMs
    this.#serve()
  }

  #charge(given: unknown, what: string): Charge {
    const charge = new Map<TokenBucket, number>()
    for (const [name, tokens] of resolveCost(given, this.#names, what)) {
      const bucket = this.#buckets.get(name) as TokenBucket
      if (tokens > bucket.rate.burst) throw tooDear(name, tokens, bucket.rate.burst)
      charge.set(bucket, tokens)
    }
    return charge
  }

  #waitMs(charge: Charge): number {
    const now = this.#clock.now()
    let wait = Math.max(0, Math.ceil(this.#pausedUntil - now))
    for (const [bucket, tokens] of charge) wait = Math.max(wait, bucket.waitMs(tokens, now))
    return wait
  }

  #take(charge: Charge): void {
    const now = this.#clock.now()
    for (const [bucket, tokens] of charge) bucket.take(tokens, now)
    this.#counts.granted++
  }

  #wait(charge: Charge, signal: AbortSignal | undefined, timeoutMs = this.#options.timeoutMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const since = this.#clock.now()
      const late = () => {
        this.#counts.timedOut++
        giveUp(tooSlow(timeoutMs, this.#line.length))
      }
      const abort = () => giveUp(this.#aborted(signal as AbortSignal))
      const stopTimer = this.#clock.after(timeoutMs, late)
      const stopListening = onAbort(signal, abort)
      const settle = () => {
        stopTimer()
        stopListening()
      }
      const go = () => {
        settle()
        this.#waits.add(this.#clock.now() - since)
        resolve()
      }
      const place = this.#line.join({ charge, go })
      const giveUp = (error: Error) => {
        settle()
        place.leave()
        reject(error)
        // Who was behind may cost less, and need not wait any longer.
        this.#serve()
      }
      this.#serve()
    })
  }

  /** Lets through whoever can be, in order, and sees to it that the next one is looked at in time. */
  #serve(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    for (let next = this.#line.first; next !== undefined; next = this.#line.first) {
      const wait = this.#waitMs(next.charge)
      if (wait > 0) {
        this.#stopTimer = this.#clock.after(wait, () => this.#serve())
        break
      }
      this.#line.shift()
      this.#take(next.charge)
      next.go()
    }
    this.#tell()
  }

  #aborted(signal: AbortSignal): PopulaceError {
    this.#counts.aborted++
    return ended('a wait for a rate limiter', signal)
  }

  #tell(): void {
    if (this.#subscribers.any) this.#subscribers.tell(this.status())
  }
}

function busy(most: number): ServiceError {
  return new ServiceError(
    'RATE_BUSY',
    `As many calls as maxWaiting of ${most} wait for a rate limiter already`,
    'Start fewer calls, or raise its rate or maxWaiting.',
  )
}

function tooSlow(ms: number, behind: number): ServiceError {
  return new ServiceError(
    'RATE_TIMEOUT',
    `A call waited for a rate limiter longer than timeoutMs of ${ms} ms, with ${behind - 1} more in line`,
    'Start fewer calls, or raise its rate or timeoutMs.',
  )
}

function tooDear(name: string, tokens: number, burst: number): ServiceError {
  return new ServiceError(
    'RATE_COST',
    `A call costs ${tokens} of '${name}', of which a rate limiter holds ${burst} at most`,
    'Make the call smaller, or raise the burst.',
  )
}
