// A bus of events on the main thread: publish puts an event into a bounded queue, and dispatchers call the handlers of its
// topic later, a few milliseconds at a time, so that neither publishers nor the host's event loop wait for handlers.
//
// Invariants: accepted = done + failed + dropped + queued + running, at any moment. Of one topic at most one event is being
// dispatched, and they are in the order of their publish calls. queued is at most maxQueueSize, running at most
// workerCount, blocked at most maxBlocked. A handler's failure touches no other handler and no publisher.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { MAX_SUBSCRIPTIONS } from '../core/limits.js'
import { type Blocked, BlockedPublishes } from './blocked-publishes.js'
import { type DeadLetter, DeadLetters } from './dead-letters.js'
import { DropWarnings } from './drop-warnings.js'
import {
  type BusDrainOptions,
  type BusStopOptions,
  type EventBusOptions,
  type EventSubscribeOptions,
  type PublishOptions,
  type ResolvedBusOptions,
  resolveBusDrain,
  resolveBusOptions,
  resolveBusStop,
  resolvePublishOptions,
  resolveSubscribeOptions,
} from './event-bus-options.js'
import { EventDispatcher } from './event-dispatcher.js'
import { type EventHandler, EventSubscription, type Subscription } from './event-subscription.js'
import { EventTopics } from './event-topics.js'
import { Latencies, type LatencySummary } from './latencies.js'
import { checkPattern, checkTopic } from './topic-tree.js'
import { aborted, WaitList } from './wait-list.js'

export type EventBusState = 'new' | 'started' | 'stopping' | 'stopped'

/** Counts since the beginning and at this moment: accepted = done + failed + dropped + queued + running. */
export interface EventBusStats {
  readonly state: EventBusState
  /** Events that publish took in, whatever became of them. */
  readonly accepted: number
  /** Events whose handlers have all ended well, those that nobody is subscribed to included. */
  readonly done: number
  /** Events of which at least one handler threw, rejected or took too long. */
  readonly failed: number
  /** Events for which there was no room, and those that stop gave up. */
  readonly dropped: number
  /** Events that wait, and that are being dispatched. */
  readonly queued: number
  readonly running: number
  /** Calls of publish that wait for room; their events are not accepted yet. */
  readonly blocked: number
  /** Those of `done` that nobody was subscribed to. */
  readonly unheard: number
  /** Calls of handlers; those that threw or rejected; those that took too long. */
  readonly calls: number
  readonly callsFailed: number
  readonly callsTimedOut: number
  readonly subscriptions: number
  /** Dead letters that are kept, and that made room for newer ones. */
  readonly deadLetters: number
  readonly deadLettersLost: number
  /** From the call of publish to the end of the event's last handler. */
  readonly latency: LatencySummary
}

// What publish mostly gives: one promise for all calls.
const ACCEPTED = Promise.resolve(true)
const DROPPED = Promise.resolve(false)

export class EventBus {
  readonly #options: ResolvedBusOptions
  readonly #clock: Clock
  readonly #topics = new EventTopics()
  readonly #deadLetters: DeadLetters
  readonly #warnings: DropWarnings
  readonly #latencies = new Latencies()
  readonly #dispatcher: EventDispatcher
  readonly #blocked = new BlockedPublishes()
  readonly #idle: WaitList<void>
  #state: EventBusState = 'new'
  #stopping: Promise<void> | undefined
  #accepted = 0
  #dropped = 0
  /** Numbers that were given to events and subscriptions. */
  #sequence = 0
  #ordinal = 0

  /** Dispatches nothing before start. OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options?: EventBusOptions, clock: Clock = systemClock) {
    this.#options = resolveBusOptions(options)
    this.#clock = clock
    this.#deadLetters = new DeadLetters(this.#options.maxDeadLetters)
    this.#warnings = new DropWarnings(this.#options.logger, clock, this.#options.maxQueueSize)
    this.#idle = new WaitList(clock)
    this.#dispatcher = new EventDispatcher({
      workerCount: this.#options.workerCount,
      clock,
      topics: this.#topics,
      deadLetters: this.#deadLetters,
      latencies: this.#latencies,
      onRoom: () => this.#admitBlocked(),
      onOver: () => this.#isIdle() && this.#idle.resolveAll(),
    })
  }

  /** Begins to dispatch, with what was published before. EVENT_BUS_NOT_STARTED: it was started already. EVENT_BUS_STOPPED. */
  start(): void {
    this.#refuseStopped('started')
    if (this.#state !== 'new') throw notStarted('An event bus was started twice')
    this.#state = 'started'
    this.#dispatcher.start()
  }

  /**
   * Has `handler` called with each event whose topic matches `pattern`, from those on that wait now. In a pattern `*` is one
   * segment and `**` any number of them: 'npc.*.born', 'npc.**'. Events of one topic come in order and one at a time; those
   * of different topics may overlap while handlers are async.
   * TOPIC_INVALID, OPTION_UNKNOWN, OPTION_INVALID, EVENT_BUS_FULL, EVENT_BUS_STOPPED.
   */
  subscribe<T = unknown>(pattern: string, handler: EventHandler<T>, options?: EventSubscribeOptions): Subscription {
    this.#refuseStopped('subscribed to')
    checkPattern(pattern)
    if (typeof handler !== 'function') {
      throw new PopulaceError(
        'OPTION_INVALID',
        `The handler of '${pattern}' is no function`,
        'Give subscribe a function.',
      )
    }
    const resolved = resolveSubscribeOptions(options)
    if (this.#topics.subscriptions >= MAX_SUBSCRIPTIONS) {
      const remedy = 'Unsubscribe what is not needed, or have one handler look up whom an event concerns.'
      throw new PopulaceError('EVENT_BUS_FULL', `An event bus has ${MAX_SUBSCRIPTIONS} subscriptions already`, remedy)
    }
    const { handlerTimeoutMs } = this.#options
    const end = (ended: EventSubscription) => this.#topics.unsubscribe(ended)
    // A handler takes the payloads that its publishers give: their type is the user's promise.
    const untyped = handler as EventHandler
    const made = new EventSubscription(pattern, untyped, resolved, handlerTimeoutMs, ++this.#ordinal, end)
    this.#topics.subscribe(made)
    return made
  }

  /**
   * Puts an event into the queue and calls nobody. Gives whether it was accepted into it: false when it was dropped for want
   * of room. With 'block' the promise settles when there is room.
   * TOPIC_INVALID, OPTION_UNKNOWN, OPTION_INVALID, EVENT_BUS_STOPPED, ABORTED.
   */
  publish(topic: string, payload?: unknown, options?: PublishOptions): Promise<boolean> {
    try {
      this.#refuseStopped('published to')
      if (!this.#topics.has(topic)) checkTopic(topic)
      const { priority, signal } = resolvePublishOptions(options)
      const event = { topic, payload, priority, calledAt: this.#clock.now() }
      const { maxQueueSize, backpressureStrategy, maxBlocked } = this.#options
      if (this.#dispatcher.queued < maxQueueSize && this.#blocked.size === 0) {
        this.#accept(event)
        return ACCEPTED
      }
      if (backpressureStrategy === 'block' && this.#blocked.size < maxBlocked) {
        return this.#blocked.add(event, signal, () => aborted('publish', signal))
      }
      this.#accepted++
      this.#dropped++
      if (backpressureStrategy === 'log') this.#warnings.add(topic)
      return DROPPED
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Counts, and how long events took. */
  getStats(): EventBusStats {
    return {
      state: this.#state,
      accepted: this.#accepted,
      dropped: this.#dropped,
      ...this.#dispatcher.counts,
      queued: this.#dispatcher.queued,
      running: this.#dispatcher.running,
      blocked: this.#blocked.size,
      subscriptions: this.#topics.subscriptions,
      deadLetters: this.#deadLetters.size,
      deadLettersLost: this.#deadLetters.lost,
      latency: this.#latencies.summary(),
    }
  }

  /** The dead letters since the last call, oldest first, as many as maxDeadLetters. */
  takeDeadLetters(): DeadLetter[] {
    return this.#deadLetters.take()
  }

  /**
   * Resolves when nothing is queued, running or blocked; events may go on coming.
   * EVENT_TIMEOUT, ABORTED: the bus goes on all the same. EVENT_BUS_NOT_STARTED, OPTION_UNKNOWN, OPTION_INVALID.
   */
  async drain(options?: BusDrainOptions): Promise<void> {
    const limits = resolveBusDrain(options)
    if (this.#isIdle()) return
    if (this.#state === 'new') throw notStarted('An event bus with events was drained before start')
    await this.#idle.wait('drain', limits, ms => late('The draining of an event bus', ms, 'It goes on: wait again.'))
  }

  /**
   * Refuses what comes, dispatches all that was accepted or is blocked, started or not, and resolves when that is done.
   * EVENT_TIMEOUT: what was left after timeoutMs was given up, counted as dropped or failed; it is stopped all the same.
   * OPTION_UNKNOWN, OPTION_INVALID. Stopping twice is fine.
   */
  async stop(options?: BusStopOptions): Promise<void> {
    const { timeoutMs } = resolveBusStop(options)
    this.#stopping ??= this.#stop(timeoutMs)
    await this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #stop(timeoutMs: number | undefined): Promise<void> {
    this.#state = 'stopping'
    this.#dispatcher.start()
    try {
      const remedy = 'Look for handlers that take long, or raise the limit.'
      const left = (ms: number) => late(`${this.#left()} events were left, and the stopping of their bus`, ms, remedy)
      if (!this.#isIdle()) await this.#idle.wait('stop', { timeoutMs }, left)
    } finally {
      this.#state = 'stopped'
      const error = stopped('An event was given up: its bus was stopped')
      this.#blocked.refuseAll(error)
      this.#dropped += this.#dispatcher.giveUp(error)
      this.#idle.resolveAll()
      this.#warnings.tell()
    }
  }

  #accept({ topic, payload, priority, calledAt }: Blocked): void {
    this.#accepted++
    const event = { topic, payload, priority, sequence: ++this.#sequence }
    this.#dispatcher.push({ event, publishedAt: calledAt, open: 0, failed: false, next: undefined })
  }

  #admitBlocked(): void {
    const first = this.#blocked.admit()
    if (first !== undefined) this.#accept(first)
  }

  #left(): number {
    return this.#dispatcher.queued + this.#dispatcher.running + this.#blocked.size
  }

  #isIdle(): boolean {
    return this.#left() === 0
  }

  #refuseStopped(what: string): void {
    if (this.#state === 'stopping' || this.#state === 'stopped') throw stopped(`An event bus was ${what} after stop`)
  }
}

function stopped(what: string): PopulaceError {
  return new PopulaceError('EVENT_BUS_STOPPED', what, 'Make a new one, and stop it when nothing publishes any more.')
}

function notStarted(what: string): PopulaceError {
  return new PopulaceError('EVENT_BUS_NOT_STARTED', what, 'Call start once, before drain.')
}

function late(what: string, ms: number, remedy: string): PopulaceError {
  return new PopulaceError('EVENT_TIMEOUT', `${what} took longer than timeoutMs of ${ms} ms`, remedy)
}
