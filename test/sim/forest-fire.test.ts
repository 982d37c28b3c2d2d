// The forest fire held against what is known of percolation: on the square lattice with four neighbours, trees begin to
// connect the sides of a large forest at a density of 0.592746 (Newman and Ziff, Physical Review Letters 85, 2000).
import t from 'tap'
import type scenario from '../../examples/forest-fire.js'
import { Simulation } from '../../lib/index.js'

const url = new URL('../../examples/forest-fire.js', import.meta.url)
const LONG = process.env.POPULACE_LONG === '1'
const SIDE = LONG ? 512 : 160
const SEEDS = LONG ? 6 : 4

/** The mean over some forests of the share of the trees that burns. */
async function burntShare(density: number): Promise<number> {
  let sum = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const params = { width: SIDE, height: SIDE, density }
    await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed, params })
    await sim.run({ ticks: SIDE * SIDE })
    t.equal(sim.measures.burning, 0, 'the fire went out')
    const { trees, burnt } = sim.measures
    t.equal(sim.measures.burntShare, burnt / (trees + burnt))
    sum += sim.measures.burntShare
  }
  return sum / SEEDS
}

t.test('the share of the trees that burns jumps between densities 0.55 and 0.63', async t => {
  const below = await burntShare(0.55)
  const above = await burntShare(0.63)
  t.ok(below < 0.15, `${below} below the threshold`)
  t.ok(above > 0.8, `${above} above it`)
  if (!LONG) return // a forest of 160 lines is too small for what follows
  // The larger the forest, the narrower the rise around the threshold: more than half of it within 0.015 on both sides.
  const near = [await burntShare(0.578), await burntShare(0.608)]
  t.ok(near[1] - near[0] > 0.5 * (above - below), `from ${near[0]} to ${near[1]}`)
})

t.test('nothing burns without trees, and everything where all cells hold one', async t => {
  for (const [density, burnt] of [
    [0, 0],
    [1, 40 * 30],
  ]) {
    const params = { width: 40, height: 30, density }
    await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, params })
    await sim.run({ ticks: 1000 })
    t.equal(sim.measures.burnt, burnt)
    t.equal(sim.tick, density === 0 ? 1 : 40, 'a column a tick, then it is out')
  }
})
