// Commuting, held against the law that it states, computed here in another way: arcs by the haversine formula.
import t from 'tap'
import { Commuting } from '../../examples/support/commuting.js'
import { type Atlas, loadAtlas, makeAtlas } from '../../examples/support/geography.js'

/** Uniform numbers in [0, 1): Marsaglia's xorshift of 32 bits (2003). */
function uniforms(seed: number): () => number {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 4294967296
  }
}

/** Cities given as [north, east, inhabitants], in the order of their cells. */
function atlasOf(...cities: readonly (readonly [number, number, number])[]): Atlas {
  return makeAtlas(cities.map(([north, east, population]) => ({ population, loc: { coordinates: [east, north] } })))
}

/** How often each city is the destination in so many draws. */
function visits(atlas: Atlas, home: number, draws: number, halfDistance?: number): number[] {
  const commuting = new Commuting(atlas, halfDistance)
  const uniform = uniforms(1)
  const seen = new Array<number>(atlas.count).fill(0)
  for (let i = 0; i < draws; i++) seen[commuting.destination(home, uniform())]++
  return seen
}

/** Distance in km by the haversine formula. */
function kilometres({ lat, lon }: Atlas, a: number, b: number): number {
  const rad = Math.PI / 180
  const h =
    Math.sin(((lat[a] - lat[b]) * rad) / 2) ** 2 +
    Math.cos(lat[a] * rad) * Math.cos(lat[b] * rad) * Math.sin(((lon[a] - lon[b]) * rad) / 2) ** 2
  return 2 * 6371.0088 * Math.asin(Math.sqrt(h))
}

/** Pearson's chi-squared over the cities due at least five times, as standard deviations above its mean. */
function misfit(seen: readonly number[], weights: readonly number[]): number {
  const draws = seen.reduce((a, b) => a + b, 0)
  const total = weights.reduce((a, b) => a + b, 0)
  let chi = 0
  let classes = -1
  weights.forEach((weight, city) => {
    const due = (draws * weight) / total
    if (due < 5) return
    chi += (seen[city] - due) ** 2 / due
    classes++
  })
  return (chi - classes) / Math.sqrt(2 * classes)
}

const world = await loadAtlas()

t.test('destinations follow inhabitants and distance as the law says', async t => {
  const uniform = uniforms(7)
  // 300 cities within reach of each other, over three orders of size.
  const cities = Array.from(
    { length: 300 },
    () => [45 + uniform(), 7 + uniform(), Math.floor(10 ** (3 + 3 * uniform()))] as const,
  )
  const atlas = atlasOf(...cities)
  for (const home of [0, 150, 299]) {
    const weights = Array.from(atlas.people, (p, city) =>
      city === home ? 0 : p / (1 + (kilometres(atlas, home, city) / 20) ** 2),
    )
    const off = misfit(visits(atlas, home, 200_000), weights)
    t.ok(Math.abs(off) < 4, `${off} standard deviations`)
  }
})

t.test('destinations in the real world follow the law', async t => {
  for (const home of [world.people.indexOf(12_691_836), 40_000, 90_000]) {
    const distances = Array.from(world.people, (_, city) => kilometres(world, home, city))
    // Each city up to 111 km away is within reach; of those farther away, some.
    const weigh = (d: number, city: number) => (d > 111 || city === home ? 0 : world.people[city] / (1 + (d / 20) ** 2))
    const seen = visits(world, home, 200_000).map((n, city) => (distances[city] > 111 ? 0 : n))
    const off = misfit(seen, distances.map(weigh))
    t.ok(Math.abs(off) < 4, `${off} standard deviations`)
  }
})

t.test('of two cities of one size the nearer is chosen more often', async t => {
  const [home, ...seen] = visits(
    atlasOf([0.1, 10.1, 500], [0.1, 10.3, 500], [0.1, 10.6, 500], [0.1, 11.2, 500]),
    0,
    10_000,
  )
  t.equal(home, 0)
  t.ok(seen[0] > 2 * seen[1] && seen[1] > 2 * seen[2] && seen[2] > 0, seen.join(' '))
})

t.test('of two cities at one distance the bigger is chosen more often, by its size', async t => {
  const [west, , east] = visits(atlasOf([0.1, 9.6, 300], [0.1, 10.1, 500], [0.1, 10.6, 900]), 1, 40_000)
  t.ok(Math.abs(east / west - 3) < 0.15, `${east} and ${west}`)
})

t.test('a longer half distance sends people farther', async t => {
  const atlas = atlasOf([0.1, 10.1, 500], [0.1, 10.3, 500], [0.1, 11.2, 500])
  t.ok(visits(atlas, 0, 10_000, 200)[2] > 5 * visits(atlas, 0, 10_000, 10)[2])
})

t.test('the date line and the poles part no neighbours', async t => {
  const line = atlasOf([0.1, -179.9, 500], [0.1, -179.2, 500], [0.1, 179.2, 500], [0.1, 179.9, 500])
  const [, east, , over] = visits(line, 0, 1000)
  t.ok(over > 800 && east > 0, 'from east of the line')
  const [back, , west] = visits(line, 3, 1000)
  t.ok(back > 800 && west > 0, 'from west of the line')
  // At the pole itself, with two cities 11 km away, one of 156, and 1.5 degrees from it, with one across the pole.
  const pole = visits(atlasOf([90, 180, 500], [89.9, -90, 500], [89.9, 0, 500], [88.6, 0, 500]), 1, 10_000)
  t.ok(pole[1] === 0 && pole[0] > 0 && pole[2] > 4000 && pole[3] > 4000, pole.join(' '))
  t.ok(visits(atlasOf([-89.6, 100, 9], [-89.6, -80, 500], [-88.6, 100, 500]), 0, 10_000)[2] > 0)
})

t.test('a place that rounding takes across the date line keeps its neighbours', async t => {
  const atlas = atlasOf([0, 10, 1], [0, 179.999999999, 2], [0, -179.5, 3])
  t.strictSame([...atlas.people], [2, 3, 1])
  t.equal(new Commuting(atlas).destination(0, 0.5), 1)
})

t.test('a degree of longitude counts for less in the north', async t => {
  const north = visits(atlasOf([60.1, 10.1, 500], [60.1, 10.9, 500], [60.9, 10.1, 500]), 0, 10_000)
  t.ok(north[1] > 2 * north[2], north.join(' '))
})

t.test('who lives alone travels as far as the next city', async t => {
  t.strictSame(visits(atlasOf([-50, -100, 10], [40, 60, 10]), 0, 10), [0, 10])
})

t.test('where there is no other city with people home is the destination', async t => {
  t.equal(new Commuting(atlasOf([1, 2, 3])).destination(0, 0.5), 0)
  t.equal(new Commuting(atlasOf([1, 2, 3], [1, 2, 0])).destination(0, 0.5), 0)
})

t.test('nobody stays at home or goes to an empty city, whatever is drawn', async t => {
  const commuting = new Commuting(world)
  let [stayed, empty] = [0, 0]
  for (let home = 0; home < world.count; home += 3) {
    for (const uniform of [0, 0.5, 1 - 2 ** -53]) {
      const to = commuting.destination(home, uniform)
      if (to === home) stayed++
      if (!(world.people[to] > 0)) empty++
    }
  }
  t.equal(stayed, 0)
  t.equal(empty, 0)
})

t.test('a destination depends on the home and the number alone, never on who was asked for before', async t => {
  const asked = new Commuting(world)
  for (let home = 0; home < world.count; home += 9973) {
    asked.destination((home * 7) % world.count, 0.3)
    t.equal(asked.destination(home, 0.7), new Commuting(world).destination(home, 0.7))
  }
})

t.test('what is out of bounds is refused', async t => {
  t.throws(() => new Commuting(world, 0), RangeError)
  t.throws(() => new Commuting({ ...world, lat: world.lat.slice().reverse() }), RangeError)
  t.throws(() => new Commuting(world).destination(world.count, 0.5), RangeError)
})
