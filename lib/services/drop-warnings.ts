// Tells a logger of dropped events: of the first at once, then at most once a second of how many there were since.
import type { Clock } from '../core/clock.js'
import { DROP_WARNING_MS } from '../core/limits.js'
import type { BusLogger } from './event-bus-options.js'

export class DropWarnings {
  readonly #logger: BusLogger
  readonly #clock: Clock
  readonly #maxQueueSize: number
  #untold = 0
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(logger: BusLogger, clock: Clock, maxQueueSize: number) {
    this.#logger = logger
    this.#clock = clock
    this.#maxQueueSize = maxQueueSize
  }

  add(topic: string): void {
    this.#untold++
    const now = this.#clock.now()
    if (now - this.#toldAt < DROP_WARNING_MS) return
    this.#toldAt = now
    this.tell(`, the last one of '${topic}'`)
  }

  /** Tells what is not told yet. */
  tell(more = ''): void {
    if (this.#untold === 0) return
    const what = this.#untold === 1 ? 'An event was' : `${this.#untold} events were`
    this.#untold = 0
    this.#logger.warn(`${what} dropped by an event bus whose maxQueueSize of ${this.#maxQueueSize} are waiting${more}.`)
  }
}
