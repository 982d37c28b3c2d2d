// The rules of a tick as plainly as they can be written, over the world of reference-world.ts. It is slow, and it is the
// oracle of the engine. Of the library it uses the random numbers only.
import { makeSequence } from '../../lib/core/sequence.js'
import { PURPOSE, streamKey } from '../../lib/core/threefry.js'
import type { Counters } from '../../lib/index.js'
import { doActs } from '../fixtures/main-acts.js'
import { runProgram } from '../fixtures/row-program.js'
import type { Act, EngineSpec, KernelSpec, MeasureSpec, WorldSpec } from '../fixtures/world-spec.js'
import { commit } from './reference-commit.js'
import { beginTick, everybody, sleepers } from './reference-frozen.js'
import { deliver, retire } from './reference-mail.js'
import { rowAccess } from './reference-row.js'
import {
  type Agent,
  chunks,
  defaultOf,
  histogram,
  inOrder,
  inUnits,
  type Output,
  shownValues,
  type Told,
} from './reference-state.js'
import { ReferenceWorld } from './reference-world.js'

/** An agent as hosts see it. */
export type ShownRow = Readonly<Record<string, unknown>>

export class Reference {
  /** All events so far. */
  readonly events: Told[] = []
  /** How many commands were refused. */
  refusals = 0
  readonly #world: ReferenceWorld
  readonly #engines: readonly EngineSpec[]
  #tick = 0
  #sequence = 0

  constructor(spec: WorldSpec) {
    this.#world = new ReferenceWorld(spec)
    this.#engines = inOrder(spec.engines)
  }

  /** How often each thing happened. */
  get happened() {
    return this.#world.happened.counts
  }

  // ---- a tick ------------------------------------------------------------------------------------------------------------

  step(commands: readonly (readonly Act[])[]): void {
    const world = this.#world
    const { spec, schema } = world
    const tick = this.#tick
    world.tick = tick
    for (const { name, columns } of spec.populations) {
      for (const agent of world.agents(name)) {
        for (const [column, c] of Object.entries(columns))
          if (c.reset) agent.numbers[column] = agent.numbers[column].map(() => defaultOf(c))
        agent.outcomes = {}
      }
    }
    beginTick(world, this.#engines)
    for (const acts of commands) this.#command(acts)
    for (const engine of this.#engines) {
      if ((tick - engine.phase) % engine.every !== 0) continue
      if (engine.kind === 'kernel') this.#kernel(engine)
      else
        doActs(
          engine.acts,
          world.acts(),
          makeSequence(streamKey(spec.seed, engine.name, PURPOSE.mainEngine, tick)),
          schema,
        )
    }
    this.#tick++
  }

  /** Applies a command when a tick begins; one that throws changes nothing. */
  #command(acts: readonly Act[]): void {
    const world = this.#world
    const random = makeSequence(streamKey(world.spec.seed, 'act', PURPOSE.command, this.#sequence++))
    const before = structuredClone(world.state)
    try {
      doActs(acts, world.acts(), random, world.schema)
    } catch {
      world.state = before
      this.refusals++
      world.happened.note('refused commands')
    }
  }

  /** Of an engine of weight 1 / m that was shed by a level every (m * 2^level)-th block has a turn. */
  #modulus(engine: KernelSpec): number {
    const now = this.#world.spec.sheddings.filter(s => s.engine === engine.name && s.tick <= this.#tick)
    const [{ level } = { level: 0 }] = now.sort((a, b) => a.tick - b.tick).reverse()
    return Math.round(1 / engine.weight) * 2 ** level
  }

  #kernel(engine: KernelSpec): void {
    const world = this.#world
    const { tick, happened } = world
    const asItWas = structuredClone(world.state)
    const modulus = this.#modulus(engine)
    const run = (tick - engine.phase) / engine.every
    const { block } = world.population(engine.population)
    const { partitions } = world.state.populations[engine.population]
    const hasTurn = (agent: Agent) => {
      const ordinal = Math.floor(partitions[world.state.partitions.indexOf(agent.partition)].indexOf(agent) / block)
      return (ordinal + run) % modulus === 0
    }
    const inbox = deliver(world, engine, hasTurn)
    const output: Output = {
      ...{ effects: new Map(), claims: [], births: [], sent: [], events: [], deaths: new Set(), moves: new Map() },
    }
    const everyTick = engine.every === 1 && engine.weight === 1 && !engine.sheds
    for (const agent of world.agents(engine.population)) {
      if (!hasTurn(agent)) {
        if (modulus > Math.round(1 / engine.weight)) happened.note('turns shed')
        continue
      }
      const elapsed = everyTick ? 1 : Math.max(1, tick - (agent.turns[engine.name] ?? agent.born))
      agent.turns[engine.name] = tick
      const letters = inbox.get(agent) ?? []
      runProgram(engine, world.schema, rowAccess({ world, engine, agent, elapsed, asItWas, output, inbox: letters }))
    }
    retire(world, engine)
    commit(world, engine, output, this.events)
  }

  // ---- what a host sees --------------------------------------------------------------------------------------------------

  /** All agents of a population in (partition, block, row) order. */
  rows(population: string): ShownRow[] {
    const columns = this.#world.columns(population)
    return this.#world.agents(population).map(agent => ({ id: agent.id, ...shownValues(columns, agent) }))
  }

  /** How many of a population sleep. */
  asleep(population: string): number {
    return sleepers(this.#world, population).length
  }

  /** What became of agents, messages and events. */
  counters(): Counters {
    const { state, spec } = this.#world
    const populations = Object.entries(state.populations).map(([name, { counts }]) => [name, { ...counts }] as const)
    const messages = Object.entries(state.mail.counts).map(([name, counts]) => {
      const waiting = state.mail.letters.filter(l => l.message === name).length
      return [name, { ...counts, waiting }] as const
    })
    const emitted = spec.events.map(({ name }) => [name, this.events.filter(e => e.name === name).length] as const)
    return {
      populations: Object.fromEntries(populations),
      messages: Object.fromEntries(messages),
      events: { emitted: Object.fromEntries(emitted), refused: 0 },
      asks: {},
    }
  }

  measures(): Record<string, number | number[]> {
    const all = Object.entries(this.#world.spec.measures)
    return Object.fromEntries(all.map(([name, m]) => [name, this.#measure(m)]))
  }

  #measure({ kind, population, column, where }: MeasureSpec): number | number[] {
    const { columns, block } = this.#world.population(population)
    const c = columns[column]
    const [other, wanted] = where ?? []
    const values = everybody(this.#world, population).map(agents =>
      chunks(agents, block).map(some =>
        some
          .filter(a => other === undefined || inUnits(columns[other], a.numbers[other][0]) === wanted)
          .map(a => a.numbers[column][0]),
      ),
    )
    const all = values.flat(2)
    if (kind === 'count') return all.length
    if (kind === 'histogram') return histogram(all.map(v => inUnits(c, v)))
    // Floats are summed block by block, then over the blocks of a partition, then over partitions: the order of terms is
    // part of the result.
    const added = (terms: readonly number[]) => terms.reduce((a, b) => a + b, 0)
    const total = added(values.map(blocks => added(blocks.map(added))))
    if (kind === 'sum') return inUnits(c, total)
    if (all.length === 0) return Number.NaN
    return inUnits(c, kind === 'mean' ? total / all.length : kind === 'min' ? Math.min(...all) : Math.max(...all))
  }
}
