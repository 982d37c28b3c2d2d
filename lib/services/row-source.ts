// Rows from whatever gives them: arrays, iterables, async iterables. Rows that are there are taken without waiting, so a
// million rows in memory cost no million turns of the event loop; one that is to come can be given up.
import { wrongValue } from './database-error.js'

export type Rows<T> = Iterable<T> | AsyncIterable<T>

/** What went wrong in the source of rows: the caller's own error, which says nothing about the connection. */
export class SourceFailure {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

export class RowSource<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>
  readonly #what: string
  #done = false

  /** DATABASE_VALUE_INVALID. */
  constructor(rows: Rows<T>, what: string) {
    const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = (rows ?? {}) as AsyncIterable<T> & Iterable<T>
    if (typeof rows === 'string' || (typeof later !== 'function' && typeof now !== 'function')) {
      throw wrongValue(`The rows of ${what} are neither iterable nor async iterable`)
    }
    this.#what = what
    this.#iterator = typeof later === 'function' ? later.call(rows) : now.call(rows)
  }

  /** The next row, at once or later; undefined after the last. Rejects when `ending` is aborted. SourceFailure. */
  next(ending: AbortSignal): T | undefined | Promise<T | undefined> {
    let step: IteratorResult<T> | Promise<IteratorResult<T>>
    try {
      step = this.#iterator.next()
    } catch (error) {
      this.#done = true
      throw new SourceFailure(error)
    }
    if (typeof (step as { then?: unknown }).then !== 'function') return this.#take(step as IteratorResult<T>)
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(ending.reason)
      if (ending.aborted) giveUp()
      ending.addEventListener('abort', giveUp, { once: true })
      Promise.resolve(step)
        .then(
          result => this.#take(result),
          error => {
            this.#done = true
            throw new SourceFailure(error)
          },
        )
        .finally(() => ending.removeEventListener('abort', giveUp))
        .then(resolve, reject)
    })
  }

  /** Tells the source that no more is wanted. It is not waited for: it may itself wait for what never comes. */
  end(): void {
    if (this.#done) return
    this.#done = true
    try {
      const ended = this.#iterator.return?.()
      if (ended instanceof Promise) ended.catch(over)
    } catch (error) {
      over(error)
    }
  }

  #take(step: IteratorResult<T>): T | undefined {
    if (step.done) this.#done = true
    else if (step.value === undefined) throw wrongValue(`A row of ${this.#what} is undefined`)
    return step.done ? undefined : step.value
  }
}

/** What a source says when it is sent away helps nobody: the reason is told already. */
function over(_error: unknown): void {}
