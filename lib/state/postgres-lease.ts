// Who may write a run in Postgres. An advisory lock, held by a connection of the writer's own, says that somebody lives: the
// server lets go of it as soon as the process or its connection is gone. A token in a table, which grows with each taking,
// says who is the newest: each write checks it in its own transaction, so it is safe also while the lock is lost.
//
// When the connection goes (a server that restarts), the lock is taken again, unless somebody took the lease meanwhile.
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock } from '../core/clock.js'
import type { PopulaceError } from '../core/errors.js'
import { LEASE_RETRY_MS, LEASE_TRIES, LEASE_WAIT_MS } from '../core/limits.js'
import type { SqlDatabase, SqlFailure, SqlSession } from './sql-session.js'
import { leaseLost, runBusy } from './store-rules.js'

/** The lock of a run: 64 bits of a hash of its name. Two names with one lock would only exclude each other. */
function lockOf(run: string): bigint {
  return createHash('sha256').update(`populace run ${run}`).digest().readBigInt64BE()
}

const TAKE = `insert into populace.leases (run, token, written, holder, taken) values ($1, 1, 0, $2, now())
  on conflict (run) do update set token = leases.token + 1, written = 0, holder = excluded.holder, taken = excluded.taken
  returning token`

export class PostgresLease {
  readonly run: string
  readonly token: number
  readonly lost: AbortSignal
  readonly #lose = new AbortController()
  readonly #database: SqlDatabase
  readonly #clock: Clock
  #session: SqlSession | undefined
  #over = false

  private constructor(database: SqlDatabase, run: string, token: number, session: SqlSession, clock: Clock) {
    this.#database = database
    this.run = run
    this.token = token
    this.lost = this.#lose.signal
    this.#clock = clock
    this.#hold(session)
  }

  /** STORE_RUN_BUSY, and what the database rejects with. */
  static async take(database: SqlDatabase, run: string, clock: Clock): Promise<PostgresLease> {
    const session = await database.getSession()
    try {
      // The server may take a moment to see that a process is gone.
      await session.query("select set_config('lock_timeout', $1, false)", [`${LEASE_WAIT_MS}ms`])
      await session.query('select pg_advisory_lock($1)', [lockOf(run)])
      const holder = `process ${process.pid} on host ${hostname()}`
      const [{ token }] = await session.query<{ token: number }>(TAKE, [run, holder])
      return new PostgresLease(database, run, token, session, clock)
    } catch (error) {
      await session.release()
      if ((error as SqlFailure).sqlState !== '55P03') throw error // lock_not_available
      const text = 'select holder from populace.leases where run = $1'
      const [row] = await database.query<{ holder: string }>(text, [run])
      throw runBusy(run, row?.holder ?? 'another process')
    }
  }

  /** The lease is gone for good; whoever asks is told why. */
  lose(reason: PopulaceError): void {
    if (!this.lost.aborted) this.#lose.abort(reason)
  }

  /** Gives it back. */
  async release(): Promise<void> {
    this.#over = true
    await this.#session?.release()
  }

  /** Lets go of the lock as a process does that dies, and does not notice. For tests of what happens then. */
  async abandon(): Promise<void> {
    await this.#session?.query('select pg_advisory_unlock($1)', [lockOf(this.run)])
  }

  #hold(session: SqlSession): void {
    this.#session = session
    const again = () => {
      this.#session = undefined
      void session.release()
      void this.#takeAgain(1)
    }
    if (session.lost.aborted) again()
    else session.lost.addEventListener('abort', again, { once: true })
  }

  async #takeAgain(tries: number): Promise<void> {
    if (this.#over || this.lost.aborted) return
    if (await this.#tryAgain()) return
    if (tries === LEASE_TRIES) {
      this.lose(leaseLost(this.run, 'its connection to the database was lost and could not be made again'))
      return
    }
    this.#clock.after(LEASE_RETRY_MS, () => void this.#takeAgain(tries + 1))
  }

  /** Whether it is settled: held again, or lost. Never rejects. */
  async #tryAgain(): Promise<boolean> {
    let session: SqlSession | undefined
    try {
      session = await this.#database.getSession()
      // The lock first: who has it and finds the token its own knows that nobody else came in between.
      const [{ got }] = await session.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [
        lockOf(this.run),
      ])
      const text = 'select token from populace.leases where run = $1'
      const [row] = await session.query<{ token: number }>(text, [this.run])
      const ours = row?.token === this.token
      if (!ours) this.lose(leaseLost(this.run))
      if (got && ours && !this.#over) {
        this.#hold(session)
        return true
      }
      await session.release()
      return !ours || this.#over
    } catch {
      // The database cannot be reached yet; it is tried again, and given up after some time.
      await session?.release()
      return false
    }
  }
}
