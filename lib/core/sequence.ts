// A Sequence: random numbers where no agent draws (setup, main engines, loaders, commands). Draw d is T(key; d lo, d hi),
// so a sequence is a function of its key alone.
import { PopulaceError } from './errors.js'
import { high, low, threefry } from './threefry.js'

/** Numbers in the order drawn. */
export interface Sequence {
  /** Uniform in [0, 1), 53 bits. */
  float(): number
  /** Uniform integer in [0, below); below from 1 to 2^53. */
  int(below: number): number
  /** Standard normal (Box and Muller 1958). */
  normal(): number
  /** Shuffles in place (Fisher and Yates; Durstenfeld 1964) and gives the same array back. */
  shuffle<T extends { length: number }>(a: T): T
}

/** Uniform in [0, 1) from two words: 27 bits of the first, 26 of the second. */
export function unitFloat(w0: number, w1: number): number {
  return ((w0 >>> 5) * 67108864 + (w1 >>> 6)) / 9007199254740992
}

/** Standard normal from two words (Box and Muller 1958): radius from the first, angle from the second. */
export function unitNormal(w0: number, w1: number): number {
  return Math.sqrt(-2 * Math.log(((w0 >>> 0) + 0.5) / 4294967296)) * Math.cos(((w1 >>> 0) / 4294967296) * 2 * Math.PI)
}

/** Checks the bound of `int`. */
export function checkBelow(below: number): void {
  if (!(Number.isSafeInteger(below) && below >= 1)) {
    throw new PopulaceError(
      'RANDOM_BOUND',
      `random.int needs an integer bound of at least 1, not ${below}`,
      'Test for an empty range before drawing from it.',
    )
  }
}

/** The sequence of a two-word key. */
export function makeSequence(key: Int32Array): Sequence {
  const words = new Int32Array(2)
  let draws = 0
  const next = () => {
    threefry(key[0], key[1], low(draws), high(draws), words, 0)
    draws++
  }
  const float = () => {
    next()
    return unitFloat(words[0], words[1])
  }
  const int = (below: number) => {
    checkBelow(below)
    return Math.floor(float() * below)
  }
  return {
    float,
    int,
    normal() {
      next()
      return unitNormal(words[0], words[1])
    },
    shuffle(a) {
      const items = a as unknown as { [i: number]: unknown; length: number } // any indexable thing can be shuffled
      for (let i = items.length - 1; i > 0; i--) {
        const j = int(i + 1)
        const kept = items[i]
        items[i] = items[j]
        items[j] = kept
      }
      return a
    },
  }
}
