// Brings the tables of a database up to date, or back. Each migration is one transaction with the row that records it,
// under an advisory lock that the transaction holds: so it is done whole or not at all, once however many processes begin
// at the same moment, and whoever is killed in the middle leaves nothing behind, the lock included.

import { PopulaceError } from '../core/errors.js'
import { type MigrationOptions, resolveMigrationOptions, resolveSteps } from './database-options.js'
import type { DatabasePool } from './database-pool.js'
import type { DatabaseTransaction } from './database-transaction.js'
import { type Migration, migrationInvalid, readMigrations } from './migration-files.js'

/** Where the migrations of this package are. */
const OURS = new URL('./migrations/', import.meta.url)

/** Any number will do, if nobody else uses it: "populace" in ASCII, cut to 63 bits. */
const LOCK = 0x706f70756c616365n

const LEDGER = `create schema if not exists populace;
  create table if not exists populace.migrations (
    number int4 primary key,
    name text not null,
    checksum text not null,
    applied timestamptz not null default now()
  )`

/** A migration, and when it was applied; without: it is yet to be. */
export interface MigrationState {
  readonly number: number
  readonly name: string
  readonly applied?: Date
}

interface Applied {
  readonly number: number
  readonly name: string
  readonly checksum: string
  readonly applied: Date
}

const READ = 'select number, name, checksum, applied from populace.migrations order by number'

/** What was applied has to be what the files say, or nobody knows what the tables look like. */
function checkApplied(applied: readonly Applied[], known: readonly Migration[]): void {
  for (const [i, row] of applied.entries()) {
    if (row.number !== i + 1) {
      throw migrationInvalid(
        `The database lacks migration ${i + 1} of those before '${row.name}'`,
        'Restore a backup of it.',
      )
    }
    const file = known[i]
    if (file === undefined) {
      throw migrationInvalid(
        `The database has migration '${row.name}', which this version does not know`,
        'Use the version of populace that made it, or a newer one.',
      )
    }
    if (file.name === row.name && file.checksum === row.checksum) continue
    throw migrationInvalid(
      `Migration '${file.name}' is another than the '${row.name}' that was applied`,
      'Put the file back as it was, and write what is new into a migration of its own.',
    )
  }
}

function failed(name: string, way: string, error: unknown): unknown {
  if (!(error instanceof PopulaceError) || error.code !== 'DATABASE_FAILED') return error
  return new PopulaceError(
    'MIGRATION_FAILED',
    `Migration '${name}' could not be applied ${way}, and nothing of it was: ${error.message.replace(/\.$/, '')}`,
    'Mend its file, or what stands in its way in the database.',
    error,
  )
}

async function inTransaction(transaction: DatabaseTransaction): Promise<string> {
  const [{ id }] = await transaction.query<{ id: string }>('select txid_current()::text as id')
  return id
}

/** One migration: `change` in the tables and its record, or neither. */
async function apply(
  transaction: DatabaseTransaction,
  { name }: Migration,
  way: string,
  change: string,
): Promise<void> {
  const id = await inTransaction(transaction)
  try {
    await transaction.script(change)
  } catch (error) {
    throw failed(name, way, error)
  }
  if ((await inTransaction(transaction)) === id) return
  throw migrationInvalid(`Migration '${name}' ends its transaction`, 'Leave begin, commit and rollback out of it.')
}

/** Does `step` in transactions under the lock, until it finds nothing to do. Gives the names of what was done. */
async function repeat(
  pool: DatabasePool,
  options: MigrationOptions,
  step: (
    transaction: DatabaseTransaction,
    known: readonly Migration[],
    applied: Applied[],
  ) => Promise<string | undefined>,
): Promise<string[]> {
  const { folder = OURS, signal, timeoutMs } = resolveMigrationOptions(options)
  const known = await readMigrations(folder)
  const done: string[] = []
  for (;;) {
    const name = await pool.transaction(
      async transaction => {
        await transaction.query('select pg_advisory_xact_lock($1)', [LOCK], { timeoutMs })
        await transaction.script(LEDGER)
        const applied = await transaction.query<Applied>(READ)
        checkApplied(applied, known)
        return step(transaction, known, applied)
      },
      { signal },
    )
    if (name === undefined) return done
    done.push(name)
  }
}

/**
 * Applies what was not applied yet, in order. Gives the names of what this call applied; others may have applied the rest.
 * MIGRATION_FAILED: what came before stays. MIGRATION_INVALID, and what transactions of the pool reject with.
 */
export function migrateUp(pool: DatabasePool, options: MigrationOptions = {}): Promise<string[]> {
  return repeat(pool, options, async (transaction, known, applied) => {
    const next = known[applied.length]
    if (next === undefined) return undefined
    await apply(transaction, next, 'up', next.up)
    const record = 'insert into populace.migrations (number, name, checksum) values ($1, $2, $3)'
    await transaction.execute(record, [next.number, next.name, next.checksum])
    return next.name
  })
}

/** Takes back the newest `steps` migrations, the newest first. Gives their names. What they made is lost. */
export async function migrateDown(
  pool: DatabasePool,
  steps: number,
  options: MigrationOptions = {},
): Promise<string[]> {
  let left = resolveSteps(steps)
  return repeat(pool, options, async (transaction, known, applied) => {
    const last = known[applied.length - 1]
    if (last === undefined || left-- === 0) return undefined
    await apply(transaction, last, 'down', last.down)
    await transaction.execute('delete from populace.migrations where number = $1', [last.number])
    return last.name
  })
}

/** All migrations in order, with when they were applied. Changes nothing. */
export async function migrationStatus(pool: DatabasePool, options: MigrationOptions = {}): Promise<MigrationState[]> {
  const { folder = OURS, signal } = resolveMigrationOptions(options)
  const known = await readMigrations(folder)
  const applied = await pool.transaction(
    async transaction => {
      const there = "select 1 from pg_catalog.pg_tables where schemaname = 'populace' and tablename = 'migrations'"
      return (await transaction.query(there)).length === 0 ? [] : transaction.query<Applied>(READ)
    },
    { readOnly: true, signal },
  )
  checkApplied(applied, known)
  return known.map(({ number, name }) => {
    const row = applied[number - 1]
    return row === undefined ? { number, name } : { number, name, applied: row.applied }
  })
}
