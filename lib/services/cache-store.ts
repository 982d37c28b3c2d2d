// What a cache keeps its bytes in: the memory of this process or a Redis server. A store knows neither values nor
// namespaces of others; keys are without the namespace.

export interface CacheStore {
  /** Where it is, as it may be shown. */
  readonly address: string
  /** What it is doing now. */
  readonly state: 'new' | 'connecting' | 'ready' | 'down' | 'closed'
  /** Tries to reach the server; resolves when it has, rejects when a try has failed, whereupon it goes on by itself. */
  connect(): Promise<void>
  get(key: string): Promise<Uint8Array | undefined>
  /** Gives whether it is kept now. @param ttl - milliseconds. */
  set(key: string, bytes: Buffer, ttl: number): Promise<boolean>
  /** Whether there was such a key. */
  delete(key: string): Promise<boolean>
  has(key: string): Promise<boolean>
  /** Milliseconds that a key has left, Infinity where somebody gave it no end; undefined: there is no such key. */
  ttl(key: string): Promise<number | undefined>
  /** Takes keys away batch by batch, and gives the number of each batch. */
  deleteMatching(pattern: string): AsyncIterable<number>
  status(): StoreFigures
  close(): Promise<void>
}

/** What a store can tell of itself. */
export interface StoreFigures {
  /** Commands on their way to the server. */
  readonly pending: number
  /** Connections made since the beginning. */
  readonly connections: number
  /** Entries in this process: 0 where a server has them. */
  readonly entries: number
  /** Bytes in this process: of entries, or of values on their way to the server. */
  readonly bytes: number
}
