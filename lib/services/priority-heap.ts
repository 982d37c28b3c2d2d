// A binary heap of what waits, by (priority, order): the lowest priority is first, and among equals the one that came
// first. Each entry knows its place, so that any can be taken out: what is cancelled leaves nothing behind.

/** What can wait in a heap; `place` is the heap's own, -1 outside of one. */
export interface Ranked {
  readonly priority: number
  readonly order: number
  place: number
}

const before = (a: Ranked, b: Ranked) => a.priority < b.priority || (a.priority === b.priority && a.order < b.order)

export class PriorityHeap<T extends Ranked> {
  readonly #entries: T[] = []

  get size(): number {
    return this.#entries.length
  }

  push(entry: T): void {
    this.#rise(entry, this.#entries.length)
  }

  /** Takes the first one out. */
  pop(): T | undefined {
    const [first] = this.#entries
    if (first !== undefined) this.delete(first)
    return first
  }

  /** Takes an entry of this heap out, wherever it is. */
  delete(entry: T): void {
    const last = this.#entries.pop() as T
    const { place } = entry
    entry.place = -1
    if (last === entry) return
    if (place > 0 && before(last, this.#entries[(place - 1) >> 1])) this.#rise(last, place)
    else this.#sink(last, place)
  }

  #rise(entry: T, place: number): void {
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!before(entry, this.#entries[above])) break
      this.#put(this.#entries[above], place)
      place = above
    }
    this.#put(entry, place)
  }

  #sink(entry: T, place: number): void {
    const size = this.#entries.length
    for (let below = 2 * place + 1; below < size; below = 2 * place + 1) {
      if (below + 1 < size && before(this.#entries[below + 1], this.#entries[below])) below++
      if (!before(this.#entries[below], entry)) break
      this.#put(this.#entries[below], place)
      place = below
    }
    this.#put(entry, place)
  }

  #put(entry: T, place: number): void {
    this.#entries[place] = entry
    entry.place = place
  }
}
