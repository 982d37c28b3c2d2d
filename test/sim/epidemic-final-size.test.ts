// The epidemic in one well-mixed city held against the final size of the SIR model (Kermack and McKendrick 1927):
// the share z of the people who have had it in the end solves z = 1 - exp(-R0 z).
import t, { type Test } from 'tap'
import type scenario from '../../examples/epidemic.js'
import { Simulation } from '../../lib/index.js'

const url = new URL('../../examples/epidemic.js', import.meta.url)
const gamma = 0.1

/** The share of the people who have had it when nobody has it any more. */
async function finalSize(r0: number, people: number, seed: number, workers: number): Promise<number> {
  const params = { people, cities: 1, beta: r0 * gamma, gamma, seeds: 10 }
  await using sim = await Simulation.create<typeof scenario>(url, { workers, seed, params })
  while (sim.measures.I > 0) await sim.run({ ticks: 50 })
  t.equal(sim.measures.S + sim.measures.R, people, 'nobody is lost')
  return sim.measures.R / people
}

function theory(r0: number): number {
  let z = 1
  for (let i = 0; i < 200; i++) z = 1 - Math.exp(-r0 * z)
  return z
}

/** Standard deviation of the final size among a million people, measured beforehand. */
const DEVIATION: Readonly<Record<number, number>> = { 1.5: 0.0018, 2: 0.0009, 3: 0.0004 }

/** Runs until `wanted` outbreaks took off; their mean final size must be the theory's within 4 standard errors. */
async function holds(t: Test, r0: number, people: number, wanted: number, workers: number): Promise<void> {
  const sizes: number[] = []
  for (let seed = 1; sizes.length < wanted && seed < 3 * wanted; seed++) {
    const size = await finalSize(r0, people, seed, workers)
    if (size > 0.1) sizes.push(size)
  }
  t.equal(sizes.length, wanted, 'so many took off')
  const mean = sizes.reduce((a, b) => a + b, 0) / wanted
  const error = DEVIATION[r0] * Math.sqrt(1e6 / people / wanted)
  const off = (mean - theory(r0)) / error
  t.ok(Math.abs(off) < 4, `${mean} for ${theory(r0)}: ${off} standard errors`)
}

for (const r0 of [1.5, 2, 3]) {
  t.test(`the final size at R0 ${r0} is that of the SIR model`, t => holds(t, r0, 80_000, 3, 0))
}

t.test('below R0 = 1 the epidemic dies out', async t => {
  for (const r0 of [0.5, 0.9]) {
    const size = await finalSize(r0, 80_000, 5, 1)
    t.ok(size > 1e-4 && size < 0.01, `R0 ${r0}: ${size}`)
  }
})

if (process.env.POPULACE_LONG) {
  for (const r0 of [1.5, 2, 3]) {
    t.test(`the final size at R0 ${r0} among a million people is that of the SIR model`, t =>
      holds(t, r0, 1_000_000, 6, 2),
    )
  }
}
