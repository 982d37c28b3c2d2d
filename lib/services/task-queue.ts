// A queue of tasks for worker threads of its own: functions that modules export, run one at a time in each thread. Which
// task is next is decided here, on the main thread, when a thread is free; nothing waits in the pool.
//
// Invariants: accepted = done + failed + cancelled + waiting + delayed + blocked + running, at any moment. A task that has
// ended does so once, and never begins again. Of the tasks that may begin, the one with the lowest (priority, order in which
// they came to be able to) is next. Whatever a task does, it is ended within its timeout, and no other task with it.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { MAX_SCHEDULES } from '../core/limits.js'
import type { LatencySummary } from './latencies.js'
import { type OwnArguments, ownArguments } from './task-arguments.js'
import { TaskDispatcher } from './task-dispatcher.js'
import {
  type EnqueueOptions,
  type ResolvedQueueOptions,
  type ResolvedTask,
  resolveEnqueueOptions,
  resolveQueueOptions,
  resolveScheduleOptions,
  resolveTask,
  resolveTaskStop,
  resolveTaskWait,
  type TaskFunction,
  type TaskQueueOptions,
  type TaskScheduleOptions,
  type TaskStopOptions,
  type TaskWaitOptions,
} from './task-options.js'
import { type RecordOptions, TaskRecord, type TaskStatus } from './task-record.js'
import { TaskResults } from './task-results.js'
import { TaskSchedule } from './task-schedule.js'
import { type TaskRunner, TaskThreads, type TaskThreadsHost } from './task-threads.js'
import { WaitList } from './wait-list.js'

export type TaskQueueState = 'new' | 'started' | 'stopping' | 'stopped'

/**
 * Counts since the beginning and at this moment:
 * accepted = done + failed + cancelled + waiting + delayed + blocked + running.
 */
export interface TaskQueueStats {
  readonly state: TaskQueueState
  readonly accepted: number
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  readonly waiting: number
  readonly delayed: number
  readonly blocked: number
  readonly running: number
  /** Calls of enqueue, and runs of schedules, for which there was no room: none of them was accepted. */
  readonly refused: number
  /** Tries after the first; tries that took too long; tries that ended their thread; threads that ended between tasks. */
  readonly retried: number
  readonly timedOut: number
  readonly crashed: number
  readonly threadsLost: number
  /** Tasks that have ended and are kept, and schedules with runs to come. */
  readonly results: number
  readonly schedules: number
  /** From enqueue to the first try, and from there to the end. */
  readonly waits: LatencySummary
  readonly runs: LatencySummary
}

export class TaskQueue {
  readonly #options: ResolvedQueueOptions
  readonly #clock: Clock
  readonly #runner: TaskRunner
  readonly #dispatcher: TaskDispatcher
  readonly #results: TaskResults
  readonly #schedules = new Set<TaskSchedule>()
  readonly #idle: WaitList<void>
  #state: TaskQueueState = 'new'
  #stopping: Promise<void> | undefined
  #lastId = 0
  #refused = 0
  #threadsLost = 0

  /**
   * Runs nothing before start. OPTION_UNKNOWN, OPTION_INVALID.
   * @param clock - for tests. @param runnerFor - for tests: what runs tasks instead of threads.
   */
  constructor(
    options?: TaskQueueOptions,
    clock: Clock = systemClock,
    runnerFor: (host: TaskThreadsHost) => TaskRunner = host => new TaskThreads(host),
  ) {
    this.#options = resolveQueueOptions(options)
    this.#clock = clock
    const { maxWorkers, maxMemoryMb, taskTimeoutMs, resultTtlMs, maxResults } = this.#options
    this.#results = new TaskResults(resultTtlMs, maxResults, clock)
    this.#idle = new WaitList(clock)
    this.#runner = runnerFor({
      maxWorkers,
      maxMemoryMb,
      onProgress: ({ id, attempt, value }) => {
        const record = this.#dispatcher.live.get(id)
        if (record?.end !== undefined && record.attempts === attempt) record.progress = value
      },
      onThreadLost: () => this.#threadsLost++,
    })
    this.#dispatcher = new TaskDispatcher({
      clock,
      runner: this.#runner,
      results: this.#results,
      maxWorkers,
      taskTimeoutMs,
      onIdle: () => this.#idle.resolveAll(),
    })
  }

  /** Begins to run tasks, with those that were enqueued before. TASK_QUEUE_NOT_STARTED: it was already. TASK_QUEUE_STOPPED. */
  start(): void {
    this.#refuseStopped('started')
    if (this.#state !== 'new') throw notStarted('A task queue was started twice')
    this.#state = 'started'
    this.#dispatcher.start()
  }

  /**
   * Accepts a task and gives its id. `args` is copied now, or moved as far as `transferList` says or it comes from
   * Piscina.move; the function is called with it and a TaskContext.
   * TASK_QUEUE_FULL, TASK_QUEUE_STOPPED, TASK_INVALID: the arguments cannot cross a thread. TASK_UNKNOWN: it depends on one
   * that is not known. ABORTED: its signal is aborted already. OPTION_UNKNOWN, OPTION_INVALID.
   */
  enqueue(task: TaskFunction, args?: unknown, options?: EnqueueOptions): number {
    this.#refuseStopped('given a task')
    const resolvedTask = resolveTask(task)
    const resolved = resolveEnqueueOptions(options)
    if (resolved.signal?.aborted) {
      throw new PopulaceError('ABORTED', 'enqueue was given a signal that is aborted', 'Nothing is to be mended.')
    }
    const dependencies = resolved.dependsOn.map(id => this.#find(id, `dependsOn of '${resolvedTask.name}'`))
    if (this.#isFull()) {
      this.#refused++
      const { maxQueueSize } = this.#options
      throw full(`As many tasks as maxQueueSize of ${maxQueueSize} wait already`, 'Enqueue later, or raise it.')
    }
    const own = ownArguments(args, resolved.transferList, resolved.retries === 0)
    return this.#accept(resolvedTask, resolved, own, dependencies)
  }

  /**
   * Enqueues a task every `everyMs`, the first after as long. A run is left out while the one before has not ended.
   * TASK_QUEUE_FULL: 10,000 schedules are active. TASK_QUEUE_STOPPED, TASK_INVALID, OPTION_UNKNOWN, OPTION_INVALID.
   */
  schedule(task: TaskFunction, args: unknown, options: TaskScheduleOptions): TaskSchedule {
    this.#refuseStopped('given a schedule')
    const resolvedTask = resolveTask(task)
    const { everyMs, times, ...run } = resolveScheduleOptions(options)
    if (this.#schedules.size >= MAX_SCHEDULES) {
      throw full(`${MAX_SCHEDULES} recurring tasks are active already`, 'Cancel what is not needed.')
    }
    const { args: own } = ownArguments(args, [], false)
    const schedule = new TaskSchedule({
      clock: this.#clock,
      everyMs,
      times,
      enqueue: () => {
        if (this.#isFull()) {
          this.#refused++
          return undefined
        }
        return this.#accept(resolvedTask, { ...run, delayMs: 0 }, { args: own, transferList: [] }, [])
      },
      hasEnded: id => !this.#dispatcher.live.has(id),
      onEnd: ended => this.#schedules.delete(ended),
    })
    this.#schedules.add(schedule)
    return schedule
  }

  /** How a task is doing. TASK_UNKNOWN: there was none, or its result is kept no longer. OPTION_INVALID. */
  getStatus(id: number): TaskStatus {
    return this.#find(id, 'getStatus').status(this.#clock.now())
  }

  /**
   * What a task returned, once it has: the same value for all who ask. Rejects with why it failed: TASK_FAILED (the cause is
   * what it threw), TASK_CRASHED, TASK_TIMEOUT, TASK_CANCELLED, TASK_DEPENDENCY, TASK_INVALID; or with why the wait ended:
   * TASK_TIMEOUT, ABORTED; or with TASK_UNKNOWN, OPTION_UNKNOWN, OPTION_INVALID.
   */
  async getResult<T = unknown>(id: number, options?: TaskWaitOptions): Promise<T> {
    const { timeout, signal } = resolveTaskWait(options, 'getResult')
    const record = this.#find(id, 'getResult')
    if (!record.ended) {
      record.waiters ??= new WaitList(this.#clock)
      const remedy = 'The task goes on: ask again, or cancel it.'
      await record.waiters.wait('getResult', { timeoutMs: timeout, signal }, ms =>
        tooLate(`getResult of task ${id} waited longer than its timeout of ${ms} ms`, remedy),
      )
    }
    if (record.state !== 'done') throw record.error
    return record.value as T // what the task returns is the caller's to know
  }

  /**
   * Ends a task: one that waits is not run, one that runs is ended with its thread. Gives whether it was; false when it had
   * ended already. TASK_UNKNOWN, OPTION_INVALID.
   */
  cancel(id: number): boolean {
    const record = this.#find(id, 'cancel')
    if (record.ended) return false
    this.#dispatcher.cancel(record, 'was cancelled')
    return true
  }

  /** Counts, and how long tasks waited and ran. */
  getStats(): TaskQueueStats {
    return {
      state: this.#state,
      accepted: this.#lastId,
      ...this.#dispatcher.inState,
      ...this.#dispatcher.counts,
      refused: this.#refused,
      threadsLost: this.#threadsLost,
      results: this.#results.size,
      schedules: this.#schedules.size,
      waits: this.#dispatcher.waits.summary(),
      runs: this.#dispatcher.runs.summary(),
    }
  }

  /**
   * Resolves when every task that was accepted has ended; others may go on coming.
   * TASK_TIMEOUT, ABORTED: the queue goes on all the same. TASK_QUEUE_NOT_STARTED, OPTION_UNKNOWN, OPTION_INVALID.
   */
  async drain(options?: TaskWaitOptions): Promise<void> {
    const { timeout, signal } = resolveTaskWait(options, 'drain')
    if (this.#dispatcher.live.size === 0) return
    if (this.#state === 'new') throw notStarted('A task queue with tasks was drained before start')
    await this.#idle.wait('drain', { timeoutMs: timeout, signal }, ms =>
      tooLate(`The draining of a task queue took longer than its timeout of ${ms} ms`, 'It goes on: wait again.'),
    )
  }

  /**
   * Refuses what comes, ends schedules, runs all that was accepted, started or not, and ends the threads. Results can be had
   * for as long as before. TASK_TIMEOUT: what was left after `timeout` was cancelled; it is stopped all the same.
   * OPTION_UNKNOWN, OPTION_INVALID. Stopping twice is fine.
   */
  async stop(options?: TaskStopOptions): Promise<void> {
    const { timeout } = resolveTaskStop(options)
    this.#stopping ??= this.#stop(timeout)
    await this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #stop(timeoutMs: number | undefined): Promise<void> {
    this.#state = 'stopping'
    for (const schedule of this.#schedules) schedule.cancel()
    this.#dispatcher.start()
    try {
      const left = (ms: number) =>
        tooLate(
          `${this.#dispatcher.live.size} tasks were left when stop had waited its timeout of ${ms} ms, and were cancelled`,
          'Cancel what need not be done before, or raise the limit.',
        )
      if (this.#dispatcher.live.size > 0) await this.#idle.wait('stop', { timeoutMs }, left)
    } finally {
      this.#state = 'stopped'
      this.#dispatcher.cancelAll('was left when its queue was stopped')
      await this.#runner.close()
    }
  }

  #accept(task: ResolvedTask, options: RecordOptions, own: OwnArguments, dependencies: readonly TaskRecord[]): number {
    const record = new TaskRecord(++this.#lastId, task, options, own, this.#clock.now())
    const { signal } = options
    if (signal !== undefined) {
      const abort = () => this.#dispatcher.cancel(record, 'was cancelled by its signal')
      signal.addEventListener('abort', abort, { once: true })
      record.stopListening = () => signal.removeEventListener('abort', abort)
    }
    this.#dispatcher.add(record, dependencies)
    return record.id
  }

  #isFull(): boolean {
    return this.#dispatcher.queued >= this.#options.maxQueueSize
  }

  #find(id: number, what: string): TaskRecord {
    if (!Number.isSafeInteger(id)) {
      throw new PopulaceError('OPTION_INVALID', `The id given to ${what} is ${String(id)}`, 'Give what enqueue gave.')
    }
    const found = this.#dispatcher.live.get(id) ?? this.#results.get(id)
    if (found !== undefined) return found
    if (id < 1 || id > this.#lastId) {
      throw new PopulaceError('TASK_UNKNOWN', `${what}: there was no task ${id}`, 'Give what enqueue gave.')
    }
    const remedy = 'Ask sooner, or raise resultTtlMs or maxResults.'
    throw new PopulaceError('TASK_UNKNOWN', `${what}: the result of task ${id} is kept no longer`, remedy)
  }

  #refuseStopped(what: string): void {
    if (this.#state !== 'stopping' && this.#state !== 'stopped') return
    throw new PopulaceError('TASK_QUEUE_STOPPED', `A task queue was ${what} after stop`, 'Make a new one.')
  }
}

function full(what: string, remedy: string): PopulaceError {
  return new PopulaceError('TASK_QUEUE_FULL', what, remedy)
}

function notStarted(what: string): PopulaceError {
  return new PopulaceError('TASK_QUEUE_NOT_STARTED', what, 'Call start once, before drain.')
}

function tooLate(what: string, remedy: string): PopulaceError {
  return new PopulaceError('TASK_TIMEOUT', what, remedy)
}
