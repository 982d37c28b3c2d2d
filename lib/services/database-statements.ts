// What can be asked of a lane: a statement, a script of several, a batch of one statement over many rows. Each is one call
// of the lane; whose turn it is, and what is a transaction, is decided elsewhere.
import type postgres from 'postgres'
import { BATCH_IN_FLIGHT } from '../core/limits.js'
import { DatabaseError, endsConnection, failed, named, wrongValue } from './database-error.js'
import type { CallLimits, DatabaseLane, LaneCall } from './database-lane.js'
import { toParameters } from './database-values.js'
import { RowSource, type Rows } from './row-source.js'

/** A row as it comes: by the names of its columns. */
export type SqlRow = Record<string, unknown>

/** What a statement gave. */
export interface Answer {
  readonly rows: readonly SqlRow[]
  /** Rows that it gave or changed. */
  readonly count: number
  /** The first word of what was done, which for a commit of what had failed is ROLLBACK. */
  readonly command: string
}

type Limits = Omit<CallLimits, 'what'>

function checkText(text: unknown): string {
  if (typeof text !== 'string' || text.trim() === '') throw wrongValue('A statement is not text, or empty')
  if (text.includes('\0')) throw wrongValue('A statement contains a character of code 0')
  const what = named(text)
  if (/^\s*copy\b/i.test(text)) throw movesData(what)
  return what
}

const movesData = (what: string) =>
  new DatabaseError('DATABASE_FAILED', `${what} would move data of a COPY`, 'Use copyInto.')

function send(lane: DatabaseLane, call: LaneCall, text: string, parameters: (string | null)[]) {
  const how = { prepare: lane.prepares(text), simple: false } // simple would let one text hold several statements
  return call.sql.unsafe<SqlRow[]>(text, parameters, how)
}

function answer(result: postgres.RowList<SqlRow[]>): Answer {
  return { rows: result, count: result.count ?? 0, command: result.command ?? '' }
}

/** A COPY that was not seen beforehand leaves a stream where rows are expected, and a connection that waits for data. */
function refuseStream(lane: DatabaseLane, result: unknown, what: string): void {
  if (Array.isArray(result)) return
  const stream = result as NodeJS.ReadableStream
  stream.on('error', () => lane.kill())
  lane.kill()
  throw movesData(what)
}

/** One statement. DATABASE_FAILED, DATABASE_LOST, DATABASE_TIMEOUT, DATABASE_VALUE_INVALID, ABORTED. */
export async function runStatement(
  lane: DatabaseLane,
  text: string,
  values: readonly unknown[],
  limits: Limits,
): Promise<Answer> {
  const what = checkText(text)
  const parameters = toParameters(values, what)
  return lane.run({ ...limits, what }, async call => {
    const result = await send(lane, call, text, parameters)
    refuseStream(lane, result, what)
    return answer(result)
  })
}

/** Statements in one text, without parameters, in a transaction of their own unless one is open. */
export async function runScript(lane: DatabaseLane, text: string, what: string, limits: Limits): Promise<void> {
  checkText(text)
  await lane.run({ ...limits, what }, async call => {
    const result = await call.sql.unsafe(text)
    refuseStream(lane, result, what)
  })
}

/** A statement for each row, in order, many on their way at once; the first that fails ends it. Gives the rows changed. */
export async function runBatch(
  lane: DatabaseLane,
  text: string,
  rows: Rows<readonly unknown[]>,
  limits: Limits,
): Promise<number> {
  const what = checkText(text)
  const source = new RowSource(rows, what)
  return lane.run({ ...limits, what }, async call => {
    const flight = new Flight()
    try {
      for (let number = 1; ; number++) {
        const next = source.next(call.ending)
        const row = next instanceof Promise ? await next : next
        if (row === undefined) break
        const where = `row ${number} of ${what}`
        const parameters = toParameters(row, where)
        await flight.room()
        flight.add(send(lane, call, text, parameters), where)
        call.renew()
      }
    } catch (error) {
      flight.stop(error)
    } finally {
      source.end()
    }
    return flight.landed()
  })
}

/** The statements of a batch that are on their way: no more than some, and none left when it is over. */
class Flight {
  #under = 0
  #count = 0
  #failed = false
  #error: unknown
  #wake: (() => void) | undefined

  /** Resolves when another may start; rejects when one has failed. */
  async room(): Promise<void> {
    while (this.#under >= BATCH_IN_FLIGHT && !this.#failed) await this.#landing()
    if (this.#failed) throw this.#error
  }

  add(statement: PromiseLike<postgres.RowList<SqlRow[]>>, where: string): void {
    this.#under++
    statement.then(
      result => {
        this.#count += result.count ?? 0
        this.#land()
      },
      error => {
        // The end of a connection is told as it is, so that the lane learns of it.
        this.stop(endsConnection(error) ? error : failed(where, error))
        this.#land()
      },
    )
  }

  /** The first error counts: those behind it in a transaction only say that it has failed. */
  stop(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#error = error
  }

  /** Resolves with the rows changed when all have landed. */
  async landed(): Promise<number> {
    while (this.#under > 0) await this.#landing()
    if (this.#failed) throw this.#error
    return this.#count
  }

  #landing(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  #land(): void {
    this.#under--
    this.#wake?.()
  }
}
