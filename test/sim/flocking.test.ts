// Flocking held against a plain loop over all pairs of birds, and against what it is known for: without a leader the
// birds come to fly one way. The order parameter is the length of the mean course (Vicsek et al., Physical Review
// Letters 75, 1995): about 1 / sqrt(birds) while all fly anyhow, 1 when all fly one way.
import t from 'tap'
import type scenario from '../../examples/flocking.js'
import { bird, flocking } from '../../examples/flocking.js'
import { Simulation } from '../../lib/index.js'

const url = new URL('../../examples/flocking.js', import.meta.url)
const SEEDS = process.env.POPULACE_LONG === '1' ? 20 : 3

interface Bird {
  readonly x: number
  readonly y: number
  readonly vx: number
  readonly vy: number
}
type Factors = { readonly [name in keyof typeof flocking.params]: number }

/** The shorter way from a to b around a circle. */
const way = (a: number, b: number, size: number) => b - a - size * Math.round((b - a) / size)

/** One tick of one bird by the book. */
function flown(own: Bird, birds: readonly Bird[], p: Factors): Bird {
  const ways = birds
    .filter(other => other !== own)
    .map(other => ({ ...other, dx: way(own.x, other.x, p.size), dy: way(own.y, other.y, p.size) }))
  const seen = ways.filter(w => Math.hypot(w.dx, w.dy) <= p.sight)
  const near = ways.filter(w => Math.hypot(w.dx, w.dy) < p.separation)
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, seen.length)
  const turn = (d: 'dx' | 'dy', v: 'vx' | 'vy') =>
    own[v] +
    p.cohere * sum(seen.map(w => w[d])) -
    p.separate * sum(near.map(w => w[d])) +
    p.match * sum(seen.map(w => w[v]))
  const [x, y] = [turn('dx', 'vx'), turn('dy', 'vy')]
  const [vx, vy] = [x / Math.hypot(x, y), y / Math.hypot(x, y)]
  return { x: (own.x + vx + p.size) % p.size, y: (own.y + vy + p.size) % p.size, vx, vy }
}

t.test('a tick moves every bird as a plain loop over all pairs does', async t => {
  const defaults = Object.fromEntries(Object.entries(flocking.params).map(([name, p]) => [name, p.default])) as Factors
  for (const given of [
    { size: 100, birds: 200, sight: 5 },
    { size: 31.5, birds: 150, sight: 10, separation: 4, cohere: 0.5, separate: 1, match: 0.7 },
  ]) {
    await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed: 2, params: given })
    await sim.run({ ticks: 10 })
    const before = [...sim.world.population(bird).rows()]
    await sim.run({ ticks: 1 })
    const after = [...sim.world.population(bird).rows()]
    const params = { ...defaults, ...given }
    const far = before.map((b, i) => {
      const should = flown(b, before, params)
      const off = Math.hypot(way(should.x, after[i].x, params.size), way(should.y, after[i].y, params.size))
      return Math.max(off, Math.hypot(should.vx - after[i].vx, should.vy - after[i].vy))
    })
    t.ok(Math.max(...far) < 1e-4, `the farthest is ${Math.max(...far)} off`)
    t.ok(
      before.some((b, i) => Math.hypot(b.vx - after[i].vx, b.vy - after[i].vy) > 0.01),
      'some have turned',
    )
    t.ok(
      after.every(b => Math.abs(Math.hypot(b.vx, b.vy) - 1) < 1e-6),
      'all fly at speed 1',
    )
  }
})

t.test('birds that fly anyhow come to fly one way', async t => {
  const params = { size: 150, birds: 400, sight: 15 }
  let sum = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed, params })
    const order = () => Math.hypot(sim.measures.courseX, sim.measures.courseY)
    // Of independent courses the order is Rayleigh's: above 3 / sqrt(birds) with a chance of exp(-9).
    t.ok(order() < 3 / Math.sqrt(params.birds), `${order()} at the start`)
    await sim.run({ ticks: 1500 })
    // Of some starts come two flocks that have not met yet.
    t.ok(order() > 6 / Math.sqrt(params.birds), `${order()} in the end`)
    sum += order()
  }
  t.ok(sum / SEEDS > 0.9, `${sum / SEEDS} on average`)
})

t.test('birds that do not heed each other keep their course', async t => {
  const params = { size: 60, birds: 300, sight: 8, cohere: 0, separate: 0, match: 0 }
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed: 4, params })
  const order = () => [sim.measures.courseX, sim.measures.courseY]
  const start = order()
  await sim.run({ ticks: 200 })
  order().forEach((course, i) => {
    t.ok(Math.abs(course - start[i]) < 1e-5)
  })
})
