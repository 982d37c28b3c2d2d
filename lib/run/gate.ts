// Where a run waits between two ticks: until it is opened, or some time is over. Whoever asks for the boundary opens it, so
// that a stop, a read or a command is served at once; who waits then looks again whether it still has to. Opened while
// nobody waits, it lets the next one through: what was asked meanwhile would not be served otherwise.
import type { Clock } from '../core/clock.js'

export class Gate {
  readonly #clock: Clock
  #isOpen = false
  #end: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ends the wait that goes on, or the one that is next. */
  open(): void {
    this.#isOpen = this.#end === undefined
    this.#end?.()
  }

  /** Waits until `open` is called, or `ms` are over. */
  wait(ms = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false
      return Promise.resolve()
    }
    return new Promise(resolve => {
      let stopTimer = () => {}
      this.#end = () => {
        stopTimer()
        this.#end = undefined
        resolve()
      }
      if (ms < Number.POSITIVE_INFINITY) stopTimer = this.#clock.after(ms, this.#end)
    })
  }
}
