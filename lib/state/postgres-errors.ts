// What goes wrong in a database, in the words of a store: a host meets the same codes whatever it stores in. The error of
// the database, which says more, is the cause.
import { PopulaceError } from '../core/errors.js'
import { storeClosed, storeFailed } from './store-rules.js'

const UNREACHED = ['DATABASE_UNAVAILABLE', 'DATABASE_LOST', 'DATABASE_TIMEOUT', 'DATABASE_BUSY']

/** Whether an error says that the database is away, which may pass. */
export function isUnreached(error: unknown): boolean {
  return error instanceof PopulaceError && UNREACHED.includes(error.code)
}

/** The error that a call of a store at `url` rejects with. */
export function storeError(url: string, error: unknown): unknown {
  if (!(error instanceof PopulaceError)) return error
  if (isUnreached(error)) {
    return new PopulaceError(
      'STORE_UNAVAILABLE',
      `The store '${url}' cannot be reached: ${error.message.replace(/\.$/, '')}`,
      'See that the database runs and is not overloaded; the next call tries again.',
      error,
    )
  }
  if (error.code === 'DATABASE_CLOSED') return storeClosed(url)
  if (error.code !== 'DATABASE_FAILED' && error.code !== 'DATABASE_VALUE_INVALID') return error
  const what = `could not read or write: ${error.message.replace(/\.$/, '')}`
  return storeFailed(url, what, 'The cause is the error of the database; what was stored before is whole.', error)
}

/** Does `work`; what it rejects with is said in the words of a store. */
export async function inStoreWords<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(url, error)
  }
}
