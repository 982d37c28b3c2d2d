// The newest of the events that a handler failed on or that were given up, up to a number.
import type { BusEvent } from './event-subscription.js'

/** An event that a handler failed on, or that a bus gave up when it was stopped. */
export interface DeadLetter {
  readonly event: BusEvent
  /** The pattern that the handler was subscribed to; undefined when no handler was called. */
  readonly pattern: string | undefined
  /** What the handler threw or rejected with, or EVENT_TIMEOUT, or EVENT_BUS_STOPPED. */
  readonly error: unknown
}

export class DeadLetters {
  readonly #most: number
  #letters: DeadLetter[] = []
  /** Where the oldest is, once there are as many as may be. */
  #oldest = 0
  #lost = 0

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#letters.length
  }

  /** Those that made room for newer ones. */
  get lost(): number {
    return this.#lost
  }

  add(letter: DeadLetter): void {
    if (this.#letters.length < this.#most) {
      this.#letters.push(letter)
      return
    }
    this.#lost++
    if (this.#most === 0) return
    this.#letters[this.#oldest] = letter
    this.#oldest = (this.#oldest + 1) % this.#most
  }

  /** All of them, oldest first, which are then kept no longer. */
  take(): DeadLetter[] {
    const taken = [...this.#letters.slice(this.#oldest), ...this.#letters.slice(0, this.#oldest)]
    this.#letters = []
    this.#oldest = 0
    return taken
  }
}
