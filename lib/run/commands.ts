// Commands: journaled inputs from outside. One that comes during a run is given the next tick to begin; it is journaled
// before the sender is told, and applied on the main thread when that tick begins, in the order given. A run that goes
// back to an earlier tick is given its journaled commands again; new ones come after all of them.
import { PopulaceError } from '../core/errors.js'
import { copyJson } from '../core/json.js'
import { MAX_PENDING_COMMANDS } from '../core/limits.js'
import { makeSequence } from '../core/sequence.js'
import { hint } from '../core/suggest.js'
import { PURPOSE, streamKey } from '../core/threefry.js'
import type { Json } from '../memory/column-types.js'
import { World } from '../memory/world.js'
import type { CommandEntry } from '../state/journal.js'
import { deterministic } from './forbidden.js'
import type { OpenWorld } from './open-world.js'

/** What a sender is told: the tick that will apply the command, and its number in the run. */
export interface Receipt {
  readonly tick: number
  readonly sequence: number
}

/** A command whose apply threw. */
export interface Refusal extends Receipt {
  readonly name: string
  readonly error: Error
}

interface Waiting {
  readonly name: string
  readonly payload: Json
  resolve(receipt: Receipt): void
  reject(error: Error): void
}

interface Accepted extends Receipt {
  readonly name: string
  readonly payload: Json
}

export class Commands {
  readonly #world: OpenWorld
  readonly #waiting: Waiting[] = []
  /** In the order of ticks and sequences. */
  #accepted: Accepted[] = []
  #sequence = 0
  /** The last tick of a journal that is stepped again. */
  #lastTick = 0
  #journaling: Promise<void> = Promise.resolve()

  constructor(world: OpenWorld) {
    this.#world = world
  }

  /** Takes a command; resolves when it is journaled. COMMAND_UNKNOWN, COMMAND_INVALID. */
  async send(name: string, payload: unknown): Promise<Receipt> {
    const { commands } = this.#world.plan.scenario
    if (!commands.has(name))
      throw new PopulaceError(
        'COMMAND_UNKNOWN',
        `The scenario has no command '${name}'`,
        hint(name, [...commands.keys()]),
      )
    const copy = copyJson((payload ?? null) as Json, `the payload of command '${name}'`, 'COMMAND_INVALID')
    if (this.pending >= MAX_PENDING_COMMANDS) {
      throw new PopulaceError(
        'COMMAND_INVALID',
        `${MAX_PENDING_COMMANDS} commands wait already`,
        'Run the simulation, or send fewer.',
      )
    }
    return new Promise((resolve, reject) => this.#waiting.push({ name, payload: copy, resolve, reject }))
  }

  /** At a boundary: journals what came, for `tick`, and tells the senders. Waits for what is being journaled already. */
  accept(tick: number): Promise<void> {
    if (this.#waiting.length > 0) this.#journaling = this.#take(tick, this.#journaling)
    return this.#journaling
  }

  async #take(now: number, before: Promise<void>): Promise<void> {
    const batch = this.#waiting.splice(0)
    const tick = Math.max(now, this.#lastTick) // while a record is stepped again, what is new comes after it
    const accepted = batch.map(({ name, payload }) => ({ name, payload, tick, sequence: this.#sequence++ }))
    await before // journaled in the order of their sequence
    try {
      for (const { name, payload, sequence } of accepted)
        this.#world.journal.append({ kind: 'command', tick, sequence, name, payload })
      await this.#world.journal.flush()
    } catch (error) {
      for (const { reject } of batch) reject(error as Error) // nobody else would tell them
      throw error
    }
    this.#accepted.push(...accepted)
    for (const [i, { resolve }] of batch.entries()) resolve({ tick, sequence: accepted[i].sequence })
  }

  /** How many wait for their tick. */
  get pending(): number {
    return this.#waiting.length + this.#accepted.length
  }

  /** The number of the next command that is applied. */
  get next(): number {
    return this.#accepted[0]?.sequence ?? this.#sequence
  }

  /** Goes back, or on, to where `next` is the number of the next command; `known` are those journaled from there on. */
  begin(next: number, known: readonly CommandEntry[], lastTick: number): void {
    this.#accepted = known.map(({ name, payload, tick, sequence }) => ({ name, payload, tick, sequence }))
    this.#sequence = (known.at(-1)?.sequence ?? next - 1) + 1
    this.#lastTick = lastTick
  }

  /** The tick of the next command to be applied: no batch may pass it. */
  get nextTick(): number {
    return this.#accepted[0]?.tick ?? Number.POSITIVE_INFINITY
  }

  /** Applies those of tick `tick`; what was refused is undone and given back. */
  apply(tick: number): Refusal[] {
    const refused: Refusal[] = []
    while (this.nextTick <= tick) {
      const command = this.#accepted.shift() as Accepted // nextTick says that there is one
      const error = this.#applyOne(command, tick)
      if (!error) continue
      this.#world.journal.append({ kind: 'refused', tick, sequence: command.sequence, reason: error.message })
      refused.push({ tick, sequence: command.sequence, name: command.name, error })
    }
    this.#world.memory.refresh()
    return refused
  }

  #applyOne({ name, payload, sequence }: Accepted, tick: number): Error | undefined {
    const { memory, plan } = this.#world
    const command = plan.scenario.commands.get(name)
    if (!command)
      throw new PopulaceError(
        'JOURNAL_INVALID',
        `Command '${name}' of tick ${tick} is in the record, and the scenario has none of that name`,
        'Go on with the code that made the run, or fork it before that tick.',
      )
    const world = new World(memory, { mode: 'edit', tick })
    const random = makeSequence(streamKey(plan.options.seed, name, PURPOSE.command, sequence))
    const undo = memory.begin()
    try {
      const result: unknown = deterministic(() => command.apply({ world, payload, random, params: plan.params }))
      if (result instanceof Promise) {
        result.catch(() => undefined) // refused below, whatever it comes to
        throw new PopulaceError(
          'COMMAND_INVALID',
          `The apply of command '${name}' gives a promise`,
          'Commands act at once: wait before you send one.',
        )
      }
      return undefined
    } catch (error) {
      undo.restore()
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      world.close()
      memory.commit()
    }
  }

  /** Rejects all whose senders still wait. */
  close(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}
