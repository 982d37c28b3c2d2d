// A transaction on one lane: begin, the caller's function, commit; or rollback when the function throws, its time is up or
// its signal is aborted. Nothing of it can run outside of it, for a lane never connects twice; and when the connection goes,
// the error says whether it was rolled back for certain (before the commit was asked for) or may have happened.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { CANCEL_GRACE_MS } from '../core/limits.js'
import { DatabaseCalls, type FilledLimits, fillLimits } from './database-calls.js'
import { aborted, closed, DatabaseError, lost, timedOut } from './database-error.js'
import type { DatabaseLane } from './database-lane.js'
import { type CallOptions, type ResolvedTransactionOptions, resolveTransactionOptions } from './database-options.js'
import { runBatch, runScript, runStatement } from './database-statements.js'
import type { Rows } from './row-source.js'

/** A transaction, for as long as the function runs that it was given to. */
export class DatabaseTransaction extends DatabaseCalls {
  readonly #lane: DatabaseLane
  readonly #timeoutMs: number
  readonly #whole: AbortSignal
  /** Why it can be used no more. */
  #ended: PopulaceError | undefined

  constructor(lane: DatabaseLane, timeoutMs: number, whole: AbortSignal) {
    super()
    this.#lane = lane
    this.#timeoutMs = timeoutMs
    this.#whole = whole
  }

  /** Runs one statement for each row of parameters, in order. Gives the number of rows changed. */
  async executeBatch(statement: string, rows: Rows<readonly unknown[]>, options?: CallOptions): Promise<number> {
    return runBatch(this.laneFor(statement), statement, rows, this.limits(options, 'executeBatch'))
  }

  /** Runs a text of several statements, without parameters and without an end of the transaction. */
  async script(text: string, options?: CallOptions): Promise<void> {
    await runScript(this.laneFor('script'), text, 'a script', this.limits(options, 'script'))
  }

  /** What comes later is refused with `reason`. */
  end(reason: PopulaceError): void {
    this.#ended ??= reason
  }

  protected lane(): DatabaseLane {
    if (this.#ended !== undefined) throw this.#ended
    return this.#lane
  }

  protected limits(given: unknown, what: string): FilledLimits {
    const { signals, ...limits } = fillLimits(given, what, this.#timeoutMs, 'rolled back')
    return { ...limits, signals: [...signals, this.#whole] }
  }
}

/** The end of a transaction's time, of its caller's patience, or of its connection: its function may not notice any. */
class Patience {
  readonly #over = new AbortController()
  readonly #stop: (() => void)[] = []
  /** Rejects with the reason when it is over; settles in no other way. */
  readonly ended: Promise<never>

  constructor({ signal, timeoutMs }: ResolvedTransactionOptions, gone: AbortSignal, clock: Clock) {
    this.ended = new Promise((_, reject) => {
      const end = (error: PopulaceError) => {
        reject(error)
        this.#over.abort(error)
      }
      if (timeoutMs !== undefined) {
        this.#stop.push(clock.after(timeoutMs, () => end(timedOut('a transaction', 'timeoutMs', timeoutMs))))
      }
      const watch = (watched: AbortSignal, reason: () => PopulaceError) => {
        const abort = () => end(reason())
        if (watched.aborted) abort()
        watched.addEventListener('abort', abort, { once: true })
        this.#stop.push(() => watched.removeEventListener('abort', abort))
      }
      watch(gone, lostWhole)
      if (signal !== undefined) watch(signal, () => aborted('a transaction'))
    })
    this.ended.catch(raced)
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  stop(): void {
    for (const stop of this.#stop) stop()
  }
}

/** `ended` is always raced with something; what it says is heard there. */
function raced(_error: unknown): void {}

function beginning({ isolation, readOnly }: ResolvedTransactionOptions): string {
  const level = isolation === undefined ? '' : ` isolation level ${isolation}`
  return `begin${level}${readOnly ? ' read only' : ''}`
}

/** Runs `work` in a transaction; gives what it gives. @param timeoutMs - of each statement. */
export async function runTransaction<T>(
  lane: DatabaseLane,
  work: (transaction: DatabaseTransaction) => Promise<T> | T,
  given: unknown,
  timeoutMs: number,
  clock: Clock,
): Promise<T> {
  const options = resolveTransactionOptions(given)
  const patience = new Patience(options, lane.lost, clock)
  const transaction = new DatabaseTransaction(lane, timeoutMs, patience.signal)
  const own = { timeoutMs, signals: [] }
  let result: T
  try {
    const beginLimits = { timeoutMs, signals: [patience.signal], fate: 'rolled back' as const }
    await Promise.race([patience.ended, runStatement(lane, beginning(options), [], beginLimits)])
    result = await Promise.race([patience.ended, work(transaction)])
  } catch (error) {
    const reason = isLoss(error) ? lostWhole() : error
    transaction.end(reason instanceof PopulaceError ? reason : afterEnd())
    await rollBack(lane, timeoutMs)
    throw reason
  } finally {
    transaction.end(afterEnd())
    patience.stop()
  }
  const { command } = await runStatement(lane, 'commit', [], { ...own, fate: 'unknown' })
  if (command === 'COMMIT') return result
  throw new DatabaseError(
    'DATABASE_FAILED',
    'A transaction was rolled back: a statement in it had failed, and its error was caught',
    'Let the error of a statement end its transaction.',
    { sqlState: '25P02' },
  )
}

const afterEnd = () => closed('A transaction was used after its end')
const lostWhole = () => lost('a transaction', 'rolled back', new Error('it was not committed'))
const isLoss = (error: unknown) => error instanceof PopulaceError && error.code === 'DATABASE_LOST'

/** Leaves the lane outside of any transaction, or cut off: then the server rolls back. Whoever waits has waited long enough. */
async function rollBack(lane: DatabaseLane, timeoutMs: number): Promise<void> {
  if (lane.ended) return
  const limit = Math.min(timeoutMs, CANCEL_GRACE_MS)
  try {
    await runStatement(lane, 'rollback', [], { timeoutMs: limit, signals: [], fate: 'rolled back' })
  } catch {
    lane.kill()
  }
}
