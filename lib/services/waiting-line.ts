// Those who wait, first come, first served. A doubly linked list, because whoever gives up leaves from anywhere, and with
// many thousands in line that must cost no more than for one.

interface Place<T> {
  readonly value: T
  before: Place<T> | undefined
  after: Place<T> | undefined
  /** Whether it is still in line. */
  waits: boolean
}

export class WaitingLine<T> {
  #first: Place<T> | undefined
  #last: Place<T> | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Who is served next. */
  get first(): T | undefined {
    return this.#first?.value
  }

  /** Joins the end of the line; gives what leaves it, which does nothing for one who has left. */
  join(value: T): () => void {
    const place: Place<T> = { value, before: this.#last, after: undefined, waits: true }
    if (this.#last === undefined) this.#first = place
    else this.#last.after = place
    this.#last = place
    this.#length++
    return () => this.#remove(place)
  }

  /** Takes the first one out. */
  shift(): T | undefined {
    const place = this.#first
    if (place !== undefined) this.#remove(place)
    return place?.value
  }

  #remove(place: Place<T>): void {
    if (!place.waits) return
    place.waits = false
    if (place.before === undefined) this.#first = place.after
    else place.before.after = place.after
    if (place.after === undefined) this.#last = place.before
    else place.after.before = place.before
    this.#length--
  }
}
