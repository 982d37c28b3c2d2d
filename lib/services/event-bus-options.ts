// Options of the event bus and of its calls, checked once at the edge. zod is loaded when the first are checked.
import type { z as Zod } from 'zod'
import { lazily } from '../core/lazy-zod.js'
import { MAX_DEAD_LETTERS, MAX_DEADLINE_MS, MAX_DISPATCHERS, MAX_PRIORITY, MAX_QUEUE_SIZE } from '../core/limits.js'
import { check } from '../core/option-check.js'

const schemas = lazily(z => {
  const count = (least: number, most: number) => z.number().int().min(least).max(most)
  const deadline = count(1, MAX_DEADLINE_MS)
  const priority = count(-MAX_PRIORITY, MAX_PRIORITY)
  const signal = z.instanceof(AbortSignal).optional()

  const bus = z.strictObject({
    maxQueueSize: count(1, MAX_QUEUE_SIZE).default(10_000),
    workerCount: count(1, MAX_DISPATCHERS).default(4),
    backpressureStrategy: z.enum(['drop', 'block', 'log']).default('block'),
    maxBlocked: count(0, MAX_QUEUE_SIZE).default(10_000),
    handlerTimeoutMs: deadline.default(30_000),
    maxDeadLetters: count(0, MAX_DEAD_LETTERS).default(1000),
    logger: z
      .custom<BusLogger>(l => typeof (l as Partial<BusLogger>)?.warn === 'function', 'expected { warn }')
      .default({ warn: message => console.warn(message) }),
  })
  const subscribe = z.strictObject({ priority: priority.default(0), timeoutMs: deadline.optional() })
  const publish = z.strictObject({ priority: priority.default(0), signal })
  const drain = z.strictObject({ timeoutMs: deadline.optional(), signal })
  const stop = drain.omit({ signal: true })
  return { bus, subscribe, publish, drain, stop }
})

/** Where a bus says that it drops events. */
export interface BusLogger {
  warn(message: string): void
}

/** Options of EventBus. */
export interface EventBusOptions {
  /** Events that may wait to be dispatched: 1 to 10,000,000, 10,000 by default. */
  readonly maxQueueSize?: number
  /** Events, each of another topic, that are dispatched at once while handlers are async: 1 to 1,024, 4 by default. */
  readonly workerCount?: number
  /**
   * What becomes of an event for which there is no room: 'block' has publish wait for some, which is the default; 'drop'
   * drops the event and counts it; 'log' does so and tells the logger, at most once a second.
   */
  readonly backpressureStrategy?: 'drop' | 'block' | 'log'
  /** Calls of publish that may wait for room, with 'block': 0 to 10,000,000, 10,000 by default. One more drops its event. */
  readonly maxBlocked?: number
  /** Milliseconds in which what a handler returns has to settle, where its subscription does not say: 30,000 by default. */
  readonly handlerTimeoutMs?: number
  /** Dead letters that are kept, the newest: 0 to 1,000,000, 1,000 by default. */
  readonly maxDeadLetters?: number
  /** Hears of dropped events, with 'log': the console by default. */
  readonly logger?: BusLogger
}

/** Options of subscribe. */
export interface EventSubscribeOptions {
  /** Handlers of one event begin in the order of this number, lowest first: -1,000,000 to 1,000,000, 0 by default. */
  readonly priority?: number
  /** Milliseconds in which what the handler returns has to settle: handlerTimeoutMs of the bus by default. */
  readonly timeoutMs?: number
}

/** Options of publish. */
export interface PublishOptions {
  /**
   * Of topics with events that wait, the one whose oldest has the lowest number is next: -1,000,000 to 1,000,000, 0 by
   * default. Events of one topic keep their order whatever their priorities.
   */
  readonly priority?: number
  /** Gives up waiting for room, with ABORTED. */
  readonly signal?: AbortSignal
}

/** Options of drain of an event bus. */
export interface BusDrainOptions {
  /** Milliseconds, after which EVENT_TIMEOUT is all that happens: no limit by default. */
  readonly timeoutMs?: number
  /** Gives up waiting, with ABORTED. */
  readonly signal?: AbortSignal
}

/** Options of stop of an event bus. */
export interface BusStopOptions {
  /** Milliseconds after which what is left is given up and counted: no limit by default. */
  readonly timeoutMs?: number
}

type Schemas = ReturnType<typeof schemas>
export type ResolvedBusOptions = Zod.infer<Schemas['bus']>
export type ResolvedSubscribeOptions = Zod.infer<Schemas['subscribe']>
export type ResolvedPublishOptions = Zod.infer<Schemas['publish']>
export type ResolvedBusDrain = Zod.infer<Schemas['drain']>
export type ResolvedBusStop = Zod.infer<Schemas['stop']>

const NO_PUBLISH: ResolvedPublishOptions = { priority: 0 }

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveBusOptions(given: unknown): ResolvedBusOptions {
  return check(schemas().bus, given ?? {}, 'EventBus')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveSubscribeOptions(given: unknown): ResolvedSubscribeOptions {
  return check(schemas().subscribe, given ?? {}, 'subscribe')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolvePublishOptions(given: unknown): ResolvedPublishOptions {
  return given === undefined ? NO_PUBLISH : check(schemas().publish, given, 'publish')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveBusDrain(given: unknown): ResolvedBusDrain {
  return check(schemas().drain, given ?? {}, 'drain')
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveBusStop(given: unknown): ResolvedBusStop {
  return check(schemas().stop, given ?? {}, 'stop')
}
