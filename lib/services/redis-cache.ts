// A cache: values under keys for a time, in a Redis server or, without one, in the memory of this process. It is for the
// main thread: no worker ever has a cache, and no state of a world may depend on what is in it.
//
// A cache is never what a host waits or fails for: every command settles within timeoutMs, and a server that is down is, by
// default, a cache in which nothing is. calls = answered + failed + those on their way, whatever happens.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { aborted, closed } from './cache-error.js'
import {
  type ComputeOptions,
  type InvalidateOptions,
  type RedisCacheOptions,
  type ResolvedCacheOptions,
  resolveCacheOptions,
  resolveComputeOptions,
  resolveInvalidateOptions,
  resolveSaveOptions,
  type SaveOptions,
} from './cache-options.js'
import type { CacheStore, StoreFigures } from './cache-store.js'
import { checkKey, NOTHING, packValue, unpackValue } from './cache-values.js'
import { Computations } from './computations.js'
import { globMatcher } from './glob.js'
import { MemoryCache } from './memory-cache.js'
import { RedisStore } from './redis-store.js'

/** What a cache is doing. */
export interface RedisCacheStatus extends StoreFigures {
  /** 'down': the server cannot be reached, and is tried again by itself. */
  readonly state: CacheStore['state']
  /** Where the server is, without the password; 'memory:' without one. */
  readonly address: string
  readonly namespace: string
  /** Calls so far, each of them answered, failed or on its way. */
  readonly calls: number
  readonly answered: number
  readonly failed: number
  /** Loads that found something, and those that did not, those of getOrCompute included. */
  readonly hits: number
  readonly misses: number
  /** Computations that were begun, and those that run. */
  readonly computed: number
  readonly computing: number
  /** What the last call failed of. */
  readonly lastError?: string
}

export class RedisCache {
  readonly #options: ResolvedCacheOptions
  readonly #store: CacheStore
  readonly #computations: Computations
  readonly #counts = { calls: 0, answered: 0, failed: 0, hits: 0, misses: 0, computed: 0 }
  #lastError: string | undefined
  #connected = false
  #closing: Promise<void> | undefined

  /** Connects to nothing yet. OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options: RedisCacheOptions = {}, clock: Clock = systemClock) {
    this.#options = resolveCacheOptions(options)
    const { url, computeTimeoutMs } = this.#options
    this.#store =
      url === undefined ? new MemoryCache(this.#options, clock) : new RedisStore({ ...this.#options, url }, clock)
    this.#computations = new Computations(computeTimeoutMs, clock)
  }

  /**
   * Connects, and gives whether it has. Where it has not, it goes on trying by itself; `whenDown: 'error'` throws
   * CACHE_UNAVAILABLE besides. Once, before everything else; more often does no harm. CACHE_CLOSED.
   */
  async connect(): Promise<boolean> {
    if (this.#closing !== undefined) throw closed()
    this.#connected = true
    try {
      await this.#store.connect()
      return true
    } catch (error) {
      this.#lastError = (error as Error).message
      if (this.#options.whenDown === 'error' || this.#closing !== undefined) throw error
      return false
    }
  }

  /**
   * Keeps plain data under a key, and gives whether it has. CACHE_VALUE_INVALID.
   * Like all calls: CACHE_KEY_INVALID, CACHE_NOT_READY, CACHE_CLOSED, and where `whenDown` is 'error' CACHE_UNAVAILABLE,
   * CACHE_TIMEOUT, CACHE_BUSY, CACHE_FAILED.
   */
  async save(key: string, value: unknown, options?: SaveOptions): Promise<boolean> {
    checkKey(key, 'key')
    const { ttl } = resolveSaveOptions(options)
    const bytes = packValue(value, key)
    const store = this.#ready()
    this.#computations.releaseKey(key)
    return this.#put(store, key, bytes, ttl)
  }

  /** The value under a key; undefined: there is none. Binary values come as Uint8Arrays. */
  async load<T = unknown>(key: string): Promise<T | undefined> {
    checkKey(key, 'key')
    return (await this.#find(this.#ready(), key))?.value as T | undefined // what was saved is known to its writer alone
  }

  /** Gives whether there was something. */
  async remove(key: string): Promise<boolean> {
    checkKey(key, 'key')
    const store = this.#ready()
    this.#computations.releaseKey(key)
    return this.#call(false, () => store.delete(key))
  }

  /** Whether something is kept under a key, be it that there is nothing (negativeTtl). */
  async exists(key: string): Promise<boolean> {
    checkKey(key, 'key')
    const store = this.#ready()
    return this.#call(false, () => store.has(key))
  }

  /** Milliseconds that a key has left; Infinity where another program gave it no end; undefined: there is none. */
  async ttl(key: string): Promise<number | undefined> {
    checkKey(key, 'key')
    const store = this.#ready()
    return this.#call(undefined, () => store.ttl(key))
  }

  /**
   * Removes what matches a pattern as Redis has them (`*`, `?`, `[a-z]`, `\` before what is meant as it stands), within the
   * namespace, batch by batch, and gives the number. Others are served between two batches; what is saved meanwhile may be removed
   * or not. ABORTED.
   */
  async invalidatePattern(pattern: string, options?: InvalidateOptions): Promise<number> {
    checkKey(pattern, 'pattern')
    const { signal } = resolveInvalidateOptions(options)
    const store = this.#ready()
    this.#computations.release(globMatcher(pattern))
    let count = 0
    const all = async () => {
      for await (const batch of store.deleteMatching(pattern)) {
        count += batch
        if (signal?.aborted) throw aborted('invalidatePattern')
      }
    }
    if (signal?.aborted) throw aborted('invalidatePattern')
    await this.#call(undefined, all)
    return count
  }

  /**
   * The value under a key, or else what `compute` gives, which is kept. One computation serves all who ask for the key while it
   * runs, in this process. `undefined` is kept for `negativeTtl`; an error goes to all of them and is not kept. The
   * signal that `compute` gets is aborted when nobody waits any more. CACHE_VALUE_INVALID, CACHE_TIMEOUT, ABORTED.
   */
  async getOrCompute<T>(
    key: string,
    compute: (signal: AbortSignal) => Promise<T> | T,
    options?: ComputeOptions,
  ): Promise<T> {
    checkKey(key, 'key')
    const { ttl, negativeTtl, signal } = resolveComputeOptions(options)
    if (typeof compute !== 'function') {
      throw new PopulaceError('OPTION_INVALID', 'getOrCompute was given no function', 'Give a function of a signal.')
    }
    const store = this.#ready()
    return this.#computations.join<T>(key, signal, async computation => {
      const found = await this.#find(store, key)
      if (found !== undefined) return found.value as T // what was saved is known to its writer alone
      this.#counts.computed++
      const value = await compute(computation.signal)
      const bytes = value === undefined ? NOTHING : packValue(value, key)
      const keepFor = value === undefined ? negativeTtl : ttl
      if (computation.current && keepFor !== 0) await this.#put(store, key, bytes, keepFor)
      return value
    })
  }

  /** Counts at this moment. */
  status(): RedisCacheStatus {
    const { address, state } = this.#store
    return {
      state: this.#closing === undefined ? state : 'closed',
      address,
      namespace: this.#options.namespace,
      ...this.#store.status(),
      ...this.#counts,
      computing: this.#computations.size,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    }
  }

  /** Refuses what comes, waits up to timeoutMs for what is on its way, and cuts off the rest. Closing twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#store.close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #ready(): CacheStore {
    if (this.#closing !== undefined) throw closed()
    if (this.#connected) return this.#store
    throw new PopulaceError(
      'CACHE_NOT_READY',
      'A cache was used before connect',
      'Call `await cache.connect()` once, before everything else.',
    )
  }

  #find(store: CacheStore, key: string): Promise<{ readonly value: unknown } | undefined> {
    return this.#call(undefined, async () => {
      const bytes = await store.get(key)
      if (bytes === undefined) {
        this.#counts.misses++
        return undefined
      }
      const value = unpackValue(bytes, key)
      this.#counts.hits++
      return { value }
    })
  }

  #put(store: CacheStore, key: string, bytes: Buffer, ttl = this.#options.defaultTtl): Promise<boolean> {
    return this.#call(false, () => store.set(key, bytes, ttl))
  }

  /** Counts a call, and where it fails gives what an empty cache would. */
  async #call<T>(absent: T, work: () => Promise<T>): Promise<T> {
    this.#counts.calls++
    try {
      const answer = await work()
      this.#counts.answered++
      return answer
    } catch (error) {
      this.#counts.failed++
      this.#lastError = (error as Error).message
      if (this.#options.whenDown === 'error' || (error as PopulaceError).code === 'ABORTED') throw error
      return absent
    }
  }
}
