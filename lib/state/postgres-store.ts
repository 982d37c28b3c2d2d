// A state store in Postgres: see services/migrations for its tables. Reads see one moment each; see postgres-lease.ts for
// who may write, postgres-writer.ts for how. What a process leaves that is killed in the middle, the server rolls back.
import { type Clock, systemClock } from '../core/clock.js'
import { JOURNAL_PORTION_BYTES, JOURNAL_PORTION_ENTRIES, WRITE_PATIENCE_MS } from '../core/limits.js'
import type { Scalar } from '../memory/params.js'
import { inStoreWords } from './postgres-errors.js'
import { PostgresLease } from './postgres-lease.js'
import { PostgresWriter } from './postgres-writer.js'
import type { SqlCalls, SqlDatabase, SqlValue } from './sql-session.js'
import type { CheckpointRecord, JournalRecord, RunRecord, RunWriter, StateStore } from './store.js'
import { checkBlobKey, checkpointUnknown, checkRunName, storeClosed } from './store-rules.js'
import { paramsFrom } from './stored-params.js'
import { BLOB_PARTS, CHECKPOINT_PARTS, readParts } from './stored-parts.js'

interface RunRow extends Omit<RunRecord, 'fork' | 'params'> {
  readonly params: Record<string, Scalar>
  readonly fork_run: string | null
  readonly fork_tick: number | null
}

const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

function runFrom({ fork_run: run, fork_tick: tick, ...rest }: RunRow): RunRecord {
  const record = { ...rest, params: paramsFrom(rest.params) }
  return run === null || tick === null ? record : { ...record, fork: { run, tick } }
}

const RUNS = `select run, id, scenario, url, seed, params, schema, code, node, arch, created, fork_run, fork_tick
  from populace.runs`

/** Entries as long as their bytes together, and one at least, stay within a portion. */
const PORTION = `select number, tick, bytes from (
    select number, tick, bytes, row_number() over w as nth, sum(octet_length(bytes)) over w as filled
    from populace.journal where run = $1 and number >= $2 window w as (order by number) order by number limit $3
  ) as entries where nth = 1 or filled <= $4 order by number`

export class PostgresStore implements StateStore {
  readonly url: string
  readonly #database: SqlDatabase
  readonly #clock: Clock
  readonly #patienceMs: number
  readonly #writers = new Set<PostgresWriter>()
  #closing: Promise<void> | undefined

  /**
   * @param database - has the tables; it is closed with the store. @param url - without what is secret.
   * @param patienceMs - milliseconds for which writes are tried again while the database is away.
   */
  constructor(database: SqlDatabase, url: string, clock: Clock = systemClock, patienceMs: number = WRITE_PATIENCE_MS) {
    this.#database = database
    this.url = url
    this.#clock = clock
    this.#patienceMs = patienceMs
  }

  status(): object {
    return this.#database.status()
  }

  async runs(): Promise<RunRecord[]> {
    const rows = await this.#query<RunRow>(RUNS, [])
    return rows.map(runFrom).sort((a, b) => byCodeUnits(a.run, b.run))
  }

  async run(name: string): Promise<RunRecord | undefined> {
    this.#check(name)
    const [row] = await this.#query<RunRow>(`${RUNS} where run = $1`, [name])
    return row && runFrom(row)
  }

  async checkpoints(run: string): Promise<CheckpointRecord[]> {
    this.#check(run)
    const text = 'select tick, base, hash, bytes, created from populace.checkpoints where run = $1 order by tick'
    const rows = await this.#query<CheckpointRecord & { base: number | null }>(text, [run])
    return rows.map(({ base, ...rest }) => (base === null ? rest : { ...rest, base }))
  }

  readCheckpoint(run: string, tick: number): Promise<Uint8Array> {
    return this.#read(run, async calls => {
      const text = 'select tick, bytes from populace.checkpoints where run = $1'
      const rows = await calls.query<{ tick: number; bytes: number }>(text, [run])
      const found = rows.find(row => row.tick === tick)
      if (found !== undefined) return readParts(calls, CHECKPOINT_PARTS, run, tick, found.bytes)
      throw checkpointUnknown(
        run,
        tick,
        rows.map(row => row.tick),
      )
    })
  }

  async *journal(run: string, number = 0): AsyncGenerator<readonly JournalRecord[]> {
    for (let next = number; ; ) {
      this.#check(run)
      const limits = [JOURNAL_PORTION_ENTRIES, JOURNAL_PORTION_BYTES]
      const portion = await this.#query<JournalRecord>(PORTION, [run, next, ...limits])
      if (portion.length === 0) return
      next = portion[portion.length - 1].number + 1
      // A reader's bytes are its own, and no Buffer, which may be a window on memory that others use.
      yield portion.map(({ bytes, ...rest }) => ({ ...rest, bytes: new Uint8Array(bytes) }))
    }
  }

  async blobs(run: string): Promise<{ key: string; bytes: number }[]> {
    this.#check(run)
    const text = 'select key, bytes from populace.blobs where run = $1'
    const rows = await this.#query<{ key: string; bytes: number }>(text, [run])
    return rows.sort((a, b) => byCodeUnits(a.key, b.key))
  }

  async readBlob(run: string, key: string): Promise<Uint8Array | undefined> {
    this.#check(run)
    checkBlobKey(key)
    return this.#read(run, async calls => {
      const text = 'select bytes from populace.blobs where run = $1 and key = $2'
      const [row] = await calls.query<{ bytes: number }>(text, [run, key])
      return row && readParts(calls, BLOB_PARTS, run, key, row.bytes)
    })
  }

  async write(run: string): Promise<RunWriter> {
    this.#check(run)
    const lease = await inStoreWords(this.url, () => PostgresLease.take(this.#database, run, this.#clock))
    const how = { clock: this.#clock, patienceMs: this.#patienceMs, ended: () => this.#writers.delete(writer) }
    const writer: PostgresWriter = new PostgresWriter(this.#database, this.url, lease, how)
    this.#writers.add(writer)
    if (this.#closing === undefined) return writer
    await writer.close() // the store was closed meanwhile, and must not keep the lease
    throw storeClosed(this.url)
  }

  /** Makes the holder of a run's lease look as if it had died. For tests of what happens then. */
  async abandon(run: string): Promise<void> {
    await Promise.all([...this.#writers].filter(writer => writer.run === run).map(writer => writer.abandon()))
  }

  close(): Promise<void> {
    this.#closing ??= inStoreWords(this.url, async () => {
      await Promise.all([...this.#writers].map(writer => writer.close()))
      await this.#database.close()
    })
    return this.#closing
  }

  #check(run?: string): void {
    if (this.#closing !== undefined) throw storeClosed(this.url)
    if (run !== undefined) checkRunName(run)
  }

  async #query<Row extends object>(text: string, values: readonly SqlValue[]): Promise<Row[]> {
    this.#check()
    return inStoreWords(this.url, () => this.#database.query<Row>(text, values))
  }

  /** Several statements that see one moment. */
  async #read<T>(run: string, work: (calls: SqlCalls) => Promise<T>): Promise<T> {
    this.#check(run)
    const how = { readOnly: true, isolation: 'repeatable read' } as const
    return inStoreWords(this.url, () => this.#database.transaction(work, how))
  }
}
