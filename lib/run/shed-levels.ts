// The shed levels of a world: by engine that sheds, how often its number of turns was halved. They lie in the arena, are
// changed by the main thread alone, between two ticks, and are part of the state: a change is journaled and flushed
// before the tick that it begins with. A replay is given the journaled changes and makes them at the same ticks.
import { invariant } from '../core/invariant.js'
import { MAX_SHED_LEVEL } from '../core/limits.js'
import { type KernelEngine, turnModulus } from '../schedule/engine.js'
import type { ShedEntry } from '../state/journal.js'
import type { OpenWorld } from './open-world.js'
import type { ShedChange, Sheddable } from './shedding.js'

export class ShedLevels {
  readonly #world: OpenWorld
  readonly #engines: readonly KernelEngine[]
  #asked: readonly ShedChange[] = []
  /** What is left of a replay, by tick. */
  #replay: readonly ShedEntry[] = []
  #lastTick = 0

  constructor(world: OpenWorld) {
    this.#world = world
    this.#engines = world.plan.engines.filter(e => e.kind === 'kernel').filter(e => e.sheds)
  }

  /** The word of an engine: read by all threads when a tick begins (bind.ts). */
  #word(engine: string): Uint32Array {
    const level = this.#world.memory.shedLevel(engine)
    invariant(level !== undefined, `engine '${engine}' does not shed`)
    return level
  }

  /** The engines that may be shed. */
  get sheddable(): Sheddable[] {
    const { memory } = this.#world
    return this.#engines.map(engine => ({
      name: engine.name,
      round: turnModulus(engine) * engine.every,
      agents: () => memory.population(engine.population).size,
    }))
  }

  /** Levels above 0, by engine, in the order of names. */
  get levels(): ShedChange[] {
    const all = this.#engines.map(({ name }) => ({ engine: name, level: this.#word(name)[0] }))
    return all.filter(({ level }) => level > 0).sort((a, b) => (a.engine < b.engine ? -1 : 1))
  }

  /** Changes levels when the next tick begins. */
  ask(changes: readonly ShedChange[]): void {
    this.#asked = [...this.#asked, ...changes]
  }

  /** Gives all turns back when the next tick begins. */
  askAll(): void {
    this.#asked = this.levels.map(({ engine }) => ({ engine, level: 0 }))
  }

  /** Makes these journaled changes when their ticks begin, and journals them no more. */
  replay(entries: readonly ShedEntry[], lastTick = 0): void {
    this.#lastTick = lastTick
    this.#replay = [...entries].sort((a, b) => a.tick - b.tick) // stable: of one tick's, the later one stands
  }

  /** The tick of the next replayed change: no batch may pass it. */
  get nextTick(): number {
    return this.#replay[0]?.tick ?? Number.POSITIVE_INFINITY
  }

  /** Makes the changes that are due in `tick`, before it is stepped. */
  async apply(tick: number): Promise<void> {
    while (this.nextTick <= tick) {
      const [{ engine, level }, ...rest] = this.#replay
      this.#replay = rest
      this.#set(engine, level)
    }
    const asked = this.#asked
    if (asked.length === 0) return
    this.#asked = []
    if (tick < this.#lastTick) return // a record that is stepped again is not changed
    const { journal } = this.#world
    for (const { engine, level } of asked) journal.append({ kind: 'shed', tick, engine, level })
    await journal.flush()
    for (const { engine, level } of asked) this.#set(engine, level)
  }

  #set(engine: string, level: number): void {
    invariant(Number.isInteger(level) && level >= 0 && level <= MAX_SHED_LEVEL, `a shed level of ${level}`)
    this.#word(engine)[0] = level // seen by the crew: launching a batch is an Atomics.add after it
  }
}
