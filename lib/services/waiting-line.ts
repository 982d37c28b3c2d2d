// Those who wait, first come, first served. A doubly linked list, because whoever gives up leaves from anywhere, and with
// many thousands in line that must cost no more than for one.

/** Somebody's place in a line. */
export class Place<T> {
  value: T | undefined
  before: Place<T> | undefined
  after: Place<T> | undefined = undefined
  #line: WaitingLine<T> | undefined

  constructor(line: WaitingLine<T>, value: T, before: Place<T> | undefined) {
    this.#line = line
    this.value = value
    this.before = before
  }

  /** Leaves the line; nothing happens where that was done. */
  leave(): void {
    this.#line?.remove(this)
    // What V8 has taken for long-lived would keep alive all that came after it, until the next full collection.
    this.#line = undefined
    this.value = undefined
    this.before = undefined
    this.after = undefined
  }
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

  /** Joins the end of the line. */
  join(value: T): Place<T> {
    const place = new Place(this, value, this.#last)
    if (this.#last === undefined) this.#first = place
    else this.#last.after = place
    this.#last = place
    this.#length++
    return place
  }

  /** Takes the first one out. */
  shift(): T | undefined {
    const { first } = this
    this.#first?.leave()
    return first
  }

  /** For a place that is left. */
  remove({ before, after }: Place<T>): void {
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    this.#length--
  }
}
