// The threads of a task queue: a Piscina pool of its own, in which every task has a thread to itself while it runs. A task
// can be ended at any moment, whatever it does, with its thread; the pool makes another when there is more to do.
import type { Transferable, Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { fromErrorData, PopulaceError } from '../core/errors.js'
import { TASK_IDLE_MS, THREAD_END_MS } from '../core/limits.js'
import type { TaskCall, TaskProgress, ThrownByTask } from './task-call.js'

const WORKER = new URL('../../workers/task.js', import.meta.url).href

/**
 * The end of one try of a task, in both directions: `end` ends it with its thread, and `onFree` is called when it has ended
 * by itself. Piscina takes this for an emitter of 'abort', to which it listens by `once` and, in the turn in which a result
 * comes in, stops to listen by `removeListener` (its types say `off`): some turns before the promise of the result settles.
 */
export class TaskEnd {
  readonly #onFree: () => void
  #listener: (() => void) | undefined
  #ended = false

  constructor(onFree: () => void) {
    this.#onFree = onFree
  }

  once(_event: 'abort', listener: () => void): void {
    this.#listener = listener
  }

  off(): void {
    this.#listener = undefined
    if (!this.#ended) this.#onFree()
  }

  removeListener(): void {
    this.off()
  }

  end(): void {
    this.#ended = true
    this.#listener?.()
  }
}

/** Whatever runs tasks: threads, or what a test has in their place. */
export interface TaskRunner {
  /** What the task returns. TASK_FAILED, TASK_CRASHED, TASK_INVALID; anything at all after `end` was used. */
  run(call: TaskCall, transferList: readonly Transferable[], end: TaskEnd): Promise<unknown>
  close(): Promise<void>
}

/** What threads tell their queue. */
export interface TaskThreadsHost {
  readonly maxWorkers: number
  readonly maxMemoryMb: number
  onProgress(report: TaskProgress['taskProgress']): void
  /** A thread ended that was running no task, because of something that one had left behind. */
  onThreadLost(): void
}

export class TaskThreads implements TaskRunner {
  readonly #pool: Piscina
  readonly #maxMemoryMb: number

  constructor(host: TaskThreadsHost) {
    this.#maxMemoryMb = host.maxMemoryMb
    this.#pool = new Piscina({
      filename: WORKER,
      minThreads: 0,
      maxThreads: host.maxWorkers,
      idleTimeout: TASK_IDLE_MS,
      // With them the pool forgets timers of idle threads, and one of these ends a thread that has only just become idle.
      atomics: 'disabled',
      concurrentTasksPerWorker: 1,
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: host.maxMemoryMb },
    })
    this.#pool.on('error', () => host.onThreadLost())
    this.#pool.on('workerCreate', ({ id }: { id: number }) => {
      const thread = this.#pool.threads.find(each => each.threadId === id)
      thread?.once('error', () => endForSure(thread))
    })
    this.#pool.on('message', (message: Partial<TaskProgress> | null | undefined) => {
      // A task may post messages of its own, which are nothing to us.
      if (message?.taskProgress) host.onProgress(message.taskProgress)
    })
  }

  async run(call: TaskCall, transferList: readonly Transferable[], end: TaskEnd): Promise<unknown> {
    try {
      return await this.#pool.run(call, { transferList: [...transferList], signal: end })
    } catch (error) {
      throw asTaskError(error, call, this.#maxMemoryMb)
    }
  }

  close(): Promise<void> {
    return this.#pool.destroy()
  }
}

/**
 * Ends a thread that an uncaught error is ending. The pool has told it to end, but Node 20 may lose that while the error is on
 * its way: the thread then waits for tasks for ever, and keeps the process alive.
 */
function endForSure(thread: Worker): void {
  const timer = setInterval(() => thread.terminate(), THREAD_END_MS).unref()
  thread.once('exit', () => clearInterval(timer))
}

function asTaskError(error: unknown, { id, name }: TaskCall, maxMemoryMb: number): PopulaceError {
  const what = `Task ${id}, '${name}',`
  if (isThrown(error)) {
    const thrown = fromErrorData(error.thrown)
    if (thrown instanceof PopulaceError && thrown.code === 'TASK_INVALID') return thrown
    return new PopulaceError('TASK_FAILED', `${what} threw: ${thrown.message}`, 'See the cause.', thrown)
  }
  if (isCloneError(error)) {
    return new PopulaceError('TASK_FAILED', `${what} returned what cannot cross a thread`, 'Return plain data.', error)
  }
  const { code, message = String(error) } = error as Partial<NodeJS.ErrnoException>
  const why =
    code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? `took more than maxMemoryMb of ${maxMemoryMb}`
      : `ended its thread: ${message}`
  const remedy = 'Look for process.exit, what grows without bound, and errors in callbacks that nobody waits for.'
  return new PopulaceError('TASK_CRASHED', `${what} ${why}`, remedy, error)
}

/** A result that postMessage refuses ends the thread, with an error of which Node 20 lets nothing through, and later ones a stack. */
function isCloneError(error: unknown): boolean {
  if (error instanceof Error) return error.stack?.startsWith('DataCloneError') ?? false
  return typeof error === 'object' && error !== null && Reflect.ownKeys(error).length === 0
}

function isThrown(error: unknown): error is ThrownByTask {
  return typeof error === 'object' && error !== null && 'thrown' in error
}
