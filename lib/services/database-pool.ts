// A pool of connections to Postgres, on the driver `postgres` of which each connection has one of its own. It is for the
// main thread: no worker ever has a database.
//
// Whatever becomes of the server, a call settles: with what it asked for or with a PopulaceError whose code says what
// happened; the next one connects anew. Nothing that it says or shows contains the password.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { shownAddress } from './database-address.js'
import type { TableName } from './database-copy.js'
import { closed, DatabaseError } from './database-error.js'
import { DatabaseLane } from './database-lane.js'
import {
  type CallOptions,
  type DatabasePoolOptions,
  type ResolvedPoolOptions,
  resolveCallOptions,
  resolvePoolOptions,
  type TransactionOptions,
} from './database-options.js'
import { DatabaseSession, type SessionHost } from './database-session.js'
import type { SqlRow } from './database-statements.js'
import type { DatabaseTransaction } from './database-transaction.js'
import { LaneStock, type StockStatus } from './lane-stock.js'
import type { Rows } from './row-source.js'

export type PoolState = 'new' | 'initializing' | 'ready' | 'closing' | 'closed'

/** What a pool is doing. */
export interface DatabasePoolStatus extends StockStatus {
  readonly state: PoolState
  /** Where the server is, without the password. */
  readonly address: string
  readonly poolSize: number
  readonly maxOverflow: number
}

export class DatabasePool {
  readonly #options: ResolvedPoolOptions
  readonly #address: string
  readonly #stock: LaneStock<DatabaseLane>
  readonly #host: SessionHost
  #state: PoolState = 'new'
  #closing: Promise<void> | undefined

  /** Connects to nothing yet. OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options: DatabasePoolOptions, clock: Clock = systemClock) {
    this.#options = resolvePoolOptions(options)
    this.#address = shownAddress(this.#options.connectionString)
    const open = () => DatabaseLane.open(this.#options, this.#address, clock)
    this.#stock = new LaneStock(this.#options, clock, open)
    const giveBack = (lane: DatabaseLane) => this.#stock.giveBack(lane)
    this.#host = { timeoutMs: this.#options.statementTimeoutMs, clock, giveBack }
  }

  /** Makes the connections that are kept. DATABASE_UNAVAILABLE: it may be tried again. DATABASE_NOT_READY, DATABASE_CLOSED. */
  async initialize(): Promise<void> {
    if (this.#closing !== undefined) throw closed('A database pool was initialized after close')
    if (this.#state !== 'new') throw notReady('A database pool was initialized twice')
    this.#state = 'initializing'
    try {
      await this.#stock.fill()
      if (this.#closing === undefined) this.#state = 'ready'
    } catch (error) {
      if (this.#closing === undefined) this.#state = 'new'
      throw error
    }
    if (this.#closing !== undefined) throw closed('A database pool was closed while it was initialized')
  }

  /**
   * A connection of one's own: `await using session = await pool.getSession()`, or release() it. `timeoutMs` is that of the
   * wait for it, acquireTimeoutMs by default.
   * DATABASE_UNAVAILABLE, DATABASE_TIMEOUT, DATABASE_BUSY, DATABASE_CLOSED, DATABASE_NOT_READY, ABORTED.
   */
  async getSession(options?: CallOptions): Promise<DatabaseSession> {
    const { signal, timeoutMs } = resolveCallOptions(options, 'getSession')
    if (this.#closing !== undefined) throw closed('A database pool was used after close')
    if (this.#state !== 'ready') throw notReady('A database pool was used before initialize')
    return new DatabaseSession(await this.#stock.acquire(signal, timeoutMs), this.#host)
  }

  /** As DatabaseSession.transaction, on a connection that is taken for it. */
  transaction<T>(work: (transaction: DatabaseTransaction) => Promise<T> | T, options?: TransactionOptions): Promise<T> {
    return this.#with(options?.signal, session => session.transaction(work, options))
  }

  /** As DatabaseSession.query. */
  query<Row extends object = SqlRow>(
    statement: string,
    parameters?: readonly unknown[],
    options?: CallOptions,
  ): Promise<Row[]> {
    return this.#with(options?.signal, session => session.query<Row>(statement, parameters, options))
  }

  /** As DatabaseSession.execute. */
  execute(statement: string, parameters?: readonly unknown[], options?: CallOptions): Promise<number> {
    return this.#with(options?.signal, session => session.execute(statement, parameters, options))
  }

  /** As DatabaseSession.executeBatch: all rows in one transaction. */
  executeBatch(statement: string, rows: Rows<readonly unknown[]>, options?: CallOptions): Promise<number> {
    return this.#with(options?.signal, session => session.executeBatch(statement, rows, options))
  }

  /** As DatabaseSession.copyInto. */
  copyInto(
    table: TableName,
    columns: readonly string[],
    rows: Rows<readonly unknown[]>,
    options?: CallOptions,
  ): Promise<number> {
    return this.#with(options?.signal, session => session.copyInto(table, columns, rows, options))
  }

  /** Counts at this moment, and waits over time. */
  status(): DatabasePoolStatus {
    const { poolSize, maxOverflow } = this.#options
    return { state: this.#state, address: this.#address, poolSize, maxOverflow, ...this.#stock.status() }
  }

  /**
   * Refuses what comes, waits for what is in use, and closes all connections. DATABASE_TIMEOUT: something was still in use
   * after closeTimeoutMs and was cut off; the pool is closed all the same. Closing twice is fine.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#state = 'closing'
    const { closeTimeoutMs } = this.#options
    const cut = await this.#stock.close(closeTimeoutMs)
    this.#state = 'closed'
    if (cut === 0) return
    throw new DatabaseError(
      'DATABASE_TIMEOUT',
      `${cut} ${cut === 1 ? 'session was' : 'sessions were'} cut off after closeTimeoutMs of ${closeTimeoutMs} ms`,
      'Release every session before close, or raise the limit.',
    )
  }

  async #with<T>(signal: AbortSignal | undefined, work: (session: DatabaseSession) => Promise<T>): Promise<T> {
    const session = await this.getSession(signal === undefined ? undefined : { signal })
    try {
      return await work(session)
    } finally {
      await session.finish()
    }
  }
}

function notReady(what: string): PopulaceError {
  return new PopulaceError('DATABASE_NOT_READY', what, 'Call `await pool.initialize()` once, before everything else.')
}
