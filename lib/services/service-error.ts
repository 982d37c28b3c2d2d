// What ends or refuses a call before it has an outcome of its own, as PopulaceErrors.
import { type ErrorCode, PopulaceError } from '../core/errors.js'

/** An error of a limiter, breaker, budget or deadline. */
export class ServiceError extends PopulaceError {
  /** Milliseconds after which it is worth trying again, where that is known. */
  declare readonly retryAfterMs?: number

  constructor(code: ErrorCode, what: string, remedy: string, retryAfterMs?: number) {
    super(code, what, remedy)
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs
  }
}

/** A signal ended `what`: a deadline of ours around it, whose error says more, or that of the caller, whose reason is the cause. */
export function ended(what: string, signal: AbortSignal): PopulaceError {
  if (signal.reason instanceof ServiceError) return signal.reason
  return new PopulaceError('ABORTED', `An AbortSignal ended ${what}`, 'Nothing is to be mended.', signal.reason)
}

/** `what` took longer than the option `limit` allows. */
export function tookTooLong(what: string, limit: string, ms: number): ServiceError {
  return new ServiceError(
    'CALL_TIMEOUT',
    `${what} took longer than ${limit} of ${ms} ms`,
    'See what holds it up, or raise the limit.',
  )
}
