// What a simulation tells an event bus: what listeners are told, in the same order, each thing once. A bus that has no room
// holds the run up between two ticks where its publish waits, and loses events, counted by it, where it drops them; what
// its handlers do reaches the simulation in no way.
import type { Clock } from '../core/clock.js'
import { systemClock } from '../core/clock.js'
import type { EventBus } from '../services/event-bus.js'
import { checkTopic } from '../services/topic-tree.js'
import { Gate } from './gate.js'
import type { Listeners } from './listeners.js'

/** What became of what a simulation published. */
export interface BusCounts {
  /** Calls of publish. */
  readonly published: number
  /** Those that wait for room in the bus. */
  readonly waiting: number
  /** Those that it did not take: for want of room, or because it is stopped. */
  readonly lost: number
}

const TOLD = ['tick', 'refused', 'failed'] as const

export class BusEvents {
  readonly #bus: Pick<EventBus, 'publish'>
  readonly #name: string
  readonly #gate: Gate
  readonly #interrupt: () => void
  readonly #offs: (() => void)[] = []
  #published = 0
  #waiting = 0
  #lost = 0

  /** TOPIC_INVALID: `name`, which topics begin with. @param interrupt - asks for the next boundary. */
  constructor(bus: Pick<EventBus, 'publish'>, name: string, interrupt: () => void, clock: Clock = systemClock) {
    checkTopic(`${name}.event`)
    this.#bus = bus
    this.#name = name
    this.#interrupt = interrupt
    this.#gate = new Gate(clock)
  }

  /** Publishes all that `listeners` are told, from now on. */
  listen(listeners: Listeners<unknown>): void {
    this.#offs.push(listeners.on('event', event => this.#publish(`event.${event.name}`, event)))
    for (const kind of TOLD) this.#offs.push(listeners.on(kind, what => this.#publish(kind, what)))
  }

  /** Publishes that a checkpoint is kept. */
  checkpoint(tick: number): void {
    this.#publish('checkpoint', { tick })
  }

  get counts(): BusCounts {
    return { published: this.#published, waiting: this.#waiting, lost: this.#lost }
  }

  /** Waits where events wait for room. Whether it waited. */
  async held(): Promise<boolean> {
    if (this.#waiting === 0) return false
    await this.#gate.wait()
    return true
  }

  /** Ends a wait. */
  wake(): void {
    this.#gate.open()
  }

  /** Publishes nothing more; the bus is its owner's, and goes on. */
  close(): void {
    for (const off of this.#offs.splice(0)) off()
  }

  #publish(topic: string, payload: unknown): void {
    this.#published++
    let isSettled = false
    const settle = () => {
      isSettled = true
      if (--this.#waiting === 0) this.#gate.open()
    }
    this.#waiting++
    this.#bus.publish(`${this.#name}.${topic}`, payload).then(
      accepted => {
        if (!accepted) this.#lost++
        settle()
      },
      () => {
        this.#lost++ // it is stopped: its owner did that
        settle()
      },
    )
    // What was taken in is known in the next microtask; what waits longer has the crew come to a boundary.
    Promise.resolve().then(() => !isSettled && this.#interrupt())
  }
}
