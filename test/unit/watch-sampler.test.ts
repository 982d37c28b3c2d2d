// What a look at a world takes of it.
import * as fc from 'fast-check'
import t from 'tap'
import { Sampler } from '../../lib/cli/watch/sampler.js'
import { chooseView } from '../../lib/cli/watch/views.js'
import { bool, defineLattice, definePopulation, enumeration, f32, index, NO_INDEX, ref, u8 } from '../../lib/index.js'
import { populationData } from '../../lib/memory/population.js'
import { BareWorld } from '../fixtures/bare-world.js'

const ROOM = { width: 60, height: 40 }
const ALL = 1 << 20
const city = definePopulation('city', { capacity: 10, permanent: true, columns: { x: f32(), y: f32() } })
const person = definePopulation('person', {
  capacity: 5000,
  columns: { home: index(city), friend: ref('self'), state: enumeration(['S', 'I', 'R']), age: u8() },
})
const walker = definePopulation('walker', { capacity: 5000, columns: { x: f32(), y: f32() } })
const cell = defineLattice('cell', { width: 300, height: 50, columns: { on: bool() } })
const populations = [city, person, walker, cell]
const lattices = new Map([['cell', { width: 300, height: 50 }]])

function watched(name: string) {
  const bare = new BareWorld(populations)
  const setup = bare.view('setup')
  for (const [x, y] of [
    [0, 0],
    [10, 0],
    [10, 5],
  ])
    setup.population(city).spawn({ x, y })
  const data = { name: 'world', populations: populations.map(p => populationData(p, p.name)) }
  const sampler = new Sampler(bare.memory, chooseView(data, name), lattices)
  return { bare, edit: bare.view(), look: (most = ALL) => sampler.look(7, ROOM, most) }
}

const sum = (array: ArrayLike<number>) => Array.from(array).reduce((a, b) => a + b, 0)

t.test('people are counted where the city stands that they link to, class by class', async t => {
  const { edit, look } = watched('person.state')
  for (const [home, state] of [
    [0, 'S'],
    [2, 'I'],
    [2, 'I'],
    [2, 'R'],
    [NO_INDEX, 'R'],
  ] as const)
    edit.population(person).spawn({ home, state })
  const { tick, frame, rasters } = look()
  const [raster] = rasters
  t.equal(tick, 7)
  t.equal(raster.count[0], 1, 'x and y grow to the right and down')
  const last = frame.width * frame.height - 1
  t.equal(raster.count[last], 3)
  t.same(Array.from(raster.byClass.subarray(last * 3, last * 3 + 3)), [0, 2, 1])
  t.equal(sum(raster.count), 4, 'who has no home is nowhere')
  t.equal(raster.most, 3)
  t.same(raster.totals, [1, 2, 1])
})

t.test('agents at no number, and links to the dead, are left out', async t => {
  const { edit, look } = watched('walker')
  edit.population(walker).spawnMany(4, {
    fill({ x, y }) {
      x.set([0, Number.NaN, Number.POSITIVE_INFINITY, 3])
      y.set([0, 1, 1, 3])
    },
  })
  t.equal(sum(look().rasters[0].count), 2)
  const nobody = watched('walker').look()
  t.equal(sum(nobody.rasters[0].count), 0, 'nor does an empty world fail')
})

t.test('an extent grows with those who wander off', async t => {
  const { edit, look } = watched('walker')
  const id = edit.population(walker).spawn({ x: 0, y: 0 })
  edit.population(walker).spawn({ x: 10, y: 5 })
  const before = look().frame
  edit.population(walker).set(id, { x: 5, y: 2 })
  t.same(look().frame, before)
  edit.population(walker).set(id, { x: 50, y: 2 })
  const after = look().frame
  t.ok(after.unitX > before.unitX)
  t.ok(after.left + after.width * after.unitX > 55, 'with some room')
})

t.test('a sample is evenly spread, whatever blocks and deaths, and stands for all', async t => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 900 }),
      fc.array(fc.nat(899)),
      fc.integer({ min: 1, max: 400 }),
      (n, dead, most) => {
        const { edit, look } = watched('person.age')
        const table = edit.population(person)
        const ids = table.spawnMany(n, { fill: ({ home, age }) => void (home.fill(1), age.fill(3)) })
        const more = table.spawnMany(100, {
          partition: 'north',
          fill: ({ home, age }) => void (home.fill(2), age.fill(9)),
        })
        for (const nth of dead) if (nth < n) table.despawn(ids[nth])
        const [raster] = look(most).rasters
        const seen = sum(raster.count)
        if (seen > most || Math.abs(seen * raster.stride - table.size) >= raster.stride) throw new Error(`${seen} seen`)
        const old = Array.from(raster.sum).filter((s, p) => raster.count[p] > 0 && s / raster.count[p] === 9).length
        if (most >= table.size && old !== 1) throw new Error('nobody of the north was seen')
        if (more.length !== 100) throw new Error('not all were born')
      },
    ),
    { numRuns: 50 },
  )
  t.pass('it is')
})

t.test('a lattice is looked at cell by cell, and in spots where it is too large', async t => {
  const { edit, look } = watched('cell.on')
  edit.population(cell).update(({ on }) => {
    for (let row = 0; row < on.length; row++) on[row] = row % 300 < 75 ? 1 : 0
  })
  const { frame, rasters } = look()
  t.match(frame, { width: 60, height: 10, unitX: 5 })
  t.equal(sum(rasters[0].count), 300 * 50)
  t.same(rasters[0].totals, [225 * 50, 75 * 50])
  const few = look(60 * 10 * 4).rasters[0]
  t.equal(sum(few.count), 60 * 10 * 4, 'four cells of each pixel')
  t.same(few.totals, [225 * 8, 75 * 8], 'evenly')
  t.equal(few.stride, 6.25)
})

t.test('without a place agents stand in rows, in their order', async t => {
  const thing = definePopulation('thing', { capacity: 100, columns: { kind: enumeration(['a', 'b']) } })
  const bare = new BareWorld([thing])
  bare
    .view()
    .population(thing)
    .spawnMany(24, { fill: ({ kind }) => void kind.fill(1, 0, 6) })
  const data = { name: 'world', populations: [populationData(thing, 'thing')] }
  const { frame, rasters } = new Sampler(bare.memory, chooseView(data, ''), new Map()).look(0, ROOM, ALL)
  t.match(frame, { width: 6, height: 4, zoom: 10 })
  t.same(
    Array.from({ length: 24 }, (_, p) => rasters[0].byClass[p * 2 + 1]),
    Array.from({ length: 24 }, (_, p) => (p < 6 ? 1 : 0)),
  )
})
