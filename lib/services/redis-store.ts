// A namespace of a Redis server as a store of a cache: Keyv's adapter for what it knows, its client for the rest. Keys are
// taken away with UNLINK, which frees memory beside, and found with SCAN; KEYS would stop the server for everybody.
import type { Clock } from '../core/clock.js'
import { SCAN_KEYS } from '../core/limits.js'
import { shownRedisAddress } from './cache-address.js'
import type { ResolvedCacheOptions } from './cache-options.js'
import type { CacheStore, StoreFigures } from './cache-store.js'
import { escapeGlob } from './glob.js'
import { type Redis, RedisLink } from './redis-link.js'

export class RedisStore implements CacheStore {
  readonly #link: RedisLink
  readonly #prefix: string

  /** OPTION_INVALID: the URL is none. */
  constructor(options: ResolvedCacheOptions & { readonly url: string }, clock: Clock) {
    this.#link = new RedisLink(options, shownRedisAddress(options.url, "Option 'url' of RedisCache"), clock)
    this.#prefix = `${options.namespace}:`
  }

  get address(): string {
    return this.#link.address
  }

  get state(): CacheStore['state'] {
    return this.#link.state
  }

  connect(): Promise<void> {
    return this.#link.connect()
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#link.run('load', ({ adapter }) => adapter.get<Buffer>(key))
  }

  set(key: string, bytes: Buffer, ttl: number): Promise<boolean> {
    const send = async ({ adapter }: Redis) => {
      // Its type says string; it is handed to the client as it is, which takes bytes.
      await adapter.set(key, bytes as unknown as string, ttl)
      return true
    }
    return this.#link.run('save', send, bytes.length)
  }

  delete(key: string): Promise<boolean> {
    return this.#link.run('remove', ({ adapter }) => adapter.delete(key))
  }

  has(key: string): Promise<boolean> {
    return this.#link.run('exists', ({ adapter }) => adapter.has(key))
  }

  async ttl(key: string): Promise<number | undefined> {
    const ms = await this.#link.run('ttl', ({ client }) => client.pTTL(this.#prefix + key))
    if (ms === -2) return undefined
    return ms === -1 ? Number.POSITIVE_INFINITY : ms
  }

  async *deleteMatching(pattern: string): AsyncGenerator<number> {
    // Keyv's adapter sends a command a moment after the call; after a turn of the event loop all that was called before is sent.
    await new Promise(resolve => setImmediate(resolve))
    const query = { MATCH: escapeGlob(this.#prefix) + pattern, COUNT: SCAN_KEYS }
    let cursor = '0'
    do {
      const from = cursor
      const found = await this.#link.run('invalidatePattern', ({ client }) => client.scan(from, query))
      cursor = String(found.cursor)
      const { keys } = found
      if (keys.length > 0) yield await this.#link.run('invalidatePattern', ({ client }) => client.unlink(keys))
      // The caller sees each batch, and can leave.
      else yield 0
    } while (cursor !== '0')
  }

  status(): StoreFigures {
    const { pending, connections, bytes } = this.#link
    return { pending, connections, entries: 0, bytes }
  }

  close(): Promise<void> {
    return this.#link.close()
  }
}
