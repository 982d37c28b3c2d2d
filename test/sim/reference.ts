// The rules of a tick as plainly as they can be written: arrays of objects, one loop, no threads, no typed memory. It is
// slow, and it is the oracle of the engine. Of the library it uses the random numbers only.
import { makeSequence } from '../../lib/core/sequence.js'
import { PURPOSE, streamKey } from '../../lib/core/threefry.js'
import {
  type ActWorld,
  doActs,
  drawValue,
  type Mail,
  type RowAccess,
  runProgram,
  type Schema,
} from '../fixtures/row-program.js'
import {
  type Act,
  type ClaimSpec,
  type ColumnSpec,
  type EngineSpec,
  type KernelSpec,
  LABELS,
  type MeasureSpec,
  type MessageSpec,
  PARTITIONS,
  type PopulationSpec,
  type WorldSpec,
} from '../fixtures/world-spec.js'
import {
  type Agent,
  chunks,
  draw,
  histogram,
  inOrder,
  inUnits,
  type Letter,
  type Output,
  takeAway,
  type WorldState,
} from './reference-state.js'

/** An agent as hosts see it. */
export type ShownRow = Readonly<Record<string, unknown>>

/** Stands among the engines that have seen a letter when its receiver is dead. */
const GONE = ''

const DEFAULTS: Readonly<Record<string, number>> = { index: 0xffffffff }

const MAIL_HAPPENED = { sent: 0, delivered: 0, dropped: 0, refusedMail: 0 }

export class Reference {
  tick = 0
  /** How often each thing happened that kernels do to one another: a test of nothing that happens proves nothing. */
  readonly happened = { contests: 0, births: 0, refused: 0, deaths: 0, moves: 0, ...MAIL_HAPPENED }
  readonly #spec: WorldSpec
  readonly #schema: Schema
  readonly #engines: readonly EngineSpec[]
  #state: WorldState
  #sequence = 0

  constructor(spec: WorldSpec) {
    this.#spec = spec
    this.#engines = inOrder(spec.engines)
    this.#schema = {
      column: (of, column) => (this.#of(of) ?? this.#message(of)).columns[column],
      agents: ({ to }) => (to === undefined ? 1 : this.#of(to).agents.reduce((n, [, count]) => n + count, 0)),
    }
    const empty = () => ({ partitions: PARTITIONS.map(() => []), generations: [], free: [] })
    this.#state = {
      partitions: [...PARTITIONS],
      mail: [],
      populations: Object.fromEntries(spec.populations.map(p => [p.name, empty()])),
    }
    const random = makeSequence(streamKey(spec.seed, '', PURPOSE.setup, 0))
    for (const p of spec.populations) {
      for (const [partition, count] of p.agents)
        this.#acts(-1).spawn(p.name, partition, count, c => drawValue(random, c, this.#schema))
    }
  }

  #of(population: string): PopulationSpec {
    return this.#spec.populations.find(p => p.name === population) as PopulationSpec
  }

  #message(name: string): MessageSpec {
    return this.#spec.messages.find(m => m.name === name) as MessageSpec
  }

  #post(letter: Letter): void {
    const waiting = this.#state.mail.filter(m => m.message === letter.message).length
    if (waiting === this.#message(letter.message).capacity) {
      this.happened.refusedMail++
      return
    }
    this.happened.sent++
    this.#state.mail.push(letter)
  }

  #all(population: string): Agent[] {
    return this.#state.populations[population].partitions.flat()
  }

  // ---- what the main thread does ---------------------------------------------------------------------------------------

  #acts(tick: number): ActWorld {
    const find = (population: string, nth: number) => this.#all(population)[nth]
    return {
      size: population => this.#all(population).length,
      capacity: population => this.#of(population).capacity,
      columns: population => this.#of(population).columns,
      spawn: (population, partition, count, value) => {
        if (count > 0) for (let i = 0; i < count; i++) this.#spawn(population, partition, tick, value)
      },
      despawn: (population, nth) => this.#despawn(population, find(population, nth)),
      receivers: message => this.#message(message).to,
      send: (message, nth, value) => {
        const { to, columns } = this.#message(message)
        const values: Record<string, number[]> = {}
        for (const [name, c] of Object.entries(columns)) values[name] = Array.from({ length: c.size }, () => value(c))
        this.#post({ message, to: find(to, nth).id, from: 0, values, seen: [] })
      },
      set: (population, nth, column, values) => {
        find(population, nth).values[column] = [...values]
      },
      update: (population, column, partition, change) => {
        const spec = this.#of(population).columns[column]
        for (const agent of this.#all(population))
          if (partition === undefined || agent.partition === partition)
            agent.values[column] = agent.values[column].map(v => change(spec, v))
      },
    }
  }

  #spawn(population: string, partition: string, tick: number, value: (c: ColumnSpec) => number): void {
    const state = this.#state.populations[population]
    let number = this.#state.partitions.indexOf(partition)
    if (number < 0) number = this.#state.partitions.push(partition) - 1
    let slot = state.free.sort((a, b) => a - b).shift()
    if (slot === undefined) slot = state.generations.push(0)
    const values: Record<string, number[]> = {}
    for (const [name, c] of Object.entries(this.#of(population).columns))
      values[name] = Array.from({ length: c.size }, () => value(c))
    const id = state.generations[slot - 1] * 2 ** 32 + slot
    while (state.partitions.length <= number) state.partitions.push([])
    state.partitions[number].push({ id, partition, turns: {}, born: tick, values, outcomes: {} })
  }

  #despawn(population: string, agent: Agent): void {
    const state = this.#state.populations[population]
    const home = state.partitions[this.#state.partitions.indexOf(agent.partition)]
    const slot = agent.id % 2 ** 32
    state.generations[slot - 1]++
    state.free.push(slot)
    takeAway(home, agent)
  }

  /** Applies a command when a tick begins; one that throws changes nothing. */
  #command(acts: readonly Act[]): void {
    const random = makeSequence(streamKey(this.#spec.seed, 'act', PURPOSE.command, this.#sequence++))
    const before = structuredClone(this.#state)
    try {
      doActs(acts, this.#acts(this.tick), random, this.#schema)
    } catch {
      this.#state = before // refused
    }
  }

  // ---- a tick ------------------------------------------------------------------------------------------------------------

  step(commands: readonly (readonly Act[])[]): void {
    const { tick } = this
    for (const { name, columns } of this.#spec.populations)
      for (const [column, c] of Object.entries(columns))
        if (c.reset)
          for (const agent of this.#all(name))
            agent.values[column] = agent.values[column].map(() => c.default ?? DEFAULTS[c.kind] ?? 0)
    for (const { name } of this.#spec.populations) for (const agent of this.#all(name)) agent.outcomes = {}
    for (const acts of commands) this.#command(acts)
    for (const engine of this.#engines) {
      if ((tick - engine.phase) % engine.every !== 0) continue
      if (engine.kind === 'kernel') this.#kernel(engine, tick)
      else {
        const random = makeSequence(streamKey(this.#spec.seed, engine.name, PURPOSE.mainEngine, tick))
        doActs(engine.acts, this.#acts(tick), random, this.#schema)
      }
    }
    this.tick++
  }

  #kernel(engine: KernelSpec, tick: number): void {
    const asItWas = structuredClone(this.#state)
    const output: Output = { effects: new Map(), claims: [], births: [], sent: [], deaths: new Set(), moves: new Map() }
    const turnsOf = Math.round(1 / engine.weight)
    const run = (tick - engine.phase) / engine.every
    const { block } = this.#of(engine.population)
    const hasTurn = (i: number) => (Math.floor(i / block) + run) % turnsOf === 0
    const inbox = this.#deliver(engine, hasTurn)
    for (const [number, agents] of this.#state.populations[engine.population].partitions.entries()) {
      for (const [i, agent] of agents.entries()) {
        if (!hasTurn(i)) continue
        const elapsed = engine.every === 1 && turnsOf === 1 ? 1 : tick - (agent.turns[engine.name] ?? agent.born)
        agent.turns[engine.name] = tick
        const row = this.#row(engine, agent, number, asItWas, output, inbox)
        runProgram(engine.program, engine.population, engine.effects, this.#schema, {
          ...row,
          elapsed: Math.max(1, elapsed),
        })
      }
    }
    this.#merge(engine, output.effects)
    this.#settle(output.claims)
    this.#retire(engine)
    for (const letter of output.sent) this.#post(letter)
    this.#restructure(engine, output)
  }

  /** What waits for agents that have their turn now, and was not seen by this engine; what waits for the dead is gone. */
  #deliver(engine: KernelSpec, hasTurn: (i: number) => boolean): Map<Agent, Letter[]> {
    const inbox = new Map<Agent, Letter[]>()
    for (const letter of this.#state.mail) {
      if (!engine.receives.includes(letter.message) || letter.seen.includes(engine.name)) continue
      const home = this.#state.populations[engine.population].partitions.find(p => p.some(a => a.id === letter.to))
      const at = home?.findIndex(a => a.id === letter.to) ?? -1
      if (home === undefined) letter.seen.push(GONE)
      else if (hasTurn(at)) {
        letter.seen.push(engine.name)
        inbox.set(home[at], [...(inbox.get(home[at]) ?? []), letter])
      }
    }
    return inbox
  }

  /** A letter that is gone, or that all receiving engines have seen, waits no more. */
  #retire(engine: KernelSpec): void {
    this.#state.mail = this.#state.mail.filter(({ message, seen }) => {
      if (!engine.receives.includes(message)) return true
      const receivers = this.#engines.filter(e => e.kind === 'kernel' && e.receives.includes(message))
      const gone = seen.includes(GONE)
      if (!gone && seen.length < receivers.length) return true
      this.happened[gone && seen.length === 1 ? 'dropped' : 'delivered']++
      return false
    })
  }

  /** The lowest rank wins, then the lowest id. */
  #settle(claims: Output['claims']): void {
    for (const { claim, by, on, rank } of claims) {
      const rivals = claims.filter(c => c.claim === claim && c.on === on)
      const won = rivals.every(c => rank < c.rank || (rank === c.rank && by.id <= c.by.id))
      by.outcomes[claim] = { ...by.outcomes[claim], won, target: on.id }
      if (won && rivals.length > 1) this.happened.contests++
      if (won) on.outcomes[claim] = { ...on.outcomes[claim], winner: by.id }
    }
  }

  /** Births while there is room, then deaths, then moves of those who live. */
  #restructure({ population }: KernelSpec, { births, deaths, moves }: Output): void {
    const room = new Map(this.#spec.populations.map(p => [p.name, p.capacity - this.#all(p.name).length]))
    for (const { population: of, partition, values } of births) {
      const left = room.get(of) as number
      if (left === 0) {
        this.happened.refused++
        continue
      }
      this.happened.births++
      room.set(of, left - 1)
      this.#spawn(of, partition, this.tick, c => c.default ?? DEFAULTS[c.kind] ?? 0)
      const child = this.#state.populations[of].partitions[this.#state.partitions.indexOf(partition)].at(-1) as Agent
      for (const { column, k, value } of values) child.values[column][k] = value
    }
    this.happened.deaths += deaths.size
    for (const agent of deaths) this.#despawn(population, agent)
    const { partitions } = this.#state.populations[population]
    for (const [agent, to] of moves) {
      if (deaths.has(agent) || agent.partition === to) continue
      takeAway(partitions[this.#state.partitions.indexOf(agent.partition)], agent)
      agent.partition = to
      this.happened.moves++
      partitions[this.#state.partitions.indexOf(to)].push(agent)
    }
  }

  #row(
    engine: KernelSpec,
    agent: Agent,
    partition: number,
    asItWas: WorldState,
    { effects, claims, births, sent, deaths, moves }: Output,
    inbox: ReadonlyMap<Agent, readonly Letter[]>,
  ): Omit<RowAccess, 'elapsed'> {
    const populationOf = (key: string) => (engine.senses[key] ?? engine.effects[key]).population
    let draws = 0
    let ranks = 0
    return {
      id: agent.id,
      partition,
      tick: this.tick,
      own: (column, k) => agent.values[column][k],
      set: (column, k, value) => {
        agent.values[column][k] = value
      },
      byId: (key, id) => this.#all(populationOf(key)).findIndex(a => a.id === id),
      sense: (key, column, k, handle) =>
        asItWas.populations[populationOf(key)].partitions.flat()[handle].values[column][k],
      effect: (key, column, handle, value) => {
        const target = this.#all(engine.effects[key].population)[handle]
        const found = effects.get(target) ?? {}
        effects.set(target, found)
        found[column] = [...(found[column] ?? []), value]
      },
      draw: what => draw(this.#spec.seed, engine.name, PURPOSE.kernel, this.tick, agent.id, draws++, what),
      outcome: (what, claim) => Number(agent.outcomes[claim]?.[what] ?? 0),
      claim: (claim, handle, given) => {
        const { on } = this.#spec.claims.find(c => c.name === claim) as ClaimSpec
        const rank = given ?? draw(this.#spec.seed, engine.name, PURPOSE.claimRank, this.tick, agent.id, ranks++, 'u32')
        claims.push({ claim, by: agent, on: this.#all(on)[handle], rank })
      },
      spawn: (population, to, values) => {
        births.push({ population, partition: this.#state.partitions[to ?? partition], values })
      },
      mail: message => {
        const letters = (inbox.get(agent) ?? []).filter(letter => letter.message === message)
        return letters.map(({ from, values }): Mail => ({ from, value: (column, k) => values[column][k] }))
      },
      send: (message, to, drafted) => {
        const values: Record<string, number[]> = {}
        for (const [name, c] of Object.entries(this.#message(message).columns))
          values[name] = new Array<number>(c.size).fill(c.default ?? DEFAULTS[c.kind] ?? 0)
        for (const { column, k, value } of drafted) values[column][k] = value
        sent.push({ message, to, from: agent.id, values, seen: [] })
      },
      despawn: () => void deaths.add(agent),
      move: to => void moves.set(agent, this.#state.partitions[to]),
    }
  }

  #merge(engine: KernelSpec, effects: Map<Agent, Record<string, number[]>>): void {
    const populations = new Set(Object.values(engine.effects).map(e => e.population))
    for (const population of populations) {
      for (const agent of this.#all(population)) {
        for (const [column, values] of Object.entries(effects.get(agent) ?? {})) {
          const { effect, kind } = this.#of(population).columns[column]
          for (const v of values) {
            const old = agent.values[column][0]
            const or = kind === 'u32' ? Number(BigInt.asUintN(32, BigInt(old) | BigInt(v))) : old | v
            agent.values[column][0] =
              effect === 'add'
                ? old + v
                : effect === 'min'
                  ? Math.min(old, v)
                  : effect === 'max'
                    ? Math.max(old, v)
                    : or
          }
        }
      }
    }
  }

  // ---- what a host sees ----------------------------------------------------------------------------------------------------

  /** All agents of a population in (partition, block, row) order. */
  rows(population: string): ShownRow[] {
    const columns = Object.entries(this.#of(population).columns)
    return this.#all(population).map(agent => {
      const out: Record<string, unknown> = { id: agent.id }
      for (const [name, c] of columns) {
        const values = agent.values[name].map(v => (c.kind === 'enumeration' ? LABELS[v] : inUnits(c, v)))
        out[name] = c.size === 1 ? values[0] : values
      }
      return out
    })
  }

  measures(): Record<string, number | number[]> {
    return Object.fromEntries(Object.entries(this.#spec.measures).map(([name, m]) => [name, this.#measure(m)]))
  }

  #measure({ kind, population, column, where }: MeasureSpec): number | number[] {
    const { columns, block } = this.#of(population)
    const c = columns[column]
    const [other, wanted] = where ?? []
    const blocks = this.#state.populations[population].partitions.flatMap(agents => chunks(agents, block))
    const values = blocks.map(agents =>
      agents
        .filter(a => other === undefined || inUnits(columns[other], a.values[other][0]) === wanted)
        .map(a => a.values[column][0]),
    )
    const all = values.flat()
    if (kind === 'count') return all.length
    if (kind === 'histogram') return histogram(all.map(v => inUnits(c, v)))
    // Floats are summed block by block, then over blocks: the order of terms is part of the result.
    const total = values.map(v => v.reduce((a, b) => a + b, 0)).reduce((a, b) => a + b, 0)
    if (kind === 'sum') return inUnits(c, total)
    if (all.length === 0) return Number.NaN
    return inUnits(c, kind === 'mean' ? total / all.length : kind === 'min' ? Math.min(...all) : Math.max(...all))
  }
}
