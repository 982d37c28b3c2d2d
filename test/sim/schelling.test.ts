// Schelling's segregation, where all act at once, held against the published rule, where people act one by one: the mean
// share of like neighbours after 20 steps. The interval is that of single runs: between the 2.5% and the 97.5% quantile
// of the ends of 100 sequential runs from towns of their own. Our mean over ten towns has to lie within it, and so has
// each of our runs but for as many as chance puts out of it: of ten that are alike in law, more than three lie outside
// with a chance of one in a thousand.
import t, { type Test } from 'tap'
import { quantile } from '../../bench/harness.js'
import type scenario from '../../examples/schelling.js'
import { cell, person } from '../../examples/schelling.js'
import { Simulation } from '../../lib/index.js'
import { byTurns, likeShare, type Town } from './schelling-by-turns.js'

const url = new URL('../../examples/schelling.js', import.meta.url)
const STEPS = 20
const SMALL: Town = { side: 40, people: 1000, radius: 1, wanted: 3 }
const LARGE: Town = { side: 100, people: 8000, radius: 2, wanted: 8 }

const holdsOf = (sim: Simulation<typeof scenario>) =>
  sim.world.population(cell).column('holds') as unknown as Uint8Array // as kernels see it

function sequential(town: Town, seed: number): number {
  let share = Number.NaN
  for (const holds of byTurns(town, seed, STEPS)) share = likeShare(holds, town)
  return share
}

async function simultaneous(town: Town, seed: number): Promise<number> {
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed, params: { ...town } })
  await sim.run({ ticks: STEPS })
  return likeShare(holdsOf(sim), town)
}

async function agrees(t: Test, town: Town, runs: number): Promise<void> {
  const published = Array.from({ length: 100 }, (_, i) => sequential(town, i + 1)).sort((a, b) => a - b)
  const [low, high] = [quantile(published, 0.025), quantile(published, 0.975)]
  t.ok(high - low < 0.06, `the interval [${low}, ${high}] tells something`)
  const ours: number[] = []
  for (let seed = 1; seed <= runs; seed++) ours.push(await simultaneous(town, seed))
  const mean = ours.reduce((a, b) => a + b) / runs
  t.ok(mean > low && mean < high, `${mean} in [${low}, ${high}]`)
  const outside = ours.filter(share => share < low || share > high).length
  t.ok(outside <= 3, `${outside} of ${runs} runs lie outside`)
}

t.test('the small town ends as segregated as one whose people act one by one', t => agrees(t, SMALL, 10))

if (process.env.POPULACE_LONG === '1')
  t.test('the large town ends as segregated as one whose people act one by one', t => agrees(t, LARGE, 10))

t.test('at first people live anyhow, and half of their neighbours are of their kind', async t => {
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed: 3, params: { ...LARGE } })
  const share = likeShare(holdsOf(sim), LARGE)
  t.ok(Math.abs(share - 0.5) < 0.02, `${share}`)
  await sim.run({ ticks: 1 })
  t.ok(Math.abs(sim.measures.alike - share) < 1e-6, 'which is what they find when they look')
})

t.test('who wants nothing stays', async t => {
  const params = { side: 20, people: 300, radius: 1, wanted: 0 }
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed: 3, params })
  const homes = () => [...sim.world.population(person).rows()].map(p => p.home)
  const before = homes()
  await sim.run({ ticks: 5 })
  t.equal(sim.measures.content, 300)
  t.strictSame(homes(), before)
})
