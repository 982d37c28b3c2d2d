// Pacing: one tick a period of the wall clock.
//   slow  a tick that comes late delays all that follow: the world falls behind the clock, no tick is lost.
//   skip  ticks keep to the grid of periods that began with start(): those whose time has passed are left out.
//   shed  ticks keep to the grid, and late ones follow at once until they have caught up, but for a few periods at most:
//         what is beyond is forgotten as in slow. Engines that shed get fewer turns meanwhile (shedding.ts).
// slow and skip step the same ticks with the same bits; only when they are stepped differs.

/** What to do when ticks take longer than their period. */
export type Overload = 'slow' | 'skip' | 'shed'

/** Periods that 'shed' catches up: so many ticks without a pause are no more than a hitch to whoever looks on. */
const CATCH_UP_PERIODS = 4

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

  /** Milliseconds by which the next tick is late at `now`. */
  late(now: number): number {
    return Math.max(0, now - this.#due)
  }

  /** A tick that was due is done at `now`: when is the next? */
  done(now: number): void {
    this.#due += this.#period
    if (now <= this.#due) return
    if (this.#overload === 'slow') {
      this.#due = now
      return
    }
    if (this.#overload === 'shed') {
      this.#due = Math.max(this.#due, now - CATCH_UP_PERIODS * this.#period)
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
