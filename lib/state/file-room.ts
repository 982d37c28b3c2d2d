// Room at the end of a database's file, made before LMDB may need it. Where the system refuses LMDB a write, as on a full
// disk, lmdb 3.5 writes its message over memory that is not its own and the process may die; so each transaction begins
// by filling the file with zeros up to the last page that it could come to, and is refused whole where that fails.
//
// Once the disk is full, deleting must still make room, although LMDB does not say which free pages it will take. So
// what is added leaves KEPT_PAGES or as much room again behind it, which is touched only where so much is free inside the
// file that LMDB will hardly come to it. What is larger than that goes on only when the disk has room again.
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'

/** Pages for what a transaction changes beside what it adds: the ways down the tree, and the list of free pages. */
const OTHER_PAGES = 64
/** Of all pages, one in so many may be needed for that list: 8 bytes a page, written twice. */
const LISTED_PAGES = 256
/** Pages that are left at the end by whatever adds something: 4 MiB, for some checkpoints after others were deleted. */
const KEPT_PAGES = 1024
/** Pages by which a file grows at least, where there is room: else each small write would lengthen it. */
const STEP_PAGES = 256
/** Bytes that an entry's key and heads take at most beside a value that lies in its leaf. */
const ENTRY_BYTES = 64
/** Bytes before a value on pages of its own. */
const PAGE_HEAD = 32

const ZEROS = Buffer.alloc(2 ** 20)

/** What a file holds before a transaction. */
export interface Pages {
  readonly pageSize: number
  /** All that were ever in use. */
  readonly allotted: number
  readonly used: number
}

/** Pages that values of these lengths can take. */
export function pagesFor(lengths: readonly number[], pageSize: number): number {
  let pages = 0
  for (const length of lengths) {
    const inLeaf = length + ENTRY_BYTES < pageSize / 2
    // Leaves are split in halves; what does not go in a leaf has whole pages, and its key is in one.
    pages += inLeaf ? (2 * (length + ENTRY_BYTES)) / pageSize : Math.ceil((length + PAGE_HEAD) / pageSize)
    if (!inLeaf) pages += (2 * ENTRY_BYTES) / pageSize
  }
  return Math.ceil(pages)
}

export class FileRoom {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'r+')
  }

  /** Makes room for values of these lengths; throws the system's error. Only while no other process can write. */
  reserve(lengths: readonly number[], { pageSize, allotted, used }: Pages): void {
    const added = pagesFor(lengths, pageSize)
    const needed = added + OTHER_PAGES + Math.ceil(allotted / LISTED_PAGES)
    const roomy = allotted - used >= 2 * needed
    const least = added === 0 || roomy ? needed : needed + Math.max(needed, KEPT_PAGES)
    const has = Math.floor(fstatSync(this.#file).size / pageSize) - allotted
    if (has >= least) return
    try {
      this.#fill((allotted + least + STEP_PAGES) * pageSize)
    } catch {
      this.#fill((allotted + least) * pageSize) // there may be room for what is needed, and if not, it says why
    }
  }

  #fill(size: number): void {
    let end = fstatSync(this.#file).size
    while (end < size) end += writeSync(this.#file, ZEROS, 0, Math.min(ZEROS.length, size - end), end)
  }

  close(): void {
    closeSync(this.#file)
  }
}
