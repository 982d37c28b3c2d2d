// Mapping items to results as they are wanted: for sources without an end, and for more results than fit into memory.
import { type Clock, systemClock } from '../core/clock.js'
import { onAbort } from './abort-listener.js'
import { Attempts } from './attempts.js'
import { type ResolvedParallelOptions, resolveStreamOptions, type StreamMapOptions } from './batch-options.js'
import { ItemSource, type Items } from './item-source.js'
import { runLanes } from './lanes.js'
import type { Mapper } from './parallel-map.js'

/**
 * Maps items, at most maxConcurrent at once, and gives the results one by one in the order of the items. Nothing is taken
 * before the first result is asked for, and never more than maxConcurrent items beyond the last result that was asked for. The
 * first error comes when all results before it have been taken; leaving the loop ends what runs by its signal.
 * BATCH_FAILED, ABORTED, LISTENER_FAILED, OPTION_INVALID, OPTION_UNKNOWN. @param clock - for tests.
 */
export function parallelStream<T, R>(
  items: Items<T>,
  mapper: Mapper<T, R>,
  options?: StreamMapOptions,
  clock: Clock = systemClock,
): AsyncGenerator<R, void, undefined> {
  const resolved = resolveStreamOptions(options, mapper)
  const source = new ItemSource(items, 'parallelStream')
  return stream(source, mapper, resolved, new Attempts(resolved, source.total, clock), clock)
}

async function* stream<T, R>(
  source: ItemSource<T>,
  mapper: Mapper<T, R>,
  options: ResolvedParallelOptions,
  attempts: Attempts,
  clock: Clock,
): AsyncGenerator<R, void, undefined> {
  const { maxConcurrent, signal } = options
  const results = new Map<number, R>()
  const [arrived, wanted, left] = [new Bell(), new Bell(), new AbortController()]
  let [taken, given] = [0, 0]
  let end: { readonly error?: unknown } | undefined

  const counted = {
    next: (ending: AbortSignal) => (taken++, source.next(ending)),
    end: () => source.end(),
  }
  let failed = false
  const room = async () => {
    while (taken >= given + maxConcurrent && !failed) await wanted.rung()
  }
  const onFailure = () => {
    failed = true
    wanted.ring()
  }
  const work = async (item: T, index: number, own: AbortSignal) => {
    await attempts.run(index, 1, own, async context => {
      results.set(index, await mapper(item, context))
    })
    arrived.ring()
  }
  const leave = () => left.abort(signal?.reason)
  const stopListening = onAbort(signal, leave)
  if (signal?.aborted) leave()
  runLanes({ what: 'parallelStream', source: counted, maxConcurrent, work, room, onFailure }, left.signal, clock)
    .then(
      () => (end = {}),
      error => (end = { error }),
    )
    .then(() => arrived.ring())
  try {
    for (; ; given++, wanted.ring()) {
      while (!results.has(given) && end === undefined) await arrived.rung()
      if (!results.has(given)) break
      const result = results.get(given) as R
      results.delete(given)
      yield result
    }
    if (end !== undefined && 'error' in end) throw end.error
  } finally {
    stopListening()
    left.abort()
  }
}

/** Something to wait for, again and again; one waits at a time. */
class Bell {
  #ring = () => {}

  ring(): void {
    this.#ring()
  }

  rung(): Promise<void> {
    return new Promise(resolve => {
      this.#ring = resolve
    })
  }
}
