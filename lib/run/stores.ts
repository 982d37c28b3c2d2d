// Opens the store that an address names. Loaded when there is one: workers import the simulation too, and have no use
// for a database.
import { openStore } from '../state/open-store.js'
import type { StateStore } from '../state/store.js'

/** memory:, file: and postgres: addresses. STORE_INVALID, STORE_UNAVAILABLE. */
export function storeAt(address: string): Promise<StateStore> {
  const postgres = async (whole: string) => (await import('./open-postgres-store.js')).openPostgresStore(whole)
  return openStore(address, { postgres, postgresql: postgres })
}
