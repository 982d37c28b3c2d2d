// What can be asked of a session and of a transaction alike; the pool offers the same, with a session for each call.

import { runCopy, type TableName } from './database-copy.js'
import type { Fate } from './database-error.js'
import type { DatabaseLane } from './database-lane.js'
import { type CallOptions, resolveCallOptions } from './database-options.js'
import { type Answer, runStatement, type SqlRow } from './database-statements.js'
import type { Rows } from './row-source.js'

/** Limits of a call, filled in. */
export interface FilledLimits {
  readonly timeoutMs: number
  readonly signals: readonly AbortSignal[]
  readonly fate: Fate
}

/** The options of a call, checked and filled. OPTION_UNKNOWN, OPTION_INVALID. */
export function fillLimits(given: unknown, what: string, timeoutMs: number, fate: Fate): FilledLimits {
  const { signal, timeoutMs: own } = resolveCallOptions(given, what)
  return { timeoutMs: own ?? timeoutMs, signals: signal === undefined ? [] : [signal], fate }
}

/** Statements that leave the server's session as it was, by their first word. What a function in them does is not seen. */
const HARMLESS = /^\s*(?:select|insert|update|delete|merge|values|table|with|explain|lock|truncate)\b/i

export abstract class DatabaseCalls {
  /** The lane, if it may be used now. DATABASE_CLOSED. */
  protected abstract lane(): DatabaseLane
  protected abstract limits(given: unknown, what: string): FilledLimits

  /** The rows that one statement gives; `$1`, `$2`… in it are the parameters. Not for a COPY, see copyInto. */
  async query<Row extends object = SqlRow>(
    statement: string,
    parameters: readonly unknown[] = [],
    options?: CallOptions,
  ): Promise<Row[]> {
    const { rows } = await this.answer(statement, parameters, options, 'query')
    return [...rows] as Row[] // what columns a statement gives is known to its writer alone
  }

  /** The number of rows that one statement changed. */
  async execute(statement: string, parameters: readonly unknown[] = [], options?: CallOptions): Promise<number> {
    return (await this.answer(statement, parameters, options, 'execute')).count
  }

  /**
   * Fills a table by binary COPY, all rows or none. Rows are arrays in the order of `columns`, from an array, an iterable
   * or an async iterable, which is read only as fast as the server takes rows in. Gives their number.
   * Types: bool, bytea (Uint8Array), int2, int4, int8 (number or bigint), float4, float8, text, varchar, json and jsonb (as
   * text), timestamptz (Date). DATABASE_VALUE_INVALID names row and column.
   */
  async copyInto(
    table: TableName,
    columns: readonly string[],
    rows: Rows<readonly unknown[]>,
    options?: CallOptions,
  ): Promise<number> {
    return runCopy(this.lane(), table, columns, rows, this.limits(options, 'copyInto'))
  }

  protected async answer(
    statement: string,
    parameters: readonly unknown[],
    options: CallOptions | undefined,
    what: string,
  ): Promise<Answer> {
    return runStatement(this.laneFor(statement), statement, parameters, this.limits(options, what))
  }

  /** The lane, for a statement that may change more than tables. */
  protected laneFor(statement: string): DatabaseLane {
    const lane = this.lane()
    lane.changed ||= !HARMLESS.test(statement)
    return lane
  }
}
