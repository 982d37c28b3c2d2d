// Listeners of one kind of news. One that throws is a warning of the process and stops nothing: whoever tells the news is
// in the middle of somebody else's call.
import { PopulaceError } from '../core/errors.js'

export type Listener<T> = (news: T) => void

export class Subscribers<T> {
  readonly #what: string
  readonly #listeners = new Set<{ readonly listener: Listener<T> }>()

  constructor(what: string) {
    this.#what = what
  }

  /** Whether anybody listens: news that is dear to make need not be made for nobody. */
  get any(): boolean {
    return this.#listeners.size > 0
  }

  /** Adds a listener; gives what takes it away. OPTION_INVALID. */
  add(listener: Listener<T>): () => void {
    if (typeof listener !== 'function') {
      throw new PopulaceError('OPTION_INVALID', `The listener of ${this.#what} is no function`, 'Give a function.')
    }
    const entry = { listener }
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  tell(news: T): void {
    for (const { listener } of [...this.#listeners]) {
      try {
        listener(news)
      } catch (error) {
        const what = `A listener of ${this.#what} threw: ${(error as Error)?.message ?? error}`
        process.emitWarning(new PopulaceError('LISTENER_FAILED', what, 'Catch errors in listeners.', error))
      }
    }
  }
}
