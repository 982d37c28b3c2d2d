// The tasks that have ended, kept for a time and up to a number, the oldest forgotten first. Nothing runs to forget them:
// whoever looks or adds sees to it, so that a result keeps no process alive.
import type { Clock } from '../core/clock.js'
import type { TaskRecord } from './task-record.js'

export class TaskResults {
  readonly #ttlMs: number
  readonly #most: number
  readonly #clock: Clock
  /** In the order in which they ended. */
  readonly #kept = new Map<number, TaskRecord>()

  constructor(ttlMs: number, most: number, clock: Clock) {
    this.#ttlMs = ttlMs
    this.#most = most
    this.#clock = clock
  }

  get size(): number {
    this.#forget()
    return this.#kept.size
  }

  get(id: number): TaskRecord | undefined {
    this.#forget()
    return this.#kept.get(id)
  }

  add(record: TaskRecord): void {
    this.#kept.set(record.id, record)
    this.#forget()
  }

  #forget(): void {
    const before = this.#clock.now() - this.#ttlMs
    for (const [id, { endedAt }] of this.#kept) {
      if (this.#kept.size <= this.#most && (endedAt as number) > before) return
      this.#kept.delete(id)
    }
  }
}
