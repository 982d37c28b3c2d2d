// What a simulation tells an event bus: what listeners are told, in the same order, each thing once. It gives the bus one
// event after another, the next when the one before is taken or dropped, so that a bus that waits for room loses nothing
// however many events a batch of ticks has. While something waits the run is held up between two ticks, so what waits here
// is what one batch emits at most. What handlers of the bus do reaches the simulation in no way.
import type { Clock } from '../core/clock.js'
import { systemClock } from '../core/clock.js'
import type { EventBus } from '../services/event-bus.js'
import { checkTopic } from '../services/topic-tree.js'
import { Gate } from './gate.js'
import type { Listeners } from './listeners.js'

/** What became of what a simulation published. */
export interface BusCounts {
  /** All that it was told: what the bus accepted, what waits and what is lost. */
  readonly published: number
  /** What waits for room in the bus. */
  readonly waiting: number
  /** What the bus did not take: for want of room, or because it is stopped. */
  readonly lost: number
}

const TOLD = ['tick', 'refused', 'failed'] as const

export class BusEvents {
  readonly #bus: Pick<EventBus, 'publish'>
  readonly #name: string
  readonly #gate: Gate
  readonly #interrupt: () => void
  readonly #offs: (() => void)[] = []
  /** What was not taken yet, from #next on. */
  #outbox: { readonly topic: string; readonly payload: unknown }[] = []
  #next = 0
  #isGiving = false
  #published = 0
  #waiting = 0
  #lost = 0

  /** TOPIC_INVALID: `name`, which topics begin with, or one of `events`. @param interrupt - asks for the next boundary. */
  constructor(
    bus: Pick<EventBus, 'publish'>,
    name: string,
    events: Iterable<string>,
    interrupt: () => void,
    clock: Clock = systemClock,
  ) {
    checkTopic(`${name}.checkpoint`)
    for (const event of events) checkTopic(`${name}.event.${event}`)
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

  /** Resolves when nothing waits for room, or `stop` says so. `boundary` serves who asks for it meanwhile. */
  async taken(stop: () => boolean, boundary: () => Promise<void>): Promise<void> {
    while (!stop() && (await this.held())) await boundary()
  }

  /** Ends a wait. */
  wake(): void {
    this.#gate.open()
  }

  /** Takes in nothing more from listeners. What waits is given to the bus, which is its owner's to stop: as much as it lets wait in it. */
  close(): void {
    for (const off of this.#offs.splice(0)) off()
    while (this.#next < this.#outbox.length) this.#give()
  }

  #publish(topic: string, payload: unknown): void {
    this.#published++
    this.#waiting++
    this.#outbox.push({ topic: `${this.#name}.${topic}`, payload })
    if (!this.#isGiving) this.#giveAll()
  }

  /** Gives the bus what there is, one after another. */
  async #giveAll(): Promise<void> {
    this.#isGiving = true
    while (this.#next < this.#outbox.length) {
      const before = this.#settled
      const given = this.#give()
      await Promise.resolve() // by then it is known what the bus takes, or drops, at once
      if (this.#settled > before) continue
      this.#interrupt() // what waits longer has the crew come to a boundary
      await given
    }
    this.#isGiving = false
  }

  get #settled(): number {
    return this.#published - this.#waiting
  }

  /** Gives the bus the next event; resolves when that is taken, or lost. */
  #give(): Promise<void> {
    const { topic, payload } = this.#outbox[this.#next++]
    if (this.#next === this.#outbox.length) {
      this.#outbox = []
      this.#next = 0
    }
    const settle = (accepted: boolean) => {
      if (!accepted) this.#lost++
      if (--this.#waiting === 0) this.#gate.open()
    }
    return this.#bus.publish(topic, payload).then(settle, () => settle(false)) // it is stopped: its owner did that
  }
}
