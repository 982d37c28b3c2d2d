// Opens a state store in Postgres by its address: a pool of connections for it alone, its tables brought up to date.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { DatabasePool } from '../services/database-pool.js'
import { migrateUp, migrationStatus } from '../services/migrations.js'
import { shownAddress } from '../state/open-store.js'
import { storeError } from '../state/postgres-errors.js'
import { PostgresStore } from '../state/postgres-store.js'
import { storeInvalid, storeUnavailable } from '../state/store-rules.js'

/** Each writer keeps a connection for its lease; reads and writes need some besides. */
const CONNECTIONS = { poolSize: 2, maxOverflow: 62 }

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

/** @param address - postgres://user:password@host:port/database. STORE_INVALID, STORE_UNAVAILABLE. */
export async function openPostgresStore(address: string, clock?: Clock): Promise<PostgresStore> {
  const url = shownAddress(address)
  const pool = poolFor(address, clock)
  try {
    await pool.initialize()
    await makeTables(pool)
  } catch (error) {
    await pool.close()
    const told = storeError(url, error)
    if (!(told instanceof PopulaceError) || told.code === 'STORE_UNAVAILABLE') throw told
    throw storeUnavailable(url, told.message.replace(/\.$/, ''), told.remedy, told)
  }
  return new PostgresStore(pool, url, clock)
}
