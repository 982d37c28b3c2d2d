// What goes wrong between a cache and its server, as PopulaceErrors.
import { PopulaceError } from '../core/errors.js'

const words = (error: unknown) => String((error as Partial<Error>)?.message ?? error).replace(/\.$/, '')

/** There is no connection to the server at `address`. */
export function unavailable(address: string, error: unknown): PopulaceError {
  return new PopulaceError(
    'CACHE_UNAVAILABLE',
    `The cache at ${address} cannot be reached: ${words(error)}`,
    'See that the server runs and the URL is right; the cache tries again by itself.',
    error,
  )
}

/** The server did not answer `what` in time. */
export function timedOut(what: string, limit: string, ms: number): PopulaceError {
  return new PopulaceError(
    'CACHE_TIMEOUT',
    `${what} took longer than ${limit} of ${ms} ms`,
    'See what holds it up, or raise the limit.',
  )
}

/** The server answered with an error. */
export function refusedBy(address: string, what: string, error: unknown): PopulaceError {
  return new PopulaceError(
    'CACHE_FAILED',
    `The cache at ${address} refused ${what}: ${words(error)}`,
    'Mend it in the server.',
    error,
  )
}

/** @param load - what is on its way. @param limit - the option that it has reached. */
export function busy(load: string, limit: string): PopulaceError {
  return new PopulaceError(
    'CACHE_BUSY',
    `${load} of a cache are on their way already`,
    `Wait for some before making more, or raise ${limit}.`,
  )
}

export function closed(): PopulaceError {
  return new PopulaceError('CACHE_CLOSED', 'A cache was used after close', 'Make a new one.')
}

export function aborted(what: string): PopulaceError {
  return new PopulaceError('ABORTED', `An AbortSignal ended ${what}`, 'Nothing is to be mended.')
}
