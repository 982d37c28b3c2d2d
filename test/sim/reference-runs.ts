// Runs of a random world, by the engine and by the plain reference, as what a host sees of them.
import { isDeepStrictEqual } from 'node:util'
import { type Counters, Simulation, type SimulationOptions } from '../../lib/index.js'
import type { WorldSpec } from '../fixtures/world-spec.js'
import { Reference, type ShownRow } from './reference.js'
import type { Told } from './reference-state.js'

/** All that a host can see of a world: by tick its measures, by run its agents and counters, and all events. */
export interface Seen {
  readonly measures: readonly unknown[]
  readonly agents: readonly Readonly<Record<string, readonly ShownRow[]>>[]
  /** By run and population: how many sleep. */
  readonly asleep: readonly Readonly<Record<string, number>>[]
  readonly counters: readonly Counters[]
  readonly events: readonly Told[]
  readonly refusals: number
}

function urlOf(spec: WorldSpec): URL {
  const url = new URL('../fixtures/described.js', import.meta.url)
  url.searchParams.set('spec', JSON.stringify(spec))
  return url
}

/** Runs a world by the engine. */
export async function engineRun(spec: WorldSpec, options: SimulationOptions): Promise<Seen & { hash: string }> {
  const sheddings = spec.sheddings.map(s => ({ kind: 'shed', ...s }) as const)
  const sim = await Simulation.createWith(urlOf(spec), { seed: spec.seed, ...options }, { sheddings })
  try {
    const { populations } = (await import(urlOf(spec).href)) as typeof import('../fixtures/described.js')
    const measures: unknown[] = []
    const agents: Record<string, readonly ShownRow[]>[] = []
    const asleep: Record<string, number>[] = []
    const counters: Counters[] = []
    const events: Told[] = []
    const failures: Error[] = []
    let refusals = 0
    sim.on('tick', what => measures.push(what.measures), { every: 1 })
    sim.on('event', ({ run, ...event }) => events.push(event))
    sim.on('refused', () => refusals++)
    sim.on('failed', error => failures.push(error))
    for (const { commands, ticks } of spec.runs) {
      for (const acts of commands) await sim.command('act' as never, { acts: JSON.stringify(acts) } as never)
      await sim.run({ ticks })
      const tables = [...populations].map(([name, p]) => [name, sim.world.population(p)] as const)
      const awake = Object.fromEntries(tables.map(([name, table]) => [name, [...table.rows()] as ShownRow[]]))
      agents.push(awake)
      asleep.push(Object.fromEntries(tables.map(([name, table]) => [name, table.size - awake[name].length])))
      counters.push(sim.counters)
    }
    if (failures.length > 0) throw failures[0]
    return { measures, agents, asleep, counters, events, refusals, hash: await sim.hash() }
  } finally {
    await sim.close()
  }
}

/** Runs a world by the reference, which tells what happened too. */
export function referenceRun(spec: WorldSpec): Seen & { happened: Readonly<Record<string, number>> } {
  const reference = new Reference(spec)
  const measures: unknown[] = []
  const agents: Record<string, readonly ShownRow[]>[] = []
  const asleep: Record<string, number>[] = []
  const counters: Counters[] = []
  for (const { commands, ticks } of spec.runs) {
    for (let i = 0; i < ticks; i++) {
      reference.step(i === 0 ? commands : [])
      measures.push(reference.measures())
    }
    agents.push(Object.fromEntries(spec.populations.map(({ name }) => [name, reference.rows(name)])))
    asleep.push(Object.fromEntries(spec.populations.map(({ name }) => [name, reference.asleep(name)])))
    counters.push(reference.counters())
  }
  const { happened, events, refusals } = reference
  return { measures, agents, asleep, counters, events, refusals, happened }
}

/** Where two runs differ first, and the world they were of. */
export function firstDifference(found: Seen, expected: Seen, spec: WorldSpec): string {
  const world = `in ${JSON.stringify(spec)}`
  const said = (where: string, a: unknown, b: unknown) =>
    `${where}: ${JSON.stringify(a)}, not ${JSON.stringify(b)}, ${world}`
  for (const [tick, m] of expected.measures.entries())
    if (!isDeepStrictEqual(found.measures[tick], m)) return said(`measures of tick ${tick}`, found.measures[tick], m)
  for (const [run, populations] of expected.agents.entries())
    for (const [name, rows] of Object.entries(populations))
      for (const [i, row] of rows.entries())
        if (!isDeepStrictEqual(found.agents[run][name][i], row))
          return said(`'${name}' after run ${run}`, found.agents[run][name][i], row)
  for (const [run, n] of expected.asleep.entries())
    if (!isDeepStrictEqual(found.asleep[run], n)) return said(`who sleeps after run ${run}`, found.asleep[run], n)
  for (const [i, event] of expected.events.entries())
    if (!isDeepStrictEqual(found.events[i], event)) return said(`event ${i}`, found.events[i], event)
  for (const [run, c] of expected.counters.entries())
    if (!isDeepStrictEqual(found.counters[run], c)) return said(`counters after run ${run}`, found.counters[run], c)
  return `other agents, events, refusals or hashes, ${world}`
}

/** What of the laws of conservation does not hold in what was seen: who was born is alive or dead, what was sent is somewhere. */
export function unlawful({ agents, asleep, counters }: Seen): string[] {
  return counters.flatMap(({ populations, messages }, run) => [
    ...Object.entries(populations)
      .filter(([name, { born, died }]) => born - died !== agents[run][name].length + asleep[run][name])
      .map(
        ([name, { born, died }]) => `${born} '${name}' were born, ${died} died, ${agents[run][name].length} are there`,
      ),
    ...Object.entries(messages)
      .filter(([, { sent, delivered, dropped, waiting }]) => sent !== delivered + dropped + waiting)
      .map(([name, counts]) => `of '${name}' some are nowhere: ${JSON.stringify(counts)}`),
  ])
}
