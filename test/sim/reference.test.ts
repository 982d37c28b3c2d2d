// Random worlds, stepped by the engine and by the plain reference model: the same agents in the same order with the same
// values, the same measures after each tick.
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import t from 'tap'
import { Simulation, type SimulationOptions } from '../../lib/index.js'
import type { Expression, KernelSpec, Step, WorldSpec } from '../fixtures/world-spec.js'
import { worlds } from './random-worlds.js'
import { Reference, type ShownRow } from './reference.js'

const LONG = process.env.POPULACE_LONG === '1'

/** All that a host can see of a world: by tick its measures, by run its agents. */
interface Seen {
  readonly measures: readonly unknown[]
  readonly agents: readonly Readonly<Record<string, readonly ShownRow[]>>[]
}

function urlOf(spec: WorldSpec): URL {
  const url = new URL('../fixtures/described.js', import.meta.url)
  url.searchParams.set('spec', JSON.stringify(spec))
  return url
}

async function engineRun(spec: WorldSpec, options: SimulationOptions): Promise<Seen & { hash: string }> {
  const sim = await Simulation.create(urlOf(spec), { seed: spec.seed, ...options })
  try {
    const { populations } = (await import(urlOf(spec).href)) as typeof import('../fixtures/described.js')
    const measures: unknown[] = []
    const agents: Record<string, readonly ShownRow[]>[] = []
    const failures: Error[] = []
    sim.on('tick', what => measures.push(what.measures), { every: 1 })
    sim.on('failed', error => failures.push(error))
    for (const { commands, ticks } of spec.runs) {
      for (const acts of commands) await sim.command('act' as never, { acts: JSON.stringify(acts) } as never)
      await sim.run({ ticks })
      const tables = [...populations].map(([name, p]) => [name, sim.world.population(p)] as const)
      agents.push(Object.fromEntries(tables.map(([name, table]) => [name, [...table.rows()] as ShownRow[]])))
    }
    if (failures.length > 0) throw failures[0]
    return { measures, agents, hash: await sim.hash() }
  } finally {
    await sim.close()
  }
}

function referenceRun(spec: WorldSpec, happened: Record<string, number> = {}): Seen {
  const reference = new Reference(spec)
  const measures: unknown[] = []
  const agents: Record<string, readonly ShownRow[]>[] = []
  for (const { commands, ticks } of spec.runs) {
    for (let i = 0; i < ticks; i++) {
      reference.step(i === 0 ? commands : [])
      measures.push(reference.measures())
    }
    agents.push(Object.fromEntries(spec.populations.map(({ name }) => [name, reference.rows(name)])))
  }
  for (const [what, times] of Object.entries(reference.happened)) happened[what] = (happened[what] ?? 0) + times
  return { measures, agents }
}

/** Where two runs differ first, and the world they were of. */
function firstDifference(found: Seen, expected: Seen, spec: WorldSpec): string {
  const world = `in ${JSON.stringify(spec)}`
  for (const [tick, m] of expected.measures.entries())
    if (!isDeepStrictEqual(found.measures[tick], m))
      return `tick ${tick}: measures ${JSON.stringify(found.measures[tick])}, not ${JSON.stringify(m)}, ${world}`
  for (const [run, populations] of expected.agents.entries())
    for (const [name, rows] of Object.entries(populations))
      for (const [i, row] of rows.entries())
        if (!isDeepStrictEqual(found.agents[run][name][i], row))
          return `run ${run}: '${name}' has ${JSON.stringify(found.agents[run][name][i])}, not ${JSON.stringify(row)}, ${world}`
  return `other agents or hashes, ${world}`
}

t.test('the engine and the plain reference give the same agents and measures', async t => {
  const happened: Record<string, number> = {}
  let ticks = 0
  let deaths = 0
  await fc.assert(
    fc.asyncProperty(worlds, async spec => {
      const expected = referenceRun(spec, happened)
      const { hash, ...found } = await engineRun(spec, { workers: 0 })
      if (!isDeepStrictEqual(found, expected)) throw new Error(firstDifference(found, expected, spec))
      ticks += expected.measures.length
      deaths += Number(expected.agents.some(a => a.person.some(p => (p.id as number) > 2 ** 32)))
    }),
    { numRuns: LONG ? 2000 : 60 },
  )
  t.ok(ticks > 100, 'many ticks were compared')
  t.ok(deaths > 0, 'slots were used again in some worlds')
  for (const [what, times] of Object.entries(happened)) t.ok(times > 0, `${what} happened`)
  t.comment(JSON.stringify(happened))
})

const FRIEND = { via: 'ref', column: 'friend', k: 0 } as const
const see = (column: string): Expression => ({ is: 'sensed', key: 'people', column, k: 0, target: FRIEND })
const own = (column: string): Expression => ({ is: 'own', column, k: 0 })
const more = (value: Expression): Expression => ({ is: 'sum', of: [value, { is: 'number', value: 1 }] })
const write = (column: string, value: Expression): Step => ({ does: 'set', column, k: 0, value: more(value) })
const PEOPLE = (columns: readonly string[]) => ({ people: { population: 'person', columns } })
/** Adds to the friend's x when its engine ends. */
const GIVE: Step = { does: 'effect', key: 'gifts', column: 'x', target: FRIEND, value: own('y') }

/** Two engines, the first before the second, of which one touches what the other changes. */
const PAIRS: Readonly<Record<string, readonly [Partial<KernelSpec>, Partial<KernelSpec>]>> = {
  'the second senses what the first writes': [
    { writes: ['x'], program: [write('x', own('x'))] },
    { writes: ['y'], senses: PEOPLE(['x']), program: [write('y', see('x'))] },
  ],
  'the first senses what the second writes': [
    { writes: ['y'], senses: PEOPLE(['x']), program: [write('y', see('x'))] },
    { writes: ['x'], program: [write('x', own('x'))] },
  ],
  'the second senses what the first changes by effects': [
    { reads: ['y'], senses: PEOPLE([]), program: [GIVE] },
    { writes: ['y'], senses: PEOPLE(['x']), program: [write('y', see('x'))] },
  ],
  'the second reads what the first changes by effects': [
    { reads: ['y'], senses: PEOPLE([]), program: [GIVE] },
    { reads: ['x'], writes: ['y'], program: [write('y', own('x'))] },
  ],
  'the second writes what the first changes by effects': [
    { reads: ['y'], senses: PEOPLE([]), program: [GIVE] },
    { writes: ['x'], program: [write('x', { is: 'product', of: [own('x'), own('x')] })] },
  ],
  'both change the same by effects': [
    { reads: ['y'], senses: PEOPLE([]), program: [GIVE] },
    { reads: ['y'], senses: PEOPLE([]), program: [GIVE, GIVE] },
  ],
  'each senses what it writes itself': [
    { writes: ['x'], senses: PEOPLE(['x']), program: [write('x', see('x'))] },
    { writes: ['y'], senses: PEOPLE(['y', 'x']), program: [write('y', see('y')), write('y', see('x'))] },
  ],
  'an effect falls on a column that its own engine writes': [
    { writes: ['x', 'y'], senses: PEOPLE(['x']), program: [GIVE, write('x', own('y')), write('y', see('x'))] },
    { reads: ['x'], writes: ['y'], weight: 0.5, program: [write('y', own('x'))] },
  ],
}

function pair(engines: readonly Partial<KernelSpec>[]): WorldSpec {
  const links = (steps: readonly Step[] | undefined) => (JSON.stringify(steps).includes('"friend"') ? ['friend'] : [])
  return {
    seed: 11,
    claims: [],
    messages: [],
    populations: [
      {
        ...{ name: 'person', shape: 'ordinary', capacity: 100, width: 1, block: 16 },
        agents: [
          ['0', 50],
          ['north', 37],
        ],
        columns: {
          friend: { kind: 'ref', size: 1, to: 'person' },
          x: { kind: 'i32', size: 1, effect: 'add' },
          y: { kind: 'u16', size: 1 },
        },
      },
    ],
    engines: engines.map((e, i) => ({
      ...{
        kind: 'kernel',
        name: `engine ${i}`,
        population: 'person',
        priority: i,
        dependencies: [],
        every: 1,
        phase: 0,
      },
      ...{ weight: 1, writes: [], senses: {}, program: [] },
      ...{ claims: [], outcomes: [], spawns: [], sends: [], receives: [], despawns: false, moves: false },
      effects: e.program?.includes(GIVE) ? { gifts: { population: 'person', columns: ['x'] } } : {},
      ...e,
      ...(e.program?.includes(GIVE)
        ? { senses: { ...e.senses, 'find gifts': { population: 'person', columns: [] } } }
        : {}),
      reads: [...(e.reads ?? []), ...links(e.program)],
    })),
    measures: { all: { kind: 'sum', population: 'person', column: 'x' } },
    runs: [{ commands: [], ticks: 4 }],
  }
}

for (const [name, engines] of Object.entries(PAIRS)) {
  t.test(`as if engines ran one after another: ${name}`, async t => {
    const spec = pair(engines)
    const expected = referenceRun(spec)
    for (const options of [{ workers: 0 }, { workers: 0, checks: true }]) {
      const { hash, ...found } = await engineRun(spec, options)
      t.same(found.agents, expected.agents)
      t.match(hash, /^[0-9a-f]{16}$/)
    }
  })
}

t.test('workers and checks change nothing of a random world', async t => {
  await fc.assert(
    fc.asyncProperty(worlds, fc.constantFrom(0, 1, 2, 2, 3), fc.boolean(), async (spec, workers, checks) => {
      const inline = await engineRun(spec, { workers: 0 })
      const other = await engineRun(spec, { workers, checks })
      if (!isDeepStrictEqual(inline, other)) throw new Error(firstDifference(other, inline, spec))
    }),
    { numRuns: LONG ? 300 : 8 },
  )
  t.pass('equal')
})
