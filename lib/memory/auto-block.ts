// How many rows a population's blocks have where it does not say. What follows from it is the matter of layout.ts.
import { MAX_BLOCK, TARGET_BLOCKS } from '../core/limits.js'

/** Smallest block chosen by itself: a scenario with many small partitions makes setup start again with smaller ones. */
const AUTO_BLOCK = 64

/** The block for a capacity: about 256 blocks, from 64 to 4,096 rows. */
export function autoBlock(capacity: number): number {
  return Math.min(MAX_BLOCK, Math.max(AUTO_BLOCK, 2 ** Math.ceil(Math.log2(capacity / TARGET_BLOCKS))))
}
