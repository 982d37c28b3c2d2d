// Time limits of many things that are mostly over long before: one timer for all that have the same limit, and none while
// there are none.
import type { Clock } from '../core/clock.js'

/** Things with one limit. They come in the order of their deadlines, so the first is always the next one due. */
interface Group<T> {
  readonly dueAt: Map<T, number>
  stopTimer(): void
}

export class Deadlines<T> {
  readonly #clock: Clock
  readonly #onLate: (item: T) => void
  readonly #groups = new Map<number, Group<T>>()

  /** @param onLate - told of each item whose time is over; it is not among the others any more. */
  constructor(clock: Clock, onLate: (item: T) => void) {
    this.#clock = clock
    this.#onLate = onLate
  }

  add(item: T, limitMs: number): void {
    const group = this.#groups.get(limitMs)
    const dueAt = this.#clock.now() + limitMs
    if (group !== undefined) group.dueAt.set(item, dueAt)
    else this.#groups.set(limitMs, { dueAt: new Map([[item, dueAt]]), stopTimer: this.#timer(limitMs, limitMs) })
  }

  /** Takes out an item that is over in time; false when it was late or taken out before. */
  delete(item: T, limitMs: number): boolean {
    const group = this.#groups.get(limitMs)
    if (group === undefined || !group.dueAt.delete(item)) return false
    if (group.dueAt.size === 0) this.#end(limitMs, group)
    return true
  }

  /** Takes all out. */
  take(): T[] {
    const all = [...this.#groups.values()].flatMap(group => [...group.dueAt.keys()])
    for (const [limitMs, group] of this.#groups) this.#end(limitMs, group)
    return all
  }

  #end(limitMs: number, group: Group<T>): void {
    group.stopTimer()
    this.#groups.delete(limitMs)
  }

  #timer(limitMs: number, ms: number): () => void {
    return this.#clock.after(ms, () => this.#fire(limitMs))
  }

  #fire(limitMs: number): void {
    const group = this.#groups.get(limitMs) as Group<T>
    const now = this.#clock.now()
    const late: T[] = []
    for (const [item, dueAt] of group.dueAt) {
      if (dueAt > now) {
        group.stopTimer = this.#timer(limitMs, dueAt - now)
        break
      }
      group.dueAt.delete(item)
      late.push(item)
    }
    if (group.dueAt.size === 0) this.#groups.delete(limitMs)
    for (const item of late) this.#onLate(item)
  }
}
