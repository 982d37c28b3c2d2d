// Time as something that is given: what waits or measures takes a clock, so that a test can hold one in its hand. No
// simulation may use it: bits depend on no clock.

export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number
  /** Calls `work` once, `ms` from now, unless the function that is returned is called before. */
  after(ms: number, work: () => void): () => void
}

/** The machine's own. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}
