// All that stands between us and one service: limiter, breaker, budget, retries and deadlines, in the order in which they
// do no harm to each other.
//
// Of each try: an open breaker refuses it before it waits for anything; what it may cost is set aside; it waits until few
// enough others run, and for the limiter; the breaker is asked again, for the wait may have been long, and takes note of how the try ends. So a wait for
// the limiter is no failure of the service, and what never reached the service costs no budget.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { MAX_REST_MS } from '../core/limits.js'
import { Budget, type BudgetStatus } from './budget.js'
import { type BudgetOptions, resolveBudgetState } from './budget-options.js'
import { CircuitBreaker, type CircuitBreakerStatus } from './circuit-breaker.js'
import { type CircuitBreakerOptions, resolveBreakerState } from './circuit-breaker-options.js'
import { ConcurrencyGate } from './concurrency-gate.js'
import { checkWork, type Policy, untilEnding, type WorkContext } from './deadline.js'
import { RateLimiter, type RateLimiterStatus } from './rate-limiter.js'
import { type RateLimiterOptions, resolveLimiterState } from './rate-limiter-options.js'
import { retry } from './retry.js'
import { retryAfterOf } from './retry-after.js'
import type { RetryOptions } from './retry-options.js'
import { ServiceError } from './service-error.js'
import {
  checkNames,
  type GuardedCall,
  type ResolvedGuardOptions,
  resolveCall,
  resolveGuardOptions,
  resolveGuardState,
  type ServiceGuardOptions,
  type ServiceGuardState,
} from './service-guard-options.js'
import { type WaitSummary, WaitTimes } from './wait-times.js'

type Amounts = Readonly<Record<string, number>>

/** What a guarded try is told. */
export interface GuardedContext extends WorkContext {
  /** Notes what the try did cost, where that is not what was said before: once, while it runs. OPTION_INVALID, OPTION_UNKNOWN. */
  spent(cost: Amounts): void
}

export type GuardedWork<T> = (context: GuardedContext) => Promise<T> | T

/** Counts of a guard at one moment, and those of its parts. */
export interface ServiceGuardStatus {
  /** Calls that are under way, and those of them that wait because of maxConcurrent. */
  readonly inFlight: number
  readonly waiting: number
  /** Calls that ended well; tries in all, those that were refused included. */
  readonly succeeded: number
  readonly tries: number
  /** Calls that did not, by the code of their error: OTHER is one that is no PopulaceError. */
  readonly failed: Readonly<Record<string, number>>
  /** How long calls took that ended well. */
  readonly durations: WaitSummary
  readonly limiter?: RateLimiterStatus
  readonly breaker?: CircuitBreakerStatus
  readonly budget?: BudgetStatus
}

export class ServiceGuard {
  readonly limiter: RateLimiter | undefined
  readonly breaker: CircuitBreaker | undefined
  readonly budget: Budget | undefined
  readonly #options: ResolvedGuardOptions
  readonly #clock: Clock
  readonly #retry: Policy | undefined
  readonly #gate: ConcurrencyGate | undefined
  readonly #names: readonly string[]
  readonly #durations = new WaitTimes()
  readonly #failed = new Map<string, number>()
  readonly #counts = { inFlight: 0, succeeded: 0, tries: 0 }

  /** OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options?: ServiceGuardOptions, clock: Clock = systemClock) {
    this.#options = resolveGuardOptions(options)
    this.#clock = clock
    const { limiter, breaker, budget, retry: retrying, maxConcurrent } = this.#options
    this.limiter = made(limiter, RateLimiter, o => new RateLimiter(o as RateLimiterOptions, clock))
    this.breaker = made(breaker, CircuitBreaker, o => new CircuitBreaker(o as CircuitBreakerOptions, clock))
    this.budget = made(budget, Budget, o => new Budget(o as BudgetOptions, clock))
    this.#retry = retrying === undefined ? undefined : retry(retrying as RetryOptions, clock)
    this.#gate = maxConcurrent === undefined ? undefined : new ConcurrencyGate(maxConcurrent)
    this.#names = [...new Set([...(this.limiter?.names ?? []), ...(this.budget?.names ?? [])])]
  }

  /**
   * Runs work as often as need be, and lets its last error out as it is.
   * SERVICE_BUSY, CIRCUIT_OPEN, BUDGET_SPENT, RATE_BUSY, RATE_TIMEOUT, RATE_COST, CALL_TIMEOUT, ABORTED, OPTION_INVALID,
   * OPTION_UNKNOWN.
   */
  async execute<T>(work: GuardedWork<T>, call?: GuardedCall): Promise<T> {
    checkWork(work, 'ServiceGuard.execute')
    const { cost = {}, signal, deadlineMs = this.#options.deadlineMs } = resolveCall(call, this.#names)
    const since = this.#clock.now()
    try {
      // Before anything is made for it: while a service is down, calls by the thousand come to their end here.
      this.breaker?.check()
      if (this.#full) throw busy(this.#options.maxInFlight)
      this.#counts.inFlight++
      try {
        const value = await this.#whole(work, cost, signal, deadlineMs)
        this.#counts.succeeded++
        this.#durations.add(this.#clock.now() - since)
        return value
      } finally {
        this.#counts.inFlight--
      }
    } catch (error) {
      this.#noteFailure(error instanceof PopulaceError ? error.code : 'OTHER')
      throw error
    }
  }

  /**
   * Why a call would be refused at this moment, before it waits for anything; it then counts as one that failed. For callers
   * by the thousand: an error for each would cost them more than the call.
   */
  refusal(): 'CIRCUIT_OPEN' | 'SERVICE_BUSY' | undefined {
    const code = this.breaker?.admits === false ? 'CIRCUIT_OPEN' : this.#full ? 'SERVICE_BUSY' : undefined
    if (code !== undefined) this.#noteFailure(code)
    return code
  }

  status(): ServiceGuardStatus {
    return {
      ...this.#counts,
      waiting: this.#gate?.waiting ?? 0,
      failed: Object.fromEntries(this.#failed),
      durations: this.#durations.summary(),
      ...(this.limiter && { limiter: this.limiter.status() }),
      ...(this.breaker && { breaker: this.breaker.status() }),
      ...(this.budget && { budget: this.budget.status() }),
    }
  }

  /** The state of its parts as plain data; calls that are under way are not part of it, but their cost is spent. */
  save(): ServiceGuardState {
    return {
      ...(this.limiter && { limiter: this.limiter.save() }),
      ...(this.breaker && { breaker: this.breaker.save() }),
      ...(this.budget && { budget: this.budget.save() }),
    }
  }

  /**
   * Goes on from what was saved; a part that was not saved stays as it is.
   * @param elapsedMs - milliseconds since it was saved, if any is to be counted. OPTION_INVALID, OPTION_UNKNOWN.
   */
  restore(state: ServiceGuardState, elapsedMs = 0): void {
    const { limiter, breaker, budget } = resolveGuardState(state)
    // All are looked at before any is changed.
    const levels = limiter === undefined ? undefined : resolveLimiterState(limiter, this.limiter?.names ?? [])
    const circuit = breaker === undefined ? undefined : resolveBreakerState(breaker)
    const spent = budget === undefined ? undefined : resolveBudgetState(budget, this.budget?.names ?? [])
    if (levels !== undefined) this.limiter?.restore(levels, elapsedMs)
    if (circuit !== undefined) this.breaker?.restore(circuit, elapsedMs)
    if (spent !== undefined) this.budget?.restore(spent, elapsedMs)
  }

  get #full(): boolean {
    return this.#counts.inFlight >= this.#options.maxInFlight
  }

  #noteFailure(code: string): void {
    this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1)
  }

  #whole<T>(
    work: GuardedWork<T>,
    cost: Amounts,
    signal: AbortSignal | undefined,
    deadlineMs: number | undefined,
  ): Promise<T> {
    const limit = deadlineMs === undefined ? undefined : { name: 'deadlineMs', ms: deadlineMs }
    const attempt = (context: WorkContext) => this.#try(work, context, cost)
    const all = (own: AbortSignal) =>
      this.#retry === undefined ? attempt({ signal: own, attempt: 1 }) : this.#retry.execute(attempt, { signal: own })
    return untilEnding(all, { what: 'A call of a service', signal, limit }, this.#clock)
  }

  async #try<T>(work: GuardedWork<T>, context: WorkContext, cost: Amounts): Promise<T> {
    this.#counts.tries++
    this.breaker?.check()
    const reservation = this.budget?.reserve(partOf(cost, this.budget.names))
    let leave: (() => void) | undefined
    let began = false
    try {
      leave = await this.#gate?.enter(context.signal)
      await this.#pass(cost, context.signal)
      const run = (signal: AbortSignal) => {
        began = true
        const spent = (actual: Amounts) => {
          checkNames(actual, this.#names)
          reservation?.settle(partOf(actual, this.budget?.names ?? []))
        }
        return work({ signal, attempt: context.attempt, spent })
      }
      return await this.#timed(run, context.signal)
    } finally {
      leave?.()
      if (began) reservation?.settle()
      else reservation?.release()
    }
  }

  async #pass(cost: Amounts, signal: AbortSignal): Promise<void> {
    if (this.limiter === undefined) return
    const part = partOf(cost, this.limiter.names)
    const request = this.limiter.names.includes('requests') && part.requests === undefined
    // The limiter refuses a call that costs nothing of its buckets; here that is a call of which it knows nothing.
    if (request || Object.values(part).some(amount => amount > 0)) await this.limiter.acquire({ cost: part, signal })
  }

  #timed<T>(run: (signal: AbortSignal) => Promise<T> | T, signal: AbortSignal): Promise<T> {
    const { timeoutMs } = this.#options
    const limit = timeoutMs === undefined ? undefined : { name: 'timeoutMs', ms: timeoutMs }
    const attempt = async () => {
      try {
        return await untilEnding(run, { what: 'A try', signal, limit }, this.#clock)
      } catch (error) {
        // Whoever waits for the limiter would only hear the same.
        const restMs = retryAfterOf(error) ?? 0
        if (restMs > 0) this.limiter?.pause(Math.min(Math.ceil(restMs), MAX_REST_MS))
        // The call has ended already, so this is for the breaker alone: a deadline that waits have used up says nothing of
        // the service, where a try has a limit of its own.
        if (signal.aborted && limit !== undefined) throw cutShort()
        throw error
      }
    }
    return this.breaker === undefined ? attempt() : this.breaker.execute(attempt)
  }
}

/** Calls a function with one argument and, if need be, a cost, a signal, a deadline and whatever else it is to be told. */
export interface Guarded<A, T, C extends GuardedCall = GuardedCall> {
  (argument: A, call?: C): Promise<T>
  /** That of the guard. */
  status(): ServiceGuardStatus
}

/**
 * Puts a guard around a function: `const ask = compose({ limiter, breaker, retry: { attempts: 4 }, deadlineMs: 30_000 },
 * (prompt, { signal }) => …)`. What it gives can be a service that agents ask: then the function's third argument says who
 * asks. @param guard - or the options of one. @param clock - for tests. OPTION_INVALID, OPTION_UNKNOWN.
 */
export function compose<A, T, C extends GuardedCall = GuardedCall>(
  guard: ServiceGuard | ServiceGuardOptions,
  work: (argument: A, context: GuardedContext, call: C | undefined) => Promise<T> | T,
  clock: Clock = systemClock,
): Guarded<A, T, C> {
  checkWork(work, 'compose')
  const around = guard instanceof ServiceGuard ? guard : new ServiceGuard(guard, clock)
  const guarded = (argument: A, call?: C) =>
    around.execute(context => work(argument, context, call), call && guardedPart(call))
  return Object.assign(guarded, { status: () => around.status() })
}

/** What of a call the guard is told. */
function guardedPart({ cost, signal, deadlineMs }: GuardedCall): GuardedCall {
  return {
    ...(cost === undefined ? {} : { cost }),
    ...(signal === undefined ? {} : { signal }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  }
}

function made<C>(given: unknown, type: new (...args: never[]) => C, make: (options: unknown) => C): C | undefined {
  return given === undefined || given instanceof type ? given : make(given)
}

/** What of a cost goes by these names. */
function partOf(cost: Amounts, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(Object.entries(cost).filter(([name]) => names.includes(name)))
}

function busy(most: number): ServiceError {
  return new ServiceError(
    'SERVICE_BUSY',
    `As many calls as maxInFlight of ${most} are under way already`,
    'Start fewer calls, or raise maxInFlight.',
  )
}

function cutShort(): PopulaceError {
  return new PopulaceError('ABORTED', 'The deadline of a call cut a try short', 'Raise deadlineMs.')
}
