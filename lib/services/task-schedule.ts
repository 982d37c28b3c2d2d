// A recurring task: a new one is enqueued every so many milliseconds, from the beginning and not from the end of the one
// before. When that one has not ended yet, or the queue is full, the run is left out and counted.
import type { Clock } from '../core/clock.js'

/** What a schedule needs of its queue. */
export interface ScheduleHost {
  readonly clock: Clock
  readonly everyMs: number
  readonly times: number
  /** The id of a new task, or undefined when there is no room for it. */
  enqueue(): number | undefined
  hasEnded(id: number): boolean
  onEnd(schedule: TaskSchedule): void
}

/** What schedule gives. */
export class TaskSchedule {
  readonly #host: ScheduleHost
  readonly #beganAt: number
  #ticks = 0
  #runs = 0
  #skipped = 0
  #lastId: number | undefined
  #stopTimer: (() => void) | undefined

  constructor(host: ScheduleHost) {
    this.#host = host
    this.#beganAt = host.clock.now()
    this.#wait()
  }

  /** Tasks that were enqueued. */
  get runs(): number {
    return this.#runs
  }

  /** Runs that were left out, because the one before had not ended or the queue was full. */
  get skipped(): number {
    return this.#skipped
  }

  /** The id of the newest task. */
  get lastId(): number | undefined {
    return this.#lastId
  }

  /** Whether further runs will come. */
  get active(): boolean {
    return this.#stopTimer !== undefined
  }

  /** Enqueues no more; a task that was enqueued is left alone. Doing it twice is fine. */
  cancel(): void {
    if (this.#stopTimer === undefined) return
    this.#stopTimer()
    this.#stopTimer = undefined
    this.#host.onEnd(this)
  }

  #wait(): void {
    const { clock, everyMs } = this.#host
    const dueAt = this.#beganAt + ++this.#ticks * everyMs
    this.#stopTimer = clock.after(Math.max(0, dueAt - clock.now()), () => this.#run())
  }

  #run(): void {
    const free = this.#lastId === undefined || this.#host.hasEnded(this.#lastId)
    const id = free ? this.#host.enqueue() : undefined
    if (id === undefined) {
      this.#skipped++
    } else {
      this.#lastId = id
      this.#runs++
    }
    if (this.#runs === this.#host.times) this.cancel()
    else this.#wait()
  }
}
