// Measures against plain loops over objects, on random populations in several partitions and blocks.
import fc from 'fast-check'
import { test } from 'tap'
import { enumeration, f32, f64, fixed, i16, u8 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import {
  BoundMeasure,
  count,
  histogram,
  type Measure,
  type MeasureData,
  max,
  mean,
  measureRecord,
  min,
  sum,
  valuesOf,
} from '../../lib/run/measures.js'
import { BareWorld } from '../fixtures/bare-world.js'

const agent = definePopulation('agent', {
  capacity: 300,
  block: 32,
  columns: {
    n: i16(),
    x: f64(),
    y: f32(),
    money: fixed({ unit: 0.25 }),
    kind: enumeration(['a', 'b', 'c']),
    flag: u8(),
  },
})

interface Agent {
  readonly n: number
  readonly x: number
  readonly y: number
  readonly money: number
  readonly kind: 'a' | 'b' | 'c'
  readonly flag: number
}

const one: fc.Arbitrary<Agent> = fc.record({
  n: fc.integer({ min: -1000, max: 1000 }),
  x: fc.integer({ min: -4000, max: 4000 }).map(v => v / 16), // sums of such are exact in any order
  y: fc.integer({ min: -400, max: 400 }).map(v => v / 4),
  money: fc.integer({ min: -400, max: 400 }).map(v => v / 4),
  kind: fc.constantFrom('a' as const, 'b' as const, 'c' as const),
  flag: fc.nat(1),
})
const people = fc.array(fc.tuple(one, fc.constantFrom('0', 'p', 'q')), { maxLength: 150, size: 'max' })

type Where = Partial<Pick<Agent, 'kind' | 'flag' | 'y'>>
const WHERES: readonly Where[] = [{}, { kind: 'b' }, { kind: 'c', flag: 1 }, { y: 1.25 }]
const COLUMNS = ['n', 'x', 'y', 'money'] as const

const matching = (all: readonly Agent[], where: Where) =>
  all.filter(a => Object.entries(where).every(([key, v]) => a[key as keyof Agent] === v))

function reference(all: readonly Agent[]): [string, Measure<number | number[]>, number | number[]][] {
  const cases: [string, Measure<number | number[]>, number | number[]][] = []
  for (const where of WHERES) {
    const some = matching(all, where)
    const name = JSON.stringify(where)
    cases.push([`count ${name}`, count(agent, where), some.length])
    for (const column of COLUMNS) {
      const values = some.map(a => a[column])
      const total = values.reduce((a, b) => a + b, 0)
      const none = values.length === 0
      cases.push([`sum ${column} ${name}`, sum(agent, column, where), total])
      cases.push([`mean ${column} ${name}`, mean(agent, column, where), none ? Number.NaN : total / values.length])
      cases.push([`min ${column} ${name}`, min(agent, column, where), none ? Number.NaN : Math.min(...values)])
      cases.push([`max ${column} ${name}`, max(agent, column, where), none ? Number.NaN : Math.max(...values)])
    }
  }
  const bins = { from: -50, to: 50, bins: 8 }
  for (const column of COLUMNS) {
    const counts = new Array<number>(8).fill(0)
    for (const a of all)
      if (a[column] >= -50 && a[column] <= 50) counts[Math.min(7, Math.floor(((a[column] + 50) * 8) / 100))]++
    cases.push([`histogram ${column}`, histogram(agent, column, bins), counts])
  }
  const kinds = ['a', 'b', 'c'].map(kind => all.filter(a => a.kind === kind).length)
  cases.push(['histogram kind', histogram(agent, 'kind'), kinds])
  return cases
}

function measured(bare: BareWorld, measures: ReadonlyMap<string, MeasureData>): Record<string, number | number[]> {
  const population = bare.memory.population('agent')
  const values = new Float64Array([...measures.values()].reduce((n, m) => n + valuesOf(m), 0))
  let at = 0
  for (const data of measures.values()) {
    const bound = new BoundMeasure(data, population, bare.memory.layout.measurePartials[0])
    for (let i = bound.blocks - 1; i >= 0; i--) bound.reduce(i) // whoever reduces them, in whatever order
    bound.merge(values, at)
    at += bound.values
  }
  return measureRecord(measures, values, 0)
}

test('every measure is what a plain loop gives', async t => {
  const bare = new BareWorld([agent], { measures: [{ population: 0, slots: 8, values: 8 }] })
  const table = bare.view().population(agent)
  fc.assert(
    fc.property(people, list => {
      for (const { id } of [...table.rows()]) table.despawn(id)
      for (const [values, partition] of list) table.spawn(values, partition)
      bare.memory.refresh()
      const cases = reference(list.map(([values]) => values))
      const found = measured(bare, new Map(cases.map(([name, m]) => [name, m as MeasureData])))
      for (const [name, , wanted] of cases)
        if (String(found[name]) !== String(wanted)) throw new Error(`${name}: ${found[name]}, not ${wanted}`)
    }),
    { numRuns: 120, seed: 6 },
  )
  t.pass('on 120 populations')
})

test('an empty population has counts and sums of 0, and no mean, least or greatest value', async t => {
  const bare = new BareWorld([agent], { measures: [{ population: 0, slots: 8, values: 8 }] })
  bare.memory.refresh()
  const all = {
    count: count(agent),
    sum: sum(agent, 'x'),
    mean: mean(agent, 'x'),
    min: min(agent, 'n'),
    max: max(agent, 'n'),
  }
  const data = new Map(
    Object.entries({ ...all, kinds: histogram(agent, 'kind') }).map(([k, m]) => [k, m as MeasureData]),
  )
  const nan = Number.NaN
  t.strictSame(measured(bare, data), { count: 0, sum: 0, mean: nan, min: nan, max: nan, kinds: [0, 0, 0] })
})

test('float sums have one order of terms, whatever the order in which blocks are reduced', async t => {
  const bare = new BareWorld([agent], { measures: [{ population: 0, slots: 8, values: 8 }] })
  const x = Array.from({ length: 100 }, (_, i) => Math.sin(i) * 10 ** (i % 9))
  bare
    .view()
    .population(agent)
    .spawnMany(100, { fill: c => c.x.set(x) })
  bare.memory.refresh()
  let wanted = 0
  for (let begin = 0; begin < 100; begin += 32) wanted += x.slice(begin, begin + 32).reduce((a, b) => a + b, 0)
  t.equal(measured(bare, new Map([['sum', sum(agent, 'x') as MeasureData]])).sum, wanted)
  t.not(
    x.reduce((a, b) => a + b, 0),
    wanted,
    'another order gives other bits',
  )
})
