// Opens the store that an address names. Loaded when there is one: workers import the simulation too, and have no use
// for a database.
import type { DatabasePool } from '../services/database-pool.js'
import { openStore } from '../state/open-store.js'
import type { StateStore } from '../state/store.js'

/** memory:, file: and postgres: addresses. STORE_INVALID, STORE_UNAVAILABLE. @param database - what 'postgres:' alone is in. */
export function storeAt(address: string, database?: DatabasePool): Promise<StateStore> {
  const postgres = async (whole: string) => {
    const { openPooledStore, openPostgresStore } = await import('./open-postgres-store.js')
    return /^[a-z]+:$/i.test(whole) ? openPooledStore(database) : openPostgresStore(whole)
  }
  return openStore(address, { postgres, postgresql: postgres })
}
