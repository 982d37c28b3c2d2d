// What is sensed through sorted views is what is there, whoever changed it: commands, main engines, births and deaths among
// those who are sensed or among those whose runs they are. Nothing else changes in these worlds, so a view that is not
// made anew is seen.
import t from 'tap'
import type { Act, EngineSpec, Expression, KernelSpec, Look, WorldSpec } from '../fixtures/world-spec.js'
import { inEveryWay, own, type SmallWorld, set, smallWorld, sum } from './small-worlds.js'

const seen = (look: Look, what: 'mix' | 'ids', column = 'x'): Expression => ({ is: 'seen', look, what, column, k: 0 })
const BY = { people: { kind: 'by', population: 'person', by: 'friend', columns: ['x', 'memory'] } } as const
const WHERE = { two: { kind: 'where', population: 'person', match: { flag: [1] }, columns: [] } } as const
const RUN: Look = { sight: 'run', key: 'people' }

/** Writes down in y, which nobody senses, what it sees of the others' friend, x and flag, and of their memories. */
const LOOK: Partial<KernelSpec> = {
  writes: ['y'],
  senses: { ...BY, ...WHERE },
  program: [
    set('y', {
      is: 'mix',
      of: [sum(seen(RUN, 'mix'), seen(RUN, 'mix', 'memory')), seen({ sight: 'matches', key: 'two' }, 'ids')],
    }),
  ],
}
const PEOPLE: SmallWorld['people'] = {
  documentBytes: 40_000,
  columns: {
    friend: { kind: 'ref', size: 1, to: 'person' },
    x: { kind: 'i32', size: 1 },
    y: { kind: 'f64', size: 1 },
    flag: { kind: 'bool', size: 1 },
    memory: { kind: 'doc', size: 1 },
  },
}
const sets = (column: string): Act[] => [{ does: 'set', population: 'person', column }]
const updates = (column: string): Act[] => [{ does: 'update', population: 'person', column, partition: 'north' }]
const main = (acts: Act[], every = 1): EngineSpec => ({
  ...{ kind: 'main', name: 'main', priority: -1, dependencies: [], every, phase: every - 1, acts },
})

/** The small world with a main engine. */
function withMain(small: SmallWorld, engine: EngineSpec): SmallWorld {
  return { ...small, engines: [engine, ...smallWorld(small).engines] }
}

for (const column of ['friend', 'x', 'flag', 'memory']) {
  t.test(`a command's change of ${column} is seen`, async t => {
    const runs: WorldSpec['runs'] = [sets(column), updates(column), sets(column)].map(acts => ({
      commands: [acts],
      ticks: 2,
    }))
    const { rows } = await inEveryWay(t, { people: PEOPLE, kernels: [LOOK], runs })
    t.notSame(
      rows[1].map(r => r.y),
      rows[0].map(r => r.y),
    )
  })

  t.test(`a main engine's change of ${column} is seen`, async t => {
    const small = { people: PEOPLE, kernels: [LOOK], runs: [1, 1, 1, 2].map(ticks => ({ commands: [], ticks })) }
    const { rows } = await inEveryWay(t, withMain(small, main([...updates(column), ...sets(column)], 2)))
    t.notSame(
      rows[1].map(r => r.y),
      rows[0].map(r => r.y),
    )
  })
}

t.test('a refused command leaves what is seen as it was', async t => {
  const undone: Act[] = [...updates('friend'), ...updates('memory'), { does: 'fail' }]
  const { rows } = await inEveryWay(t, {
    people: PEOPLE,
    kernels: [LOOK],
    runs: [[], [undone], [undone, undone]].map(commands => ({ commands, ticks: 1 })),
  })
  t.same(rows[1], rows[0])
  t.same(rows[2], rows[0])
})

t.test(
  'runs stay those of the same agents when the agents whose runs they are die and others take their rows',
  async t => {
    const city: WorldSpec['populations'][number] = {
      ...{ name: 'city', shape: 'permanent', capacity: 30, width: 1, block: 16, documentBytes: 1, agents: [['0', 30]] },
      columns: { mayor: { kind: 'ref', size: 1, to: 'person' }, n: { kind: 'i32', size: 1 } },
    }
    const cities = { cities: { kind: 'by', population: 'city', by: 'mayor', columns: ['n'] } } as const
    const small: SmallWorld = {
      people: PEOPLE,
      kernels: [
        { writes: ['y'], senses: cities, program: [set('y', seen({ sight: 'run', key: 'cities' }, 'mix', 'n'))] },
      ],
      runs: [1, 1, 1].map(ticks => ({ commands: [[{ does: 'despawn', population: 'person', count: 6 }]], ticks })),
    }
    const { populations } = smallWorld(small)
    const { rows } = await inEveryWay(t, { ...small, populations: [...populations, city] })
    t.ok(rows[2].some(r => r.y !== 0))
  },
)

t.test('a collection of documents leaves what is seen of them as it was', async t => {
  // Everybody writes a document in each tick, of which the heap can hold few; others look only at the memories.
  const { rows } = await inEveryWay(t, {
    people: {
      ...PEOPLE,
      documentBytes: 15_000,
      columns: { ...PEOPLE?.columns, diary: { kind: 'doc', size: 1 } },
    },
    kernels: [
      { writes: ['diary'], reads: ['x'], program: [{ does: 'amend', column: 'diary', value: own('x') }] },
      LOOK,
    ],
    ticks: 12,
  })
  t.equal(rows[0].length, 60)
})
