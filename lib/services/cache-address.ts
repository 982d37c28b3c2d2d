// Where a Redis server is: the check of a URL, and what of it may be shown.
import { PopulaceError } from '../core/errors.js'

/** Whether the driver can read what is percent-encoded in it. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch (error) {
    if (error instanceof URIError) return false
    throw error
  }
}

/** Checks a URL and gives it as it may be shown: without password and settings. `what` names it in errors. OPTION_INVALID. */
export function shownRedisAddress(given: string, what: string): string {
  const url = /^rediss?:\/\//.test(given) && URL.canParse(given) ? new URL(given) : undefined
  // What stands after the host has to be the number of a database, or the driver takes another one without a word.
  const wrong = url === undefined || url.hostname === '' || !/^\/?\d*$/.test(url.pathname)
  if (wrong || !isDecodable(url.username) || !isDecodable(url.password)) {
    throw new PopulaceError(
      'OPTION_INVALID',
      `${what} is no address of a Redis server`,
      'Write redis://user:password@host:port/database (rediss:// for TLS), with what is special in a password percent-encoded.',
    )
  }
  const user = url.username === '' ? '' : `${url.username}@`
  return `${url.protocol}//${user}${url.host}${url.pathname}`
}
