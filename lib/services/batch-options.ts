// Options of batches and of mapping in parallel, checked once at the edge.

import { callable, integer, lazily } from '../core/lazy-zod.js'
import { MAX_BATCH_SIZE, MAX_CONCURRENT } from '../core/limits.js'
import { check } from '../core/option-check.js'
import type { BatchError } from './batch-error.js'
import type { WorkContext } from './deadline.js'
import type { Items } from './item-source.js'
import type { RetryOptions } from './retry-options.js'

/** How far a call is. */
export interface BatchProgress {
  /** Items that are done, those that failed included. */
  readonly items: number
  readonly failed: number
  /** Batches that are done. */
  readonly batches: number
  /** Items in all, where that is known beforehand. */
  readonly total?: number
}

/** What a processor is told: `index` is that of the item, or of the first item of the batch, from 0. */
export interface ItemContext extends WorkContext {
  readonly index: number
}

/** 'fail fast': the first error ends all. 'collect': the others go on, and errors are among the outcomes. */
export type ErrorPolicy = 'fail fast' | 'collect'

/** Options of parallelStream. */
export interface StreamMapOptions {
  /** Items or batches that are worked on at once: 1 to 100,000, 8 by default. */
  readonly maxConcurrent?: number
  /** Ends the call with ABORTED. */
  readonly signal?: AbortSignal
  /** Told after each item or batch. What it throws ends the call with LISTENER_FAILED. */
  readonly onProgress?: (progress: BatchProgress) => void
  /** Told each failure, when it has been retried in vain. What it throws ends the call with LISTENER_FAILED. */
  readonly onError?: (error: BatchError) => void
  /** How an item or batch that failed is tried again: not at all by default. */
  readonly retry?: RetryOptions
}

/** Options of parallelMap. */
export interface ParallelOptions extends StreamMapOptions {
  /** 'fail fast' by default. */
  readonly errorPolicy?: ErrorPolicy
}

/** Options of BatchProcessor. */
export interface BatchProcessorOptions extends ParallelOptions {
  /** Items of a batch: 1 to 1,000,000, 100 by default. */
  readonly batchSize?: number
}

/** Options of processBatch. */
export interface ProcessBatchOptions<T, R> extends BatchProcessorOptions {
  /** An array, an iterable or an async iterable; taken no faster than they are processed. */
  readonly items: Items<T>
  /** Given a batch; gives as many results as items, in their order, or nothing. */
  readonly processor: (batch: T[], context: ItemContext) => Promise<readonly R[]> | Promise<void> | readonly R[] | void
}

const schemas = lazily(z => {
  const parallel = z.strictObject({
    maxConcurrent: integer(z, 1, MAX_CONCURRENT).default(8),
    errorPolicy: z.enum(['fail fast', 'collect']).default('fail fast'),
    signal: z.instanceof(AbortSignal).optional(),
    onProgress: callable<(progress: BatchProgress) => void>(z).optional(),
    onError: callable<(error: BatchError) => void>(z).optional(),
    retry: z.unknown().optional(),
  })
  const processor = parallel.extend({ batchSize: integer(z, 1, MAX_BATCH_SIZE).default(100) })
  const batch = processor.extend({ items: z.unknown(), processor: callable<(...args: never[]) => unknown>(z) })
  return {
    parallel,
    stream: parallel.omit({ errorPolicy: true }),
    processor,
    batch,
    mapper: z.strictObject({ mapper: callable(z) }),
  }
})

type Schemas = ReturnType<typeof schemas>
export type ResolvedParallelOptions = ReturnType<Schemas['parallel']['parse']>
export type ResolvedBatchOptions = ReturnType<Schemas['processor']['parse']>

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveParallelOptions(given: unknown, mapper: unknown): ResolvedParallelOptions {
  check(schemas().mapper, { mapper }, 'parallelMap')
  return check(schemas().parallel, given ?? {}, 'parallelMap')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveStreamOptions(given: unknown, mapper: unknown): ResolvedParallelOptions {
  check(schemas().mapper, { mapper }, 'parallelStream')
  return { ...check(schemas().stream, given ?? {}, 'parallelStream'), errorPolicy: 'fail fast' }
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function checkProcessorOptions(given: unknown): void {
  check(schemas().processor, given ?? {}, 'BatchProcessor')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveBatchOptions(given: unknown): ResolvedBatchOptions {
  return check(schemas().batch, given, 'processBatch')
}
