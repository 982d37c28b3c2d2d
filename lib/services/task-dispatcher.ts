// What becomes of the tasks of a queue: from waiting to a thread, from one try to the next, to their end and that of those
// which depend on them.
//
// Invariants: #live holds exactly what has not ended; the heap exactly what is waiting; #busy, the threads that are in use,
// is at most maxWorkers. A try that was ended, for whatever reason, is of no interest any more when its promise settles.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { LOOP_SLICE_MS, MAX_RETRY_DELAY_MS } from '../core/limits.js'
import { leaseCores } from './cores.js'
import { Latencies } from './latencies.js'
import { PriorityHeap } from './priority-heap.js'
import type { EndState, TaskRecord, TaskState } from './task-record.js'
import type { TaskResults } from './task-results.js'
import { TaskEnd, type TaskRunner } from './task-threads.js'

/** What tasks are run with. */
export interface DispatcherOptions {
  readonly clock: Clock
  readonly runner: TaskRunner
  readonly results: TaskResults
  readonly maxWorkers: number
  readonly taskTimeoutMs: number
  /** Nothing is left that has not ended. */
  onIdle(): void
}

export class TaskDispatcher {
  readonly #options: DispatcherOptions
  readonly #live = new Map<number, TaskRecord>()
  readonly #ready = new PriorityHeap<TaskRecord>()
  readonly waits = new Latencies()
  readonly runs = new Latencies()
  readonly inState: Record<TaskState, number> = {
    waiting: 0,
    delayed: 0,
    blocked: 0,
    running: 0,
    done: 0,
    failed: 0,
    cancelled: 0,
  }
  readonly counts = { retried: 0, timedOut: 0, crashed: 0 }
  #started = false
  #lastOrder = 0
  #busy = 0
  #sliceEnd = Number.NEGATIVE_INFINITY

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  /** Tasks that have not ended. */
  get live(): ReadonlyMap<number, TaskRecord> {
    return this.#live
  }

  /** Those of them that do not run. */
  get queued(): number {
    return this.#live.size - this.inState.running
  }

  start(): void {
    this.#started = true
    this.#runNext()
  }

  /** Takes a new task. `dependencies` are the tasks it depends on, ended ones too. */
  add(record: TaskRecord, dependencies: readonly TaskRecord[]): void {
    this.#live.set(record.id, record)
    this.inState[record.state]++
    const broken = dependencies.find(each => each.ended && each.state !== 'done')
    if (broken !== undefined) {
      this.#end([[record, 'failed', dependencyEnded(record, broken)]])
      return
    }
    const open = dependencies.filter(each => !each.ended)
    if (open.length > 0) {
      record.dependencies = new Set(open)
      for (const each of open) (each.dependents ??= new Set()).add(record)
      this.#move(record, 'blocked')
    } else {
      this.#delay(record, record.options.delayMs)
    }
    this.#runNext()
  }

  /** Ends a task that has not ended. @param why - such as 'was cancelled'. */
  cancel(record: TaskRecord, why: string): void {
    this.#endTry(record)
    const error = new PopulaceError('TASK_CANCELLED', `${named(record)} ${why}`, 'Enqueue it again if it is needed.')
    this.#end([[record, 'cancelled', error]])
    this.#runNext()
  }

  /** Ends all that has not ended, and begins with nothing any more. */
  cancelAll(why: string): void {
    this.#started = false
    for (const record of this.#live.values()) this.cancel(record, why)
  }

  #move(record: TaskRecord, state: TaskState): void {
    this.inState[record.state]--
    this.inState[state]++
    record.state = state
  }

  /** Makes a task ready, after some milliseconds. */
  #delay(record: TaskRecord, ms: number): void {
    if (ms > 0) {
      this.#move(record, 'delayed')
      record.stopTimer = this.#options.clock.after(ms, () => {
        this.#delay(record, 0)
        this.#runNext()
      })
      return
    }
    record.stopTimer = undefined
    this.#move(record, 'waiting')
    record.order = ++this.#lastOrder
    this.#ready.push(record)
  }

  #runNext(): void {
    while (this.#started && this.#busy < this.#options.maxWorkers) {
      const record = this.#ready.pop()
      if (record === undefined) break
      this.#run(record)
    }
    if (this.#live.size === 0) this.#options.onIdle()
  }

  #run(record: TaskRecord): void {
    const { clock, runner, taskTimeoutMs } = this.#options
    const { id, task, args, options } = record
    this.#move(record, 'running')
    const attempt = ++record.attempts
    if (attempt === 1) {
      record.startedAt = clock.now()
      this.waits.add(record.startedAt - record.enqueuedAt)
    } else {
      this.counts.retried++
    }
    // The next task goes to the thread in the turn in which it is free, as long as turns are short; but not where the result,
    // which comes a little later, may make another task ready that goes before it.
    const end = new TaskEnd(() => {
      this.#free(record)
      const isAlone = record.dependents === undefined && attempt > options.retries
      if (isAlone && clock.now() < this.#sliceEnd) this.#runNext()
    })
    record.end = end
    this.#busy++
    // The crews of this process spin at their barriers only while there are cores for all.
    record.releaseCores = leaseCores(1, () => undefined)
    const timeout = options.timeout ?? taskTimeoutMs
    record.stopTimer = clock.after(timeout, () => {
      this.counts.timedOut++
      this.#tryFailed(record, tooLong(record, timeout))
    })
    // What is moved can be sent once: while a further try may come, a copy goes.
    const transferList = attempt > options.retries ? record.transferList : []
    runner.run({ id, attempt, ...task, args }, transferList, end).then(
      value => {
        if (record.end !== end) return
        this.#sliceEnd = clock.now() + LOOP_SLICE_MS
        this.#endTry(record)
        record.value = value
        this.#end([[record, 'done', undefined]])
        this.#runNext()
      },
      (error: PopulaceError) => {
        if (record.end !== end) return
        if (error.code === 'TASK_CRASHED') this.counts.crashed++
        this.#tryFailed(record, error)
      },
    )
  }

  #tryFailed(record: TaskRecord, error: PopulaceError): void {
    this.#endTry(record)
    const { retries, retryDelayMs } = record.options
    if (record.attempts > retries || error.code === 'TASK_INVALID') {
      this.#end([[record, 'failed', error]])
    } else {
      record.error = error
      const delay = retryDelayMs * 2 ** (record.attempts - 1)
      this.#delay(record, Math.min(delay, Math.max(retryDelayMs, MAX_RETRY_DELAY_MS)))
    }
    this.#runNext()
  }

  /** Ends the try that runs, if any does. What had ended by itself is not ended again. */
  #endTry(record: TaskRecord): void {
    const { end } = record
    record.end = undefined
    end?.end()
    this.#free(record)
  }

  /** Takes back what a try or a delay had: its thread, its cores, its timer. */
  #free(record: TaskRecord): void {
    record.stopTimer?.()
    record.stopTimer = undefined
    if (record.releaseCores === undefined) return
    record.releaseCores()
    record.releaseCores = undefined
    this.#busy--
  }

  /** Ends tasks, and with one that failed or was cancelled those that depend on it, and so on. */
  #end(ending: [TaskRecord, EndState, PopulaceError | undefined][]): void {
    for (const [record, state, error] of ending) {
      if (record.ended) continue // by another one that it depended on
      const { clock, results } = this.#options
      if (record.place >= 0) this.#ready.delete(record)
      this.#live.delete(record.id)
      this.#move(record, state)
      record.error = error
      record.endedAt = clock.now()
      if (record.startedAt !== undefined) this.runs.add(record.endedAt - record.startedAt)
      record.letGo()
      for (const each of record.dependencies ?? []) each.dependents?.delete(record)
      for (const each of record.dependents ?? []) {
        each.dependencies?.delete(record)
        if (state !== 'done') ending.push([each, 'failed', dependencyEnded(each, record)])
        else if (each.dependencies?.size === 0) this.#delay(each, each.options.delayMs)
      }
      record.dependencies = undefined
      record.dependents = undefined
      if (record.options.keepResult) results.add(record)
      if (state === 'done') record.waiters?.resolveAll(record.value)
      else record.waiters?.rejectAll(error)
    }
  }
}

const named = ({ id, task }: TaskRecord) => `Task ${id}, '${task.name}',`

function tooLong(record: TaskRecord, ms: number): PopulaceError {
  const remedy = 'Look for a loop without end, split the task, or give it a longer timeout.'
  return new PopulaceError('TASK_TIMEOUT', `${named(record)} took longer than its timeout of ${ms} ms`, remedy)
}

function dependencyEnded(record: TaskRecord, broken: TaskRecord): PopulaceError {
  const what = `${named(record)} depends on task ${broken.id}, which ${broken.state === 'failed' ? 'failed' : 'was cancelled'}`
  return new PopulaceError(
    'TASK_DEPENDENCY',
    what,
    'The cause says why: mend that one, and enqueue both again.',
    broken.error,
  )
}
