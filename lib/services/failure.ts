// What an error says: whether the service failed, and whether trying again can help.
import { type ErrorCode, PopulaceError } from '../core/errors.js'

/** Codes of calls that never came to the service, or whose caller wanted no answer any more. A deadline is not among them. */
const REFUSALS: readonly ErrorCode[] = [
  'ABORTED',
  'BUDGET_SPENT',
  'CIRCUIT_OPEN',
  'OPTION_INVALID',
  'OPTION_UNKNOWN',
  'RATE_BUSY',
  'RATE_COST',
  'RATE_TIMEOUT',
  'SERVICE_BUSY',
]

/** Whether a call was ended or refused on this side: nothing that the service is to blame for. */
export function isOurRefusal(error: unknown): boolean {
  if (error instanceof PopulaceError) return REFUSALS.includes(error.code)
  return error instanceof Error && error.name === 'AbortError'
}

/** Statuses of HTTP from 400 to 499 that say "later" and not "never" (RFC 9110, RFC 8470, RFC 6585). */
const LATER = [408, 425, 429]

/** Whether the same call may fare better: not when it was refused by us, and not when `status` is one of HTTP that blames the call. */
export function mayPass(error: unknown): boolean {
  if (isOurRefusal(error)) return false
  const status = (error as { status?: unknown } | null | undefined)?.status
  return !(typeof status === 'number' && status >= 400 && status < 500 && !LATER.includes(status))
}
