// Mapping items to results, some at once, in order.
import { type Clock, systemClock } from '../core/clock.js'
import { Attempts } from './attempts.js'
import type { BatchError } from './batch-error.js'
import { type ItemContext, type ParallelOptions, resolveParallelOptions } from './batch-options.js'
import { ItemSource, type Items } from './item-source.js'
import { runLanes } from './lanes.js'

export type Mapper<T, R> = (item: T, context: ItemContext) => Promise<R> | R

/** What became of one item. */
export type MapOutcome<R> =
  | { readonly status: 'fulfilled'; readonly value: R }
  | { readonly status: 'rejected'; readonly reason: BatchError }

/**
 * Maps all items, at most maxConcurrent at once, and gives the results in the order of the items. An item is taken when there
 * is somebody to work on it. With errorPolicy 'collect' it gives a MapOutcome for each.
 * BATCH_FAILED, ABORTED, LISTENER_FAILED, OPTION_INVALID, OPTION_UNKNOWN. @param clock - for tests.
 */
export function parallelMap<T, R>(
  items: Items<T>,
  mapper: Mapper<T, R>,
  options: ParallelOptions & { readonly errorPolicy: 'collect' },
  clock?: Clock,
): Promise<MapOutcome<R>[]>
export function parallelMap<T, R>(
  items: Items<T>,
  mapper: Mapper<T, R>,
  options?: ParallelOptions,
  clock?: Clock,
): Promise<R[]>
export async function parallelMap<T, R>(
  items: Items<T>,
  mapper: Mapper<T, R>,
  options?: ParallelOptions,
  clock: Clock = systemClock,
): Promise<R[] | MapOutcome<R>[]> {
  const resolved = resolveParallelOptions(options, mapper)
  const source = new ItemSource(items, 'parallelMap')
  const attempts = new Attempts(resolved, source.total, clock)
  const outcomes: MapOutcome<R>[] = []
  const work = async (item: T, index: number, signal: AbortSignal) => {
    const failure = await attempts.run(index, 1, signal, async context => {
      outcomes[index] = { status: 'fulfilled', value: await mapper(item, context) }
    })
    if (failure !== undefined) outcomes[index] = { status: 'rejected', reason: failure }
  }
  await runLanes({ what: 'parallelMap', source, maxConcurrent: resolved.maxConcurrent, work }, resolved.signal, clock)
  if (resolved.errorPolicy === 'collect') return outcomes
  return outcomes.map(outcome => (outcome as { readonly value: R }).value)
}
