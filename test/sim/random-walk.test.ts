// The random walk held against the moments of its exact law.
import t from 'tap'
import type scenario from '../../examples/random-walk.js'
import { walker } from '../../examples/random-walk.js'
import { Simulation } from '../../lib/index.js'

const url = new URL('../../examples/random-walk.js', import.meta.url)
const walkers = 100_000

t.test('the mean square distance grows as the number of ticks', async t => {
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 2, seed: 11, params: { walkers } })
  for (const tick of [1, 2, 10, 50, 200]) {
    await sim.run({ ticks: tick - sim.tick })
    const { meanSquare, meanX, meanY } = sim.measures
    // r^2 has mean t and variance t (t - 1): of r^4 the mean is 2 t^2 - t, as each step is a unit vector that has
    // mean 0 and, with any other, a mean square product of 1/2. x and y have variance t / 2.
    const off = (meanSquare - tick) / Math.sqrt((tick * (tick - 1)) / walkers || 1e-20)
    t.ok(Math.abs(off) < 4, `tick ${tick}: ${meanSquare} is ${off} standard errors off`)
    for (const mean of [meanX, meanY]) t.ok(Math.abs(mean) < 4 * Math.sqrt(tick / 2 / walkers), `mean ${mean}`)
  }
})

t.test('each walker has its own way', async t => {
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, params: { walkers: 2000 } })
  await sim.run({ ticks: 30 })
  const rows = [...sim.world.population(walker).rows()]
  t.ok(rows.every(r => r.square === r.x ** 2 + r.y ** 2))
  t.ok(
    rows.every(r => (r.x + r.y) % 2 === 0),
    'after an even number of steps each is on an even place',
  )
  // Neighbours in memory walk no more alike than others: the mean product of their steps is 0 within 4 errors.
  const product = rows.slice(1).reduce((sum, r, i) => sum + r.x * rows[i].x + r.y * rows[i].y, 0) / (rows.length - 1)
  t.ok(Math.abs(product) < (4 * 30) / Math.sqrt(2 * rows.length), `${product}`)
})
