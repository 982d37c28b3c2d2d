// Where a run waits between two ticks: until it is opened, or some time is over. Whoever asks for the boundary opens it, so
// that a stop, a read or a command is served at once; who waits then looks again whether it still has to.
import type { Clock } from '../core/clock.js'

export class Gate {
  readonly #clock: Clock
  #open = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ends the wait that goes on, if one does. */
  open(): void {
    this.#open()
  }

  /** Waits until `open` is called, or `ms` are over. */
  wait(ms = Number.POSITIVE_INFINITY): Promise<void> {
    return new Promise(resolve => {
      let stopTimer = () => {}
      this.#open = () => {
        stopTimer()
        this.#open = () => {}
        resolve()
      }
      if (ms < Number.POSITIVE_INFINITY) stopTimer = this.#clock.after(ms, this.#open)
    })
  }
}
