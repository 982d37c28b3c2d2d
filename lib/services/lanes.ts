// Work on items, some at once: each lane takes the next item when it is done with its last one, so no more items are taken
// than are worked on. What is ready at once lets the host's event loop turn now and then.
import type { Clock } from '../core/clock.js'
import { BATCH_SLICE_MS } from '../core/limits.js'
import { onAbort } from './abort-listener.js'
import type { LaneSource } from './item-source.js'
import { ended } from './service-error.js'

export interface LaneWork<T> {
  /** What errors call the whole. */
  readonly what: string
  readonly source: LaneSource<T>
  readonly maxConcurrent: number
  /** What it throws ends the whole. */
  readonly work: (item: T, index: number, signal: AbortSignal) => Promise<void>
  /** Resolves when one more item may be taken. */
  readonly room?: () => Promise<void>
  /** Told when something failed and nothing more is taken, whoever waits for room. */
  readonly onFailure?: () => void
}

/**
 * Works on all items. When work or source fail, nothing more is taken, what runs is told by its signal and waited for, and
 * the first error comes out. When `signal` is aborted, what runs is told and not waited for: ABORTED.
 */
export function runLanes<T>(lanes: LaneWork<T>, signal: AbortSignal | undefined, clock: Clock): Promise<void> {
  const { what, source, maxConcurrent, work, room, onFailure } = lanes
  if (signal?.aborted) {
    source.end()
    return Promise.reject(ended(what, signal))
  }
  return new Promise((resolve, reject) => {
    const own = new AbortController()
    let failure: { readonly error: unknown } | undefined
    let running = 0
    let taking: Promise<unknown> = Promise.resolve()
    let since = clock.now()

    const fail = (error: unknown) => {
      failure ??= { error }
      own.abort(error)
      onFailure?.()
    }
    const finish = () => {
      stopListening()
      source.end()
      if (failure === undefined) resolve()
      else reject(failure.error)
    }
    const abort = () => {
      fail(ended(what, signal as AbortSignal))
      finish()
    }
    const take = async () => {
      await room?.()
      if (clock.now() - since > BATCH_SLICE_MS) {
        await new Promise(turned => setImmediate(turned))
        since = clock.now()
      }
      return own.signal.aborted ? undefined : source.next(own.signal)
    }
    const lane = async () => {
      for (let first = true; ; first = false) {
        const taken = taking.then(take)
        taking = taken.catch(fail)
        const item = await taken
        if (item === undefined || own.signal.aborted) return
        if (first && running < maxConcurrent) start()
        await work(item.value, item.index, own.signal)
      }
    }
    const start = () => {
      running++
      lane()
        .catch(fail)
        .finally(() => {
          if (--running === 0) finish()
        })
    }
    const stopListening = onAbort(signal, abort)
    start()
  })
}
