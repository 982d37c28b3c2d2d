// The world as setup, main engines, commands, hosts and tests see it: agents by id, values by name. Each call acts at
// once: it is complete, with its id given and visible to the next get, before it returns.
// Kernels never come here; they are given the arrays themselves.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import { AskBox } from './ask-box.js'
import type { Columns, Values } from './column-types.js'
import { EventQueue } from './event-queue.js'
import { FramesSpent, framesError } from './frames.js'
import type { WorldLayout } from './layout.js'
import { Mailbox } from './mailbox.js'
import { STATE } from './partition-states.js'
import { DEFAULT_PARTITION, Partitions } from './partitions.js'
import type { AnyPopulation, Population } from './population.js'
import { populationData } from './population.js'
import { PopulationMemory } from './population-memory.js'
import { type EventData, type Message, messageData } from './record.js'
import { type Restructure, Table } from './table.js'
import { UndoLog } from './undo.js'

/** All arrays of a world, in one thread. */
export class WorldMemory {
  readonly layout: WorldLayout
  readonly buffer: ArrayBufferLike
  readonly populations: readonly PopulationMemory[]
  readonly partitions: Partitions
  /** By message. */
  readonly mail: ReadonlyMap<string, Mailbox>
  /** By ask. */
  readonly asks: ReadonlyMap<string, AskBox>
  readonly events: EventQueue
  readonly #byName: ReadonlyMap<string, PopulationMemory>

  /** thread: number of the thread in its crew; the main thread's by default. */
  constructor(
    buffer: ArrayBufferLike,
    layout: WorldLayout,
    events: readonly EventData[] = [],
    thread: number = layout.threads,
  ) {
    this.buffer = buffer
    this.layout = layout
    this.partitions = new Partitions(buffer, layout)
    this.populations = layout.populations.map(p => new PopulationMemory(buffer, p, layout, thread))
    this.events = new EventQueue(buffer, layout.events, events)
    this.mail = new Map(layout.mail.map(m => [m.name, new Mailbox(buffer, m, thread)]))
    this.asks = new Map(layout.asks.map(a => [a.mail.name, new AskBox(buffer, a, thread)]))
    this.#byName = new Map(this.populations.map(p => [p.layout.name, p]))
  }

  /** By name, for names that were checked before. POPULATION_UNKNOWN. */
  population(name: string): PopulationMemory {
    const found = this.#byName.get(name)
    if (!found)
      throw new PopulaceError(
        'POPULATION_UNKNOWN',
        `The scenario has no population '${name}'`,
        `It lists ${[...this.#byName.keys()].map(n => `'${n}'`).join(', ')}.`,
      )
    return found
  }

  /** Makes partition '0' and all cells of lattices; once, in memory never used. */
  open(): void {
    this.partitions.number(DEFAULT_PARTITION)
    for (const { layout } of this.populations) if (layout.lattice) this.openLattice(layout.name)
    this.refresh()
  }

  /** Makes all cells of a lattice; once. */
  openLattice(name: string): void {
    const population = this.population(name)
    population.spawn(population.layout.capacity, 0, 0, new Float64Array(population.layout.capacity))
  }

  /** The word that says how often the turns of an engine were halved; undefined: it gives all agents a turn in each tick. */
  shedLevel(engine: string): Uint32Array | undefined {
    for (const { layout } of this.populations) {
      const turns = layout.turns.get(engine)
      if (turns) return new Uint32Array(this.buffer, turns.level, 1)
    }
    return undefined
  }

  /** Whether agents asked what the main thread has not been told of. */
  get hasAsked(): boolean {
    for (const box of this.asks.values()) if (box.hasNews) return true
    return false
  }

  /** To be called after structural changes, before kernels run. */
  refresh(): void {
    for (const population of this.populations) population.frames.refresh()
  }

  /** From here on, until `commit` or `undo`, every change can be taken back. */
  begin(): UndoLog {
    const log = new UndoLog(this.buffer)
    this.#log(log)
    return log
  }

  /** Lets the changes since `begin` stand. */
  commit(): void {
    this.#log(undefined)
    for (const population of this.populations) population.documents?.settle()
    for (const mailbox of this.mail.values()) mailbox.settle()
  }

  #log(log: UndoLog | undefined): void {
    this.partitions.undo = log
    for (const population of this.populations) population.undo = log
    for (const mailbox of this.mail.values()) mailbox.undo = log
  }
}

/** What may be done with a world: setup may fill permanent populations, edits may change the rest, reads nothing. */
export type WorldMode = 'setup' | 'edit' | 'read'

/** How a view of the world is bound. */
export interface WorldScope {
  readonly mode: WorldMode
  /** The tick that changes belong to; -1 in setup. */
  readonly tick: number
  /** Populations that may be changed; undefined: all. */
  readonly writes?: ReadonlySet<string>
  /** Called before something is changed. */
  readonly edited?: () => void
  /** Copies the state as it is now; whoever made the world knows how. */
  readonly capture?: () => unknown
  /** Whether frames that ran out are told as such, so that setup can start again with smaller blocks. */
  readonly retryFrames?: boolean
  /** The one partition that a loader may see and fill. */
  readonly only?: number
}

export class World {
  /** The tick that changes made here belong to: the index of the next tick; 0 in setup. */
  readonly tick: number
  readonly #memory: WorldMemory
  readonly #scope: WorldScope
  #open = true

  /** @internal Worlds are given to you, never made. */
  constructor(memory: WorldMemory, scope: WorldScope) {
    this.#memory = memory
    this.#scope = scope
    this.tick = Math.max(0, scope.tick)
  }

  /** The agents of a population. POPULATION_UNKNOWN. */
  population<N extends string, C extends Columns>(p: Population<N, C>): Table<C> {
    this.#usable()
    const data = populationData(p as AnyPopulation, 'What world.population() was given')
    const population = this.#memory.population(data.name)
    return new Table<C>(population, {
      partitions: this.#memory.partitions,
      stamp: this.#scope.tick + 1,
      mayRead: () => this.#usable(),
      mayWrite: () => this.#mayWrite(data.name),
      mayRestructure: change => this.#mayRestructure(population, data.lattice !== undefined, change),
      ...(this.#scope.only === undefined ? {} : { only: this.#scope.only }),
      guard: <T>(work: () => T): T => {
        try {
          return work()
        } catch (error) {
          if (error instanceof FramesSpent && !this.#scope.retryFrames) throw framesError(population.layout)
          throw error
        }
      },
    })
  }

  /** A small integer that names the partition in kernels; the same for the life of the world. NAME_INVALID. */
  partition(name: string): number {
    this.#usable()
    const known = this.#memory.partitions.find(name)
    if (known !== undefined) return known
    this.#mayWrite(undefined)
    this.#notInLoader('makes a partition')
    return this.#memory.partitions.number(name)
  }

  /**
   * Freezes a partition when the next tick begins: it does not tick, and its agents are absent to others until it thaws.
   * One that is frozen stays so. PARTITION_UNKNOWN; PARTITION_PINNED: a permanent population lives there.
   */
  freeze(partition: string): void {
    const number = this.#ask('freeze', partition)
    refusePinned(this.#memory, number)
    this.#memory.partitions.states.askFreeze(number)
  }

  /** Thaws a partition when the next tick begins; its loader makes its content where it never had any. PARTITION_UNKNOWN. */
  thaw(partition: string): void {
    this.#memory.partitions.states.askThaw(this.#ask('thaw', partition))
  }

  /** Keeps the bytes of a partition in memory, frozen or not. No result depends on it. PARTITION_UNKNOWN. */
  pin(partition: string): void {
    this.#memory.partitions.states.pin(this.#ask('pin', partition))
  }

  /**
   * Takes the bytes of a frozen partition out of memory, until it thaws. No result depends on it. PARTITION_UNKNOWN,
   * PARTITION_ACTIVE; PARTITION_PINNED: pin() said that they stay.
   */
  unload(partition: string): void {
    const number = this.#ask('unload', partition)
    const { states } = this.#memory.partitions
    if (!states.isFrozen(number))
      throw new PopulaceError(
        'PARTITION_ACTIVE',
        `Partition '${partition}' is active: what ticks is in memory`,
        'Freeze it, and unload it in a later tick.',
      )
    if (states.has(number, STATE.pinned))
      throw new PopulaceError(
        'PARTITION_PINNED',
        `Partition '${partition}' is pinned: its bytes stay in memory`,
        'Pin what has to be there at once, and unload the rest.',
      )
    states.askUnload(number)
  }

  /** The number of a partition of which something is asked. One that its loader will fill need not be there yet. */
  #ask(what: string, name: string): number {
    this.#usable()
    const { partitions } = this.#memory
    this.#mayWrite(undefined)
    this.#notInLoader(`calls ${what}()`)
    const known = partitions.find(name)
    if (known !== undefined) return known
    if (typeof name === 'string' && partitions.loads(name)) return partitions.number(name)
    throw new PopulaceError(
      'PARTITION_UNKNOWN',
      `world.${what}() names partition ${JSON.stringify(name)}, which the world does not have`,
      `Check the spelling; ${hint(String(name), partitions.names())}`,
    )
  }

  #notInLoader(what: string): void {
    if (this.#scope.only === undefined) return
    throw new PopulaceError(
      'LOADER_INVALID',
      `The loader of partition '${this.#memory.partitions.names()[this.#scope.only]}' ${what}`,
      'A loader makes the agents of its partition, and nothing else.',
    )
  }

  /**
   * Sends a message from the main thread, whose sender is NONE. One more than the message's capacity is refused and
   * counted. MESSAGE_INVALID, COLUMN_UNKNOWN, VALUE_INVALID.
   */
  send<C extends Columns>(message: Message<string, C>, to: number, values: Values<C>): void {
    this.#usable()
    const data = messageData(message, 'What world.send() was given')
    const mailbox = this.#memory.mail.get(data.name)
    if (!mailbox)
      throw new PopulaceError(
        'MESSAGE_INVALID',
        `No engine of the scenario receives message '${data.name}'`,
        'Let one receive it: what nobody takes in would wait for ever.',
      )
    this.#mayWrite(data.to)
    this.#notInLoader(`sends '${data.name}'`)
    mailbox.send(data, to, values)
    if (data.frozen !== 'wake') return
    const asleep = this.#memory.population(data.to).slots.sleepsIn(to)
    if (asleep >= 0) this.#memory.partitions.states.wake(asleep)
  }

  /** @internal What StateSnapshot.create takes. OPTION_INVALID where nobody can say what the state is of. */
  captureImage(): never {
    this.#usable()
    const { capture } = this.#scope
    if (!capture)
      throw new PopulaceError(
        'OPTION_INVALID',
        'This world cannot be captured: its state is not whole',
        'Take a snapshot of the simulation, or of the world that read() gives.',
      )
    return capture() as never // an image, of which this layer knows nothing
  }

  /** @internal Ends the use of this view: a world kept beyond its call refuses everything. */
  close(): void {
    this.#open = false
  }

  #usable(): void {
    if (!this.#open) {
      throw new PopulaceError(
        'WORLD_READ_ONLY',
        'A world was used after the call that it was given to',
        'Take copies out of the call, never the world itself.',
      )
    }
  }

  #mayWrite(population: string | undefined): void {
    this.#usable()
    const { mode, writes, edited } = this.#scope
    edited?.()
    if (mode === 'read') {
      throw new PopulaceError(
        'WORLD_READ_ONLY',
        'The world was changed inside read()',
        'Send a command, or change it in a main engine or between runs.',
      )
    }
    if (population !== undefined && writes && !writes.has(population)) {
      throw new PopulaceError(
        'WORLD_READ_ONLY',
        `A main engine changed population '${population}', which it does not write`,
        `Add it to the engine's writes.`,
      )
    }
  }

  /** Agents are to be made in a partition: refuses one that is frozen. What setup makes there takes the place of a loader's. */
  #enter(name: string, population: string): void {
    const { partitions } = this.#memory
    const number = partitions.find(name)
    const { only, mode } = this.#scope
    if (only !== undefined && number !== only) this.#notInLoader(`makes agents of '${population}' in '${name}'`)
    if (number === undefined ? !partitions.loads(name) : !partitions.states.isFrozen(number)) return
    if (mode === 'setup') {
      partitions.states.fill(partitions.number(name))
      return
    }
    throw new PopulaceError(
      'PARTITION_FROZEN',
      `Agents of '${population}' are made in partition '${name}', which is frozen`,
      'Thaw it, and make them in the next tick.',
    )
  }

  #mayRestructure(population: PopulationMemory, lattice: boolean, change: Restructure): void {
    const { name, permanent } = population.layout
    this.#mayWrite(name)
    if (change !== 'death') this.#enter(change.birthsIn, name)
    if (lattice)
      throw new PopulaceError(
        'PERMANENT',
        `'${name}' is a lattice: its cells are there from the start, for ever`,
        'Change them with update() or set().',
      )
    if (!permanent) return
    if (this.#scope.mode !== 'setup' || change === 'death') {
      throw new PopulaceError(
        'PERMANENT',
        `Population '${name}' is permanent: its agents are made in setup, and none dies`,
        'Make them in setup, or leave permanent off.',
      )
    }
    // Blocks go by partition, so agents in two would not lie in the order of creation, which is what a row means here.
    const home = population.size === 0 ? undefined : this.#memory.partitions.names()[population.partition[0]]
    if (home !== undefined && change.birthsIn !== home) {
      throw new PopulaceError(
        'PERMANENT',
        `Population '${name}' is permanent and lives in partition '${home}', not in '${change.birthsIn}'`,
        'Make all its agents in one partition, or leave permanent off.',
      )
    }
  }
}

/** Refuses to freeze a partition in which a permanent population lives: others hold its rows. */
export function refusePinned({ populations, partitions }: WorldMemory, partition: number): void {
  const found = populations.find(p => p.layout.permanent && p.frames.partitionRows[partition] > 0)
  if (!found) return
  throw new PopulaceError(
    'PARTITION_PINNED',
    `Partition '${partitions.names()[partition]}' cannot freeze: ${found.layout.lattice ? 'lattice' : 'permanent population'} '${found.layout.name}' lives there`,
    'Keep permanent populations in a partition of their own.',
  )
}
