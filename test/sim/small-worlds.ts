// Small worlds for cases picked by hand: one population of people, described as random worlds are, so that the engine and
// the reference both run them.
import type { Test } from 'tap'
import type { Expression, KernelSpec, PopulationSpec, Step, WorldSpec } from '../fixtures/world-spec.js'
import { idleKernel } from './random-worlds.js'
import { engineRun, referenceRun } from './reference-runs.js'

/** What a small world may say of itself. */
export interface SmallWorld extends Partial<WorldSpec> {
  readonly people?: Partial<PopulationSpec>
  /** What kernels over the people say, in the order in which they run. */
  readonly kernels: readonly Partial<KernelSpec>[]
  readonly ticks?: number
}

/** 40 people in partition '0' and 20 in 'north', ids 1 to 60, in blocks of 16; room for 20 more. */
export function smallWorld({ people, kernels, ticks = 1, ...rest }: SmallWorld): WorldSpec {
  return {
    ...{ seed: 11, claims: [], messages: [], events: [], grids: [], sheddings: [], measures: {} },
    populations: [
      {
        ...{ name: 'person', shape: 'ordinary', capacity: 80, width: 1, block: 16, documentBytes: 1000 },
        agents: [
          ['0', 40],
          ['north', 20],
        ],
        columns: {
          friend: { kind: 'ref', size: 1, to: 'person' },
          x: { kind: 'f64', size: 1, default: 0 },
          y: { kind: 'f64', size: 1, default: 0 },
          gifts: { kind: 'i32', size: 1, effect: 'add' },
        },
        ...people,
      },
    ],
    engines: kernels.map((k, i) =>
      idleKernel(`engine ${i}`, 'person', {
        priority: i,
        senses: { 'find person': { kind: 'pick', population: 'person', columns: [] }, ...k.senses },
        ...Object.fromEntries(Object.entries(k).filter(([name]) => name !== 'senses')),
      }),
    ),
    runs: [{ commands: [], ticks }],
    ...rest,
  }
}

export const ID: Expression = { is: 'id' }
export const TICK: Expression = { is: 'tick' }
export const number = (value: number): Expression => ({ is: 'number', value })
export const own = (column: string): Expression => ({ is: 'own', column, k: 0 })
export const sum = (...of: [Expression, Expression]): Expression => ({ is: 'sum', of })
export const set = (column: string, value: Expression): Step => ({ does: 'set', column, k: 0, value })
export const given = (column: string, value: Expression) => ({ column, k: 0, value })
/** A row of another by the own column `friend`. */
export const FRIEND = { via: 'ref', column: 'friend', k: 0, find: 'find person' } as const

/** When everybody does a step, when one agent does, when one does in one tick. */
export const ALL = { when: number(0), of: 1 }
export const alone = (id: number) => ({ when: sum(ID, number(-id)), of: 2 ** 40 })
export const aloneIn = (id: number, tick: number) => ({
  when: sum({ is: 'product', of: [sum(TICK, number(-tick)), number(1000)] }, sum(ID, number(-id))),
  of: 2 ** 40,
})

type Row = Readonly<Record<string, number>>

/** Runs a world in every way, which must all come to the same; the people after each run, by id, and the counters. */
export async function inEveryWay(t: Test, small: SmallWorld) {
  const spec: WorldSpec = smallWorld(small)
  const { happened, ...expected } = referenceRun(spec)
  const hashes = new Set<string>()
  for (const options of [{ workers: 0, checks: true }, { workers: 2 }]) {
    const { hash, ...found } = await engineRun(spec, options)
    t.strictSame(found, expected, `${JSON.stringify(options)} as the reference`)
    hashes.add(hash)
  }
  t.equal(hashes.size, 1)
  const rows = expected.agents.map(a => a.person as unknown as readonly Row[])
  const people = rows.map(all => new Map(all.map(row => [row.id, row])))
  return { rows, people, counters: expected.counters, events: expected.events }
}
