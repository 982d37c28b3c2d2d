// The cache of a process that has no Redis: a Map in the order of use, with bounds. What was used longest ago goes first.
//
// Every change is made at once, within the call: a removal can never be overtaken by something saved before it. That of a
// pattern holds for all who ask from then on, but takes entries away a few milliseconds at a time, as there may be a million.
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../core/clock.js'
import { LOOP_SLICE_MS } from '../core/limits.js'
import { closed } from './cache-error.js'
import type { ResolvedCacheOptions } from './cache-options.js'
import type { CacheStore, StoreFigures } from './cache-store.js'
import { globMatcher } from './glob.js'

interface Entry {
  readonly bytes: Uint8Array
  /** By the clock. */
  readonly expires: number
  /** Numbers of the call that saved it, and of the last one that used it. */
  readonly saved: number
  used: number
}

/** A pattern whose entries are being taken away: those that were saved up to a call. */
interface Removal {
  readonly matches: (key: string) => boolean
  readonly upTo: number
  count: number
}

/** Entries that are looked at between two looks at the clock. */
const LOOKED_AT = 64

/** Characters are two bytes at most. */
const sizeOf = (key: string, bytes: Uint8Array) => 2 * key.length + bytes.length

export class MemoryCache implements CacheStore {
  readonly address = 'memory:'
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #clock: Clock
  /** In the order of `used`. */
  readonly #entries = new Map<string, Entry>()
  readonly #removals = new Set<Removal>()
  #lastCall = 0
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
    entry.used = ++this.#lastCall
    return entry.bytes
  }

  async set(key: string, bytes: Buffer, ttl: number): Promise<boolean> {
    if (this.#alive(key) !== undefined) this.#take(key)
    const size = sizeOf(key, bytes)
    if (size > this.#maxBytes) return false
    const call = ++this.#lastCall
    // In memory of its own: what msgpackr gives is a part of a larger piece, which it would keep alive.
    const kept = { bytes: new Uint8Array(bytes), expires: this.#clock.now() + ttl, saved: call, used: call }
    this.#entries.set(key, kept)
    this.#bytes += size
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) break
      if (this.#alive(oldest) !== undefined) this.#take(oldest)
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
    const removal = { matches: globMatcher(pattern), upTo: this.#lastCall, count: 0 }
    this.#removals.add(removal)
    try {
      let end = this.#clock.now() + LOOP_SLICE_MS
      let looked = 0
      for (const [key, { used }] of this.#entries) {
        if (used > removal.upTo) break // from here on all are new, or were looked at when they were used
        this.#alive(key)
        if (++looked % LOOKED_AT > 0 || this.#clock.now() < end) continue
        yield counted(removal)
        await turn()
        end = this.#clock.now() + LOOP_SLICE_MS
      }
      yield counted(removal)
    } finally {
      this.#removals.delete(removal)
    }
  }

  status(): StoreFigures {
    return { pending: 0, connections: 0, entries: this.#entries.size, bytes: this.#bytes }
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    this.#entries.clear()
    this.#bytes = 0
  }

  /** The entry, unless its time is over or a removal is of it; then it goes. */
  #alive(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expires > this.#clock.now()) {
      const removal = this.#removalOf(key, entry)
      if (removal === undefined) return entry
      removal.count++
    }
    this.#take(key)
    return undefined
  }

  #removalOf(key: string, { saved }: Entry): Removal | undefined {
    for (const removal of this.#removals) if (saved <= removal.upTo && removal.matches(key)) return removal
    return undefined
  }

  #take(key: string): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#bytes -= sizeOf(key, entry.bytes)
    return this.#entries.delete(key)
  }
}

/** What was taken away since the last call; what others come to while this is on its way belongs to the next. */
function counted(removal: Removal): number {
  const { count } = removal
  removal.count = 0
  return count
}
