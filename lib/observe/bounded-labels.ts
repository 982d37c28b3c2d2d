// Keeps the label sets of one metric within a bound: those that come first have series of their own, what comes when
// there is no more room goes to one series whose labels are all 'other', and is counted. So a label that is made from
// data can cost neither this process nor Prometheus its memory.
import { MAX_LABEL_LENGTH } from '../core/limits.js'

/** The value of all labels of a set that has no series of its own. */
export const OTHER = 'other'

export class BoundedLabels {
  /** Label sets that were sent to 'other'. */
  overflows = 0
  readonly #names: readonly string[]
  readonly #most: number
  readonly #known = new Map<string, Readonly<Record<string, string>>>()
  readonly #other: Readonly<Record<string, string>>

  /** @param most - sets with series of their own. */
  constructor(names: readonly string[], most: number) {
    this.#names = names
    this.#most = most
    this.#other = Object.fromEntries(names.map(name => [name, OTHER]))
  }

  /** The labels under which a value is kept. `values` are those of the names, in their order. */
  admit(values: readonly string[]): Readonly<Record<string, string>> {
    const key = JSON.stringify(values)
    const known = this.#known.get(key)
    if (known) return known
    if (this.#known.size >= this.#most || values.some(value => value.length > MAX_LABEL_LENGTH)) {
      this.overflows++
      return this.#other
    }
    const labels = Object.fromEntries(this.#names.map((name, i) => [name, values[i]]))
    this.#known.set(key, labels)
    return labels
  }
}
