// Options of the rate limiter and of its calls, checked once at the edge.
import { PopulaceError } from '../core/errors.js'
import { integer, lazily, milliseconds } from '../core/lazy-zod.js'
import { MAX_BUCKETS, MAX_DEADLINE_MS, MAX_NAME_LENGTH, MAX_SERVICE_WAITING } from '../core/limits.js'
import { check } from '../core/option-check.js'
import { type Cost, checkSavedNames } from './cost.js'
import type { BucketRate } from './token-bucket.js'

/** One token bucket: `limit` tokens come in every `perMs` milliseconds, evenly. */
export interface BucketOptions {
  /** Tokens: more than 0. */
  readonly limit: number
  /** Milliseconds: 1,000 by default. */
  readonly perMs?: number
  /** Tokens that are saved up at most while nobody comes, and the most that one call may cost: `limit` by default, at least 1. */
  readonly burst?: number
}

/** Options of RateLimiter: `requestsPerSecond` with `burst`, or `buckets`. */
export interface RateLimiterOptions {
  /** Tokens a second of a bucket named 'requests'. */
  readonly requestsPerSecond?: number
  /** Requests that may come at once after a pause: as many as come in a second by default, at least 1. */
  readonly burst?: number
  /** Several buckets by name, such as { requests: { limit: 60, perMs: 60_000 }, tokens: { limit: 90_000, perMs: 60_000 } }. */
  readonly buckets?: Readonly<Record<string, BucketOptions>>
  /** Calls that may wait: 0 to 1,000,000, 1,000 by default. One more is RATE_BUSY. */
  readonly maxWaiting?: number
  /** Milliseconds that a call waits at most: 30,000 by default. */
  readonly timeoutMs?: number
}

/** Options of one wait. */
export interface AcquireOptions {
  readonly cost?: Cost
  /** Ends the wait with ABORTED. */
  readonly signal?: AbortSignal
  /** Milliseconds of this wait: timeoutMs of the limiter by default. */
  readonly timeoutMs?: number
}

/** A limiter as plain data. */
export interface RateLimiterState {
  /** Tokens in each bucket. */
  readonly levels: Readonly<Record<string, number>>
  /** Milliseconds that it is still paused. */
  readonly pausedMs: number
}

const schemas = lazily(z => {
  const tokens = z.number().positive().max(Number.MAX_SAFE_INTEGER)
  const bucket = z.strictObject({
    limit: tokens,
    perMs: milliseconds(z).default(1000),
    burst: z.number().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  })
  return {
    limiter: z.strictObject({
      requestsPerSecond: tokens.optional(),
      burst: bucket.shape.burst,
      buckets: z.record(z.string().min(1).max(MAX_NAME_LENGTH), bucket).optional(),
      maxWaiting: integer(z, 0, MAX_SERVICE_WAITING).default(1000),
      timeoutMs: milliseconds(z).default(30_000),
    }),
    acquire: z.strictObject({
      cost: z.unknown().optional(),
      signal: z.instanceof(AbortSignal).optional(),
      timeoutMs: milliseconds(z).optional(),
    }),
    state: z.strictObject({
      levels: z.record(z.string(), z.number().min(0)),
      pausedMs: z.number().min(0).max(MAX_DEADLINE_MS),
    }),
    pause: z.strictObject({ ms: milliseconds(z, 0) }),
  }
})

export interface ResolvedLimiterOptions {
  readonly rates: ReadonlyMap<string, BucketRate>
  readonly maxWaiting: number
  readonly timeoutMs: number
}

export interface ResolvedAcquire {
  readonly cost?: unknown
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

const WHAT = 'RateLimiter'

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveLimiterOptions(given: unknown): ResolvedLimiterOptions {
  const { requestsPerSecond, burst, buckets, maxWaiting, timeoutMs } = check(schemas().limiter, given, WHAT)
  if ((requestsPerSecond === undefined) === (buckets === undefined) || (burst !== undefined && buckets !== undefined)) {
    throw new PopulaceError(
      'OPTION_INVALID',
      `${WHAT} needs requestsPerSecond, with burst if need be, or buckets`,
      'Give one of the two.',
    )
  }
  const all = buckets ?? { requests: { limit: requestsPerSecond as number, perMs: 1000, burst } }
  const rates = new Map(Object.entries(all).map(([name, options]) => [name, rateOf(name, options)]))
  if (rates.size === 0 || rates.size > MAX_BUCKETS) {
    throw new PopulaceError(
      'OPTION_INVALID',
      `Option 'buckets' of ${WHAT} has ${rates.size} of them`,
      `Give 1 to ${MAX_BUCKETS}.`,
    )
  }
  return { rates, maxWaiting, timeoutMs }
}

function rateOf(name: string, options: { limit: number; perMs: number; burst?: number | undefined }): BucketRate {
  const { limit, perMs, burst = Math.max(1, limit) } = options
  if ((burst * perMs) / limit > MAX_DEADLINE_MS) {
    throw new PopulaceError(
      'OPTION_INVALID',
      `The bucket '${name}' of ${WHAT} takes longer than ${MAX_DEADLINE_MS} ms to fill`,
      'Give a smaller burst or a larger limit.',
    )
  }
  return { limit, perMs, burst }
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveAcquire(given: unknown, what: string): ResolvedAcquire {
  return given === undefined ? {} : check(schemas().acquire, given, what)
}

/** OPTION_INVALID. */
export function resolvePause(ms: unknown): number {
  return check(schemas().pause, { ms }, 'pause').ms
}

/** OPTION_UNKNOWN, OPTION_INVALID. @param names - of the buckets that there are. */
export function resolveLimiterState(given: unknown, names: readonly string[]): RateLimiterState {
  const state = check(schemas().state, given, 'a saved RateLimiter')
  checkSavedNames(state.levels, names, 'A saved RateLimiter')
  return state
}
