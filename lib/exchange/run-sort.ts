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
  /** `reserved` words a share. */
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

/** How a sort is done. */
export interface RunSortOptions {
  readonly arrays: RunSortArrays
  readonly key: RunKey
  /** Runs that there is room for: the length of a share's counts. */
  readonly reserved: number
  /** Entries of one thing: what is put down is entry / per, in whole numbers. */
  readonly per: number
}

/** Sums the lengths of the runs [begin, end) over `shares` shares into `first`; gives their sum. */
export type SumRuns = (begin: number, end: number, shares: number) => number

export class RunSort {
  readonly #o: RunSortOptions
  readonly #count: (begin: number, end: number, at: number) => number
  readonly #scatter: (begin: number, end: number, at: number) => void
  readonly #sum: SumRuns
  readonly #place: (begin: number, end: number, shares: number, from: number) => void

  /** sum: another way to sum, for runs that are copies of others. */
  constructor(o: RunSortOptions, sum?: SumRuns) {
    const { keys, counts, first, sorted } = o.arrays
    const { reserved, per } = o
    this.#o = o
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
        `return (begin, end, shares) => {
          let total = 0
          for (let run = begin; run < end; run++) {
            let n = counts[run]
            for (let share = 1; share < shares; share++) n += counts[share * ${reserved} + run]
            first[run] = n
            total += n
          }
          return total
        }`,
      )
    this.#place = fresh(
      { counts, first },
      `return (begin, end, shares, from) => {
        for (let run = begin; run < end; run++) {
          const n = first[run]
          first[run] = from
          let at = from
          for (let share = 0; share < shares; share++) {
            const i = share * ${reserved} + run
            const own = counts[i]
            counts[i] = at
            at += own
          }
          from += n
        }
      }`,
    )
  }

  /** Before a share's first entries. */
  clear(share: number, runs: number): void {
    const begin = share * this.#o.reserved
    this.#o.arrays.counts.fill(0, begin, begin + runs)
  }

  /** Counts the next entries [begin, end) of a share; gives the entry that was refused, or NO_RUN. */
  count(share: number, begin: number, end: number): number {
    return this.#count(begin, end, share * this.#o.reserved)
  }

  /** Sums a stretch, which is the runs [begin, end). */
  sum(stretch: number, begin: number, end: number, shares: number): void {
    this.#o.arrays.totals[stretch] = this.#sum(begin, end, shares)
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
    this.#place(begin, end, shares, this.#o.arrays.totals[stretch])
  }

  /** Puts down the entries [begin, end), in the order in which they were counted. */
  scatter(share: number, begin: number, end: number): void {
    this.#scatter(begin, end, share * this.#o.reserved)
  }
}
