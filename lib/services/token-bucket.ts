// A token bucket (Turner 1986, as the "leaky bucket as a meter"): it holds at most `burst` tokens and gains `limit` in
// `perMs`, evenly. In any stretch of t milliseconds it gives at most burst + limit * t / perMs.
//
// The level is kept as what it was when tokens were last taken, and computed from there: adding a little at each look would
// add a rounding error at each look.

export interface BucketRate {
  /** Tokens that come in `perMs` milliseconds. */
  readonly limit: number
  readonly perMs: number
  /** Tokens that it holds at most. */
  readonly burst: number
}

export class TokenBucket {
  readonly rate: BucketRate
  #level: number
  #since: number

  /** Full at `now`, milliseconds. */
  constructor(rate: BucketRate, now: number) {
    this.rate = rate
    this.#level = rate.burst
    this.#since = now
  }

  levelAt(now: number): number {
    const { limit, perMs, burst } = this.rate
    return Math.min(burst, this.#level + ((now - this.#since) * limit) / perMs)
  }

  /** Sets the level; one above the burst fills it. */
  setLevel(level: number, now: number): void {
    this.#level = Math.min(this.rate.burst, level)
    this.#since = now
  }

  take(cost: number, now: number): void {
    this.setLevel(this.levelAt(now) - cost, now)
  }

  /** Whole milliseconds until it holds `cost`, which is no more than its burst; 0: it does. */
  waitMs(cost: number, now: number): number {
    const level = this.levelAt(now)
    if (level >= cost) return 0
    return Math.max(1, Math.ceil(((cost - level) * this.rate.perMs) / this.rate.limit))
  }
}
