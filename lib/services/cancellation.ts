// Asking a server to end what a connection runs, again and again until it has: a request that comes before the server has
// begun with the statement is forgotten by it. When it is over, none is on its way that could hit what runs next.
import type { Clock } from '../core/clock.js'
import { CANCEL_AGAIN_MS } from '../core/limits.js'

/** One request that is on its way. */
export interface CancelRequest {
  /** Resolves when the server has dealt with it. */
  readonly done: Promise<void>
  /** Gives it up. */
  stop(): void
}

export class Cancellation {
  readonly #send: () => CancelRequest
  readonly #clock: Clock
  #request: CancelRequest | undefined
  #stopTimer: (() => void) | undefined
  #over = false

  constructor(send: () => CancelRequest, clock: Clock) {
    this.#send = send
    this.#clock = clock
    this.#ask()
  }

  /** No more is sent; resolves when the last one is dealt with. */
  async end(): Promise<void> {
    this.#over = true
    this.#stopTimer?.()
    await this.#request?.done
  }

  /** The connection is gone: there is nothing to cancel any more. */
  stop(): void {
    this.#over = true
    this.#stopTimer?.()
    this.#request?.stop()
  }

  #ask(): void {
    const request = this.#send()
    this.#request = request
    void request.done.then(() => {
      if (!this.#over) this.#stopTimer = this.#clock.after(CANCEL_AGAIN_MS, () => this.#ask())
    })
  }
}
