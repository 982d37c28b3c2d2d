// Computations that many callers share: whoever asks for a key that is being computed waits for the same answer.
//
// A caller may leave by its signal; when all have left, the computation's own signal is aborted. A key that changes
// meanwhile is released: those who wait get what was begun, which is not kept, and who comes next begins anew.
import type { Clock } from '../core/clock.js'
import { aborted, timedOut } from './cache-error.js'
import { withDeadline } from './promise-deadline.js'

/** One computation, as its work sees it. */
export interface Computation {
  readonly signal: AbortSignal
  /** Whether its outcome may still be kept. */
  readonly current: boolean
}

class Shared<T> implements Computation {
  current = true
  settled = false
  waiting = 0
  outcome!: Promise<T>
  readonly controller = new AbortController()

  get signal(): AbortSignal {
    return this.controller.signal
  }
}

export class Computations {
  readonly #running = new Map<string, Shared<unknown>>()
  readonly #timeoutMs: number
  readonly #clock: Clock

  /** @param timeoutMs - milliseconds of one computation. */
  constructor(timeoutMs: number, clock: Clock) {
    this.#timeoutMs = timeoutMs
    this.#clock = clock
  }

  get size(): number {
    return this.#running.size
  }

  /** The outcome for a key: of the computation that runs, or of `work`. ABORTED, CACHE_TIMEOUT, and what the work throws. */
  async join<T>(key: string, signal: AbortSignal | undefined, work: (c: Computation) => Promise<T>): Promise<T> {
    if (signal?.aborted) throw aborted('getOrCompute')
    const shared = (this.#running.get(key) as Shared<T> | undefined) ?? this.#start(key, work)
    shared.waiting++
    try {
      return await orAborted(shared.outcome, signal)
    } finally {
      if (--shared.waiting === 0) this.#end(key, shared)
    }
  }

  /** What is computed for these keys is kept no more. */
  release(matches: (key: string) => boolean): void {
    for (const [key, shared] of this.#running) if (matches(key)) this.#forget(key, shared)
  }

  releaseKey(key: string): void {
    const shared = this.#running.get(key)
    if (shared !== undefined) this.#forget(key, shared)
  }

  #start<T>(key: string, work: (c: Computation) => Promise<T>): Shared<T> {
    const shared = new Shared<T>()
    this.#running.set(key, shared)
    const late = () => {
      shared.controller.abort()
      return timedOut(`The computation for ${JSON.stringify(key)}`, 'computeTimeoutMs', this.#timeoutMs)
    }
    shared.outcome = withDeadline(work(shared), this.#timeoutMs, this.#clock, late)
    const settle = () => {
      shared.settled = true
    }
    // Heard here too, so that an outcome whose callers have all left ends no process.
    shared.outcome.then(settle, settle)
    return shared
  }

  /** Nobody waits any more: it is done, or all have left, or it was too late. */
  #end(key: string, shared: Shared<unknown>): void {
    this.#forget(key, shared)
    if (!shared.settled) shared.controller.abort()
  }

  #forget(key: string, shared: Shared<unknown>): void {
    shared.current = false
    if (this.#running.get(key) === shared) this.#running.delete(key)
  }
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const leave = () => reject(aborted('getOrCompute'))
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
