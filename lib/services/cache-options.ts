// Options of the cache and of its calls, checked once at the edge. A URL holds a password, so it is kept away from what
// shows wrong values: here only its being text is checked, in cache-address.ts whether it is an address.
import type { z as Zod } from 'zod'
import { PopulaceError } from '../core/errors.js'
import { lazily } from '../core/lazy-zod.js'
import {
  MAX_CACHE_BYTES,
  MAX_CACHE_ENTRIES,
  MAX_CACHE_PENDING,
  MAX_CACHE_TTL_MS,
  MAX_DEADLINE_MS,
  MAX_NAME_LENGTH,
} from '../core/limits.js'
import { check } from '../core/option-check.js'

const schemas = lazily(z => {
  const count = (least: number, most: number) => z.number().int().min(least).max(most)
  const deadline = count(1, MAX_DEADLINE_MS)
  const ttl = count(1, MAX_CACHE_TTL_MS)

  const cache = z.strictObject({
    url: z.string().optional(),
    namespace: z
      .string()
      .min(1)
      .max(MAX_NAME_LENGTH)
      .regex(/^[^:\p{C}]*$/u, 'expected text without colons and control characters')
      .default('populace'),
    defaultTtl: ttl.default(3_600_000),
    whenDown: z.enum(['miss', 'error']).default('miss'),
    timeoutMs: deadline.default(1000),
    connectTimeoutMs: deadline.default(5000),
    computeTimeoutMs: deadline.default(30_000),
    maxPending: count(1, MAX_CACHE_PENDING).default(10_000),
    maxEntries: count(1, MAX_CACHE_ENTRIES).default(10_000),
    maxBytes: count(1, MAX_CACHE_BYTES).default(2 ** 26),
  })

  const save = z.strictObject({ ttl: ttl.optional() })
  const signal = z.instanceof(AbortSignal).optional()
  const compute = save.extend({ negativeTtl: count(0, MAX_CACHE_TTL_MS).default(0), signal })
  const invalidate = z.strictObject({ signal })
  return { cache, save, compute, invalidate }
})

/** Options of RedisCache. */
export interface RedisCacheOptions {
  /** redis://user:password@host:port/database, or rediss:// for TLS. Without it values are kept in this process. */
  readonly url?: string
  /** What all keys begin with in Redis, followed by a colon: 'populace' by default, 1 to 128 characters, none a colon. */
  readonly namespace?: string
  /** Milliseconds that a value is kept where a call does not say: 3,600,000 (an hour) by default, ten years at most. */
  readonly defaultTtl?: number
  /** What becomes of a call that Redis does not answer: 'miss' (as if nothing were cached) by default, or 'error'. */
  readonly whenDown?: 'miss' | 'error'
  /** Milliseconds of one command: 1,000 by default. */
  readonly timeoutMs?: number
  /** Milliseconds in which a connection is made: 5,000 by default. */
  readonly connectTimeoutMs?: number
  /** Milliseconds of one computation in getOrCompute: 30,000 by default. */
  readonly computeTimeoutMs?: number
  /** Commands that may be on their way at once: 1 to 1,000,000, 10,000 by default. One more is CACHE_BUSY. */
  readonly maxPending?: number
  /** Entries in memory, where there is no url: 1 to 10,000,000, 10,000 by default. The least recently used goes first. */
  readonly maxEntries?: number
  /** Bytes in this process: of entries in memory or, with a url, of values on their way: 64 MiB by default. */
  readonly maxBytes?: number
}

/** Options of save. */
export interface SaveOptions {
  /** Milliseconds that the value is kept; defaultTtl of the cache by default. */
  readonly ttl?: number
}

/** Options of getOrCompute. */
export interface ComputeOptions extends SaveOptions {
  /** Milliseconds for which it is kept that there is nothing (the computation gave undefined): 0, not at all, by default. */
  readonly negativeTtl?: number
  /** Ends this caller's wait with ABORTED; the computation is ended when nobody waits for it any more. */
  readonly signal?: AbortSignal
}

/** Options of invalidatePattern. */
export interface InvalidateOptions {
  /** Ends it with ABORTED between two batches of keys. */
  readonly signal?: AbortSignal
}

type Schemas = ReturnType<typeof schemas>
export type ResolvedCacheOptions = Zod.infer<Schemas['cache']>

/** The options of a cache as a part of a larger schema. */
export const cacheSchema = () => schemas().cache

/** OPTION_UNKNOWN, OPTION_INVALID, neither of which shows a URL. */
export function resolveCacheOptions(given: unknown): ResolvedCacheOptions {
  if (typeof given === 'string') {
    throw new PopulaceError('OPTION_INVALID', 'RedisCache was given text', 'Give { url } and options.')
  }
  return check(schemas().cache, given ?? {}, 'RedisCache')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveSaveOptions(given: unknown): Zod.infer<Schemas['save']> {
  return given === undefined ? {} : check(schemas().save, given, 'save')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveComputeOptions(given: unknown): Zod.infer<Schemas['compute']> {
  return given === undefined ? { negativeTtl: 0 } : check(schemas().compute, given, 'getOrCompute')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveInvalidateOptions(given: unknown): Zod.infer<Schemas['invalidate']> {
  return given === undefined ? {} : check(schemas().invalidate, given, 'invalidatePattern')
}
