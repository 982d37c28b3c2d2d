// Options of retrying, checked once at the edge.
import { PopulaceError } from '../core/errors.js'
import { callable, integer, lazily, milliseconds } from '../core/lazy-zod.js'
import { MAX_ATTEMPTS, MAX_DEADLINE_MS, MAX_SEED } from '../core/limits.js'
import { check } from '../core/option-check.js'
import { makeSequence } from '../core/sequence.js'
import { fnv1a, high, low } from '../core/threefry.js'
import type { Backoff, Jitter } from './backoff.js'
import { mayPass } from './failure.js'

/** A try that failed, and will be followed by another. */
export interface FailedAttempt {
  readonly error: unknown
  /** From 1. */
  readonly attempt: number
  /** Milliseconds until the next. */
  readonly delayMs: number
}

export interface RetryOptions {
  /** Tries in all: 1 to 1,000, 3 by default. */
  readonly attempts?: number
  /** initialMs 100, factor 2, maxMs 30,000 by default. */
  readonly backoff?: Partial<Backoff>
  /** 'full' by default. */
  readonly jitter?: Jitter
  /** Seed of the jitter's random numbers: the same seed, the same waits. */
  readonly seed?: number
  /** Random numbers from [0, 1): Math.random by default. */
  readonly random?: () => number
  /** Milliseconds of all tries and waits together; then CALL_TIMEOUT. No wait is begun that would go beyond. None by default. */
  readonly totalMs?: number
  /** Milliseconds of the longest Retry-After that is waited for, 60,000 by default; with a longer one the error comes out. */
  readonly maxRetryAfterMs?: number
  /** Whether to try again; by default not after what we refused ourselves, nor a `status` of 400 to 499 but 408, 425, 429. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean
  /** Told each try that failed and is followed by another; what it throws ends the call. */
  readonly onRetry?: (failed: FailedAttempt) => void
}

const schemas = lazily(z => {
  const backoff = z.strictObject({
    initialMs: integer(z, 0, MAX_DEADLINE_MS).default(100),
    factor: z.number().min(1).max(1000).default(2),
    maxMs: integer(z, 0, MAX_DEADLINE_MS).default(30_000),
  })
  return z.strictObject({
    attempts: integer(z, 1, MAX_ATTEMPTS).default(3),
    backoff: backoff.prefault({}),
    jitter: z.enum(['none', 'full', 'equal', 'decorrelated']).default('full'),
    seed: integer(z, 0, MAX_SEED).optional(),
    random: callable<() => number>(z).optional(),
    totalMs: milliseconds(z).optional(),
    maxRetryAfterMs: milliseconds(z, 0).default(60_000),
    retryIf: callable<(error: unknown, attempt: number) => boolean>(z).default(() => mayPass),
    onRetry: callable<(failed: FailedAttempt) => void>(z).optional(),
  })
})

export type ResolvedRetryOptions = Omit<ReturnType<ReturnType<typeof schemas>['parse']>, 'seed' | 'random'> & {
  readonly random: () => number
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveRetryOptions(given: unknown): ResolvedRetryOptions {
  const { seed, random, ...rest } = check(schemas(), given ?? {}, 'retry')
  if (seed !== undefined && random !== undefined) {
    throw new PopulaceError('OPTION_INVALID', 'retry was given both seed and random', 'Give one of the two.')
  }
  return { ...rest, random: seed === undefined ? checked(random ?? Math.random) : seeded(seed) }
}

function seeded(seed: number): () => number {
  return makeSequence(Int32Array.of(low(seed) ^ fnv1a('retry'), high(seed))).float
}

function checked(random: () => number): () => number {
  return () => {
    const drawn = random()
    if (drawn >= 0 && drawn < 1) return drawn
    throw new PopulaceError('OPTION_INVALID', `Option 'random' of retry gave ${drawn}`, 'Give numbers from [0, 1).')
  }
}
