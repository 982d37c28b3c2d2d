// Options of the task queue and of its calls, checked once at the edge. zod is loaded when the first are checked.
import type { Transferable } from 'node:worker_threads'
import type { z as Zod } from 'zod'
import { lazily } from '../core/lazy-zod.js'
import {
  MAX_DEADLINE_MS,
  MAX_DEPENDENCIES,
  MAX_KEPT_RESULTS,
  MAX_NAME_LENGTH,
  MAX_PRIORITY,
  MAX_QUEUE_SIZE,
  MAX_RETRIES,
  MAX_TASK_THREADS,
} from '../core/limits.js'
import { check } from '../core/option-check.js'
import { CORES } from './cores.js'

/** Threads where a host does not say: one core is left to the main thread. */
const DEFAULT_WORKERS = Math.min(Math.max(1, CORES - 1), MAX_TASK_THREADS)

const schemas = lazily(z => {
  const count = (least: number, most: number) => z.number().int().min(least).max(most)
  const deadline = count(1, MAX_DEADLINE_MS)
  const signal = z.instanceof(AbortSignal).optional()

  const queue = z.strictObject({
    maxWorkers: count(1, MAX_TASK_THREADS).default(DEFAULT_WORKERS),
    maxQueueSize: count(1, MAX_QUEUE_SIZE).default(100_000),
    taskTimeoutMs: deadline.default(60_000),
    maxMemoryMb: count(16, 1_000_000).default(1024),
    resultTtlMs: count(0, MAX_DEADLINE_MS).default(300_000),
    maxResults: count(0, MAX_KEPT_RESULTS).default(100_000),
  })
  const task = z.strictObject({
    module: z.custom<URL | string>(
      isFileAddress,
      "expected the file: URL of a module, as new URL('./x.js', import.meta.url)",
    ),
    name: z.string().min(1).max(MAX_NAME_LENGTH).default('default'),
  })
  const run = {
    priority: count(-MAX_PRIORITY, MAX_PRIORITY).default(0),
    timeout: deadline.optional(),
    retries: count(0, MAX_RETRIES).default(0),
    retryDelayMs: count(0, MAX_DEADLINE_MS).default(100),
    keepResult: z.boolean().default(true),
  }
  const enqueue = z.strictObject({
    ...run,
    dependsOn: z.array(count(1, Number.MAX_SAFE_INTEGER)).max(MAX_DEPENDENCIES).default([]),
    delayMs: count(0, MAX_DEADLINE_MS).default(0),
    transferList: z.array(z.custom<Transferable>(item => typeof item === 'object' && item !== null)).default([]),
    signal,
  })
  const schedule = z.strictObject({
    ...run,
    everyMs: deadline,
    times: count(1, Number.MAX_SAFE_INTEGER).default(Number.MAX_SAFE_INTEGER),
  })
  const wait = z.strictObject({ timeout: deadline.optional(), signal })
  const stop = wait.omit({ signal: true })
  return { queue, task, enqueue, schedule, wait, stop }
})

/** What enqueue does where it is told nothing. */
let defaults: ResolvedEnqueueOptions | undefined

function isFileAddress(given: unknown): boolean {
  if (given instanceof URL) return given.protocol === 'file:'
  return typeof given === 'string' && given.startsWith('file:') && URL.canParse(given)
}

/** Options of TaskQueue. */
export interface TaskQueueOptions {
  /** Threads: 1 to 256; by default as many as cores but one. They begin when there are tasks, and end when idle for 10 s. */
  readonly maxWorkers?: number
  /** Tasks that may wait: 1 to 10,000,000, 100,000 by default. One more is TASK_QUEUE_FULL. */
  readonly maxQueueSize?: number
  /** Milliseconds of one try of a task that does not say: 60,000 by default. */
  readonly taskTimeoutMs?: number
  /** Megabytes that the objects of one thread may take, buffers aside: 16 to 1,000,000, 1,024 by default. */
  readonly maxMemoryMb?: number
  /** Milliseconds that the result of a task is kept: 300,000 by default. */
  readonly resultTtlMs?: number
  /** Results that are kept, the newest: 0 to 10,000,000, 100,000 by default. */
  readonly maxResults?: number
}

/** What is to be run: a function that a module exports, called in a thread with the arguments and a TaskContext. */
export interface TaskFunction {
  /** Its file: URL, mostly `new URL('./tasks.js', import.meta.url)`. */
  readonly module: URL | string
  /** The name that it is exported by: 'default' by default. */
  readonly name?: string
}

/** What enqueue and schedule have in common. */
export interface TaskRunOptions {
  /** Tasks begin in the order of this number, lowest first: -1,000,000 to 1,000,000, 0 by default. */
  readonly priority?: number
  /** Milliseconds of one try, after which its thread is ended: taskTimeoutMs of the queue by default. */
  readonly timeout?: number
  /** Tries after one that failed, crashed or took too long: 0 to 1,000, 0 by default. */
  readonly retries?: number
  /** Milliseconds before the second try, and twice as many before each further one, up to a minute: 100 by default. */
  readonly retryDelayMs?: number
  /** false: it is forgotten when it has ended, and whoever waits for its result then has it. Default true. */
  readonly keepResult?: boolean
}

/** Options of enqueue. */
export interface EnqueueOptions extends TaskRunOptions {
  /** Tasks that have to be done before, by their ids. When one fails or is cancelled, so does this one. */
  readonly dependsOn?: readonly number[]
  /** Milliseconds that it waits before it may begin, counted when all that it depends on is done: 0 by default. */
  readonly delayMs?: number
  /** Parts of the arguments that are moved and not copied, as by postMessage: the caller has them no more. */
  readonly transferList?: readonly Transferable[]
  /** Cancels the task. */
  readonly signal?: AbortSignal
}

/** Options of schedule. */
export interface TaskScheduleOptions extends TaskRunOptions {
  /** Milliseconds from one run to the next, and before the first. */
  readonly everyMs: number
  /** Runs in all: without end by default. */
  readonly times?: number
}

/** Options of getResult and of drain. */
export interface TaskWaitOptions {
  /** Milliseconds, after which TASK_TIMEOUT is all that happens: no limit by default. */
  readonly timeout?: number
  /** Gives up waiting, with ABORTED. */
  readonly signal?: AbortSignal
}

/** Options of stop of a task queue. */
export interface TaskStopOptions {
  /** Milliseconds after which what is left is cancelled: no limit by default. */
  readonly timeout?: number
}

type Schemas = ReturnType<typeof schemas>
export type ResolvedQueueOptions = Zod.infer<Schemas['queue']>
export type ResolvedEnqueueOptions = Zod.infer<Schemas['enqueue']>
export type ResolvedScheduleOptions = Zod.infer<Schemas['schedule']>
export type ResolvedTaskWait = Zod.infer<Schemas['wait']>

/** A task's function, its module as text. */
export interface ResolvedTask {
  readonly module: string
  readonly name: string
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveQueueOptions(given: unknown): ResolvedQueueOptions {
  return check(schemas().queue, given ?? {}, 'TaskQueue')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveTask(given: unknown): ResolvedTask {
  const { module, name } = check(schemas().task, given, 'a task')
  return { module: typeof module === 'string' ? module : module.href, name }
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveEnqueueOptions(given: unknown): ResolvedEnqueueOptions {
  if (given === undefined) return (defaults ??= schemas().enqueue.parse({}))
  return check(schemas().enqueue, given, 'enqueue')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveScheduleOptions(given: unknown): ResolvedScheduleOptions {
  return check(schemas().schedule, given ?? {}, 'schedule')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveTaskWait(given: unknown, what: string): ResolvedTaskWait {
  return check(schemas().wait, given ?? {}, what)
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveTaskStop(given: unknown): Omit<ResolvedTaskWait, 'signal'> {
  return check(schemas().stop, given ?? {}, 'stop')
}
