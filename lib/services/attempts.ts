// One item or batch after another through its processor: tried again, told of, and ended or gone on from by the policy of
// errors. What the results are is the caller's.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { BatchError } from './batch-error.js'
import type { BatchProgress, ItemContext, ResolvedParallelOptions } from './batch-options.js'
import type { Policy } from './deadline.js'
import { retry } from './retry.js'
import type { RetryOptions } from './retry-options.js'

export class Attempts {
  readonly #options: ResolvedParallelOptions
  readonly #retry: Policy | undefined
  readonly #total: { readonly total?: number }
  readonly #counts = { items: 0, failed: 0, batches: 0 }

  /** OPTION_UNKNOWN, OPTION_INVALID. */
  constructor(options: ResolvedParallelOptions, total: number | undefined, clock: Clock) {
    this.#options = options
    this.#retry = options.retry === undefined ? undefined : retry(options.retry as RetryOptions, clock)
    this.#total = total === undefined ? {} : { total }
  }

  get progress(): BatchProgress {
    return { ...this.#counts, ...this.#total }
  }

  /**
   * Runs work on `count` items, the first of which is at `index`. Gives its failure where the policy is to collect, and
   * undefined when all is well. BATCH_FAILED, LISTENER_FAILED.
   */
  async run(
    index: number,
    count: number,
    signal: AbortSignal,
    work: (context: ItemContext) => Promise<void>,
  ): Promise<BatchError | undefined> {
    const failure = await this.#try(index, count, signal, work)
    // Somebody else's error or the caller's signal has ended the whole: this outcome reaches nobody.
    if (signal.aborted) return failure
    this.#counts.items += count
    this.#counts.batches++
    if (failure !== undefined) this.#counts.failed += count
    if (failure !== undefined) told('onError', () => this.#options.onError?.(failure))
    told('onProgress', () => this.#options.onProgress?.(this.progress))
    if (failure !== undefined && this.#options.errorPolicy === 'fail fast') throw failure
    return failure
  }

  async #try(
    index: number,
    count: number,
    signal: AbortSignal,
    work: (context: ItemContext) => Promise<void>,
  ): Promise<BatchError | undefined> {
    try {
      if (this.#retry === undefined) await work({ index, signal, attempt: 1 })
      else await this.#retry.execute(context => work({ ...context, index }), { signal })
      return undefined
    } catch (error) {
      const what = count === 1 ? `Item ${index}` : `The batch of items ${index} to ${index + count - 1}`
      return new BatchError(what, index, error)
    }
  }
}

/** LISTENER_FAILED. */
function told(name: string, listener: () => void): void {
  try {
    listener()
  } catch (error) {
    const what = `${name} of a batch threw: ${(error as Error)?.message ?? error}`
    throw new PopulaceError('LISTENER_FAILED', what, 'Catch errors in listeners.', error)
  }
}
