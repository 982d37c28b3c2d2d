// Random worlds, stepped by the engine and by the plain reference model: the same agents in the same order with the same
// values, the same measures after each tick.
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import t from 'tap'
import type { Expression, KernelSpec, Step, WorldSpec } from '../fixtures/world-spec.js'
import { idleKernel, worlds } from './random-worlds.js'
import { engineRun, firstDifference, referenceRun, unlawful } from './reference-runs.js'

const LONG = process.env.POPULACE_LONG === '1'

t.test('the engine and the plain reference give the same agents, measures, events and counters', async t => {
  const happened: Record<string, { times: number; worlds: number }> = {}
  let ticks = 0
  await fc.assert(
    fc.asyncProperty(worlds, async spec => {
      const { happened: now, ...expected } = referenceRun(spec)
      const { hash, ...found } = await engineRun(spec, { workers: 0 })
      if (!isDeepStrictEqual(found, expected)) throw new Error(firstDifference(found, expected, spec))
      const broken = unlawful(found)
      if (broken.length > 0) throw new Error(`${broken.join('; ')}, in ${JSON.stringify(spec)}`)
      ticks += expected.measures.length
      for (const [what, times] of Object.entries(now)) {
        happened[what] ??= { times: 0, worlds: 0 }
        happened[what].times += times
        happened[what].worlds += Math.sign(times)
      }
    }),
    // A short run has the same worlds each time, so that what must have happened in them is certain; a long one has new ones.
    LONG ? { numRuns: 2000 } : { numRuns: 60, seed: 1 },
  )
  t.ok(ticks > 100, 'many ticks were compared')
  for (const [what, { times, worlds }] of Object.entries(happened)) {
    t.ok(times > 0, `${what} happened`)
    t.comment(`${what}: ${times} times, in ${worlds} worlds`)
  }
})

const FRIEND = { via: 'ref', column: 'friend', k: 0, find: 'find person' } as const
const see = (column: string): Expression => ({ is: 'sensed', key: 'people', column, k: 0, target: FRIEND })
const own = (column: string): Expression => ({ is: 'own', column, k: 0 })
const more = (value: Expression): Expression => ({ is: 'sum', of: [value, { is: 'number', value: 1 }] })
const write = (column: string, value: Expression): Step => ({ does: 'set', column, k: 0, value: more(value) })
const PEOPLE = (columns: readonly string[]) => ({ people: { kind: 'pick', population: 'person', columns } as const })
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
    ...{ claims: [], messages: [], events: [], grids: [], sheddings: [] },
    populations: [
      {
        ...{ name: 'person', shape: 'ordinary', capacity: 100, width: 1, block: 16, documentBytes: 1000 },
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
    engines: engines.map((e, i) =>
      idleKernel(`engine ${i}`, 'person', {
        priority: i,
        effects: e.program?.includes(GIVE) ? { gifts: { kind: 'pick', population: 'person', columns: ['x'] } } : {},
        ...e,
        senses: { ...e.senses, 'find person': { kind: 'pick', population: 'person', columns: [] } },
        reads: [...(e.reads ?? []), ...links(e.program)],
      }),
    ),
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
