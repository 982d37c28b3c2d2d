// Digests of what a kernel puts out, one for each kind of it: sums over the single things, so they do not depend on the
// order in which those were put out.

const numbersOf = new Float64Array(1)
const wordsOf = new Int32Array(numbersOf.buffer)

function mix(digest: number, word: number): number {
  const x = Math.imul(digest ^ word, 0x9e3779b1)
  return Math.imul(x ^ (x >>> 15), 0x85ebca6b) ^ (x >>> 13)
}

export class Digest {
  #sums = new Map<string, number>()

  /** Adds one thing, which consists of these numbers. */
  add(what: string, numbers: readonly number[]): void {
    let digest = numbers.length
    for (const n of numbers) {
      numbersOf[0] = Number.isNaN(n) ? Number.NaN : n + 0 // NaN has many bits, and 0 has two
      digest = mix(mix(digest, wordsOf[0]), wordsOf[1])
    }
    this.#sums.set(what, ((this.#sums.get(what) ?? 0) + digest) | 0)
  }

  /** All that was added since it was asked last. */
  take(): ReadonlyMap<string, number> {
    const taken = this.#sums
    this.#sums = new Map()
    return taken
  }

  /** The first kind of thing that differs from what was taken before. */
  firstDifference(taken: ReadonlyMap<string, number>): string | undefined {
    const kinds = [...new Set([...taken.keys(), ...this.#sums.keys()])]
    return kinds.find(what => taken.get(what) !== this.#sums.get(what))
  }
}
