// The state of a simulation copied into plain typed arrays, and the content hash of such a copy: what is stepped by hand
// is held to the hash of what the library stepped. For worlds whose agents all live in partition '0'.
import { fnv1a } from '../lib/core/threefry.js'
import type { AnyPopulation, Columns, Population, Simulation } from '../lib/index.js'
import { bitsOf, columnSeeds, hashPresence, hashRows } from '../lib/kernels/hash.js'
import type { AnyArray, NumberColumn } from '../lib/memory/column-types.js'
import { type HashSums, joinHashes } from '../lib/state/content-hash.js'

/** One population: ids, and its stored columns by name, one value a row. */
export interface PlainPopulation {
  readonly name: string
  readonly ids: Float64Array
  readonly columns: Readonly<Record<string, AnyArray>>
  readonly kinds: Readonly<Record<string, NumberColumn>>
}

/** Copies a population between two runs; columns with `reset` too, which no hash counts. */
export function copyPopulation(sim: Simulation, population: AnyPopulation): PlainPopulation {
  const table = sim.world.population(population as Population<string, Columns>)
  const columns: Record<string, AnyArray> = {}
  let ids = new Float64Array(0)
  table.update((all, own) => {
    ids = Float64Array.from(own as Float64Array)
    for (const [name, array] of Object.entries(all)) columns[name] = (array as Float64Array).slice()
  })
  // Copied above as arrays: none of them is of documents.
  return { name: population.name, ids, columns, kinds: population.columns as Record<string, NumberColumn> }
}

/** The content hash of populations at a tick; `resets` are the columns that it leaves out. */
export function hashPopulations(
  populations: readonly PlainPopulation[],
  tick: number,
  resets: readonly string[],
): string {
  const sums: HashSums = {}
  for (const { name, ids, columns, kinds } of populations) {
    const population = fnv1a(name)
    const presence = { lo: 0, hi: 0 }
    const [p0, p1] = columnSeeds(population, fnv1a(''), 0)
    hashPresence(presence, ids, 0, ids.length, fnv1a('0'), p0, p1)
    sums[name] = { '': presence }
    for (const [column, array] of Object.entries(columns)) {
      if (resets.includes(`${name}.${column}`)) continue
      const sum = { lo: 0, hi: 0 }
      const [s0, s1] = columnSeeds(population, fnv1a(column), 0)
      const { kind } = kinds[column]
      hashRows(sum, kind, bitsOf(kind, array), ids, 0, ids.length, 1, 0, s0, s1)
      sums[name][column] = sum
    }
  }
  return joinHashes([sums], tick).hash
}
