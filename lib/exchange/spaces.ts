// The spaces of a grid whose partitions are apart: partition p has the runs [p * cells, (p + 1) * cells), so a torus and a
// halo of its own. They are as many as the world has partitions now; what is reserved beyond is never touched. Nothing is
// sorted or stored here: this says which runs there are, and which shares of a sort may have entries in which.
//
// Shares are stretches of the list of blocks, which is in the order of partitions, so a share has entries in some
// successive partitions only, and two shares have at most one of them in common. Therefore their counts need no table of
// all runs each: those of share s for partition p lie in slot p + s, which is no other pair's, for of a later share all
// partitions are at least as late. So memory and time go with partitions + shares, not with their product.
//
//   slot      0    1    2    3    4    5     share 0: partitions 0 to 2, share 1: 2 to 2, share 2: 2 to 3
//   (s, p)   0,0  0,1  0,2  1,2  2,2  2,3
import type { Frames } from '../memory/frames.js'
import type { Partitions } from '../memory/partitions.js'
import type { GridShape } from './grid-shape.js'
import type { Cut } from './run-sort.js'

export class Spaces {
  readonly #shape: GridShape
  readonly #frames: Frames
  readonly #partitions: Partitions

  constructor(shape: GridShape, frames: Frames, partitions: Partitions) {
    this.#shape = shape
    this.#frames = frames
    this.#partitions = partitions
  }

  /** Spaces in use: partitions of the world. */
  get count(): number {
    return this.#partitions.count
  }

  /** Runs in use. */
  get runs(): number {
    return this.count * this.#shape.cells
  }

  /** The partition of the n-th block. */
  #partitionAt(n: number): number {
    const { blockList, partitionOf } = this.#frames
    return partitionOf[blockList[n]]
  }

  /** The first run that a share may have entries in. */
  firstRun(share: number, of: number): number {
    return this.#first(share, of) * this.#shape.cells
  }

  /** The run after the last one. */
  endRun(share: number, of: number): number {
    return this.#frames.blocks === 0 ? 0 : (this.#last(share, of) + 1) * this.#shape.cells
  }

  #first(share: number, of: number): number {
    const { blocks } = this.#frames
    return blocks === 0 ? 0 : this.#partitionAt(Math.floor((blocks * share) / of))
  }

  /** A share without blocks has the partition of the block that it would begin with, and nothing in it. */
  #last(share: number, of: number): number {
    const { blocks } = this.#frames
    const begin = Math.floor((blocks * share) / of)
    return this.#partitionAt(Math.max(begin, Math.floor((blocks * (share + 1)) / of) - 1))
  }

  /** Cuts stretches of runs where partitions end, and finds the shares of each. */
  readonly cut: Cut = (begin, end, shares, visit) => {
    const { cells } = this.#shape
    const any = this.#frames.blocks > 0
    let from = 0
    let to = 0
    for (let at = begin; at < end; ) {
      const partition = Math.floor(at / cells)
      const stop = Math.min(end, (partition + 1) * cells)
      if (any) {
        while (from < shares && this.#last(from, shares) < partition) from++
        while (to < shares && this.#first(to, shares) <= partition) to++
      }
      visit(at, stop, from, to)
      at = stop
    }
  }
}
