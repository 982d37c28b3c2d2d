// Opens a state store in Postgres by its address: a pool of connections for it alone, its tables brought up to date.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { DatabasePool } from '../services/database-pool.js'
import { migrateUp, migrationStatus } from '../services/migrations.js'
import { shownAddress } from '../state/open-store.js'
import { storeError } from '../state/postgres-errors.js'
import { PostgresStore } from '../state/postgres-store.js'
import type { SqlDatabase } from '../state/sql-session.js'
import { storeInvalid, storeUnavailable } from '../state/store-rules.js'

/** Each writer keeps a connection for its lease; reads and writes need some besides. */
const CONNECTIONS = { poolSize: 2, maxOverflow: 62 }
const LEAST_CONNECTIONS = 2

function poolFor(address: string, clock: Clock | undefined): DatabasePool {
  try {
    return new DatabasePool({ connectionString: address, applicationName: 'populace store', ...CONNECTIONS }, clock)
  } catch (error) {
    if (!(error instanceof PopulaceError)) throw error
    throw storeInvalid(`'${shownAddress(address)}' is no address of a Postgres server`, error.remedy)
  }
}

/** A user who may not make tables can use a store whose tables are there. */
async function makeTables(pool: DatabasePool): Promise<void> {
  const states = await migrationStatus(pool)
  if (states.some(state => state.applied === undefined)) await migrateUp(pool)
}

/**
 * @param address - postgres://user:password@host:port/database. @param clock, patienceMs - for tests.
 * STORE_INVALID, STORE_UNAVAILABLE.
 */
export async function openPostgresStore(address: string, clock?: Clock, patienceMs?: number): Promise<PostgresStore> {
  const url = shownAddress(address)
  const pool = poolFor(address, clock)
  try {
    await begin(pool, url)
  } catch (error) {
    await pool.close()
    throw error
  }
  return new PostgresStore(pool, url, clock, patienceMs)
}

/** The store in a host's own pool, which stays open when it is closed. STORE_INVALID, STORE_UNAVAILABLE. */
export async function openPooledStore(pool: DatabasePool | undefined): Promise<PostgresStore> {
  if (pool === undefined)
    throw storeInvalid("The store 'postgres:' has no address", "Write 'postgres://…', or give a pool as database.")
  const { address, poolSize, maxOverflow } = pool.status()
  if (poolSize + maxOverflow < LEAST_CONNECTIONS)
    throw storeInvalid(
      `The pool that was given as database has ${poolSize + maxOverflow} connection`,
      `Give it ${LEAST_CONNECTIONS} at least: a store keeps one for its lease.`,
    )
  await begin(pool, address)
  return new PostgresStore(borrowed(pool), address)
}

/** A pool as a store sees it, but that closing it does nothing. */
function borrowed(pool: DatabasePool): SqlDatabase {
  return {
    status: () => pool.status(),
    query: (text, values) => pool.query(text, values),
    execute: (text, values) => pool.execute(text, values),
    executeBatch: (text, rows) => pool.executeBatch(text, rows),
    copyInto: (table, columns, rows) => pool.copyInto(table, columns, rows),
    getSession: () => pool.getSession(),
    transaction: (work, options) => pool.transaction(work, options),
    close: async () => undefined,
  }
}

async function begin(pool: DatabasePool, url: string): Promise<void> {
  try {
    if (pool.status().state === 'new') await pool.initialize() // a host's own mostly is initialized
    await makeTables(pool)
  } catch (error) {
    const told = storeError(url, error)
    if (!(told instanceof PopulaceError) || told.code === 'STORE_UNAVAILABLE') throw told
    const what = told.message.slice(0, -told.remedy.length).trim().replace(/\.$/, '')
    throw storeUnavailable(url, what, told.remedy, told)
  }
}
