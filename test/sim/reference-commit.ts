// What happens when an engine ends, in this order: effects are merged onto the written values, claims are settled, mail
// and events are queued, births are built, then come the deaths, then the moves.
import type { ColumnSpec, KernelSpec } from '../fixtures/world-spec.js'
import { sendOff, sleepers, stay } from './reference-frozen.js'
import { type Claimed, type Output, shownValues, type Told } from './reference-state.js'
import type { ReferenceWorld } from './reference-world.js'

/** Commits what the kernel of an engine put out; events go to `told`. */
export function commit(world: ReferenceWorld, engine: KernelSpec, output: Output, told: Told[]): void {
  merge(world, engine, output)
  for (const { name } of world.spec.claims)
    settle(
      world,
      output.claims.filter(c => c.claim === name),
    )
  for (const { message, to, from, values } of output.sent) world.post(message, to, from, engine.population, values)
  for (const { name, from, values } of output.events) {
    world.happened.note('emitted')
    if (Object.values(values.documents).some(d => d !== undefined)) world.happened.note('events with documents')
    const sequence = told.filter(e => e.tick === world.tick).length
    told.push({ name, tick: world.tick, sequence, from, values: shownValues(world.columns(name), values) })
  }
  build(world, output)
  end(world, engine, output)
}

/** One value merged into another. */
function merged({ effect, kind }: ColumnSpec, old: number, value: number): number {
  if (effect === 'add') return old + value
  if (effect === 'min') return Math.min(old, value)
  if (effect === 'max') return Math.max(old, value)
  return kind === 'u32' ? Number(BigInt.asUintN(32, BigInt(old) | BigInt(value))) : old | value
}

function merge(world: ReferenceWorld, engine: KernelSpec, { effects }: Output): void {
  for (const population of new Set(Object.values(engine.effects).map(e => e.population))) {
    for (const agent of world.agents(population)) {
      for (const [column, values] of Object.entries(effects.get(agent) ?? {}))
        for (const v of values)
          agent.numbers[column][0] = merged(world.columns(population)[column], agent.numbers[column][0], v)
    }
  }
}

/** Claims of one kind: the lowest rank wins, then the lowest id. A later settlement stands for those whom it concerns. */
function settle({ happened }: ReferenceWorld, claims: readonly Claimed[]): void {
  for (const { claim, by, on, rank } of claims) {
    const rivals = claims.filter(c => c.on === on)
    const won = rivals.every(c => rank < c.rank || (rank === c.rank && by.id <= c.by.id))
    if (won && rivals.length > 1) happened.note('contests')
    if (by.outcomes[claim]?.target !== undefined) happened.note('a second settlement of a claim for the same agent')
    by.outcomes[claim] = { ...by.outcomes[claim], won, target: on.id, moved: false }
    if (won) on.outcomes[claim] = { ...on.outcomes[claim], winner: by.id, moved: false }
  }
}

/** Births while there is room: deaths of the same engine make none. */
function build(world: ReferenceWorld, { births, deaths }: Output): void {
  const { happened } = world
  for (const { population, partition, parent, values } of births) {
    const all = world.agents(population).length + sleepers(world, population).length
    if (all === world.population(population).capacity) {
      world.state.populations[population].counts.refusedBirths++
      happened.note('refused births')
      continue
    }
    happened.note('births')
    if (deaths.has(parent)) happened.note('births by the dying')
    if (Object.values(values.documents).some(d => d !== undefined)) happened.note('births with documents')
    const isFrozen = partition in world.state.frozen
    world.bear(population, isFrozen ? parent.partition : partition, values)
    if (!isFrozen) continue
    // Born where its parent is, and on its way when the partition has thawed.
    const home = world.state.populations[population].partitions[world.state.partitions.indexOf(parent.partition)]
    sendOff(world, population, home[home.length - 1], partition)
    happened.note('births for partitions that sleep')
  }
  for (const name of new Set(births.map(b => b.population))) {
    const keys = new Set(births.filter(b => b.population === name).map(b => b.key))
    if (keys.size > 1) happened.note('births by two keys')
  }
}

/** Deaths, then moves of those who live. */
function end(world: ReferenceWorld, { population }: KernelSpec, { deaths, moves }: Output): void {
  const { happened } = world
  // Both were noted row by row, so they are in (partition, block, row) order.
  for (const agent of deaths) {
    world.bury(population, agent)
    happened.note('deaths')
    if (moves.has(agent)) happened.note('deaths that beat a move')
  }
  for (const [agent, to] of moves) {
    if (deaths.has(agent)) continue
    if (to in world.state.frozen) {
      sendOff(world, population, agent, to)
      happened.note('journeys to partitions that sleep')
      continue
    }
    stay(world, population, agent)
    if (agent.partition === to) continue
    world.move(population, agent, to)
    happened.note('moves')
    for (const outcome of Object.values(agent.outcomes)) outcome.moved = true
  }
}
