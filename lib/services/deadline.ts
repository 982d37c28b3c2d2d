// Work that is given up in time: with its deadline, or with the caller's signal. The work is told by a signal of its own,
// and not waited for: it may be stuck. What it still gives or throws after that reaches nobody.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { lazily, milliseconds } from '../core/lazy-zod.js'
import { check } from '../core/option-check.js'
import { onAbort } from './abort-listener.js'
import { ended, tookTooLong } from './service-error.js'

/** What a piece of work is told. */
export interface WorkContext {
  /** Aborted when nobody wants the outcome any more: pass it on to `fetch` and the like. */
  readonly signal: AbortSignal
  /** Which try this is, from 1. */
  readonly attempt: number
}

export type Work<T> = (context: WorkContext) => Promise<T> | T

/** Options of one call through a policy. */
export interface PolicyCall {
  /** Ends the call with ABORTED. */
  readonly signal?: AbortSignal
}

/** Something that can be put around work. */
export interface Policy {
  execute<T>(work: Work<T>, call?: PolicyCall): Promise<T>
}

/** When work is given up. */
export interface Ending {
  /** What errors call the work: 'a call'. */
  readonly what: string
  readonly signal?: AbortSignal | undefined
  /** The name and the milliseconds of its limit. */
  readonly limit?: { readonly name: string; readonly ms: number } | undefined
}

/** Runs work until it settles or is given up. CALL_TIMEOUT, ABORTED, and what the work throws. */
export function untilEnding<T>(
  work: (signal: AbortSignal) => Promise<T> | T,
  ending: Ending,
  clock: Clock,
): Promise<T> {
  const { what, signal, limit } = ending
  if (signal?.aborted) return Promise.reject(ended(what, signal))
  return new Promise((resolve, reject) => {
    const own = new AbortController()
    const giveUp = (error: Error) => {
      settle()
      reject(error)
      own.abort(error)
    }
    const abort = () => giveUp(ended(what, signal as AbortSignal))
    const late = () => giveUp(tookTooLong(what, limit?.name ?? '', limit?.ms ?? 0))
    const stopTimer = limit === undefined ? undefined : clock.after(limit.ms, late)
    const stopListening = onAbort(signal, abort)
    const settle = () => {
      stopTimer?.()
      stopListening()
    }
    // A work that throws at once must not leave a timer behind either.
    const running = (async () => work(own.signal))()
    running.finally(settle).then(resolve, reject)
  })
}

const schemas = lazily(z => ({
  timeout: z.strictObject({ ms: milliseconds(z) }),
  call: z.strictObject({ signal: z.instanceof(AbortSignal).optional() }),
}))

/** Checks the work and the options that `what` was given. OPTION_UNKNOWN, OPTION_INVALID. */
export function resolvePolicyCall(work: unknown, given: unknown, what: string): { signal?: AbortSignal | undefined } {
  checkWork(work, what)
  return given === undefined ? {} : check(schemas().call, given, what)
}

/** OPTION_INVALID. */
export function checkWork(work: unknown, what: string): void {
  if (typeof work === 'function') return
  throw new PopulaceError('OPTION_INVALID', `The work of ${what} is no function`, 'Give a function.')
}

/**
 * Gives work up after `ms` milliseconds, with CALL_TIMEOUT, and tells it by its signal.
 * @param ms - 1 to 2^31 - 1. @param clock - for tests. OPTION_INVALID.
 */
export function timeout(ms: number, clock: Clock = systemClock): Policy {
  check(schemas().timeout, { ms }, 'timeout')
  return {
    async execute(work, call) {
      const { signal } = resolvePolicyCall(work, call, 'timeout.execute')
      const ending = { what: 'A call', signal, limit: { name: 'its timeout', ms } }
      return untilEnding(own => work({ signal: own, attempt: 1 }), ending, clock)
    },
  }
}
