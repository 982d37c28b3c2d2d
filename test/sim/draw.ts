// Draws single decisions from fast-check, for generators that are easier to write as programs than to compose.
import * as fc from 'fast-check'

/** Draws single decisions. */
export class Draw {
  readonly #gen: fc.GeneratorValue

  constructor(gen: fc.GeneratorValue) {
    this.#gen = gen
  }

  int(least: number, greatest: number): number {
    return this.#gen(fc.integer, { min: least, max: greatest })
  }

  seed(): number {
    return this.#gen(fc.maxSafeNat)
  }

  yes(one: number, of: number): boolean {
    return this.int(1, of) <= one
  }

  of<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]
  }

  /** One of them, one of the first three more often: engines meet on few columns. */
  hot<T>(items: readonly T[]): T {
    return this.of(this.yes(1, 2) ? items.slice(0, 3) : items)
  }

  list<T>(least: number, greatest: number, make: (i: number) => T): T[] {
    return Array.from({ length: this.int(least, greatest) }, (_, i) => make(i))
  }
}
