// How many calls succeeded and failed lately: counts in at most ten slices of a sliding window, so memory does not go with
// the number of calls. A call is forgotten with its slice, when between nine and ten tenths of the window have passed.
import { OUTCOME_SLICES } from '../core/limits.js'

/** Counts of one slice of time. */
export interface SliceCounts {
  /** Milliseconds since the slice began. */
  readonly ageMs: number
  readonly successes: number
  readonly failures: number
}

interface Slice {
  readonly began: number
  successes: number
  failures: number
}

export class OutcomeWindow {
  readonly #windowMs: number
  /** Oldest first. */
  #slices: Slice[] = []

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  add(success: boolean, now: number): void {
    let slice = this.#slices.at(-1)
    if (slice === undefined || now - slice.began >= this.#windowMs / OUTCOME_SLICES) {
      slice = { began: now, successes: 0, failures: 0 }
      this.#slices = [...this.#recent(now), slice]
    }
    if (success) slice.successes++
    else slice.failures++
  }

  totals(now: number): { readonly successes: number; readonly failures: number } {
    let [successes, failures] = [0, 0]
    for (const slice of this.#recent(now)) {
      successes += slice.successes
      failures += slice.failures
    }
    return { successes, failures }
  }

  clear(): void {
    this.#slices = []
  }

  save(now: number): SliceCounts[] {
    return this.#recent(now).map(({ began, successes, failures }) => ({ ageMs: now - began, successes, failures }))
  }

  /** What was saved, `elapsedMs` milliseconds ago. */
  restore(saved: readonly SliceCounts[], elapsedMs: number, now: number): void {
    const slices = saved.map(({ ageMs, ...counts }) => ({ ...counts, began: now - elapsedMs - ageMs }))
    this.#slices = slices.sort((a, b) => a.began - b.began)
  }

  #recent(now: number): Slice[] {
    return this.#slices.filter(({ began }) => now - began < this.#windowMs)
  }
}
