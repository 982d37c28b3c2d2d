import { test } from 'tap'
import type { ErrorCode } from '../../lib/core/errors.js'
import { enumeration, f64, fixed, i8, index, ref, u8, u32 } from '../../lib/memory/columns.js'
import { defineLattice, definePopulation } from '../../lib/memory/population.js'
import type { Table } from '../../lib/memory/table.js'
import type { World } from '../../lib/memory/world.js'
import { BareWorld } from '../fixtures/bare-world.js'
import { refused } from '../fixtures/refused.js'

const city = definePopulation('city', { capacity: 4, permanent: true, columns: { people: u32() } })
const ground = defineLattice('ground', { width: 4, height: 4, columns: { grass: u8() } })
const person = definePopulation('person', {
  capacity: 40,
  columns: {
    age: u8(),
    height: f64(),
    mood: enumeration(['glad', 'sad']),
    money: fixed({ unit: 0.01 }),
    home: index(city),
    friends: ref('self', { size: 2 }),
    debt: i8(),
  },
})
const stranger = definePopulation('stranger', { capacity: 4, columns: { age: u8() } })

// The values are wrong on purpose, in JavaScript as it would be written.
type Loose = { [k in keyof Table<never>]: (...given: never[]) => unknown }
const loose = (table: unknown) => table as { [k in keyof Loose]: (...given: unknown[]) => unknown }

function inhabited() {
  const bare = new BareWorld([city, person, ground])
  bare.view('setup').population(city).spawnMany(3)
  const people = bare.view().population(person)
  people.spawnMany(30, { partition: 'a' })
  people.spawnMany(5, { partition: 'b' })
  return bare
}

interface Refusal {
  readonly code: ErrorCode
  readonly named: RegExp
  readonly call: (people: ReturnType<typeof loose>, world: World) => unknown
}

const VALUES: readonly [unknown, RegExp, ErrorCode?][] = [
  [{ agee: 1 }, /'person' has no column 'agee'.*did you mean 'age'/, 'COLUMN_UNKNOWN'],
  [{ age: 'old' }, /'person.age' is given string/],
  [{ age: null }, /'person.age' is given null/],
  [{ age: Number.NaN }, /'person.age' is given NaN/],
  [{ age: 256 }, /'person.age' is given 256.*0 to 255/],
  [{ age: -1 }, /'person.age' is given -1/],
  [{ age: 1.5 }, /'person.age' is given 1.5/],
  [{ debt: 128 }, /-128 to 127/],
  [{ height: Number.NaN }, /'person.height' is given NaN/],
  [{ height: [1] }, /'person.height' is given object/],
  [{ mood: 'said' }, /has no label 'said'.*did you mean 'sad'/],
  [{ mood: 2 }, /0 to 1/],
  [{ mood: 'toString' }, /has no label 'toString'/],
  [{ money: 1e15 }, /'person.money' is given 1000000000000000.*53 bits/],
  [{ home: -1 }, /'person.home' is given -1/],
  [{ friends: [1] }, /'person.friends' holds 2 values a row/],
  [{ friends: 1 }, /array of 2/],
  [{ friends: [1, -2] }, /'person.friends' is given -2/],
  [{ age: 5, height: 'x' }, /'person.height' is given string/],
  [7, /'person'.*is given 7 for values/],
]

const CALLS: readonly Refusal[] = [
  ...VALUES.flatMap(([values, named, code = 'VALUE_INVALID']): Refusal[] => [
    { code, named, call: people => people.spawn(values) },
    { code, named, call: people => people.spawn(values, 'elsewhere') },
    { code, named, call: people => people.set(3, values) },
    { code, named, call: people => [...(people.rows(values) as Iterable<unknown>)] },
  ]),
  { code: 'COLUMN_UNKNOWN', named: /no column 'agee'/, call: people => people.column('agee') },
  { code: 'VALUE_INVALID', named: /a count of -1/, call: people => people.spawnMany(-1) },
  { code: 'VALUE_INVALID', named: /a count of 1.5/, call: people => people.spawnMany(1.5) },
  { code: 'VALUE_INVALID', named: /a fill that is no function/, call: people => people.spawnMany(1, { fill: 3 }) },
  { code: 'OPTION_UNKNOWN', named: /'partion'.*'partition'/, call: people => people.spawnMany(1, { partion: 'a' }) },
  { code: 'VALUE_INVALID', named: /update on 'person'/, call: people => people.update({ age: 3 }) },
  { code: 'CAPACITY_EXCEEDED', named: /room for 5 more/, call: people => people.spawnMany(6) },
  { code: 'CAPACITY_EXCEEDED', named: /room for 5/, call: people => people.spawnMany(6, { partition: 'elsewhere' }) },
  { code: 'NAME_INVALID', named: /A partition has the name ""/, call: people => people.spawn({}, '') },
  { code: 'NAME_INVALID', named: /A partition has the name 7/, call: people => people.spawnMany(2, { partition: 7 }) },
  { code: 'NAME_INVALID', named: /A partition/, call: (_, world) => world.partition('x'.repeat(200)) },
  { code: 'POPULATION_UNKNOWN', named: /'stranger'/, call: (_, world) => world.population(stranger) },
  { code: 'POPULATION_UNKNOWN', named: /is not a population/, call: (_, world) => world.population({} as never) },
  { code: 'PERMANENT', named: /'city'/, call: (_, world) => world.population(city).spawn() },
  { code: 'PERMANENT', named: /'city'/, call: (_, world) => world.population(city).spawnMany(1) },
  { code: 'PERMANENT', named: /'city'/, call: (_, world) => world.population(city).despawn(1) },
  { code: 'PERMANENT', named: /'ground'/, call: (_, world) => world.population(ground).spawn() },
  { code: 'PERMANENT', named: /'ground'/, call: (_, world) => world.population(ground).despawn(1) },
]

test('what is wrong is refused by name, with a remedy, and changes no byte', async t => {
  const bare = inhabited()
  const before = bare.bytes()
  for (const { code, named, call } of CALLS) {
    const world = bare.view()
    refused(t, code, named, () => call(loose(world.population(person)), world))
    t.ok(before.equals(bare.bytes()), `${code} ${named} changes nothing`)
  }
})

test('a full population refuses one more in a partition that is not there yet, and makes none', async t => {
  const bare = inhabited()
  const people = bare.view().population(person)
  people.spawnMany(5)
  const before = bare.bytes()
  refused(t, 'CAPACITY_EXCEEDED', /room for 0 more/, () => people.spawn({}, 'elsewhere'))
  t.equal(bare.memory.partitions.find('elsewhere'), undefined)
  t.ok(before.equals(bare.bytes()))
})

test('a permanent population loses nobody in setup either, and lives in one partition', async t => {
  const bare = inhabited()
  const cities = bare.view('setup').population(city)
  const before = bare.bytes()
  refused(t, 'PERMANENT', /'city'/, () => cities.despawn(1))
  refused(t, 'PERMANENT', /'city'/, () => cities.spawn({}, 'a'))
  refused(t, 'PERMANENT', /'city'/, () => cities.spawnMany(1, { partition: 'elsewhere' }))
  t.ok(before.equals(bare.bytes()))
  cities.spawn()
  refused(t, 'PERMANENT', /'ground'/, () => bare.view('setup').population(ground).spawn())
})

test('a world that may be read only refuses every change', async t => {
  const bare = inhabited()
  const before = bare.bytes()
  const world = bare.view('read')
  const people = world.population(person)
  for (const call of [
    () => people.spawn(),
    () => people.spawnMany(2),
    () => people.set(1, { age: 1 }),
    () => people.despawn(1),
    () => people.update(() => t.fail('called')),
    () => world.partition('elsewhere'),
  ]) {
    refused(t, 'WORLD_READ_ONLY', /inside read/, call)
  }
  t.equal(people.get(1)?.age, 0)
  t.equal(world.partition('b'), 2)
  t.ok(before.equals(bare.bytes()))
})

test('a main engine changes only the populations it writes', async t => {
  const bare = inhabited()
  const world = bare.view('edit', new Set(['ground']))
  world.population(ground).set(1, { grass: 2 })
  t.equal(world.population(person).get(1)?.age, 0)
  refused(t, 'WORLD_READ_ONLY', /'person', which it does not write/, () => world.population(person).spawn())
  refused(t, 'WORLD_READ_ONLY', /'person'/, () => world.population(person).set(1, { age: 1 }))
})

test('a world kept beyond its call refuses everything', async t => {
  const bare = inhabited()
  const world = bare.view()
  const people = world.population(person)
  world.close()
  for (const call of [() => world.population(person), () => world.partition('a'), () => people.spawn()]) {
    refused(t, 'WORLD_READ_ONLY', /after the call/, call)
  }
})

test('blocks that run out before the capacity say so', async t => {
  const many = definePopulation('many', { capacity: 64, block: 64, columns: {} })
  const bare = new BareWorld([many])
  const table = bare.view().population(many)
  let made = 0
  refused(t, 'CAPACITY_EXCEEDED', /'many' has no block left.*block: 16/, () => {
    for (; made < 64; made++) table.spawn({}, `p${made}`)
  })
  t.ok(made > 1 && made < 64, `${made} were made`)
  t.equal(table.size, made)
  t.equal(table.spawn({}, 'p0'), made + 1, 'the partitions there are have room')
})
