// A stable counting sort of entries into runs: entries with the same key become one run, in the order in which they
// came. It is the sort behind every sorted view, and knows neither rows nor columns nor barriers.
//
// Entries come in shares (stretches of the list that they are in), runs are summed in stretches, so that both can be
// done in parallel; the outcome is the same for any number of either. The steps, each to be done whole before the next:
//   count    each share: the key of each entry, and how many there are of each
//   sum      each stretch of runs: how long each run is
//   begin    once: where each stretch begins
//   place    each stretch: where each run begins, and where in it each share puts its next entry
//   scatter  each share: puts its entries down
//
// An array is written by whoever has the share or stretch that it belongs to, and read in later steps only.
import { fresh } from '../kernels/fresh.js'

/** The key of an entry that is in no run. */
export const NO_RUN = -1

/** Where a sort happens. All are in shared memory. */
export interface RunSortArrays {
  /** The key of each entry. */
  readonly keys: Int32Array
  /** How many entries of a share each run has: those of a share begin `reserved` words after those of the last. */
  readonly counts: Int32Array
  /** A word a stretch. */
  readonly totals: Int32Array
  /** Where each run begins, and one more: where the last one ends. */
  readonly first: Int32Array
  /** The entries in runs. */
  readonly sorted: Int32Array
}

/** How the key of an entry is found. */
export interface RunKey {
  /** What `code` uses. */
  readonly constants: Readonly<Record<string, unknown>>
  /** Statements that declare `key` from the entry's number `e`, NO_RUN for none; `return e` refuses the entry. */
  readonly code: string
}

/** Visits stretches of the runs [begin, end) and the shares [from, to) that may have entries in them, in order. */
export type Cut = (
  begin: number,
  end: number,
  shares: number,
  visit: (begin: number, end: number, from: number, to: number) => void,
) => void

/** How a sort is done. */
export interface RunSortOptions {
  readonly arrays: RunSortArrays
  readonly key: RunKey
  /** Words from the counts of a share to those of the next: all runs, where all shares may have entries in all. */
  readonly reserved: number
  /** Where they may not; undefined: they may. */
  readonly cut?: Cut
  /** Entries of one thing: what is put down is entry / per, in whole numbers. */
  readonly per: number
}

/** Sums the lengths of the runs [begin, end) over the shares [from, to), at least one, into `first`; gives their sum. */
export type SumRuns = (begin: number, end: number, from: number, to: number) => number

const wholly: Cut = (begin, end, shares, visit) => visit(begin, end, 0, shares)

export class RunSort {
  readonly #o: RunSortOptions
  readonly #count: (begin: number, end: number, at: number) => number
  readonly #scatter: (begin: number, end: number, at: number) => void
  readonly #sum: SumRuns
  readonly #place: (begin: number, end: number, from: number, to: number, at: number) => number
  readonly #cut: Cut

  /** sum: another way to sum, for runs that are copies of others. */
  constructor(o: RunSortOptions, sum?: SumRuns) {
    const { keys, counts, first, sorted } = o.arrays
    const { reserved, per } = o
    this.#o = o
    this.#cut = o.cut ?? wholly
    this.#count = fresh(
      { ...o.key.constants, keys, counts },
      `return (begin, end, at) => {
        for (let e = begin; e < end; e++) {
          ${o.key.code}
          keys[e] = key
          if (key !== ${NO_RUN}) counts[at + key]++
        }
        return ${NO_RUN}
      }`,
    )
    this.#scatter = fresh(
      { keys, counts, sorted },
      `return (begin, end, at) => {
        for (let e = begin; e < end; e++) {
          const key = keys[e]
          if (key !== ${NO_RUN}) sorted[counts[at + key]++] = ${per === 1 ? 'e' : `(e / ${per}) | 0`}
        }
      }`,
    )
    this.#sum =
      sum ??
      fresh(
        { counts, first },
        `return (begin, end, from, to) => {
          let total = 0
          for (let run = begin; run < end; run++) {
            let n = counts[from * ${reserved} + run]
            for (let share = from + 1; share < to; share++) n += counts[share * ${reserved} + run]
            first[run] = n
            total += n
          }
          return total
        }`,
      )
    this.#place = fresh(
      { counts, first },
      `return (begin, end, from, to, at) => {
        for (let run = begin; run < end; run++) {
          const n = first[run]
          first[run] = at
          let next = at
          for (let share = from; share < to; share++) {
            const i = share * ${reserved} + run
            const own = counts[i]
            counts[i] = next
            next += own
          }
          at += n
        }
        return at
      }`,
    )
  }

  /** Before a share's first entries, which are all in runs [from, runs). */
  clear(share: number, runs: number, from = 0): void {
    const begin = share * this.#o.reserved
    this.#o.arrays.counts.fill(0, begin + from, begin + runs)
  }

  /** Counts the next entries [begin, end) of a share; gives the entry that was refused, or NO_RUN. */
  count(share: number, begin: number, end: number): number {
    return this.#count(begin, end, share * this.#o.reserved)
  }

  /** Sums a stretch, which is the runs [begin, end). */
  sum(stretch: number, begin: number, end: number, shares: number): void {
    const { totals, first } = this.#o.arrays
    let total = 0
    this.#cut(begin, end, shares, (b, e, from, to) => {
      if (from < to) total += this.#sum(b, e, from, to)
      else first.fill(0, b, e)
    })
    totals[stretch] = total
  }

  /** Finds where each of `stretches` begins. */
  begin(stretches: number, runs: number): void {
    const { totals, first } = this.#o.arrays
    let from = 0
    for (let stretch = 0; stretch < stretches; stretch++) {
      const n = totals[stretch]
      totals[stretch] = from
      from += n
    }
    first[runs] = from // no stretch writes there
  }

  /** Finds where the runs [begin, end) of a stretch begin. */
  place(stretch: number, begin: number, end: number, shares: number): void {
    let at = this.#o.arrays.totals[stretch]
    this.#cut(begin, end, shares, (b, e, from, to) => {
      at = this.#place(b, e, from, to, at)
    })
  }

  /** Puts down the entries [begin, end), in the order in which they were counted. */
  scatter(share: number, begin: number, end: number): void {
    this.#scatter(begin, end, share * this.#o.reserved)
  }
}
