// A session: one connection, for one user, until it is released. What it changed in the server's session (settings, locks,
// listening, a transaction left open) is undone before anybody else gets the connection.
import type { Clock } from '../core/clock.js'
import { DatabaseCalls, type FilledLimits, fillLimits } from './database-calls.js'
import { closed, DatabaseError } from './database-error.js'
import type { DatabaseLane } from './database-lane.js'
import type { CallOptions, TransactionOptions } from './database-options.js'
import { runBatch, runScript } from './database-statements.js'
import { type DatabaseTransaction, runTransaction } from './database-transaction.js'
import type { Rows } from './row-source.js'

/** What `discard all` does, but for the prepared statements, which the driver goes on using. */
const RESET =
  'rollback; close all; set session authorization default; reset all; unlisten *;' +
  ' select pg_catalog.pg_advisory_unlock_all(); discard sequences; discard temporary'

/** What a session needs from its pool. */
export interface SessionHost {
  readonly timeoutMs: number
  readonly clock: Clock
  /** Takes the lane back. */
  giveBack(lane: DatabaseLane): void
}

export class DatabaseSession extends DatabaseCalls {
  readonly #lane: DatabaseLane
  readonly #host: SessionHost
  readonly #released = { yes: false, done: Promise.resolve() }
  readonly #gone = new AbortController()
  readonly #tellGone = () => this.#gone.abort(this.#lane.lost.reason)
  #inTransaction = false

  constructor(lane: DatabaseLane, host: SessionHost) {
    super()
    this.#lane = lane
    this.#host = host
    // The lane outlives the session, so its own signal would gather listeners of sessions that are over.
    lane.lost.addEventListener('abort', this.#tellGone, { once: true })
    if (lane.ended) this.#tellGone()
  }

  /** The process number of its server side. */
  get pid(): number {
    return this.#lane.pid
  }

  /** Aborted when its connection is gone, before its release. */
  get lost(): AbortSignal {
    return this.#gone.signal
  }

  /**
   * Runs `work` in a transaction: committed when it resolves, rolled back when it rejects, its time is up or its signal is
   * aborted. DATABASE_LOST says in `fate` what became of it.
   */
  async transaction<T>(
    work: (transaction: DatabaseTransaction) => Promise<T> | T,
    options?: TransactionOptions,
  ): Promise<T> {
    const lane = this.lane()
    if (this.#inTransaction) {
      throw new DatabaseError(
        'DATABASE_FAILED',
        'A transaction was begun in a session that is in one',
        'Take another session, or use the transaction that is open.',
        { sqlState: '25001' },
      )
    }
    this.#inTransaction = true
    try {
      return await runTransaction(lane, work, options, this.#host.timeoutMs, this.#host.clock)
    } finally {
      this.#inTransaction = false
    }
  }

  /**
   * Runs one statement for each row of parameters, in order, many on their way at once, all in one transaction. Gives the
   * number of rows changed; an error names the row.
   */
  async executeBatch(statement: string, rows: Rows<readonly unknown[]>, options?: CallOptions): Promise<number> {
    const limits = this.limits(options, 'executeBatch')
    if (this.#inTransaction) return runBatch(this.laneFor(statement), statement, rows, limits)
    const { timeoutMs } = limits
    return this.transaction(transaction => transaction.executeBatch(statement, rows, { ...options, timeoutMs }))
  }

  /** Runs a text of several statements, without parameters. */
  async script(text: string, options?: CallOptions): Promise<void> {
    await runScript(this.laneFor('script'), text, 'a script', this.limits(options, 'script'))
  }

  /** Gives the connection back, when what runs has ended. Releasing twice is fine; a release never throws. */
  release(): Promise<void> {
    if (!this.#released.yes) this.#lane.changed = true // a function that a select called may have taken a lock
    return this.finish()
  }

  /** The same for calls of the pool, which take it upon them that functions leave nothing behind. */
  finish(): Promise<void> {
    if (!this.#released.yes) {
      this.#released.yes = true
      this.#released.done = this.#giveBack()
    }
    return this.#released.done
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  protected lane(): DatabaseLane {
    if (this.#released.yes) throw closed('A session was used after its release')
    return this.#lane
  }

  protected limits(given: unknown, what: string): FilledLimits {
    return fillLimits(given, what, this.#host.timeoutMs, this.#inTransaction ? 'rolled back' : 'unknown')
  }

  async #giveBack(): Promise<void> {
    const lane = this.#lane
    // A transaction whose end nobody waited for would be committed or not by chance: it is lost, and told so.
    if (this.#inTransaction) lane.kill()
    await lane.quiet()
    if (lane.changed && !lane.ended) {
      try {
        const limits = { timeoutMs: this.#host.timeoutMs, signals: [], fate: 'unknown' as const }
        await runScript(lane, RESET, 'the reset of a session', limits)
        lane.changed = false
      } catch {
        lane.kill()
      }
    }
    lane.lost.removeEventListener('abort', this.#tellGone)
    this.#host.giveBack(lane)
  }
}
