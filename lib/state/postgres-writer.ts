// Writes one run of a Postgres store. Each call is one transaction that begins by counting itself in the row of the lease:
// without a row of its token the lease is lost. While the database is away a call is tried again for some time. When the
// connection goes in the middle of a commit, the count tells the next try whether it was done.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { invariant } from '../core/invariant.js'
import { LEASE_RETRY_MS } from '../core/limits.js'
import { isUnreached, storeError } from './postgres-errors.js'
import type { PostgresLease } from './postgres-lease.js'
import type { SqlCalls, SqlDatabase } from './sql-session.js'
import type { CheckpointRecord, JournalRecord, RunRecord, RunWriter } from './store.js'
import {
  checkBlobKey,
  checkEntries,
  checkParts,
  checkSomeKept,
  leaseLost,
  runExists,
  runUnknown,
  writerClosed,
} from './store-rules.js'
import { paramsText } from './stored-params.js'
import { BLOB_PARTS, CHECKPOINT_PARTS, storeParts } from './stored-parts.js'

const COUNT_IN = 'update populace.leases set written = written + 1 where run = $1 and token = $2 returning written'

/** Entries from which on COPY, which asks for the types of its columns, is the faster way. */
const COPY_ENTRIES = 32

export class PostgresWriter implements RunWriter {
  readonly run: string
  readonly token: number
  readonly lost: AbortSignal
  readonly #database: SqlDatabase
  readonly #url: string
  readonly #lease: PostgresLease
  readonly #clock: Clock
  readonly #patienceMs: number
  readonly #ended: () => void
  #last: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  /** @param o.patienceMs - milliseconds for which a call is tried again. @param o.ended - called when it was closed. */
  constructor(
    database: SqlDatabase,
    url: string,
    lease: PostgresLease,
    o: { readonly clock: Clock; readonly patienceMs: number; readonly ended: () => void },
  ) {
    this.run = lease.run
    this.token = lease.token
    this.lost = lease.lost
    this.#database = database
    this.#url = url
    this.#lease = lease
    this.#clock = o.clock
    this.#patienceMs = o.patienceMs
    this.#ended = o.ended
  }

  create(
    record: RunRecord,
    checkpoint: CheckpointRecord,
    parts: readonly Uint8Array[],
    journal: readonly JournalRecord[],
  ): Promise<void> {
    return this.#inTurn(async calls => {
      invariant(record.run === this.run, `the writer of '${this.run}' was told to create '${record.run}'`)
      checkParts(checkpoint, parts)
      if (await this.#exists(calls)) throw runExists(this.run)
      checkEntries(this.run, journal, 0, 0)
      const { id, scenario, url, seed, params, schema, code, node, arch, created, fork } = record
      await calls.execute(
        `insert into populace.runs
          (run, id, scenario, url, seed, params, schema, code, node, arch, created, fork_run, fork_tick)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
        [
          ...[this.run, id, scenario, url, seed, paramsText(params), schema, code, node, arch, created],
          ...[fork?.run ?? null, fork?.tick ?? null],
        ],
      )
      await this.#put(calls, checkpoint, parts)
      await this.#append(calls, journal)
    })
  }

  putCheckpoint(checkpoint: CheckpointRecord, parts: readonly Uint8Array[]): Promise<void> {
    return this.#inTurn(async calls => {
      checkParts(checkpoint, parts)
      await this.#known(calls)
      await calls.execute('delete from populace.checkpoints where run = $1 and tick = $2', [this.run, checkpoint.tick])
      await this.#put(calls, checkpoint, parts)
    })
  }

  deleteCheckpoints(ticks: readonly number[]): Promise<void> {
    return this.#inTurn(async calls => {
      if (!(await this.#exists(calls))) return
      const text = 'select tick from populace.checkpoints where run = $1'
      const rows = await calls.query<{ tick: number }>(text, [this.run])
      checkSomeKept(
        this.run,
        rows.map(row => row.tick),
        ticks,
      )
      await calls.execute('delete from populace.checkpoints where run = $1 and tick = any($2::int8[])', [
        this.run,
        ticks,
      ])
    })
  }

  appendJournal(entries: readonly JournalRecord[]): Promise<void> {
    return this.#inTurn(async calls => {
      await this.#known(calls)
      const text = 'select number, tick from populace.journal where run = $1 order by number desc limit 1'
      const [last] = await calls.query<{ number: number; tick: number }>(text, [this.run])
      checkEntries(this.run, entries, last === undefined ? 0 : last.number + 1, last?.tick ?? 0)
      await this.#append(calls, entries)
    })
  }

  cutJournal(number: number): Promise<void> {
    return this.#inTurn(async calls => {
      await calls.execute('delete from populace.journal where run = $1 and number >= $2', [this.run, number])
    })
  }

  putBlobs(blobs: ReadonlyMap<string, Uint8Array>): Promise<void> {
    return this.#inTurn(async calls => {
      await this.#known(calls)
      const all = [...blobs]
      for (const [key] of all) checkBlobKey(key)
      await this.#removeBlobs(calls, [...blobs.keys()])
      const rows = all.map(([key, bytes]) => [this.run, key, bytes.length])
      await calls.copyInto('populace.blobs', ['run', 'key', 'bytes'], rows)
      await storeParts(
        calls,
        BLOB_PARTS,
        this.run,
        all.map(([key, bytes]) => [key, [bytes]]),
      )
    })
  }

  deleteBlobs(keys: readonly string[]): Promise<void> {
    return this.#inTurn(async calls => {
      for (const key of keys) checkBlobKey(key)
      await this.#removeBlobs(calls, keys)
    })
  }

  async deleteRun(): Promise<void> {
    await this.#inTurn(async calls => {
      await calls.execute('delete from populace.runs where run = $1', [this.run])
      await calls.execute('update populace.leases set token = token + 1 where run = $1', [this.run])
    })
    this.#lease.lose(leaseLost(this.run, 'it was deleted'))
    await this.#lease.release()
  }

  close(): Promise<void> {
    this.#closing ??= this.#last.then(async () => {
      await this.#lease.release()
      this.#ended()
    })
    return this.#closing
  }

  /** Makes the holder of the lease look as if it had died. */
  abandon(): Promise<void> {
    return this.#lease.abandon()
  }

  /** Does `work` in a transaction of this token, when all before it is done, whatever became of that. */
  #inTurn(work: (calls: SqlCalls) => Promise<void>): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(writerClosed(this.run))
    const done = this.#last.then(() => this.#perform(work))
    this.#last = done.then(null, () => undefined) // its own caller is told; the next call is another matter
    return done
  }

  async #perform(work: (calls: SqlCalls) => Promise<void>): Promise<void> {
    if (this.lost.aborted) throw this.lost.reason
    const until = this.#clock.now() + this.#patienceMs
    const asked: { number?: number } = {}
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await this.#database.transaction(calls => this.#attempt(calls, work, asked))
      } catch (error) {
        if (error instanceof PopulaceError && error.code === 'STORE_LEASE_LOST') this.#lease.lose(error)
        const goesOn = isUnreached(error) && !this.lost.aborted && this.#clock.now() < until
        if (!goesOn) throw storeError(this.#url, error)
      }
      // At once, for the pool connects anew; and where that was in vain, after a pause.
      if (!isFirst) await new Promise<void>(resolve => this.#clock.after(LEASE_RETRY_MS, resolve))
    }
  }

  /** @param asked - the number of the last try that came as far as its commit, of which nobody may have heard. */
  async #attempt(calls: SqlCalls, work: (calls: SqlCalls) => Promise<void>, asked: { number?: number }): Promise<void> {
    const [row] = await calls.query<{ written: number }>(COUNT_IN, [this.run, this.token])
    if (row === undefined) throw leaseLost(this.run)
    // The row is locked by now, so that try is over in the server too: where it was counted, it was done.
    if (asked.number !== undefined && row.written > asked.number) return
    await work(calls)
    asked.number = row.written
  }

  async #exists(calls: SqlCalls): Promise<boolean> {
    return (await calls.query('select 1 from populace.runs where run = $1', [this.run])).length > 0
  }

  async #known(calls: SqlCalls): Promise<void> {
    if (!(await this.#exists(calls))) throw runUnknown(this.run)
  }

  async #put(calls: SqlCalls, checkpoint: CheckpointRecord, parts: readonly Uint8Array[]): Promise<void> {
    const { tick, base, hash, bytes, created } = checkpoint
    const text = `insert into populace.checkpoints (run, tick, base, hash, bytes, created)
      values ($1, $2, $3, $4, $5, $6)`
    await calls.execute(text, [this.run, tick, base ?? null, hash, bytes, created])
    if (bytes > 0) await storeParts(calls, CHECKPOINT_PARTS, this.run, [[tick, parts]])
  }

  async #append(calls: SqlCalls, entries: readonly JournalRecord[]): Promise<void> {
    const rows = entries.map(({ number, tick, bytes }) => [this.run, number, tick, bytes])
    if (rows.length >= COPY_ENTRIES) {
      await calls.copyInto('populace.journal', ['run', 'number', 'tick', 'bytes'], rows)
    } else if (rows.length > 0) {
      const text = 'insert into populace.journal (run, number, tick, bytes) values ($1, $2, $3, $4)'
      await calls.executeBatch(text, rows)
    }
  }

  async #removeBlobs(calls: SqlCalls, keys: readonly string[]): Promise<void> {
    await calls.execute('delete from populace.blobs where run = $1 and key = any($2::text[])', [this.run, keys])
  }
}
