// The way to stores from modules that every worker imports too: what reaches a database is loaded when there is one.
import type { DatabasePool } from '../services/database-pool.js'
import type { StateStore } from '../state/store.js'

/**
 * Opens a store by its address, to look at what is in it, for compareRuns and replayRun: 'file:folder', 'postgres://…' or
 * 'memory:name'. Reading takes no lease. To be closed. STORE_INVALID, STORE_UNAVAILABLE.
 * @param database - the pool of the store 'postgres:'; it is not closed with it.
 */
export async function openStore(address: string, database?: DatabasePool): Promise<StateStore> {
  return (await import('./stores.js')).storeAt(address, database)
}
