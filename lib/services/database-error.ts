// What goes wrong between us and a Postgres server, as PopulaceErrors. The driver's own errors are taken apart and never
// passed on: they carry the text and the parameters of the statement, which may be secrets.
import { type ErrorCode, PopulaceError } from '../core/errors.js'

/** What became of the work: it is as if it had never begun, or nobody on this side can know. */
export type Fate = 'rolled back' | 'unknown'

/** An error of the database pool. */
export class DatabaseError extends PopulaceError {
  /** The five characters of the server, such as 23505, when it was the server that spoke. */
  declare readonly sqlState?: string
  /** Of DATABASE_LOST. */
  declare readonly fate?: Fate

  constructor(code: ErrorCode, what: string, remedy: string, more: { sqlState?: string; fate?: Fate } = {}) {
    super(code, what, remedy)
    if (more.sqlState !== undefined) this.sqlState = more.sqlState
    if (more.fate !== undefined) this.fate = more.fate
  }
}

/** Codes of the driver and the system that say: there is no connection any more. */
const CONNECTION_CODES = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
])

/** SQLSTATEs after which the server ends the session: shutdown, crash, timeouts of idling. */
const FATAL_STATES = new Set(['57P01', '57P02', '57P03', '57P04', '57P05', '25P03', '25P04'])

interface Spoken {
  readonly code?: unknown
  readonly message?: unknown
  readonly severity?: unknown
  readonly constraint_name?: unknown
}

/** A SQLSTATE has a digit somewhere, which tells it from EPIPE. */
const isState = (code: unknown): code is string => typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code)

/** Whether a connection is of no use after this error. */
export function endsConnection(error: unknown): boolean {
  const { code, severity } = error as Spoken
  if (isState(code)) {
    return FATAL_STATES.has(code) || severity === 'FATAL' || severity === 'PANIC'
  }
  return typeof code === 'string' && CONNECTION_CODES.has(code)
}

function saidBy(error: unknown): string {
  const { code, message, constraint_name: constraint } = error as Spoken
  const state = isState(code) ? ` (SQLSTATE ${code})` : ''
  const about = typeof constraint === 'string' && constraint !== '' ? `, constraint '${constraint}'` : ''
  return `${String(message ?? error).replace(/\.$/, '')}${about}${state}`
}

const stateOf = (error: unknown) => {
  const { code } = error as Spoken
  return isState(code) ? { sqlState: code } : {}
}

/** No connection could be made to `address`. */
export function unavailable(address: string, error: unknown): PopulaceError {
  if (error instanceof PopulaceError) return error
  return new DatabaseError(
    'DATABASE_UNAVAILABLE',
    `No connection to ${address} can be made: ${saidBy(error)}`,
    'See that the server runs and the connection string is right; the next call tries again.',
    stateOf(error),
  )
}

/** The connection went while `what` went on, by `error`; or before it, without. */
export function lost(what: string, fate: Fate, error?: unknown): DatabaseError {
  return new DatabaseError(
    'DATABASE_LOST',
    `The connection to the database was lost ${error === undefined ? 'before' : 'in'} ${what}${error === undefined ? '' : `: ${saidBy(error)}`}`,
    fate === 'rolled back'
      ? 'It was rolled back: run it again.'
      : 'Whether it took effect is not known: look, or run it again if twice is no harm.',
    { fate, ...(error === undefined ? {} : stateOf(error)) },
  )
}

/** What the server, the driver or the system said to `what`, in our words. */
export function failed(what: string, error: unknown): PopulaceError {
  if (error instanceof PopulaceError) return error
  if (endsConnection(error)) return lost(what, 'unknown', error)
  return new DatabaseError(
    'DATABASE_FAILED',
    `The database refused ${what}: ${saidBy(error)}`,
    'Mend the statement, or what it was given.',
    stateOf(error),
  )
}

export function timedOut(what: string, limit: string, ms: number): DatabaseError {
  return new DatabaseError(
    'DATABASE_TIMEOUT',
    `${what.charAt(0).toUpperCase()}${what.slice(1)} took longer than ${limit} of ${ms} ms`,
    'See what holds it up, or raise the limit.',
  )
}

export function aborted(what: string): PopulaceError {
  return new PopulaceError('ABORTED', `An AbortSignal ended ${what}`, 'Nothing is to be mended.')
}

export function closed(what: string): PopulaceError {
  return new PopulaceError('DATABASE_CLOSED', what, 'Take a new one.')
}

export function wrongValue(what: string): PopulaceError {
  return new PopulaceError('DATABASE_VALUE_INVALID', what, 'Give null for nothing, and a value that the type can hold.')
}

/** A statement as errors name it: its beginning up to the first literal, which might be a secret. */
export function named(text: string): string {
  const plain = text.replaceAll(/\s+/g, ' ').trim()
  const end = plain.search(/'|\$(?!\d)/)
  const shown = (end < 0 ? plain : plain.slice(0, end)).slice(0, 60)
  return `the statement "${shown}${shown.length < plain.length ? '…' : ''}"`
}
