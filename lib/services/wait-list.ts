// Calls that wait for one thing to happen, each with a time limit and a signal of its own. Whatever ends a wait takes it
// off the list, with its timer and its listener.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'

export interface WaitLimits {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

interface Waiting<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

export class WaitList<T> {
  readonly #clock: Clock
  readonly #waiting = new Set<Waiting<T>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param what - such as 'drain', for what ABORTED says. @param late - the error when timeoutMs is over. */
  wait(what: string, limits: WaitLimits, late: (ms: number) => PopulaceError): Promise<T> {
    const { timeoutMs, signal } = limits
    if (signal?.aborted) return Promise.reject(aborted(what, signal))
    return new Promise((resolve, reject) => {
      let stopTimer: (() => void) | undefined
      const leave = () => {
        this.#waiting.delete(waiting)
        stopTimer?.()
        signal?.removeEventListener('abort', abort)
      }
      const waiting: Waiting<T> = {
        resolve: value => (leave(), resolve(value)),
        reject: error => (leave(), reject(error)),
      }
      const abort = () => waiting.reject(aborted(what, signal))
      if (timeoutMs !== undefined) stopTimer = this.#clock.after(timeoutMs, () => waiting.reject(late(timeoutMs)))
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.add(waiting)
    })
  }

  resolveAll(value: T): void {
    for (const each of this.#waiting) each.resolve(value)
  }

  rejectAll(error: unknown): void {
    for (const each of this.#waiting) each.reject(error)
  }
}

/** @param what - what was ended, to begin a sentence with. */
export function aborted(what: string, signal: AbortSignal | undefined): PopulaceError {
  return new PopulaceError(
    'ABORTED',
    `${what} was ended by its AbortSignal`,
    'Call it again when you like.',
    signal?.reason,
  )
}
