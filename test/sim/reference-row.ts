// What the program of a row can do in the reference: it reads its own agent as it is, others as they were when the engine
// began, and what it puts out is kept until the engine ends.
import { PURPOSE } from '../../lib/core/threefry.js'
import { amend } from '../fixtures/number-documents.js'
import type { Drafted, Mail, RowAccess, SeenRow } from '../fixtures/row-program.js'
import type { ClaimSpec, GridSpec, KernelSpec, Sense } from '../fixtures/world-spec.js'
import { around, matching, namers, nearest, type Seen, within } from './reference-sight.js'
import {
  type Agent,
  drafted,
  draw,
  type Letter,
  type Output,
  readValue,
  type WorldState,
  writeValue,
} from './reference-state.js'
import type { ReferenceWorld } from './reference-world.js'

/** One row's turn. */
export interface Turn {
  readonly world: ReferenceWorld
  readonly engine: KernelSpec
  readonly agent: Agent
  readonly elapsed: number
  /** The state when the engine began. */
  readonly asItWas: WorldState
  readonly output: Output
  readonly inbox: readonly Letter[]
}

/** Handles of others are their numbers in (partition, block, row) order. */
export function rowAccess(turn: Turn): RowAccess {
  const { world, engine, agent, output, inbox } = turn
  const { spec, tick, happened } = world
  let draws = 0
  const random = (purpose: number, what: string) => draw(spec.seed, engine.name, purpose, tick, agent.id, draws++, what)
  const own = world.population(engine.population).columns
  return {
    id: agent.id,
    partition: world.state.partitions.indexOf(agent.partition),
    tick,
    elapsed: turn.elapsed,
    own(column, k) {
      if (own[column].kind === 'doc') happened.note('documents read')
      return readValue(agent, column, k)
    },
    set: (column, k, value) => writeValue(agent, column, k, value),
    amend(column, value) {
      happened.note('documents amended')
      agent.documents[column] = amend(structuredClone(agent.documents[column]), value)
    },
    ...sight(turn),
    effect(key, column, handle, value) {
      const target = world.agents(engine.effects[key].population)[handle]
      const found = output.effects.get(target) ?? {}
      output.effects.set(target, found)
      found[column] = [...(found[column] ?? []), value]
    },
    draw: what => random(PURPOSE.kernel, what),
    outcome(what, claim) {
      const outcome = agent.outcomes[claim]
      if (outcome?.moved) happened.note('an outcome read after a move')
      const { by } = spec.claims.find(c => c.name === claim) as ClaimSpec
      if (outcome?.winner && !world.find(by, outcome.winner)) happened.note('an outcome read after the winner died')
      return Number(outcome?.[what] ?? 0)
    },
    claim(claim, handle, given) {
      const { on } = spec.claims.find(c => c.name === claim) as ClaimSpec
      const ranks = output.claims.filter(c => c.by === agent && c.drawn).length
      const rank = given ?? draw(spec.seed, engine.name, PURPOSE.claimRank, tick, agent.id, ranks, 'u32')
      output.claims.push({ claim, by: agent, on: world.agents(on)[handle], rank, drawn: given === undefined })
    },
    mail(message) {
      const letters = inbox.filter(letter => letter.message === message)
      return letters.map(
        letter => ({ from: letter.from, value: (column, k) => readValue(letter, column, k) }) satisfies Mail,
      )
    },
    send(key, to, given) {
      const message = engine.sends[key]
      output.sent.push({ message, to, from: agent.id, values: drafted(world.columns(message), given) })
    },
    emit: (name, given) =>
      void output.events.push({ name, from: agent.id, values: drafted(world.columns(name), given) }),
    spawn(key, to, given: readonly Drafted[]) {
      const population = engine.spawns[key]
      const partition = to === undefined ? agent.partition : world.state.partitions[to]
      output.births.push({
        population,
        partition,
        parent: agent,
        key,
        values: drafted(world.columns(population), given),
      })
    },
    despawn: () => void output.deaths.add(agent),
    move: to => void output.moves.set(agent, world.state.partitions[to]),
  }
}

type Sight = Pick<RowAccess, 'byId' | 'sense' | 'run' | 'matches' | 'cells' | 'within' | 'nearest'>

/** Others, as they were when the engine began. */
function sight({ world, engine, agent, asItWas }: Turn): Sight {
  const { happened, spec } = world
  const all = (key: string) => asItWas.populations[engine.senses[key].population].partitions.flat()
  const sense = <K extends Sense['kind']>(key: string) => engine.senses[key] as Extract<Sense, { kind: K }>
  const value = (key: string, { agent: a, at }: Seen, column: string, k: number): number => {
    if (world.columns(engine.senses[key].population)[column].kind === 'doc') happened.note('documents of others read')
    const s = engine.senses[key]
    const grid = s.kind === 'cells' ? gridOf(s.grid) : undefined
    if (at && column === grid?.x) return at[0]
    if (at && column === grid?.y) return at[1]
    return readValue(a, column, k)
  }
  const gridOf = (name: string) => spec.grids.find(g => g.name === name) as GridSpec
  const shown = (key: string, what: 'run' | 'matches' | 'cells' | 'within' | 'nearest', seen: Seen[]): SeenRow[] => {
    if (seen.length > 0) happened.note(what)
    if (seen.length > 0 && writesWhatItSees(engine, engine.senses[key], spec.grids))
      happened.note('sight of what the engine writes')
    if (seen.some(s => s.shifted)) happened.note('cells across an edge')
    if (seen.some(s => s.at) && inGrid(key).scope === 'partition') happened.note('cells of one partition')
    return seen.map(s => ({ handle: s.index, id: s.agent.id, value: (column, k) => value(key, s, column, k) }))
  }
  const spot = (x: number, y: number) => ({ x, y, partition: agent.partition })
  const inGrid = (key: string) => gridOf(sense<'cells'>(key).grid)
  return {
    byId(key, id) {
      const found = world.agents(engine.senses[key].population).findIndex(a => a.id === id)
      const { generations } = world.state.populations[engine.senses[key].population]
      const slot = id % 2 ** 32
      if (found < 0 && slot > 0 && slot <= generations.length) happened.note('stale references')
      return found
    },
    sense: (key, column, k, handle) => value(key, { index: handle, agent: all(key)[handle] }, column, k),
    run(key, handle) {
      const { by, population } = sense<'by'>(key)
      const { to, kind } = world.columns(population)[by]
      const targets = asItWas.populations[to as string].partitions.flat()
      const row = handle ?? targets.findIndex(a => a.id === agent.id)
      return shown(key, 'run', namers(all(key), by, kind === 'index' ? row : targets[row].id))
    },
    matches: key => shown(key, 'matches', matching(all(key), sense<'where'>(key).match)),
    cells: (key, x, y) => shown(key, 'cells', around(all(key), inGrid(key), spot(x, y))),
    within: (key, x, y, radius) => shown(key, 'within', within(all(key), inGrid(key), spot(x, y), radius)),
    nearest: (key, x, y, most) => shown(key, 'nearest', nearest(all(key), inGrid(key), spot(x, y), most)),
  }
}

/** Whether an engine writes columns by which it sees, or that it sees. */
function writesWhatItSees(engine: KernelSpec, sense: Sense, grids: readonly GridSpec[]): boolean {
  if (sense.population !== engine.population) return false
  const grid = sense.kind === 'cells' ? grids.find(g => g.name === sense.grid) : undefined
  const keys = [
    ...(sense.kind === 'by' ? [sense.by] : []),
    ...(sense.kind === 'where' ? Object.keys(sense.match) : []),
    ...(grid ? [grid.x, grid.y] : []),
  ]
  return [...keys, ...sense.columns].some(column => engine.writes.includes(column))
}
