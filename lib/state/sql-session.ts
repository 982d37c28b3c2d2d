// What the Postgres store needs of a database, and no more: lib/run gives it a DatabasePool, which has all of it. Declared
// here because state may not depend on services.

export type SqlValue = null | boolean | number | bigint | string | Uint8Array | readonly SqlValue[]

/** What can be asked inside of a transaction. */
export interface SqlCalls {
  /** The rows of one statement; `$1`… are the parameters. int8 comes as a number where that is exact. */
  query<Row extends object>(statement: string, parameters?: readonly SqlValue[]): Promise<Row[]>
  /** The number of rows that a statement changed. */
  execute(statement: string, parameters?: readonly SqlValue[]): Promise<number>
  /** One statement for each row of parameters. */
  executeBatch(statement: string, rows: Iterable<readonly SqlValue[]>): Promise<number>
  /** Fills a table: all rows or none. */
  copyInto(table: string, columns: readonly string[], rows: Iterable<readonly SqlValue[]>): Promise<number>
}

/** A connection of one's own. */
export interface SqlSession extends SqlCalls {
  /** Aborted when the connection is gone. */
  readonly lost: AbortSignal
  /** Gives it back; locks that it holds are let go. Never rejects. */
  release(): Promise<void>
}

export interface SqlDatabase extends SqlCalls {
  getSession(): Promise<SqlSession>
  /** Committed when `work` resolves, else rolled back. */
  transaction<T>(
    work: (transaction: SqlCalls) => Promise<T>,
    options?: { readonly readOnly?: boolean; readonly isolation?: 'repeatable read' },
  ): Promise<T>
  /** What it is doing, for whoever observes it. */
  status(): object
  close(): Promise<void>
}

/** What its errors have besides a code. */
export interface SqlFailure {
  readonly sqlState?: string
  /** Of a connection that was lost: what became of the work. */
  readonly fate?: 'rolled back' | 'unknown'
}
