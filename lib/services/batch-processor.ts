// Items in batches through a processor, some batches at once: rows into a database, prompts to a model that takes several.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { Attempts } from './attempts.js'
import type { BatchError } from './batch-error.js'
import {
  type BatchProcessorOptions,
  checkProcessorOptions,
  type ProcessBatchOptions,
  resolveBatchOptions,
} from './batch-options.js'
import { BatchSource, ItemSource } from './item-source.js'
import { runLanes } from './lanes.js'

/** What became of all batches. */
export interface BatchResult<R> {
  /** In the order of the items, undefined where its batch failed; empty where the processor gives nothing. */
  readonly results: R[]
  /** Of batches that failed, in the order of the items; only with errorPolicy 'collect'. */
  readonly failures: BatchError[]
  readonly items: number
  readonly batches: number
}

/** Counts of a processor since the beginning. */
export interface BatchProcessorStatus {
  /** Calls of processBatch, and batches, that are under way. */
  readonly calls: number
  readonly running: number
  /** Items that are done, those that failed included. */
  readonly items: number
  readonly failed: number
  readonly batches: number
}

export class BatchProcessor {
  readonly #options: BatchProcessorOptions
  readonly #clock: Clock
  readonly #counts = { calls: 0, running: 0, items: 0, failed: 0, batches: 0 }

  /** @param options - for all calls that do not say otherwise. OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options: BatchProcessorOptions = {}, clock: Clock = systemClock) {
    checkProcessorOptions(options)
    this.#options = options
    this.#clock = clock
  }

  /** One call, without a processor of one's own. */
  static processBatch<T, R = void>(options: ProcessBatchOptions<T, R>): Promise<BatchResult<R>> {
    return new BatchProcessor().processBatch(options)
  }

  /**
   * Processes all items in batches, at most maxConcurrent at once. An item is taken when there is somebody to work on its batch.
   * BATCH_FAILED, ABORTED, LISTENER_FAILED, OPTION_INVALID, OPTION_UNKNOWN.
   */
  async processBatch<T, R = void>(options: ProcessBatchOptions<T, R>): Promise<BatchResult<R>> {
    const { batchSize, ...resolved } = resolveBatchOptions({ ...this.#options, ...options })
    const { maxConcurrent, signal } = resolved
    const items = new ItemSource(options.items, 'processBatch')
    const attempts = new Attempts(resolved, items.total, this.#clock)
    const results: R[] = []
    const failures: BatchError[] = []
    const work = async (batch: T[], index: number, own: AbortSignal) => {
      this.#counts.running++
      const failure = await attempts
        .run(index, batch.length, own, async context => {
          const given = await options.processor(batch, context)
          if (given !== undefined) place(results, given, index, batch.length)
        })
        .finally(() => this.#counts.running--)
      if (failure !== undefined) failures.push(failure)
    }
    this.#counts.calls++
    try {
      const source = new BatchSource(items, batchSize)
      await runLanes({ what: 'processBatch', source, maxConcurrent, work }, signal, this.#clock)
    } finally {
      this.#counts.calls--
      this.#counts.items += attempts.progress.items
      this.#counts.failed += attempts.progress.failed
      this.#counts.batches += attempts.progress.batches
    }
    const { items: done, batches } = attempts.progress
    if (results.length > 0) results.length = done
    return { results, failures: failures.sort((a, b) => a.index - b.index), items: done, batches }
  }

  status(): BatchProcessorStatus {
    return { ...this.#counts }
  }
}

/** OPTION_INVALID: results that cannot be told whose they are. */
function place<R>(results: R[], given: readonly R[], index: number, count: number): void {
  if (!Array.isArray(given) || given.length !== count) {
    const got = Array.isArray(given) ? `${given.length} results` : `a ${typeof given}`
    throw new PopulaceError(
      'OPTION_INVALID',
      `The processor of a batch gave ${got} for ${count} items`,
      'Give an array with a result for each item, or nothing.',
    )
  }
  for (let i = 0; i < count; i++) results[index + i] = given[i]
}
