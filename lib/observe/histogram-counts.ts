// A histogram of durations as plain numbers in an array that is given, so that it can lie in shared memory: counts by
// bucket, those beyond the last bound, and the sum. One thread adds at a time. It knows nothing of Prometheus.

/** Upper bounds in seconds: 10 µs to 10 s, three to a decade. */
export const DURATION_BOUNDS: readonly number[] = [
  1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
]

/** Float64 words that one takes. */
export const HISTOGRAM_WORDS = DURATION_BOUNDS.length + 2

/** What a histogram holds. */
export interface HistogramFigures {
  /** Observations by bucket, each apart, and those beyond the last bound at the end. */
  readonly counts: readonly number[]
  /** Seconds. */
  readonly sum: number
}

export class HistogramCounts {
  readonly #words: Float64Array

  /** @param words - HISTOGRAM_WORDS of them. */
  constructor(words: Float64Array = new Float64Array(HISTOGRAM_WORDS)) {
    this.#words = words
  }

  /** Adds an observation of `seconds` that stands for `weight` of them. */
  observe(seconds: number, weight = 1): void {
    let bucket = 0
    while (bucket < DURATION_BOUNDS.length && seconds > DURATION_BOUNDS[bucket]) bucket++
    this.#words[bucket] += weight
    this.#words[HISTOGRAM_WORDS - 1] += seconds * weight
  }

  figures(): HistogramFigures {
    return { counts: [...this.#words.subarray(0, HISTOGRAM_WORDS - 1)], sum: this.#words[HISTOGRAM_WORDS - 1] }
  }
}
