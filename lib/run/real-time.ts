// Pacing: one tick a period of the wall clock.
//   slow  a tick that comes late delays all that follow: the world falls behind the clock, no tick is lost.
//   skip  ticks keep to the grid of periods that began with start(): those whose time has passed are left out.
// Both step the same ticks with the same bits; only when they are stepped differs.

/** What to do when ticks take longer than their period. */
export type Overload = 'slow' | 'skip'

export class Pace {
  readonly #period: number
  readonly #overload: Overload
  #due: number
  #skipped = 0

  /** @param hz - ticks a second. @param now - milliseconds. */
  constructor(hz: number, overload: Overload, now: number) {
    this.#period = 1000 / hz
    this.#overload = overload
    this.#due = now
  }

  /** Milliseconds to wait, at `now`, before the next tick. */
  wait(now: number): number {
    return Math.max(0, this.#due - now)
  }

  /** A tick that was due is done at `now`: when is the next? */
  done(now: number): void {
    this.#due += this.#period
    if (now <= this.#due) return
    if (this.#overload === 'slow') {
      this.#due = now
      return
    }
    const late = Math.ceil((now - this.#due) / this.#period)
    this.#skipped += late
    this.#due += late * this.#period
  }

  /** Periods left out so far. */
  get skipped(): number {
    return this.#skipped
  }
}
