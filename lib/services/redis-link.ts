// The connection of a cache to Redis: one at a time, made anew after it was lost, for ever, ever more slowly.
//
// Whatever becomes of the server, a command settles within timeoutMs. One that is not answered in time means that the
// server stands still or the network has gone: the connection is cut, so that what waits behind it settles at once and
// nothing piles up, and the next one is made. Each has an adapter and a client of its own, so none is ever in two states.
import type { default as KeyvRedis, RedisClientType } from '@keyv/redis'
import type { Clock } from '../core/clock.js'
import { RECONNECT_FIRST_MS, RECONNECT_MOST_MS } from '../core/limits.js'
import { busy, closed, refusedBy, timedOut, unavailable } from './cache-error.js'
import type { ResolvedCacheOptions } from './cache-options.js'
import { withDeadline } from './promise-deadline.js'

/** The type byte of strings in Redis's protocol: they come as Buffers, for values are bytes. */
const BLOB_STRING = 0x24

/** Keyv's adapter, and the client in it for the commands that Keyv does not know. */
export interface Redis {
  readonly adapter: KeyvRedis<Buffer>
  readonly client: RedisClientType
}

type LinkOptions = Pick<
  ResolvedCacheOptions,
  'namespace' | 'timeoutMs' | 'connectTimeoutMs' | 'maxPending' | 'maxBytes'
> & {
  readonly url: string
}

async function makeRedis({ url, namespace, connectTimeoutMs }: LinkOptions): Promise<Redis> {
  // Loaded here, because every worker imports this file and none has a cache.
  const { default: KeyvRedis } = await import('@keyv/redis')
  const adapter = new KeyvRedis<Buffer>(
    {
      url,
      name: 'populace',
      // Without a connection a command is refused at once; and one connection is one client.
      disableOfflineQueue: true,
      socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
      commandOptions: { typeMapping: { [BLOB_STRING]: Buffer } },
    },
    { namespace, keyPrefixSeparator: ':', throwOnErrors: true },
  )
  return { adapter, client: adapter.client as RedisClientType } // it was given the options of a single client
}

export class RedisLink {
  readonly address: string
  readonly #options: LinkOptions
  readonly #clock: Clock
  #redis: Redis | undefined
  #attempt: Promise<void> | undefined
  #greeting: Redis | undefined
  #stopWaiting: (() => void) | undefined
  #failures = 0
  #problem: unknown
  #closed = false
  #pending = 0
  #bytes = 0
  #connections = 0

  constructor(options: LinkOptions, address: string, clock: Clock) {
    this.#options = options
    this.address = address
    this.#clock = clock
  }

  get state(): 'new' | 'connecting' | 'ready' | 'down' | 'closed' {
    if (this.#closed) return 'closed'
    if (this.#redis !== undefined) return 'ready'
    if (this.#attempt !== undefined) return 'connecting'
    return this.#stopWaiting === undefined ? 'new' : 'down'
  }

  get pending(): number {
    return this.#pending
  }

  /** Of values on their way to the server. */
  get bytes(): number {
    return this.#bytes
  }

  get connections(): number {
    return this.#connections
  }

  /** Resolves when there is a connection. Rejects when a try has failed, and goes on trying. CACHE_UNAVAILABLE, CACHE_CLOSED. */
  async connect(): Promise<void> {
    if (this.#closed) throw closed()
    if (this.#redis !== undefined) return
    await (this.#attempt ?? this.#try())
    if (this.#redis === undefined) throw this.#closed ? closed() : unavailable(this.address, this.#problem)
  }

  /** What the server answers. @param bytes - of the value that is sent along. CACHE_UNAVAILABLE, CACHE_TIMEOUT, CACHE_BUSY, CACHE_FAILED, CACHE_CLOSED. */
  async run<T>(what: string, command: (redis: Redis) => Promise<T>, bytes = 0): Promise<T> {
    if (this.#closed) throw closed()
    const redis = this.#redis
    if (redis === undefined) throw unavailable(this.address, this.#problem)
    const { maxPending, maxBytes, timeoutMs } = this.#options
    if (this.#pending >= maxPending) throw busy(`${this.#pending} commands`, 'maxPending')
    // One alone may be larger: else it could never be sent.
    if (this.#bytes > 0 && this.#bytes + bytes > maxBytes) throw busy(`${this.#bytes} bytes of values`, 'maxBytes')
    this.#pending++
    this.#bytes += bytes
    let late: Error | undefined
    try {
      return await withDeadline(command(redis), timeoutMs, this.#clock, () => {
        late = timedOut(`The command of ${what}`, 'timeoutMs', timeoutMs)
        this.#lose(redis, late)
        return late
      })
    } catch (error) {
      if (late !== undefined) throw late
      if (this.#redis === redis) throw refusedBy(this.address, what, error)
      throw this.#closed ? closed() : unavailable(this.address, this.#problem)
    } finally {
      this.#pending--
      this.#bytes -= bytes
    }
  }

  /** Waits for what is on its way, up to timeoutMs, then cuts it off. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopWaiting?.()
    const redis = this.#redis
    this.#redis = undefined
    if (redis !== undefined) {
      const { timeoutMs } = this.#options
      const late = () => timedOut('The end of a connection', 'timeoutMs', timeoutMs)
      await withDeadline(redis.client.close(), timeoutMs, this.#clock, late).catch(error => (this.#problem = error))
      discard(redis)
    }
    if (this.#greeting !== undefined) discard(this.#greeting)
    await this.#attempt
  }

  #try(): Promise<void> {
    this.#stopWaiting?.()
    this.#stopWaiting = undefined
    this.#attempt = this.#open().finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  async #open(): Promise<void> {
    const { connectTimeoutMs } = this.#options
    const redis = await makeRedis(this.#options)
    // The adapter tells of errors that calls reject with too (unheard it would throw), the client of those that end it.
    redis.adapter.on('error', () => undefined)
    redis.client.on('error', error => this.#lose(redis, error))
    // Before its socket is connected a client that is discarded forgets it, and it would stay open for ever.
    redis.client.on('connect', () => {
      this.#greeting = redis
    })
    try {
      const late = () => timedOut('A connection', 'connectTimeoutMs', connectTimeoutMs)
      await withDeadline(redis.client.connect(), connectTimeoutMs, this.#clock, late)
      if (this.#closed) return discard(redis)
      this.#redis = redis
      this.#connections++
      this.#failures = 0
    } catch (error) {
      discard(redis)
      this.#tryLater(error)
    } finally {
      this.#greeting = undefined
    }
  }

  #lose(redis: Redis, error: unknown): void {
    if (this.#redis !== redis) return
    this.#redis = undefined
    discard(redis)
    this.#tryLater(error)
  }

  /** After a pause that doubles, up to half of it by chance, so that a thousand hosts do not come back at one moment. */
  #tryLater(error: unknown): void {
    this.#problem = error
    if (this.#closed) return
    const pause = Math.min(RECONNECT_FIRST_MS * 2 ** this.#failures++, RECONNECT_MOST_MS)
    this.#stopWaiting = this.#clock.after(pause * (0.5 + Math.random() / 2), () => void this.#try())
  }
}

/** Ends a connection; what waits for an answer on it rejects. */
function discard({ client }: Redis): void {
  if (client.isOpen) client.destroy()
}
