// How long something took, over all times since the beginning, in the memory of one histogram (G. Tene's HdrHistogram, of
// which Node has one).
import { createHistogram } from 'node:perf_hooks'
import { MAX_LATENCY_US } from '../core/limits.js'

/** Milliseconds; 0 when there are none. Quantiles are exact to three figures, up to an hour. */
export interface LatencySummary {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

export class Latencies {
  readonly #microseconds = createHistogram({ lowest: 1, highest: MAX_LATENCY_US, figures: 3 })
  #count = 0
  #max = 0

  add(ms: number): void {
    this.#count++
    this.#max = Math.max(this.#max, ms)
    this.#microseconds.record(Math.min(Math.max(1, Math.round(ms * 1000)), MAX_LATENCY_US))
  }

  summary(): LatencySummary {
    const at = (percent: number) => (this.#count === 0 ? 0 : this.#microseconds.percentile(percent) / 1000)
    return { count: this.#count, p50Ms: at(50), p99Ms: at(99), p999Ms: at(99.9), maxMs: this.#max }
  }
}
