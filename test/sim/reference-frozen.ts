// Frozen partitions in the reference: who sleeps is in a list of its own, in which nobody is found. What was asked is done
// when a tick begins, in the order of the partitions.
import { PURPOSE } from '../../lib/core/threefry.js'
import type { EngineSpec } from '../fixtures/world-spec.js'
import { type Agent, draw } from './reference-state.js'
import type { ReferenceWorld } from './reference-world.js'

/** Those of a population who sleep, by partition in order, each with the partition that is awake instead where none does. */
export function everybody(world: ReferenceWorld, population: string): Agent[][] {
  const { partitions, asleep } = world.state.populations[population]
  return partitions.map((awake, number) => asleep[world.state.partitions[number]] ?? awake)
}

/** Those of a population who sleep. */
export function sleepers(world: ReferenceWorld, population: string): Agent[] {
  return Object.values(world.state.populations[population].asleep).flat()
}

/** What is asked for acts when the next tick begins; of several times the last counts. */
export function ask(world: ReferenceWorld, what: 'freeze' | 'thaw', partition: string): void {
  const { asked, frozen } = world.state
  delete asked[partition]
  if (partition in frozen === (what === 'thaw')) asked[partition] = what
}

/** An agent is to go to a frozen partition, which thaws before the next tick. */
export function sendOff(world: ReferenceWorld, population: string, agent: Agent, to: string): void {
  const { leaving } = world.state.populations[population]
  const other = leaving.find(l => l.id === agent.id)
  if (other) other.to = to
  else leaving.push({ id: agent.id, to })
  world.state.woken.push(to)
}

/** The agent goes nowhere: it died, or went elsewhere. */
export function stay(world: ReferenceWorld, population: string, agent: Agent): void {
  const own = world.state.populations[population]
  if (own.leaving.some(l => l.id === agent.id)) world.happened.note('journeys taken back')
  own.leaving = own.leaving.filter(l => l.id !== agent.id)
}

/** Does what was asked, and wakes who slept. */
export function beginTick(world: ReferenceWorld, engines: readonly EngineSpec[]): void {
  const { state, tick } = world
  const { asked, frozen, woken } = state
  const isFrozen = (p: string) => p in frozen
  const thaws = state.partitions.filter(p => isFrozen(p) && (woken.includes(p) || asked[p] === 'thaw'))
  const freezes = state.partitions.filter(p => !isFrozen(p) && asked[p] === 'freeze')
  for (const p of [...thaws, ...freezes]) delete asked[p]
  state.woken = []
  const arrivals = moveIn(world)
  for (const p of freezes) {
    world.happened.note('freezes')
    frozen[p] = tick
    for (const own of Object.values(state.populations)) own.asleep[p] = cut(own.partitions, state.partitions.indexOf(p))
  }
  const awoken = new Map<Agent, number>()
  for (const p of thaws) {
    world.happened.note('thaws')
    const missed = tick - frozen[p]
    delete frozen[p]
    for (const own of Object.values(state.populations)) {
      for (const agent of own.asleep[p]) {
        agent.born += missed
        for (const engine of Object.keys(agent.turns)) agent.turns[engine] += missed
        awoken.set(agent, missed)
      }
      own.partitions[state.partitions.indexOf(p)] = own.asleep[p]
      delete own.asleep[p]
    }
  }
  for (const engine of engines) wake(world, engine, awoken)
  for (const { population, agent } of arrivals)
    state.populations[population].partitions[state.partitions.indexOf(agent.partition)].push(agent)
  for (const { message, to } of state.mail.letters)
    if (freezes.length > 0 && world.message(message).frozen === 'wake') world.wakeFor(message, to)
}

/** Takes all agents of a partition away. */
function cut(partitions: Agent[][], number: number): Agent[] {
  while (partitions.length <= number) partitions.push([])
  return partitions[number].splice(0)
}

/** Who was to go leaves its partition, and comes in behind those who slept where it goes. */
function moveIn(world: ReferenceWorld): { population: string; agent: Agent }[] {
  const arrivals: { population: string; agent: Agent }[] = []
  for (const [population, own] of Object.entries(world.state.populations)) {
    for (const { id, to } of own.leaving) {
      const agent = world.find(population, id)
      if (!agent || agent.partition === to) continue
      world.move(population, agent, to)
      cut(own.partitions, world.state.partitions.indexOf(to))
      arrivals.push({ population, agent })
      world.happened.note('arrivals in partitions that slept')
    }
    own.leaving = []
  }
  return arrivals
}

/** The wake of an engine adds the ticks missed and a number drawn to each age. */
function wake(world: ReferenceWorld, engine: EngineSpec, awoken: ReadonlyMap<Agent, number>): void {
  if (engine.kind === 'main' || !engine.wakes) return
  for (const agent of world.agents(engine.population)) {
    const missed = awoken.get(agent)
    if (missed === undefined) continue
    const drawn = draw(world.spec.seed, engine.name, PURPOSE.wake, world.tick, agent.id, 0, 'int')
    agent.numbers.age[0] = (agent.numbers.age[0] + missed + drawn) & 0xffff
    world.happened.note('agents woken')
  }
}
