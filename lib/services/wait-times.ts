// How long calls waited for something: exact sums of all, quantiles of the newest.
import { WAIT_SAMPLES } from '../core/limits.js'

/** Milliseconds that calls waited. */
export interface WaitSummary {
  readonly count: number
  readonly totalMs: number
  readonly maxMs: number
  /** Of the newest 1,024 waits; 0 when there are none. */
  readonly medianMs: number
  readonly p95Ms: number
}

export class WaitTimes {
  readonly #newest: number[] = []
  #count = 0
  #total = 0
  #max = 0

  add(ms: number): void {
    this.#newest[this.#count++ % WAIT_SAMPLES] = ms
    this.#total += ms
    this.#max = Math.max(this.#max, ms)
  }

  summary(): WaitSummary {
    const sorted = [...this.#newest].sort((a, b) => a - b)
    // The nearest rank: the least sample that is no less than a part q of them.
    const at = (q: number) => sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0
    return { count: this.#count, totalMs: this.#total, maxMs: this.#max, medianMs: at(0.5), p95Ms: at(0.95) }
  }
}
