// The topics of an event bus: which events of each wait, in their order, and who is to hear of them. A topic is ready when
// it has events and none of them is being dispatched, so at most one is at any time.
//
// Topics that are idle are kept for what is known of their handlers, up to twice KEPT_TOPICS of them.
import { KEPT_TOPICS } from '../core/limits.js'
import type { BusEvent, EventSubscription } from './event-subscription.js'
import { PriorityHeap, type Ranked } from './priority-heap.js'
import { TopicTree } from './topic-tree.js'

/** An event on its way through the bus. */
export interface Carried {
  readonly event: BusEvent
  /** When publish was called. */
  readonly publishedAt: number
  /** Calls of handlers that have not ended. */
  open: number
  failed: boolean
  next: Carried | undefined
}

class Topic implements Ranked {
  place = -1
  priority = 0
  order = 0
  first: Carried | undefined
  last: Carried | undefined
  busy = false
  handlers: readonly EventSubscription[] = []
  /** The version of the subscriptions that `handlers` are of. */
  version = -1
}

export class EventTopics {
  readonly #topics = new Map<string, Topic>()
  readonly #ready = new PriorityHeap<Topic>()
  readonly #tree = new TopicTree<EventSubscription>()
  #version = 0
  #idle = 0
  #subscriptions = 0

  get subscriptions(): number {
    return this.#subscriptions
  }

  /** Whether a topic was found in order before. */
  has(topic: string): boolean {
    return this.#topics.has(topic)
  }

  subscribe(subscription: EventSubscription): void {
    this.#tree.add(subscription.pattern, subscription)
    this.#subscriptions++
    this.#version++
  }

  unsubscribe(subscription: EventSubscription): void {
    this.#tree.delete(subscription.pattern, subscription)
    this.#subscriptions--
    this.#version++
  }

  push(carried: Carried): void {
    const name = carried.event.topic
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      topic = new Topic()
      this.#topics.set(name, topic)
      this.#idle++
    }
    const behind = topic.last
    topic.last = carried
    if (behind !== undefined) {
      behind.next = carried
      return
    }
    topic.first = carried
    if (topic.busy) return
    this.#idle--
    this.#makeReady(topic, carried)
  }

  /** The next event of those that may be dispatched; its topic is busy until `release`. */
  take(): Carried | undefined {
    const topic = this.#ready.pop()
    const carried = topic?.first
    if (topic === undefined || carried === undefined) return undefined
    topic.busy = true
    topic.first = carried.next
    if (topic.first === undefined) topic.last = undefined
    return carried
  }

  /** The event that was taken is over. */
  release(name: string): void {
    const topic = this.#topics.get(name) as Topic
    topic.busy = false
    if (topic.first !== undefined) this.#makeReady(topic, topic.first)
    else if (++this.#idle > 2 * KEPT_TOPICS) this.#forget()
  }

  /** Who is subscribed to a topic of which an event was taken, in the order in which they are called. */
  handlers(name: string): readonly EventSubscription[] {
    const topic = this.#topics.get(name) as Topic
    if (topic.version === this.#version) return topic.handlers
    topic.handlers = this.#tree.match(name).sort((a, b) => a.priority - b.priority || a.ordinal - b.ordinal)
    topic.version = this.#version
    return topic.handlers
  }

  #makeReady(topic: Topic, { event }: Carried): void {
    topic.priority = event.priority
    topic.order = event.sequence
    this.#ready.push(topic)
  }

  #forget(): void {
    for (const [name, topic] of this.#topics) if (!topic.busy && topic.first === undefined) this.#topics.delete(name)
    this.#idle = 0
  }
}
