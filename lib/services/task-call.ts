// What goes to a thread of a task queue and what comes back, in the words that both sides use.
import type { ErrorData } from '../core/errors.js'

/** One try of a task. */
export interface TaskCall {
  readonly id: number
  readonly attempt: number
  readonly module: string
  readonly name: string
  readonly args: unknown
}

/** What a task is given beside its arguments. */
export interface TaskContext {
  /** The task's id. */
  readonly id: number
  /** 1 for the first try. */
  readonly attempt: number
  /** Reports how far the task is, any plain data, for getStatus: at most 20 a second are sent, the others are not. */
  progress(value: unknown): void
  /** Marks a buffer, or something else that can be moved, to be returned without a copy. */
  move<T>(value: T): T
}

/** What a task threw, as the thread throws it: plain data, since an error may hold what cannot cross. */
export interface ThrownByTask {
  readonly thrown: ErrorData
}

/** A report of progress. */
export interface TaskProgress {
  readonly taskProgress: { readonly id: number; readonly attempt: number; readonly value: unknown }
}
