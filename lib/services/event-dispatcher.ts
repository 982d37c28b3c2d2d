// The dispatchers of an event bus: they take events that wait and call their handlers. While handlers are sync, one event is
// dispatched after another, up to a few milliseconds a turn of the event loop; while they are async, up to workerCount at
// once, each of another topic.
//
// An event is over when the call of each of its handlers has ended: by returning, throwing, settling or taking too long.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { LOOP_SLICE_MS } from '../core/limits.js'
import type { DeadLetters } from './dead-letters.js'
import { Deadlines } from './deadlines.js'
import type { EventSubscription } from './event-subscription.js'
import type { Carried, EventTopics } from './event-topics.js'
import type { Latencies } from './latencies.js'

/** What a dispatcher works with, and whom it tells that there is room, or that an event is over. */
export interface DispatcherHost {
  readonly workerCount: number
  readonly clock: Clock
  readonly topics: EventTopics
  readonly deadLetters: DeadLetters
  readonly latencies: Latencies
  onRoom(): void
  onOver(): void
}

/** A call of a handler. */
interface Call {
  readonly carried: Carried
  readonly subscription: EventSubscription
}

export class EventDispatcher {
  readonly #host: DispatcherHost
  /** Calls whose promises have not settled. */
  readonly #open: Deadlines<Call>
  readonly counts = { done: 0, failed: 0, unheard: 0, calls: 0, callsFailed: 0, callsTimedOut: 0 }
  #queued = 0
  #running = 0
  #started = false
  #turnComes = false
  #dispatching = false
  #sliceEnd = Number.NEGATIVE_INFINITY

  constructor(host: DispatcherHost) {
    this.#host = host
    this.#open = new Deadlines(host.clock, call => this.#timedOut(call))
  }

  get queued(): number {
    return this.#queued
  }

  get running(): number {
    return this.#running
  }

  start(): void {
    this.#started = true
    this.#wake()
  }

  push(carried: Carried): void {
    this.#queued++
    this.#host.topics.push(carried)
    this.#wake()
  }

  /** Ends everything: what runs has failed, what waits is given back uncalled. */
  giveUp(error: PopulaceError): number {
    this.#dispatching = true // from now on for ever: nothing that ends here begins with another event
    for (const call of this.#open.take()) {
      this.#bury(call, error)
      this.#ended(call.carried)
    }
    const dropped = this.#queued
    for (let next = this.#host.topics.take(); next !== undefined; next = this.#host.topics.take()) {
      this.#queued--
      this.#host.deadLetters.add({ event: next.event, pattern: undefined, error })
      this.#host.topics.release(next.event.topic)
    }
    return dropped
  }

  #wake(): void {
    if (!this.#started || this.#turnComes || this.#dispatching || this.#queued === 0) return
    this.#turnComes = true
    setImmediate(() => {
      this.#turnComes = false
      this.#sliceEnd = this.#host.clock.now() + LOOP_SLICE_MS
      this.#dispatchSlice()
    })
  }

  #dispatchSlice(): void {
    this.#dispatching = true
    while (this.#running < this.#host.workerCount && this.#host.clock.now() < this.#sliceEnd) {
      const carried = this.#host.topics.take()
      if (carried === undefined) break
      this.#queued--
      this.#running++
      this.#host.onRoom()
      this.#callHandlers(carried)
    }
    this.#dispatching = false
    if (this.#running < this.#host.workerCount) this.#wake()
  }

  #callHandlers(carried: Carried): void {
    const handlers = this.#host.topics.handlers(carried.event.topic)
    if (handlers.length === 0) this.counts.unheard++
    carried.open = 1 // this loop: no call that ends early may end the event
    for (const subscription of handlers) {
      if (!subscription.active) continue // one before it has unsubscribed it
      subscription.calls++
      this.counts.calls++
      try {
        const given = subscription.handler(carried.event)
        if (isThenable(given)) this.#await(carried, subscription, given)
      } catch (error) {
        this.#failed({ carried, subscription }, error)
      }
    }
    this.#ended(carried)
  }

  #await(carried: Carried, subscription: EventSubscription, given: PromiseLike<unknown>): void {
    const { timeoutMs } = subscription
    const call = { carried, subscription }
    carried.open++
    this.#open.add(call, timeoutMs)
    // What becomes of a call after its time limit is of no interest.
    Promise.resolve(given).then(
      () => {
        if (this.#open.delete(call, timeoutMs)) this.#ended(carried)
      },
      error => {
        if (!this.#open.delete(call, timeoutMs)) return
        this.#failed(call, error)
        this.#ended(carried)
      },
    )
  }

  #timedOut(call: Call): void {
    call.subscription.timedOut++
    this.counts.callsTimedOut++
    this.#bury(call, slow(call.subscription, call.carried.event.topic))
    this.#ended(call.carried)
  }

  #failed(call: Call, error: unknown): void {
    call.subscription.failed++
    this.counts.callsFailed++
    this.#bury(call, error)
  }

  #bury({ carried, subscription }: Call, error: unknown): void {
    carried.failed = true
    this.#host.deadLetters.add({ event: carried.event, pattern: subscription.pattern, error })
  }

  /** One of what an event waits for has ended. */
  #ended(carried: Carried): void {
    if (--carried.open > 0) return
    this.#over(carried)
    // Within a slice the next event need not wait for a turn of the event loop.
    if (!this.#dispatching && this.#host.clock.now() < this.#sliceEnd) this.#dispatchSlice()
  }

  #over(carried: Carried): void {
    const { clock, latencies, topics } = this.#host
    this.#running--
    this.counts[carried.failed ? 'failed' : 'done']++
    latencies.add(clock.now() - carried.publishedAt)
    topics.release(carried.event.topic)
    this.#host.onOver()
    this.#wake()
  }
}

function isThenable(given: unknown): given is PromiseLike<unknown> {
  return (
    given !== null && typeof given === 'object' && typeof (given as Partial<PromiseLike<unknown>>).then === 'function'
  )
}

function slow({ pattern, timeoutMs }: EventSubscription, topic: string): PopulaceError {
  return new PopulaceError(
    'EVENT_TIMEOUT',
    `The handler of '${pattern}' took longer than its timeoutMs of ${timeoutMs} ms over an event of '${topic}'`,
    'Give what it waits for a shorter deadline, or the subscription a longer timeoutMs.',
  )
}
