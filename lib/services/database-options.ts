// Options of the database pool and of its calls, checked once at the edge. The connection string holds a password, so it
// is kept away from what shows wrong values: here only its being text is checked, in lib/services whether it is an address.
import type { z as Zod } from 'zod'
import { PopulaceError } from '../core/errors.js'
import { lazily } from '../core/lazy-zod.js'
import { MAX_DEADLINE_MS, MAX_MIGRATIONS, MAX_POOL_SIZE, MAX_POOL_WAITING } from '../core/limits.js'
import { check } from '../core/option-check.js'

const schemas = lazily(z => {
  const count = (least: number, most: number) => z.number().int().min(least).max(most)
  const deadline = count(1, MAX_DEADLINE_MS)

  const pool = z.strictObject({
    connectionString: z.string(),
    poolSize: count(1, MAX_POOL_SIZE).default(4),
    maxOverflow: count(0, MAX_POOL_SIZE).default(4),
    maxWaiting: count(0, MAX_POOL_WAITING).default(1000),
    overflowIdleMs: count(0, MAX_DEADLINE_MS).default(1000),
    acquireTimeoutMs: deadline.default(30_000),
    connectTimeoutMs: deadline.default(10_000),
    statementTimeoutMs: deadline.default(60_000),
    closeTimeoutMs: deadline.default(10_000),
    tls: z.enum(['disable', 'prefer', 'require', 'verify-full']).optional(),
    prepare: z.boolean().default(true),
    applicationName: z.string().min(1).max(63).default('populace'),
  })

  const call = z.strictObject({
    signal: z.instanceof(AbortSignal).optional(),
    timeoutMs: deadline.optional(),
  })

  const transaction = call.extend({
    isolation: z.enum(['read committed', 'repeatable read', 'serializable']).optional(),
    readOnly: z.boolean().default(false),
  })

  const migration = call.extend({ folder: z.instanceof(URL).optional() })

  const steps = z.strictObject({ steps: count(1, MAX_MIGRATIONS) })
  return { pool, call, transaction, migration, steps }
})

/** Options of DatabasePool. */
export interface DatabasePoolOptions {
  /** postgres://user:password@host:port/database, with `?sslmode=` and settings of a session, if any. */
  readonly connectionString: string
  /** Connections that are kept: 1 to 1,000, 4 by default. */
  readonly poolSize?: number
  /** Connections beyond them while all are in use: 0 to 1,000, 4 by default. */
  readonly maxOverflow?: number
  /** Calls that may wait for a connection: 0 to 1,000,000, 1,000 by default. One more is DATABASE_BUSY. */
  readonly maxWaiting?: number
  /** Milliseconds after which an overflow connection that nobody uses is closed: 1,000 by default, 0 is at once. */
  readonly overflowIdleMs?: number
  /** Milliseconds that a call waits for a connection: 30,000 by default. */
  readonly acquireTimeoutMs?: number
  /** Milliseconds in which a connection is made and its user let in: 10,000 by default. */
  readonly connectTimeoutMs?: number
  /** Milliseconds of one statement, and of a COPY between two pieces that get through: 60,000 by default. */
  readonly statementTimeoutMs?: number
  /** Milliseconds that close waits for what is in use: 10,000 by default. */
  readonly closeTimeoutMs?: number
  /** How connections are encrypted; by default what `sslmode` in the connection string says, else not at all. */
  readonly tls?: 'disable' | 'prefer' | 'require' | 'verify-full'
  /** Whether statements are prepared, up to 256 a connection: true by default. False where a proxy mixes sessions. */
  readonly prepare?: boolean
  /** What the server shows of these connections: 'populace' by default. */
  readonly applicationName?: string
}

/** Limits of one call. */
export interface CallOptions {
  /** Ends the call with ABORTED; what ran in the server is cancelled. */
  readonly signal?: AbortSignal
  /** Milliseconds; statementTimeoutMs of the pool by default. */
  readonly timeoutMs?: number
}

/** Limits of a transaction: `timeoutMs` is that of the whole, none by default; each statement has its own besides. */
export interface TransactionOptions extends CallOptions {
  /** The server's default is 'read committed'. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable'
  /** Whether the server refuses every change: false by default. */
  readonly readOnly?: boolean
}

/** Options of migrations: `timeoutMs` is that of the wait for another process that migrates. */
export interface MigrationOptions extends CallOptions {
  /** Where the files are, a URL that ends in /: those of this package by default. */
  readonly folder?: URL
}

type Schemas = ReturnType<typeof schemas>
export type ResolvedPoolOptions = Zod.infer<Schemas['pool']>
export type ResolvedCallOptions = Zod.infer<Schemas['call']>
export type ResolvedTransactionOptions = Zod.infer<Schemas['transaction']>

const NONE: ResolvedCallOptions = {}

/** The options of a pool as a part of a larger schema. */
export const poolSchema = () => schemas().pool

/** OPTION_UNKNOWN, OPTION_INVALID, neither of which shows a connection string. */
export function resolvePoolOptions(given: unknown): ResolvedPoolOptions {
  if (typeof given === 'string') {
    throw new PopulaceError('OPTION_INVALID', 'DatabasePool was given text', 'Give { connectionString } and options.')
  }
  return check(schemas().pool, given, 'DatabasePool')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveCallOptions(given: unknown, what: string): ResolvedCallOptions {
  return given === undefined ? NONE : check(schemas().call, given, what)
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveTransactionOptions(given: unknown): ResolvedTransactionOptions {
  return check(schemas().transaction, given ?? {}, 'transaction')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveMigrationOptions(given: unknown): Zod.infer<Schemas['migration']> {
  return check(schemas().migration, given ?? {}, 'a migration')
}

/** The number of migrations to take back. OPTION_INVALID. */
export function resolveSteps(given: unknown): number {
  return check(schemas().steps, { steps: given }, 'migrateDown').steps
}
