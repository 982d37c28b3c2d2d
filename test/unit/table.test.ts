import { test } from 'tap'
import { bool, enumeration, f32, f64, fixed, i16, index, NO_INDEX, ref, u8, u32 } from '../../lib/memory/columns.js'
import { defineLattice, definePopulation } from '../../lib/memory/population.js'
import { BareWorld } from '../fixtures/bare-world.js'

const city = definePopulation('city', { capacity: 10, permanent: true, columns: { people: u32() } })
const person = definePopulation('person', {
  capacity: 500,
  block: 16,
  columns: {
    age: u8({ default: 20 }),
    state: enumeration(['S', 'I', 'R'], { default: 'I' }),
    money: fixed({ unit: 0.01, default: 1.5 }),
    home: index(city),
    friends: ref('self', { size: 2 }),
    place: f32({ size: 3, default: 0.5 }),
    alive: bool({ default: 1 }),
    debt: i16(),
    wealth: f64(),
  },
})
const ground = defineLattice('ground', { width: 4, height: 3, depth: 2, columns: { grass: u8({ default: 7 }) } })

const FRESH = {
  age: 20,
  state: 'I',
  money: 1.5,
  home: NO_INDEX,
  friends: [0, 0],
  place: [0.5, 0.5, 0.5],
  alive: 1,
  debt: 0,
  wealth: 0,
}

function people() {
  const bare = new BareWorld([city, person, ground])
  const world = bare.view()
  return { bare, world, table: world.population(person) }
}

test('a new agent has the defaults, then the values given', async t => {
  const { table } = people()
  const id = table.spawn()
  t.strictSame(table.get(id), { id, ...FRESH })
  const other = table.spawn({ age: 3, state: 'R', friends: [id, 0], debt: -5 })
  t.strictSame(table.get(other), { ...FRESH, id: other, age: 3, state: 'R', friends: [id, 0], debt: -5 })
})

test('an agent in a row used before has the defaults, not the values of the dead', async t => {
  const { table } = people()
  const id = table.spawn({ age: 99, place: [1, 2, 3], friends: [1, 1], wealth: 4, home: 2 })
  table.despawn(id)
  const heir = table.spawn()
  t.strictSame(table.get(heir), { id: heir, ...FRESH })
})

test('values are set by name, labels or codes, the others stay', async t => {
  const { table } = people()
  const id = table.spawn({ age: 30 })
  t.equal(table.set(id, { state: 'S', place: [1, 2, 3], wealth: 0.1 }), true)
  t.strictSame(table.get(id), { ...FRESH, id, age: 30, state: 'S', place: [1, 2, 3], wealth: 0.1 })
  table.set(id, { state: 2, age: undefined })
  t.equal(table.get(id)?.state, 'R')
  t.equal(table.get(id)?.age, 30, 'undefined is no value')
})

test('a fixed column is shown in units, and kernels see whole steps', async t => {
  const { table } = people()
  const id = table.spawn({ money: 12.34 })
  t.equal(table.column('money')[0], 1234)
  t.equal(table.get(id)?.money, 1234 * 0.01)
  table.set(id, { money: 0.014999 })
  t.equal(table.column('money')[0], 1, 'rounded to the nearest step')
  table.set(id, { money: -3 })
  t.equal(table.column('money')[0], -300)
})

test('what get gives is a copy', async t => {
  const { table } = people()
  const id = table.spawn()
  const row = table.get(id) as unknown as { age: number; place: number[] }
  row.age = 1
  row.place[0] = 9
  t.strictSame(table.get(id), { id, ...FRESH })
})

test('rows come in (partition, block, row) order, and only those that match', async t => {
  const { table } = people()
  const b = table.spawnMany(20, { partition: 'b', fill: c => void c.age.fill(1) })
  const a = table.spawnMany(20, { partition: 'a', fill: c => void c.age.fill(2) })
  const b2 = table.spawnMany(1, { partition: 'b' })
  t.strictSame(
    [...table.rows()].map(r => r.id),
    [...b, ...b2, ...a],
  )
  table.set(a[3], { state: 'S', friends: [1, 2] })
  table.set(b[3], { state: 'S', friends: [2, 1] })
  const idsOf = (rows: Iterable<{ id: number }>) => [...rows].map(r => r.id)
  t.strictSame(idsOf(table.rows({ state: 'S' })), [b[3], a[3]])
  t.strictSame(idsOf(table.rows({ state: 0, age: 2 })), [a[3]])
  t.strictSame(idsOf(table.rows({ friends: [2, 1] })), [b[3]])
  t.strictSame(idsOf(table.rows({ age: 77 })), [])
})

test('a 32-bit float matches the number that it was set to', async t => {
  const flat = definePopulation('flat', { capacity: 10, columns: { x: f32() } })
  const table = new BareWorld([flat]).view().population(flat)
  const id = table.spawn({ x: 0.1 })
  t.strictSame(
    [...table.rows({ x: 0.1 })].map(r => r.id),
    [id],
  )
})

test('a column is a copy in the order of rows, n values a row where it has n', async t => {
  const { table } = people()
  table.spawnMany(20, { partition: 'b', fill: c => void c.age.set(c.age.map((_, i) => i)) })
  table.spawn({ age: 100, place: [1, 2, 3] })
  const ages = table.column('age')
  t.type(ages, Uint8Array)
  t.strictSame([...(ages as Uint8Array)], [100, ...Array.from({ length: 20 }, (_, i) => i)])
  t.strictSame([...(table.column('place') as Float32Array).slice(0, 6)], [1, 2, 3, 0.5, 0.5, 0.5])
  t.equal(table.column('place').length, 63)
  ;(ages as Uint8Array).fill(0)
  t.equal(table.column('age')[0], 100)
})

test('many agents made at once are filled by whole columns, wherever their rows lie', async t => {
  for (const crowded of [false, true]) {
    const { table } = people()
    if (crowded) {
      table.spawnMany(5, { partition: 'a' })
      table.spawnMany(5, { partition: 'b' })
    }
    const ids = table.spawnMany(50, {
      partition: 'a',
      fill(c, given) {
        t.strictSame([c.age.length, c.place.length, given.length], [50, 150, 50])
        t.strictSame([c.age[49], c.place[149], c.state[0]], [20, 0.5, 1], 'defaults are filled in')
        for (let i = 0; i < 50; i++) {
          c.age[i] = i
          c.wealth[i] = given[i]
          c.place[i * 3 + 2] = i / 2
        }
      },
    })
    for (const [i, id] of ids.entries()) {
      t.strictSame(table.get(id), { ...FRESH, id, age: i, wealth: id, place: [0.5, 0.5, i / 2] })
    }
  }
})

test('update changes whole columns, of all partitions or of one', async t => {
  const { table } = people()
  const a = table.spawnMany(20, { partition: 'a' })
  const b = table.spawnMany(20, { partition: 'b' })
  table.update((c, ids) => {
    t.strictSame([...(ids as Float64Array)], [...a, ...b])
    for (let i = 0; i < ids.length; i++) c.wealth[i] = ids[i] * 2
  })
  table.update((c, ids) => {
    t.strictSame([...(ids as Float64Array)], [...b])
    c.age.fill(1)
  }, 'b')
  t.strictSame(
    [...table.rows()].map(r => [r.id, r.age, r.wealth]),
    [...a, ...b].map(id => [id, b.includes(id) ? 1 : 20, id * 2]),
  )
  table.update(() => t.fail('nobody lives there'), 'nowhere')
})

test('a lattice has its cells from the start, row (z * height + y) * width + x, and they are its ids', async t => {
  const { world } = people()
  const cells = world.population(ground)
  t.equal(cells.size, 24)
  cells.update(c => c.grass.set(c.grass.map((_, row) => row)))
  t.strictSame(cells.get((1 * 3 + 2) * 4 + 3 + 1), { id: 24, grass: 23 })
  t.equal(cells.get(1)?.grass, 0)
})

test('a permanent population keeps the order of creation as its rows', async t => {
  const { bare } = people()
  const cities = bare.view('setup').population(city)
  cities.spawn({ people: 5 })
  cities.spawnMany(3, { fill: c => c.people.set([6, 7, 8]) })
  t.strictSame([...(cities.column('people') as Uint32Array)], [5, 6, 7, 8])
  t.strictSame([...bare.memory.population('city').id.slice(0, 4)], [1, 2, 3, 4])
})
