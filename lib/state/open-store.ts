// Opens a state store by its address: `memory:`, `memory:name`, `file:path`, or a scheme that the caller brings an opener
// for, as lib/run does for Postgres. An address may hold a password, so none is shown whole: see shownAddress.
import { nearest } from '../core/suggest.js'
import { FileStore } from './file-store.js'
import { MemoryStore } from './memory-store.js'
import type { StateStore } from './store.js'
import { storeInvalid } from './store-rules.js'

/** Opens a store by its whole address. */
export type StoreOpener = (address: string) => Promise<StateStore>

/** An address without what is secret in it: the user, the password and the query of a URL with a server in it. */
export function shownAddress(address: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)(.*)$/is.exec(address)
  if (match === null || /^file:/i.test(address)) return address
  const [, scheme, authority, path, query] = match
  const at = authority.lastIndexOf('@')
  // A password may hold a slash that ought to have been escaped: what follows it up to the last @ is secret too.
  const late = path.lastIndexOf('@')
  const host = at < 0 && late < 0 ? authority : `***@${late < 0 ? authority.slice(at + 1) : path.slice(late + 1)}`
  return `${scheme}${host}${late < 0 ? path : ''}${query === '' ? '' : '?***'}`
}

function schemeOf(address: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1].toLowerCase()
}

/**
 * Opens a store. STORE_INVALID, STORE_UNAVAILABLE.
 * @param openers - of further schemes, by their names without a colon.
 */
export async function openStore(
  address: string,
  openers: Readonly<Record<string, StoreOpener>> = {},
): Promise<StateStore> {
  if (typeof address !== 'string')
    throw storeInvalid('The address of a store is no string', "Give one, as 'file:runs'.")
  const all: Record<string, StoreOpener> = {
    file: whole => FileStore.open(whole.slice('file:'.length)),
    memory: async whole => new MemoryStore(whole.slice('memory:'.length)),
    ...openers,
  }
  const scheme = schemeOf(address)
  // The scheme of C:\runs is a drive.
  if (scheme === undefined || scheme.length === 1) {
    throw storeInvalid(
      address === ''
        ? 'The address of a store is empty'
        : `The address of a store, '${shownAddress(address)}', has no scheme`,
      address === '' || address.includes('@') ? "Give one, as 'file:runs'." : `Did you mean 'file:${address}'?`,
    )
  }
  if (Object.hasOwn(all, scheme)) return all[scheme](`${scheme}${address.slice(scheme.length)}`)
  const names = Object.keys(all)
  const close = nearest(scheme, names)
  throw storeInvalid(
    `No store has the scheme '${scheme}:' of '${shownAddress(address)}'`,
    close === undefined ? `Known: ${names.map(each => `'${each}:'`).join(', ')}.` : `Did you mean '${close}:'?`,
  )
}
