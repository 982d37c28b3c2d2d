// The frozen partitions of a world, on the main thread: what was asked of partitions is done here, when a tick begins.
// In this order, so that each step sees what the one before has left:
//
//   1. agents that wait to go to a partition that thaws are moved there, and taken out again together
//   2. partitions freeze: their rows leave all frames
//   3. partitions thaw: their rows come back, or their loader makes the first ones
//   4. wake of each engine, for those who slept
//   5. who was moved in step 1 comes in behind them
//   6. what waits for agents of a partition that froze and wakes it, does so in the next tick
//
// All in the order of the partitions. Nothing here depends on where the rows of a frozen partition are (residence.ts).
import { setImmediate as turn } from 'node:timers/promises'
import { FramesSpent, framesError } from '../memory/frames.js'
import { COUNT } from '../memory/layout.js'
import { STATE } from '../memory/partition-states.js'
import { refusePinned, type WorldMemory } from '../memory/world.js'
import { ApartRows } from '../state/apart-rows.js'
import { type FrozenSince, type HashPart, type HashSums, hashShare, partOfSums } from '../state/content-hash.js'
import { type FrozenRows, hashedFrozen, putBack, takeOut } from '../state/frozen-rows.js'
import { type FrozenPartition, type FrozenSection, numbers } from '../state/frozen-sections.js'
import type { StateImage } from '../state/image.js'
import type { PartitionShelf } from '../state/partition-shelf.js'
import { restoreApart, restoreFrozen } from '../state/restore.js'
import type { Crew } from './crew.js'
import { bytesOfFrames, footprintOf, knownApart } from './known-apart.js'
import { type BoundMeasure, bindMeasures } from './measures.js'
import type { Plan } from './plan.js'
import { type Footprint, type MemoryBudget, Residence } from './residence.js'
import { schemaOf } from './schema-of.js'

/** What is known of a frozen partition wherever its rows are. */
interface Asleep {
  /** What each measure came to. */
  readonly measures: readonly Float64Array[]
  /** Its part of the content hash, once somebody asked for it. */
  sums: HashSums | undefined
}

/** What frozen partitions are made from. */
export interface FrozenOptions {
  readonly plan: Plan
  readonly memory: WorldMemory
  readonly crew: Crew
  readonly shelf: PartitionShelf
  readonly budget: MemoryBudget
}

/** The least and the most that may be resident where nothing is said. */
export const NO_BUDGET: MemoryBudget = { frames: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

export class FrozenPartitions {
  readonly #o: FrozenOptions
  readonly #residence: Residence
  readonly #asleep = new Map<number, Asleep>()
  readonly #measures: readonly BoundMeasure[]

  constructor(o: FrozenOptions) {
    const { plan, memory, shelf, budget } = o
    this.#o = o
    this.#measures = bindMeasures(plan, memory)
    this.#residence = new Residence({
      shelf,
      budget,
      leaves: (partition, rows) => void this.#sumsOf(partition, rows),
      name: partition => memory.partitions.names()[partition],
    })
  }

  /** Whether anything is to be done when the next tick begins. */
  get due(): boolean {
    return this.#o.memory.partitions.states.due
  }

  /** Frozen partitions in order, and the tick at which each froze. */
  get since(): FrozenSince[] {
    const { partitions } = this.#o.memory
    const { states } = partitions
    if (states.frozen === 0) return []
    return partitions.names().flatMap((partition, number) => {
      if (!states.isFrozen(number)) return []
      return [{ partition, since: states.has(number, STATE.unloaded) ? -1 : states.since[number] }]
    })
  }

  /** Frames that the frozen partitions in memory would take. */
  get residentFrames(): number {
    return this.#residence.resident.frames
  }

  /** How many partitions are where. */
  get whereabouts(): {
    readonly active: number
    readonly frozen: number
    readonly stored: number
    readonly unloaded: number
  } {
    const { count, states } = this.#o.memory.partitions
    const { stored } = this.#residence
    const frozen = this.#asleep.size - stored
    return { active: count - states.frozen, frozen, stored, unloaded: states.frozen - this.#asleep.size }
  }

  /** What is asked for and not done yet, by name: for whoever journals or shows it. */
  get asked(): { readonly freeze: readonly string[]; readonly thaw: readonly string[] } {
    const { partitions } = this.#o.memory
    const having = (bits: number) => partitions.names().filter((_, number) => partitions.states.has(number, bits))
    return { freeze: having(STATE.freeze), thaw: having(STATE.thaw) }
  }

  /** Does what is due in a tick that begins, columns with `reset` at their defaults. Errors are of the tick. */
  async beginTick(tick: number): Promise<void> {
    const { memory } = this.#o
    const { states } = memory.partitions
    if (!states.due) return
    await this.#residence.settle(this.#active())
    states.due = false
    const { freezes, thaws } = this.#takeAsked()
    for (const partition of freezes) refusePinned(memory, partition)
    const arrivals = this.#moveIn(thaws)
    for (const partition of freezes) this.#freeze(partition, tick)
    const woken: number[] = []
    for (const partition of thaws) if (await this.#thaw(partition, tick)) woken.push(partition)
    memory.refresh()
    if (woken.length > 0) await this.#wake(woken, tick)
    for (const [partition, rows] of arrivals) this.#putBack(partition, rows, 0)
    if (freezes.length > 0) this.#noteMail()
    memory.refresh()
    this.keepWithinBudget()
  }

  /** What was asked, by partition; it is asked no more. */
  #takeAsked(): { freezes: number[]; thaws: number[] } {
    const { partitions } = this.#o.memory
    const { states } = partitions
    const freezes: number[] = []
    const thaws: number[] = []
    for (let partition = 0; partition < partitions.count; partition++) {
      const woken = states.woken[partition] === 1
      states.woken[partition] = 0
      if (!states.isFrozen(partition)) {
        if (states.has(partition, STATE.freeze)) freezes.push(partition)
      } else if (woken || states.has(partition, STATE.thaw)) thaws.push(partition)
    }
    return { freezes, thaws }
  }

  /** Moves who waits to go; those for partitions that thaw are taken out again, until who sleeps there is back. */
  #moveIn(thaws: readonly number[]): Map<number, FrozenRows> {
    const { memory } = this.#o
    const reached = new Set<number>()
    for (const population of memory.populations) {
      if (!population.leaving.any) continue
      for (const { id, to } of population.leaving.list()) {
        const row = population.rowOf(id)
        if (row < 0 || population.partition[row] === to) continue
        if (population.frames.roomIn(to) === 0) {
          population.counts[COUNT.refusedMoves]++
          continue
        }
        population.move(row, to)
        reached.add(to)
      }
      population.leaving.clear()
    }
    return new Map(thaws.filter(p => reached.has(p)).map(p => [p, this.#takeOut(p)]))
  }

  #freeze(partition: number, tick: number): void {
    this.#keep(partition, tick)
    this.#o.memory.partitions.states.freeze(partition, tick)
  }

  /** Takes the rows of a partition that froze at tick `since` out of the frames. */
  #keep(partition: number, since: number): void {
    const { memory } = this.#o
    const measures = this.#measures.map(m => m.fallAsleep(partition))
    const footprint = footprintOf(memory, partition)
    this.#residence.keep(new ApartRows(partition, since, { rows: this.#takeOut(partition) }), footprint)
    this.#asleep.set(partition, { measures, sums: undefined })
  }

  /** Whether agents woke up that have missed ticks. */
  async #thaw(partition: number, tick: number): Promise<boolean> {
    const { crew, memory } = this.#o
    const { states } = memory.partitions
    if (states.has(partition, STATE.unloaded)) {
      states.thaw(partition)
      await crew.loadPartition(partition, tick)
      return false
    }
    const rows = await this.#residence.take(partition)
    const missed = tick - states.since[partition]
    const asleep = this.#asleep.get(partition)
    this.#asleep.delete(partition)
    for (const [i, own] of (asleep?.measures ?? []).entries()) this.#measures[i].wakeUp(own)
    states.thaw(partition)
    if (!rows) return false
    this.#putBack(partition, rows, missed)
    if (missed === 0) return false
    states.beginWaking(partition, missed)
    return true
  }

  /** Calls wake of each engine, in all threads. */
  async #wake(woken: readonly number[], tick: number): Promise<void> {
    const { crew, memory } = this.#o
    // At a position beyond the first, and far from its target: whether the tick is measured stays as it was decided.
    const batch = { tick, position: 1, target: Number.MAX_SAFE_INTEGER, stopPosition: -1, measureEvery: 0 }
    await crew.step({ ...batch, measureOnly: false, wakeOnly: true })
    for (const partition of woken) memory.partitions.states.endWaking(partition)
  }

  #putBack(partition: number, rows: FrozenRows, missed: number): void {
    const { memory } = this.#o
    try {
      putBack(memory, partition, rows, missed)
    } catch (error) {
      if (!(error instanceof FramesSpent)) throw error
      throw framesError(memory.population(error.population).layout)
    }
    this.#residence.memory.give(rows.buffer)
  }

  #takeOut(partition: number): FrozenRows {
    return takeOut(this.#o.memory, partition, bytes => this.#residence.memory.take(bytes))
  }

  /** Finds the partitions for whose agents mail waits that wakes. */
  #noteMail(): void {
    const { plan, memory } = this.#o
    const { states } = memory.partitions
    for (const { name, to, frozen } of plan.scenario.messages.values()) {
      const mailbox = memory.mail.get(name)
      if (frozen !== 'wake' || !mailbox) continue
      const { slots } = memory.population(to)
      for (let at = 0; at < mailbox.waiting; at++) {
        const partition = slots.sleepsIn(mailbox.to[at])
        if (partition >= 0) states.wake(partition)
      }
    }
  }

  /** What active partitions take. */
  #active(): Footprint {
    let frames = 0
    let bytes = 0
    for (const population of this.#o.memory.populations) {
      const { blocks } = population.frames
      frames += blocks
      bytes += bytesOfFrames(population, blocks)
      bytes += population.documents?.heap.used ?? 0
    }
    return { frames, bytes }
  }

  /** Begins to store what the budget, or somebody, wants out of memory. MEMORY_BUDGET. */
  keepWithinBudget(): void {
    const { partitions } = this.#o.memory
    const { states } = partitions
    for (const partition of this.#asleep.keys())
      if (states.has(partition, STATE.unload)) {
        states.set(partition, states.states[partition] & ~STATE.unload)
        this.#residence.unload(partition)
      }
    this.#residence.enforce(this.#active(), partition => states.has(partition, STATE.pinned))
  }

  /** Begins to fetch what will be wanted when the next tick begins. */
  prefetch(): void {
    const { states } = this.#o.memory.partitions
    if (!states.due) return
    for (const partition of this.#asleep.keys())
      if (states.has(partition, STATE.thaw) || states.woken[partition] === 1) this.#residence.fetch(partition)
  }

  #sumsOf(partition: number, rows: FrozenRows): HashSums {
    const { memory } = this.#o
    const asleep = this.#asleep.get(partition)
    if (asleep?.sums) return asleep.sums
    const name = memory.partitions.names()[partition]
    const sums = hashShare(
      { populations: hashedFrozen(memory, name, rows), mail: [], leaving: [], partitions: [] },
      {},
      0,
      1,
    )
    if (asleep) asleep.sums = sums
    return sums
  }

  /** What frozen partitions add to the content hash, of the whole or of a part. */
  async sums(part: HashPart): Promise<HashSums[]> {
    const names = this.#o.memory.partitions.names()
    const all: HashSums[] = []
    for (const [partition, asleep] of [...this.#asleep].sort(([a], [b]) => a - b)) {
      if (part.partitions && !part.partitions.includes(names[partition])) continue
      let { sums } = asleep
      if (!sums) {
        sums = this.#sumsOf(partition, await this.#residence.look(partition))
        await turn() // many partitions take a while: the host's event loop is not held up
      }
      all.push(partOfSums(sums, part))
    }
    return all
  }

  /** The rows of all frozen partitions, or of some, in order; promises of those that have to be fetched. */
  rows(of?: ReadonlySet<number>): (FrozenPartition | Promise<FrozenPartition>)[] {
    const all = [...this.#asleep.keys()].filter(partition => of?.has(partition) ?? true).sort((a, b) => a - b)
    return all.map(partition => {
      const rows = this.#residence.look(partition)
      return rows instanceof Promise ? rows.then(r => ({ partition, rows: r })) : { partition, rows }
    })
  }

  /** The frozen partitions for a checkpoint, and the sections that go with them. */
  forCheckpoint(): { readonly apart: readonly ApartRows[]; readonly sections: readonly FrozenSection[] } {
    const { plan } = this.#o
    const apart = this.#residence.apart()
    if (apart.length === 0) return { apart, sections: [] }
    const all = apart.map(({ partition }) => this.#asleep.get(partition)?.measures ?? [])
    const sections = [...plan.scenario.measures.keys()].map((name, i) =>
      numbers(['partitions', '', 'measure', name], 'f64', Float64Array.from(all.flatMap(own => [...own[i]]))),
    )
    return { apart, sections }
  }

  /** Keys of what the world needs that is stored, or is being stored. */
  get keys(): string[] {
    return this.#residence.keys
  }

  /** Takes in the frozen partitions of an image that the rest of the world was filled from already. SNAPSHOT_SCHEMA. */
  async restore(image: StateImage): Promise<void> {
    const { plan, memory, shelf } = this.#o
    const schema = schemaOf(plan.scenario)
    const known = image.apart && knownApart(plan, memory, image, this.#measures)
    for (const [i, apart] of (image.apart ?? []).entries()) {
      const { partition, since } = apart
      if (known) this.#adopt(apart, known.measures[i], known.footprints[i])
      else {
        restoreApart(memory, image.head, partition, await apart.read(shelf), schema)
        this.#keep(partition, since)
        this.keepWithinBudget()
        await this.#residence.settle(this.#active())
      }
    }
    for (const partition of image.apart ? [] : restoreFrozen(memory, image, schema)) {
      this.#keep(partition, memory.partitions.states.since[partition])
      await turn() // a large world takes a while: the host's event loop is not held up
    }
    memory.refresh()
    this.keepWithinBudget()
  }

  /** Keeps rows as they are, wherever they are. */
  #adopt(apart: ApartRows, measures: readonly Float64Array[], footprint: Footprint): void {
    for (const [i, own] of measures.entries()) this.#measures[i].keepAsleep(apart.partition, own)
    this.#residence.keep(apart, footprint)
    if (apart.rows) this.#residence.memory.share(apart.rows.buffer) // the image has them too
    this.#asleep.set(apart.partition, { measures, sums: undefined })
  }

  close(): Promise<void> {
    return this.#residence.close()
  }
}
