// Options and saved state of the circuit breaker, checked once at the edge.

import { callable, integer, lazily, milliseconds } from '../core/lazy-zod.js'
import { MAX_DEADLINE_MS, MAX_PROBES, OUTCOME_SLICES } from '../core/limits.js'
import { check } from '../core/option-check.js'
import type { SliceCounts } from './outcome-window.js'

/** Options of CircuitBreaker. It opens when either rule says so. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open it: 5 by default where there is no failureRatio, else none do. */
  readonly failureThreshold?: number
  /** Failures among the calls of the last windowMs that open it: above 0, at most 1. Not looked at by default. */
  readonly failureRatio?: number
  /** Milliseconds, 10,000 by default; looked at in tenths. */
  readonly windowMs?: number
  /** Calls in the window below which the ratio says nothing: 10 by default. */
  readonly minimumCalls?: number
  /** Milliseconds that it stays open before calls are let through as probes: 30,000 by default. */
  readonly openMs?: number
  /** Probes at once when it is half-open, all of which must succeed to close it: 1 by default. */
  readonly halfOpenProbes?: number
  /** Which errors are failures of the service; by default all but those by which we ended or refused a call ourselves. */
  readonly isFailure?: (error: unknown) => boolean
}

export type CircuitState = 'closed' | 'open' | 'half-open'

/** A breaker as plain data. */
export interface CircuitBreakerState {
  readonly state: CircuitState
  /** Milliseconds until an open one lets probes through; null: until somebody closes it. */
  readonly openForMs: number | null
  readonly consecutiveFailures: number
  readonly slices: readonly SliceCounts[]
}

const schemas = lazily(z => {
  const count = integer(z, 0, Number.MAX_SAFE_INTEGER)
  const ms = z.number().min(0).max(MAX_DEADLINE_MS)
  return {
    breaker: z.strictObject({
      failureThreshold: integer(z, 1, Number.MAX_SAFE_INTEGER).optional(),
      failureRatio: z.number().positive().max(1).optional(),
      windowMs: milliseconds(z, OUTCOME_SLICES).default(10_000),
      minimumCalls: integer(z, 1, Number.MAX_SAFE_INTEGER).default(10),
      openMs: milliseconds(z).default(30_000),
      halfOpenProbes: integer(z, 1, MAX_PROBES).default(1),
      isFailure: callable<(error: unknown) => boolean>(z).optional(),
    }),
    state: z.strictObject({
      state: z.enum(['closed', 'open', 'half-open']),
      openForMs: ms.nullable(),
      consecutiveFailures: count,
      slices: z.array(z.strictObject({ ageMs: ms, successes: count, failures: count })).max(OUTCOME_SLICES),
    }),
  }
})

type Checked = ReturnType<ReturnType<typeof schemas>['breaker']['parse']>

export type ResolvedBreakerOptions = Omit<Checked, 'failureThreshold' | 'failureRatio'> & {
  /** Infinity: none do. */
  readonly failureThreshold: number
  readonly failureRatio: number
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveBreakerOptions(given: unknown): ResolvedBreakerOptions {
  const options = check(schemas().breaker, given ?? {}, 'CircuitBreaker')
  const { failureRatio = Number.POSITIVE_INFINITY } = options
  const { failureThreshold = failureRatio <= 1 ? Number.POSITIVE_INFINITY : 5 } = options
  return { ...options, failureRatio, failureThreshold }
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveBreakerState(given: unknown): CircuitBreakerState {
  return check(schemas().state, given, 'a saved CircuitBreaker')
}
