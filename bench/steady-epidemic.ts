// The epidemic held still: a tenth of the people infected, and chances so small that hardly anybody changes while it is
// measured. Every tick then costs the same, in a world of any size: the susceptible weigh their risk and draw, the
// infected are counted and draw.
import type epidemic from '../examples/epidemic.js'
import { Simulation } from '../lib/index.js'

export const EPIDEMIC = new URL('../examples/epidemic.js', import.meta.url)

/** Cities of every size of world, few enough that each has its infected. */
const CITIES = 100

/** A world of `people`. */
export function steadyEpidemic(people: number, workers: number | 'auto'): Promise<Simulation<typeof epidemic>> {
  const params = { people, cities: CITIES, seeds: Math.ceil(people / 10), beta: 2e-4, gamma: 2e-4 }
  return Simulation.create<typeof epidemic>(EPIDEMIC, { workers, seed: 7, params })
}
