// One task of a queue, from enqueue until its result is forgotten.
import type { Transferable } from 'node:worker_threads'
import type { PopulaceError } from '../core/errors.js'
import type { Ranked } from './priority-heap.js'
import type { OwnArguments } from './task-arguments.js'
import type { ResolvedEnqueueOptions, ResolvedTask } from './task-options.js'
import type { TaskEnd } from './task-threads.js'
import type { WaitList } from './wait-list.js'

/** delayed: until its time comes, or its next try; blocked: by tasks it depends on; waiting: for a thread; then how it ended. */
export type TaskState = 'delayed' | 'blocked' | 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'

/** What getStatus gives. */
export interface TaskStatus {
  readonly id: number
  readonly state: TaskState
  readonly priority: number
  /** Tries that have begun. */
  readonly attempts: number
  /** What the task reported last. */
  readonly progress: unknown
  /** Why it failed or was cancelled, or why its last try failed. */
  readonly error: PopulaceError | undefined
  /** Milliseconds from enqueue to its first try, and from there to its end; up to now where that has not come. */
  readonly waitedMs: number
  readonly ranMs: number
}

/** How a task ended. */
export type EndState = 'done' | 'failed' | 'cancelled'

/** What a task is told about its running. */
export type RecordOptions = Omit<ResolvedEnqueueOptions, 'dependsOn' | 'transferList'>

export class TaskRecord implements Ranked {
  readonly id: number
  readonly task: ResolvedTask
  readonly options: RecordOptions
  readonly enqueuedAt: number
  place = -1
  order = 0
  state: TaskState = 'waiting'
  attempts = 0
  args: unknown
  transferList: readonly Transferable[]
  /** Tasks that it depends on and that are not done, and those that depend on it, where there are any. */
  dependencies: Set<TaskRecord> | undefined
  dependents: Set<TaskRecord> | undefined
  progress: unknown
  value: unknown
  error: PopulaceError | undefined
  startedAt: number | undefined
  endedAt: number | undefined
  /** Ends the try that runs; undefined when none does. */
  end: TaskEnd | undefined
  /** Of the delay or the timeout that is under way. */
  stopTimer: (() => void) | undefined
  /** Gives the cores of the thread back. */
  releaseCores: (() => void) | undefined
  stopListening: (() => void) | undefined
  waiters: WaitList<unknown> | undefined

  constructor(id: number, task: ResolvedTask, options: RecordOptions, own: OwnArguments, enqueuedAt: number) {
    this.id = id
    this.task = task
    this.options = options
    this.args = own.args
    this.transferList = own.transferList
    this.enqueuedAt = enqueuedAt
  }

  get priority(): number {
    return this.options.priority
  }

  get ended(): boolean {
    return this.endedAt !== undefined
  }

  status(now: number): TaskStatus {
    const { id, state, priority, attempts, progress, error, startedAt } = this
    const until = this.endedAt ?? now
    const waitedMs = (startedAt ?? until) - this.enqueuedAt
    return {
      id,
      state,
      priority,
      attempts,
      progress,
      error,
      waitedMs,
      ranMs: startedAt === undefined ? 0 : until - startedAt,
    }
  }

  /** Lets go of what only a task that may still run needs. */
  letGo(): void {
    this.stopTimer?.()
    this.stopListening?.()
    this.stopTimer = undefined
    this.stopListening = undefined
    this.args = undefined
    this.transferList = []
  }
}
