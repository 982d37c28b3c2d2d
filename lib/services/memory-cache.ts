// The cache of a process that has no Redis: a Map in the order of use, with bounds. What was used longest ago goes first.
//
// Every change is made at once, within the call: a removal can never be overtaken by something saved before it.
import type { Clock } from '../core/clock.js'
import { closed } from './cache-error.js'
import type { ResolvedCacheOptions } from './cache-options.js'
import type { CacheStore, StoreFigures } from './cache-store.js'
import { globMatcher } from './glob.js'

interface Entry {
  readonly bytes: Uint8Array
  /** By the clock. */
  readonly expires: number
}

/** Characters are two bytes at most. */
const sizeOf = (key: string, bytes: Uint8Array) => 2 * key.length + bytes.length

export class MemoryCache implements CacheStore {
  readonly address = 'memory:'
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  #state: CacheStore['state'] = 'new'
  #bytes = 0

  constructor({ maxEntries, maxBytes }: ResolvedCacheOptions, clock: Clock) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
    this.#clock = clock
  }

  get state(): CacheStore['state'] {
    return this.#state
  }

  async connect(): Promise<void> {
    if (this.#state === 'closed') throw closed()
    this.#state = 'ready'
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const entry = this.#alive(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.bytes
  }

  async set(key: string, bytes: Buffer, ttl: number): Promise<boolean> {
    this.#take(key)
    const size = sizeOf(key, bytes)
    if (size > this.#maxBytes) return false
    // In memory of its own: what msgpackr gives is a part of a larger piece, which it would keep alive.
    this.#entries.set(key, { bytes: new Uint8Array(bytes), expires: this.#clock.now() + ttl })
    this.#bytes += size
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) break
      this.#take(oldest)
    }
    return true
  }

  async delete(key: string): Promise<boolean> {
    return this.#alive(key) !== undefined && this.#take(key)
  }

  async has(key: string): Promise<boolean> {
    return this.#alive(key) !== undefined
  }

  async ttl(key: string): Promise<number | undefined> {
    const entry = this.#alive(key)
    return entry && entry.expires - this.#clock.now()
  }

  async *deleteMatching(pattern: string): AsyncGenerator<number> {
    const matches = globMatcher(pattern)
    let count = 0
    for (const key of this.#entries.keys()) {
      if (matches(key) && this.#alive(key) !== undefined && this.#take(key)) count++
    }
    yield count
  }

  status(): StoreFigures {
    return { pending: 0, connections: 0, entries: this.#entries.size, bytes: this.#bytes }
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    this.#entries.clear()
    this.#bytes = 0
  }

  /** The entry, unless its time is over; then it goes. */
  #alive(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expires > this.#clock.now()) return entry
    this.#take(key)
    return undefined
  }

  #take(key: string): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#bytes -= sizeOf(key, entry.bytes)
    return this.#entries.delete(key)
  }
}
