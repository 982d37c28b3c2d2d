// Options of a service's guard and of calls through it, checked once at the edge.
import { PopulaceError } from '../core/errors.js'
import { integer, lazily, milliseconds } from '../core/lazy-zod.js'
import { MAX_CONCURRENT, MAX_SERVICE_WAITING } from '../core/limits.js'
import { check } from '../core/option-check.js'
import { hint } from '../core/suggest.js'
import type { Budget } from './budget.js'
import type { BudgetOptions, BudgetState } from './budget-options.js'
import type { CircuitBreaker } from './circuit-breaker.js'
import type { CircuitBreakerOptions, CircuitBreakerState } from './circuit-breaker-options.js'
import type { RateLimiter } from './rate-limiter.js'
import type { RateLimiterOptions, RateLimiterState } from './rate-limiter-options.js'
import type { RetryOptions } from './retry-options.js'

/** Options of ServiceGuard. What is left out is not there: without any, calls go straight through. */
export interface ServiceGuardOptions {
  /** A limiter that several guards may share, or the options of one. */
  readonly limiter?: RateLimiter | RateLimiterOptions
  readonly breaker?: CircuitBreaker | CircuitBreakerOptions
  readonly budget?: Budget | BudgetOptions
  readonly retry?: RetryOptions
  /** Milliseconds of one try, from when it is let through: no limit by default. */
  readonly timeoutMs?: number
  /** Milliseconds of a call with all its waits and tries: no limit by default. */
  readonly deadlineMs?: number
  /** Tries that run at once, those that wait for the limiter included: 1 to 100,000; others wait in line. No limit by default. */
  readonly maxConcurrent?: number
  /** Calls at once, those that wait included: 0 to 1,000,000, 10,000 by default. One more is SERVICE_BUSY. */
  readonly maxInFlight?: number
}

/** Options of one call. */
export interface GuardedCall {
  /** What a try costs, by the names of the limiter's buckets and the budget's amounts; 'requests' is 1 by default. */
  readonly cost?: Readonly<Record<string, number>>
  /** Ends the call with ABORTED. */
  readonly signal?: AbortSignal
  /** Milliseconds of this call: deadlineMs of the guard by default. */
  readonly deadlineMs?: number
}

/** A guard as plain data. */
export interface ServiceGuardState {
  readonly limiter?: RateLimiterState
  readonly breaker?: CircuitBreakerState
  readonly budget?: BudgetState
}

const schemas = lazily(z => ({
  guard: z.strictObject({
    limiter: z.unknown().optional(),
    breaker: z.unknown().optional(),
    budget: z.unknown().optional(),
    retry: z.unknown().optional(),
    timeoutMs: milliseconds(z).optional(),
    deadlineMs: milliseconds(z).optional(),
    maxConcurrent: integer(z, 1, MAX_CONCURRENT).optional(),
    maxInFlight: integer(z, 0, MAX_SERVICE_WAITING).default(10_000),
  }),
  call: z.strictObject({
    cost: z.record(z.string(), z.number().min(0).max(Number.MAX_SAFE_INTEGER)).optional(),
    signal: z.instanceof(AbortSignal).optional(),
    deadlineMs: milliseconds(z).optional(),
  }),
  state: z.strictObject({
    limiter: z.unknown().optional(),
    breaker: z.unknown().optional(),
    budget: z.unknown().optional(),
  }),
}))

type Schemas = ReturnType<typeof schemas>
export type ResolvedGuardOptions = ReturnType<Schemas['guard']['parse']>
export type ResolvedCall = ReturnType<Schemas['call']['parse']>

/** OPTION_UNKNOWN, OPTION_INVALID. The parts check their own. */
export function resolveGuardOptions(given: unknown): ResolvedGuardOptions {
  return check(schemas().guard, given ?? {}, 'ServiceGuard')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveCall(given: unknown, known: readonly string[]): ResolvedCall {
  const call = given === undefined ? {} : check(schemas().call, given, 'ServiceGuard.execute')
  checkNames(call.cost, known)
  return call
}

/** OPTION_UNKNOWN, OPTION_INVALID. The parts check their own. */
export function resolveGuardState(given: unknown): Partial<Record<keyof ServiceGuardState, unknown>> {
  return check(schemas().state, given, 'a saved ServiceGuard')
}

/** A cost names buckets and amounts that there are. OPTION_UNKNOWN. */
export function checkNames(cost: object | undefined, known: readonly string[]): void {
  for (const name of Object.keys(cost ?? {})) {
    if (known.includes(name)) continue
    throw new PopulaceError('OPTION_UNKNOWN', `The cost of a call names '${name}'`, hint(name, known))
  }
}
