// Items from whatever gives them: arrays, iterables, async iterables. One is asked for at a time. Those that are there are
// taken without waiting; one that is to come can be given up.
import { PopulaceError } from '../core/errors.js'
import { onAbort } from './abort-listener.js'
import { BatchError } from './batch-error.js'

export type Items<T> = Iterable<T> | AsyncIterable<T>

/** An item or batch with the place, from 0, of the item or of its first one. */
export interface Taken<T> {
  readonly value: T
  readonly index: number
}

/** Where lanes take from. */
export interface LaneSource<T> {
  /** The next one, at once or later; undefined after the last. Rejects with the reason when `ending` is aborted. */
  next(ending: AbortSignal): Taken<T> | undefined | Promise<Taken<T> | undefined>
  /** Tells the source that no more is wanted. */
  end(): void
}

export class ItemSource<T> implements LaneSource<T> {
  /** How many there are, where that is known beforehand. */
  readonly total: number | undefined
  readonly #iterator: Iterator<T> | AsyncIterator<T>
  #done = false
  #index = 0

  /** OPTION_INVALID, naming `what` they were given to. */
  constructor(items: Items<T>, what: string) {
    this.#iterator = comeLater(items, what) ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
    const { length, size } = items as { length?: unknown; size?: unknown }
    this.total = [length, size].find(n => typeof n === 'number')
  }

  /** BATCH_FAILED. */
  next(ending: AbortSignal): Taken<T> | undefined | Promise<Taken<T> | undefined> {
    if (this.#done) return undefined
    try {
      const step = this.#iterator.next()
      return 'then' in step ? this.#later(step, ending) : this.#take(step)
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** The source is not waited for: it may itself wait for what never comes. */
  end(): void {
    if (this.#done) return
    this.#done = true
    try {
      const over = this.#iterator.return?.()
      if (over instanceof Promise) over.catch(warn)
    } catch (error) {
      warn(error)
    }
  }

  #take(step: IteratorResult<T>): Taken<T> | undefined {
    if (step.done) this.#done = true
    return step.done ? undefined : { value: step.value, index: this.#index++ }
  }

  #later(step: Promise<IteratorResult<T>>, ending: AbortSignal): Promise<Taken<T> | undefined> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(ending.reason)
      if (ending.aborted) giveUp()
      const stopListening = onAbort(ending, giveUp)
      Promise.resolve(step)
        .then(
          result => this.#take(result),
          error => {
            throw this.#failed(error)
          },
        )
        .finally(stopListening)
        .then(resolve, reject)
    })
  }

  /** What has failed is over, and not to be told that no more is wanted: so it is in a `for` loop. */
  #failed(error: unknown): BatchError {
    this.#done = true
    return new BatchError(`Taking item ${this.#index}`, this.#index, error)
  }
}

/** Items in arrays of `size`, the last of what is left. */
export class BatchSource<T> implements LaneSource<T[]> {
  readonly #items: ItemSource<T>
  readonly #size: number

  constructor(items: ItemSource<T>, size: number) {
    this.#items = items
    this.#size = size
  }

  async next(ending: AbortSignal): Promise<Taken<T[]> | undefined> {
    const value: T[] = []
    let index = 0
    while (value.length < this.#size) {
      const step = this.#items.next(ending)
      const item = step instanceof Promise ? await step : step
      if (item === undefined) break
      if (value.length === 0) index = item.index
      value.push(item.value)
    }
    return value.length === 0 ? undefined : { value, index }
  }

  end(): void {
    this.#items.end()
  }
}

/** Whether items come later, each by a promise, or are there. OPTION_INVALID, naming `what` they were given to. */
export function comeLater<T>(items: Items<T>, what: string): items is AsyncIterable<T> {
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(items) as AsyncIterable<T> & Iterable<T>
  if (typeof later === 'function') return true
  // A text is iterable, but hardly ever meant to be.
  if (typeof now === 'function' && typeof items !== 'string') return false
  throw new PopulaceError(
    'OPTION_INVALID',
    `The items of ${what} are neither iterable nor async iterable`,
    'Give an array, an iterable or an async iterable.',
  )
}

/** The outcome is decided by then, so what a source says when it is sent away can only be a warning. */
function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}
