// A circuit breaker (Nygard, "Release It!", 2007): calls to what keeps failing are refused at once, and after a while some
// are let through to see whether it is well again.
//
// Invariants: while it is open nothing is let through; while it is half-open at most halfOpenProbes are; what a call comes
// to counts only for the state that it began in, so one that was slow says nothing about a service that was mended since.
// It has no timer: it becomes half-open with the first call after openMs.
import { type Clock, systemClock } from '../core/clock.js'
import {
  type CircuitBreakerOptions,
  type CircuitBreakerState,
  type CircuitState,
  type ResolvedBreakerOptions,
  resolveBreakerOptions,
  resolveBreakerState,
} from './circuit-breaker-options.js'
import type { Policy, PolicyCall, Work } from './deadline.js'
import { resolvePolicyCall, untilEnding } from './deadline.js'
import { resolveElapsed } from './elapsed.js'
import { isOurRefusal } from './failure.js'
import { OutcomeWindow } from './outcome-window.js'
import { ServiceError } from './service-error.js'
import { type Listener, Subscribers } from './subscribers.js'

/** Why a breaker changed its state. */
export type CircuitReason =
  | 'failures in a row'
  | 'failure ratio'
  | 'openMs is over'
  | 'a probe failed'
  | 'probes succeeded'
  | 'by hand'
  | 'restored'

export interface CircuitChange {
  readonly from: CircuitState
  readonly to: CircuitState
  readonly reason: CircuitReason
}

/** State and counts of a breaker at one moment. */
export interface CircuitBreakerStatus {
  /** 'half-open' as soon as openMs is over. */
  readonly state: CircuitState
  /** Milliseconds until an open one lets probes through: Infinity where it was opened by hand, 0 where it is not open. */
  readonly openForMs: number
  readonly consecutiveFailures: number
  /** Calls of the last windowMs. */
  readonly window: { readonly successes: number; readonly failures: number }
  /** Calls since the beginning, and how often it opened. Those whose error is no failure are in none. */
  readonly successes: number
  readonly failures: number
  readonly refused: number
  readonly opened: number
}

export class CircuitBreaker implements Policy {
  readonly #options: ResolvedBreakerOptions
  readonly #clock: Clock
  readonly #window: OutcomeWindow
  readonly #subscribers = new Subscribers<CircuitChange>('a circuit breaker')
  readonly #counts = { successes: 0, failures: 0, refused: 0, opened: 0 }
  #state: CircuitState = 'closed'
  /** When an open one lets probes through, or a half-open one new ones. */
  #until = 0
  #consecutive = 0
  #probes = { running: 0, succeeded: 0 }
  /** Goes up whenever what runs is not to count any more. */
  #era = 0

  /** Closed. OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options?: CircuitBreakerOptions, clock: Clock = systemClock) {
    this.#options = resolveBreakerOptions(options)
    this.#clock = clock
    this.#window = new OutcomeWindow(this.#options.windowMs)
  }

  /** Runs work and takes note of how it ends. CIRCUIT_OPEN with retryAfterMs, ABORTED, OPTION_INVALID, OPTION_UNKNOWN, and what the work throws. */
  async execute<T>(work: Work<T>, call?: PolicyCall): Promise<T> {
    const { signal } = resolvePolicyCall(work, call, 'CircuitBreaker.execute')
    const ending = { what: 'a call through a circuit breaker', signal }
    return this.#run(() => untilEnding(own => work({ signal: own, attempt: 1 }), ending, this.#clock))
  }

  /** Whether a call would be let through at this moment; takes no probe. */
  get admits(): boolean {
    const due = this.#state !== 'closed' && this.#clock.now() >= this.#until
    return due || (this.#state === 'half-open' ? this.#roomForProbe : this.#state === 'closed')
  }

  /** Throws what `execute` would be refused with at this moment, and takes no probe. CIRCUIT_OPEN. */
  check(): void {
    if (!this.admits) this.#refuse()
  }

  /** Opens it until `close` is called: for a service that is known to be down. */
  open(): void {
    this.#enter('open', 'by hand', Number.POSITIVE_INFINITY)
  }

  /** Closes it, and forgets what was counted. */
  close(): void {
    this.#enter('closed', 'by hand')
  }

  status(): CircuitBreakerStatus {
    const now = this.#clock.now()
    const open = this.#state === 'open' && now < this.#until
    const state = this.#state === 'open' && !open ? 'half-open' : this.#state
    const openForMs = open ? this.#until - now : 0
    return {
      state,
      openForMs,
      consecutiveFailures: this.#consecutive,
      window: this.#window.totals(now),
      ...this.#counts,
    }
  }

  /** Tells a listener each change of state; gives what takes it away. OPTION_INVALID. */
  subscribe(listener: Listener<CircuitChange>): () => void {
    return this.#subscribers.add(listener)
  }

  /** State and counts of the window as plain data; probes that are under way are not part of it. */
  save(): CircuitBreakerState {
    const { state, openForMs, consecutiveFailures } = this.status()
    return {
      state,
      openForMs: Number.isFinite(openForMs) ? openForMs : null,
      consecutiveFailures,
      slices: this.#window.save(this.#clock.now()),
    }
  }

  /**
   * Goes on from what was saved; calls that are under way do not count.
   * @param elapsedMs - milliseconds since it was saved, if any is to be counted. OPTION_INVALID, OPTION_UNKNOWN.
   */
  restore(saved: CircuitBreakerState, elapsedMs = 0): void {
    const { state, openForMs, consecutiveFailures, slices } = resolveBreakerState(saved)
    const elapsed = resolveElapsed(elapsedMs)
    const left = openForMs === null ? Number.POSITIVE_INFINITY : Math.max(0, openForMs - elapsed)
    this.#enter(state === 'closed' ? 'closed' : 'open', 'restored', left)
    this.#consecutive = consecutiveFailures
    this.#window.restore(slices, elapsed, this.#clock.now())
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const era = this.#admit()
    try {
      const value = await work()
      if (era === this.#era) this.#succeeded()
      this.#counts.successes++
      return value
    } catch (error) {
      const { isFailure = defaultFailure } = this.#options
      const failed = isFailure(error)
      if (failed) this.#counts.failures++
      if (era === this.#era) {
        if (failed) this.#failed()
        else if (this.#state === 'half-open') this.#probes.running--
      }
      throw error
    }
  }

  /** Lets a call through, or throws CIRCUIT_OPEN; gives the era that it belongs to. */
  #admit(): number {
    // A half-open one whose probes never end would be so for ever: after openMs it lets others through.
    if (this.#state !== 'closed' && this.#clock.now() >= this.#until) {
      this.#enter('half-open', 'openMs is over', this.#options.openMs)
    }
    this.check()
    if (this.#state === 'half-open') this.#probes.running++
    return this.#era
  }

  get #roomForProbe(): boolean {
    return this.#probes.running + this.#probes.succeeded < this.#options.halfOpenProbes
  }

  #refuse(): never {
    this.#counts.refused++
    if (this.#state === 'half-open') {
      const what = 'A circuit breaker is half-open and its probes are under way'
      throw new ServiceError('CIRCUIT_OPEN', what, 'Try again when they have ended.')
    }
    const openForMs = this.#until - this.#clock.now()
    const ms = Number.isFinite(openForMs) ? Math.ceil(openForMs) : undefined
    const remedy = ms === undefined ? 'Somebody has to close it.' : `Try again in ${ms} ms.`
    throw new ServiceError('CIRCUIT_OPEN', 'A circuit breaker is open', remedy, ms)
  }

  #succeeded(): void {
    this.#consecutive = 0
    if (this.#state === 'half-open') {
      this.#probes.running--
      if (++this.#probes.succeeded >= this.#options.halfOpenProbes) this.#enter('closed', 'probes succeeded')
    } else this.#window.add(true, this.#clock.now())
  }

  #failed(): void {
    const { failureThreshold, failureRatio, minimumCalls, openMs } = this.#options
    this.#consecutive++
    if (this.#state === 'half-open') {
      this.#enter('open', 'a probe failed', openMs)
      return
    }
    const now = this.#clock.now()
    this.#window.add(false, now)
    const { successes, failures } = this.#window.totals(now)
    const calls = successes + failures
    if (this.#consecutive >= failureThreshold) this.#enter('open', 'failures in a row', openMs)
    else if (calls >= minimumCalls && failures / calls >= failureRatio) this.#enter('open', 'failure ratio', openMs)
  }

  /** @param forMs - milliseconds until it lets probes through, or new ones. */
  #enter(to: CircuitState, reason: CircuitReason, forMs = 0): void {
    const from = this.#state
    this.#state = to
    this.#until = this.#clock.now() + forMs
    this.#probes = { running: 0, succeeded: 0 }
    this.#era++
    if (to === 'closed') {
      this.#consecutive = 0
      this.#window.clear()
    }
    if (from === to) return
    if (to === 'open') this.#counts.opened++
    this.#subscribers.tell({ from, to, reason })
  }
}

const defaultFailure = (error: unknown) => !isOurRefusal(error)
