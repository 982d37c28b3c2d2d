// One subscription of an event bus: its handler, and what came of the calls of it.
import type { ResolvedSubscribeOptions } from './event-bus-options.js'

/** An event as handlers get it: the same object for all of them, its payload the one that was published. */
export interface BusEvent<T = unknown> {
  readonly topic: string
  readonly payload: T
  readonly priority: number
  /** Grows by one with each event that a bus accepts into its queue, from 1. */
  readonly sequence: number
}

/** Called with one event after another of a topic; what it returns is waited for when it is a promise. */
export type EventHandler<T = unknown> = (event: BusEvent<T>) => unknown

/** What subscribe gives. */
export interface Subscription {
  readonly pattern: string
  /** Calls of the handler, and those of them that threw, rejected or took too long. */
  readonly calls: number
  readonly failed: number
  readonly timedOut: number
  /** From now on the handler is called no more. Doing it twice is fine. */
  unsubscribe(): void
}

/** The bus's side of it. */
export class EventSubscription implements Subscription {
  readonly pattern: string
  readonly handler: EventHandler
  readonly priority: number
  readonly timeoutMs: number
  /** The how-manieth of its bus it is: of equal priorities the first to subscribe is called first. */
  readonly ordinal: number
  readonly #end: (subscription: EventSubscription) => void
  active = true
  calls = 0
  failed = 0
  timedOut = 0

  constructor(
    pattern: string,
    handler: EventHandler,
    options: ResolvedSubscribeOptions,
    handlerTimeoutMs: number,
    ordinal: number,
    end: (subscription: EventSubscription) => void,
  ) {
    this.pattern = pattern
    this.handler = handler
    this.priority = options.priority
    this.timeoutMs = options.timeoutMs ?? handlerTimeoutMs
    this.ordinal = ordinal
    this.#end = end
  }

  unsubscribe(): void {
    if (!this.active) return
    this.active = false
    this.#end(this)
  }
}
