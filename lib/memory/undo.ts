// Takes back what a command did to a world when it throws. Pages are saved before they are first written; all of a
// world's state lies in its memory, so putting the pages back puts everything back.
const PAGE = 4096

/** An array over the world's memory. */
interface Bytes {
  readonly buffer: ArrayBufferLike
  readonly byteOffset: number
  readonly BYTES_PER_ELEMENT: number
}

export class UndoLog {
  readonly #bytes: Uint8Array
  readonly #saved = new Map<number, Uint8Array>()

  constructor(buffer: ArrayBufferLike) {
    this.#bytes = new Uint8Array(buffer)
  }

  /** To be called before `count` elements of `array` from `at` are written. */
  touch(array: Bytes, at: number, count = 1): void {
    if (array.buffer !== this.#bytes.buffer || count === 0) return
    const begin = array.byteOffset + at * array.BYTES_PER_ELEMENT
    const end = begin + count * array.BYTES_PER_ELEMENT
    for (let page = Math.floor(begin / PAGE); page * PAGE < end; page++) {
      if (!this.#saved.has(page)) this.#saved.set(page, this.#bytes.slice(page * PAGE, (page + 1) * PAGE))
    }
  }

  /** Puts all saved pages back. */
  restore(): void {
    for (const [page, bytes] of this.#saved) this.#bytes.set(bytes, page * PAGE)
    this.#saved.clear()
  }
}
