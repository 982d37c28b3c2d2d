// Listeners of a simulation. What a host's listener throws goes to 'failed' and stops nothing.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import type { EmittedEvent } from '../memory/event-queue.js'
import type { Delta } from './delta-subscription.js'

/** What each event tells. */
export interface SimulationEvents<M> {
  /** The state after a tick: at most 20 times a second, or every n-th tick exactly with { every: n }. */
  tick: { readonly tick: number; readonly measures: M }
  /** What a kernel emitted, in order, when its tick has ended; (run, tick, sequence) is its identity. */
  event: EmittedEvent & { readonly run: string }
  /** What changed since the last one, or all of it; each n-th tick exactly with { every: n }. Told by Deltas. */
  delta: Delta
  /** A command whose apply threw: it is undone. */
  refused: { readonly tick: number; readonly sequence: number; readonly name: string; readonly error: Error }
  /** The run has failed, or a listener threw (then the code is LISTENER_FAILED and the run goes on). */
  failed: Error
}

const EVENTS = ['tick', 'delta', 'event', 'refused', 'failed']

interface Entry {
  readonly event: string
  readonly listener: (what: never) => void
  readonly every: number
}

export class Listeners<M> {
  /** Never changed, but put in the place of: who listens or leaves while something is told makes no difference to that. */
  #entries: readonly Entry[] = []

  /** Adds a listener; gives what takes it away. OPTION_INVALID, OPTION_UNKNOWN. */
  on<K extends keyof SimulationEvents<M>>(
    event: K,
    listener: (what: SimulationEvents<M>[K]) => void,
    o: { every?: number } = {},
  ): () => void {
    if (!EVENTS.includes(event))
      throw new PopulaceError('OPTION_INVALID', `There is no event '${String(event)}'`, hint(String(event), EVENTS))
    if (typeof listener !== 'function')
      throw new PopulaceError('OPTION_INVALID', `The listener of '${event}' is no function`, 'Give a function.')
    const { every = 0 } = o
    if (o.every !== undefined && !(Number.isInteger(every) && every >= 1))
      throw new PopulaceError(
        'OPTION_INVALID',
        `every is ${every}`,
        'Give an integer of at least 1: ticks from event to event.',
      )
    const entry: Entry = { event, listener, every }
    this.#entries = [...this.#entries, entry]
    return () => {
      this.#entries = this.#entries.filter(each => each !== entry)
    }
  }

  /** Whether any tick listener wants samples (no `every`). */
  get samples(): boolean {
    for (const e of this.#entries) if (e.event === 'tick' && e.every === 0) return true
    return false
  }

  /** Whether anybody listens to an event. */
  has(event: keyof SimulationEvents<M>): boolean {
    for (const e of this.#entries) if (e.event === event) return true
    return false
  }

  /** The greatest number of ticks that all `every` are multiples of; 0: none asks for it. */
  get everyTicks(): number {
    let every = 0
    for (const e of this.#entries) if (e.event === 'tick' && e.every > 0) every = divisor(e.every, every)
    return every
  }

  /** Tells a tick to those whose `every` divides it. */
  tick(what: SimulationEvents<M>['tick']): void {
    for (const e of this.#entries)
      if (e.event === 'tick' && e.every > 0 && what.tick % e.every === 0) this.#call(e, what)
  }

  /** Tells a tick to those that take samples. */
  sample(what: SimulationEvents<M>['tick']): void {
    for (const e of this.#entries) if (e.event === 'tick' && e.every === 0) this.#call(e, what)
  }

  /** Tells an event. */
  tell<K extends 'event' | 'refused' | 'failed'>(event: K, what: SimulationEvents<M>[K]): void {
    for (const e of this.#entries) if (e.event === event) this.#call(e, what)
  }

  #call(entry: Entry, what: unknown): void {
    this.guard(`A listener of '${entry.event}'`, () => entry.listener(what as never), entry.event !== 'failed')
  }

  /** Calls what a host gave; what that throws is told to 'failed'. */
  guard(who: string, call: () => void, tell = true): void {
    try {
      call()
    } catch (error) {
      const failure = new PopulaceError(
        'LISTENER_FAILED',
        `${who} threw: ${(error as Error)?.message ?? error}`,
        'Catch errors in listeners.',
        error,
      )
      // A listener of 'failed' that throws itself is not told again, or it would be for ever.
      if (tell) this.tell('failed', failure)
    }
  }
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b)
}
