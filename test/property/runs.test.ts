// Runs by reference and rows that match, held against a plain grouping of the rows in their order, through births,
// deaths and changes, for any number of shares.
import fc from 'fast-check'
import { test } from 'tap'
import { definePopulation, enumeration, index, NO_INDEX, ref, u8, u16 } from '../../lib/index.js'
import { type BareView, bareView } from '../fixtures/bare-view.js'

const town = definePopulation('town', { capacity: 40, columns: { n: u8() } })
const cell = definePopulation('cell', { capacity: 40, permanent: true, columns: { n: u8() } })
const person = definePopulation('person', {
  capacity: 5000,
  columns: {
    home: ref(town),
    place: index(cell),
    friends: ref('self', { size: 3 }),
    pair: u8({ size: 2 }),
    state: enumeration(['a', 'b', 'c']),
    tag: u16(),
  },
})

const runs = fc.record({
  threads: fc.constantFrom(1, 2, 3),
  from: fc.nat(7),
  crowd: fc.constantFrom(0, 0, 2500),
  partitions: fc.integer({ min: 1, max: 4 }),
  people: fc.array(
    fc.record({ home: fc.nat(30), friends: fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40)), state: fc.nat(2) }),
    {
      maxLength: 40,
    },
  ),
  /** Then: who dies, of which towns and people; who is born; who moves house. */
  deadTowns: fc.array(fc.nat(20), { maxLength: 4 }),
  deadPeople: fc.array(fc.nat(40), { maxLength: 6 }),
  movers: fc.array(fc.tuple(fc.nat(40), fc.nat(30)), { maxLength: 6 }),
})

const TOWNS = 20

function populate(view: BareView, o: typeof runs extends fc.Arbitrary<infer T> ? T : never): void {
  const world = view.world.view('setup')
  world.population(town).spawnMany(TOWNS)
  world.population(cell).spawnMany(30)
  const people = world.population(person)
  const spawn = (i: number, { home, friends, state }: (typeof o.people)[number]) =>
    people.spawn(
      { home, place: home % 31 === 30 ? NO_INDEX : home, friends, state, pair: [state, i % 2], tag: i },
      String(i % o.partitions),
    )
  o.people.forEach((p, i) => void spawn(i, p))
  for (let i = 0; i < o.crowd; i++) spawn(i, { home: (i * 7) % 30, friends: [i % 40, 0, (i * 3) % 40], state: i % 3 })
}

/** Rows in (partition, block, row) order. */
function rowsOf({ world }: BareView): number[] {
  const rows: number[] = []
  for (const s of world.memory.population('person').segments())
    for (let row = s.row; row < s.row + s.count; row++) rows.push(row)
  return rows
}

function change({ world }: BareView, o: typeof runs extends fc.Arbitrary<infer T> ? T : never): void {
  const now = world.view()
  for (const id of o.deadTowns) now.population(town).despawn(id)
  for (const id of o.deadPeople) now.population(person).despawn(id)
  for (const [id, home] of o.movers) now.population(person).set(id, { home, place: home, state: home % 3 })
  now.population(town).spawn({})
  now.population(person).spawn({ home: TOWNS + 1, tag: 7 })
}

function expectRuns(view: BareView, column: string, target: string, seen: (row: number, k: number) => number): void {
  const { memory } = view.world
  const people = memory.population('person')
  const size = people.columns.get(column)?.size ?? 1
  const { first, row, id, tag, pair } = view.seen
  const grouped = new Map<number, number[]>()
  for (const r of rowsOf(view))
    for (let k = 0; k < size; k++) {
      const run = seen(r, k)
      if (run >= 0) grouped.set(run, [...(grouped.get(run) ?? []), r])
    }
  for (const s of memory.population(target).segments())
    for (let run = s.row; run < s.row + s.count; run++) {
      const found = Array.from({ length: first[run + 1] - first[run] }, (_, i) => row[first[run] + i] as number)
      const expected = grouped.get(run) ?? []
      if (String(found) !== String(expected)) throw new Error(`run ${run}: ${found}, not ${expected}`)
      for (let i = first[run]; i < first[run + 1]; i++) {
        if (id[i] !== people.id[row[i]]) throw new Error('an id is another row’s')
        if (tag[i] !== people.columns.get('tag')?.array[row[i]]) throw new Error('a value is another row’s')
        if (pair[2 * i + 1] !== people.columns.get('pair')?.array[2 * row[i] + 1]) throw new Error('so is a second one')
      }
      grouped.delete(run)
    }
  if (grouped.size > 0) throw new Error('somebody is in the run of nobody')
}

const populations = [person, town, cell]

for (const [column, target] of [
  ['home', 'town'],
  ['place', 'cell'],
  ['friends', 'person'],
] as const) {
  test(`runs by '${column}' are the rows that name a row, in order, whoever came, went or changed`, async t => {
    fc.assert(
      fc.property(runs, o => {
        const view = bareView(populations, person.by(column, 'tag', 'pair'), { threads: o.threads })
        populate(view, o)
        const { memory } = view.world
        const bound = memory.population('person').columns.get(column)
        const named = (row: number, k: number) => {
          const value = bound?.array[row * (bound?.size ?? 1) + k] ?? 0
          if (column !== 'place') return memory.population(target).rowOf(value)
          return value < memory.population(target).size ? value : -1
        }
        view.build(o.from)
        expectRuns(view, column, target, named)
        change(view, o)
        view.build(o.from)
        expectRuns(view, column, target, named)
      }),
      { numRuns: 60 },
    )
    t.pass('held')
  })
}

test('rows that match come in order, all of them', async t => {
  const matches = [{}, { state: 'b' }, { state: 2, tag: 5 }, { pair: [1, 0] }, { home: 3 }] as const
  fc.assert(
    fc.property(runs, fc.constantFrom(...matches), (o, match) => {
      const view = bareView(populations, person.where(match as object), { threads: o.threads })
      populate(view, o)
      const check = () => {
        view.build(o.from)
        const expected = [
          ...view.world
            .view('read')
            .population(person)
            .rows(match as object),
        ].map(p => p.id)
        const { id, row, length } = view.seen
        const found = Array.from({ length }, (_, i) => id[i] as number)
        if (String(found) !== String(expected)) throw new Error(`${found}, not ${expected}`)
        const ids = view.world.memory.population('person').id
        if (found.some((one, i) => ids[row[i]] !== one)) throw new Error('a row is another’s')
      }
      check()
      change(view, o)
      check()
    }),
    { numRuns: 60 },
  )
  t.pass('held')
})
