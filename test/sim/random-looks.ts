// Random ways for a program to look at many rows at once, and what has to be declared for them.
import type { ColumnSpec, GridSpec, Look, PopulationSpec } from '../fixtures/world-spec.js'
import type { Programmer } from './random-programs.js'

/** A look, whom it shows, and the columns that are shown. */
export interface Looking {
  readonly look: Look
  readonly of: PopulationSpec
  readonly columns: readonly string[]
}

/** One of the looks that the world allows, at a grid where one is given; undefined where there was none to be had. */
export function looks(programmer: Programmer, grid?: GridSpec): Looking | undefined {
  const { draw: d, declared } = programmer
  if (grid) return cells(programmer, grid)
  const choice = d.int(0, declared.grids.length > 0 ? 3 : 1)
  if (choice === 0) return run(programmer)
  return choice === 1 ? matches(programmer) : cells(programmer, d.of(declared.grids))
}

function run(programmer: Programmer): Looking | undefined {
  const { draw: d, declared, home } = programmer
  const lasting = declared.populations.filter(p => p.shape !== 'ordinary') // there is one
  const of = d.of([home, home, d.of(declared.populations), d.of(lasting)])
  const [by, { to }] = d.of(Object.entries(of.columns).filter(([, c]) => c.to !== undefined))
  const isOwn = to === home.name && d.yes(2, 3)
  const link = isOwn ? undefined : programmer.link(to)
  if (to !== home.name && !link) return undefined
  const key = `${of.name} by ${by}`
  const column = programmer.seenColumn(of)
  programmer.see(key, { kind: 'by', population: of.name, by, columns: [] }, [column])
  return { look: { sight: 'run', key, ...(link ? { of: link } : {}) }, of, columns: [column] }
}

/** A value that some rows have. */
function common(d: Programmer['draw'], { kind, size, default: value = 0 }: ColumnSpec): number[] {
  if (kind === 'bool') return Array.from({ length: size }, () => d.int(0, 1))
  if (kind === 'enumeration') return [d.int(0, 2)]
  if (kind === 'ref') return Array.from({ length: size }, () => d.int(0, 2))
  return new Array<number>(size).fill(kind === 'index' ? 0xffffffff : value)
}

function matches(programmer: Programmer): Looking {
  const { draw: d, declared, home } = programmer
  const of = d.yes(1, 2) ? home : d.of(declared.populations)
  const plain = Object.entries(of.columns).filter(([, c]) => c.kind !== 'doc')
  const few = plain.filter(([, c]) => c.kind === 'bool' || c.kind === 'enumeration' || c.kind === 'ref')
  const chosen = d.list(0, 2, () => d.of(d.yes(3, 4) ? few : plain)) // every population has a ref
  const match = Object.fromEntries(chosen.map(([name, c]) => [name, common(d, c)]))
  const key = `${of.name} where ${JSON.stringify(match)}`
  programmer.see(key, { kind: 'where', population: of.name, match, columns: [] }, [])
  return { look: { sight: 'matches', key }, of, columns: [] }
}

function cells(programmer: Programmer, { name, of: population, x, y, cell, reach }: GridSpec): Looking {
  const { draw: d, home } = programmer
  const of = programmer.population(population)
  const column = programmer.seenColumn(of)
  programmer.see(name, { kind: 'cells', population, grid: name, columns: [] }, [x, y, column])
  const own = population === home.name && d.yes(3, 4)
  if (own) for (const c of [x, y]) programmer.used.add(c)
  const here = [
    { is: 'own', column: x, k: 0 },
    { is: 'own', column: y, k: 0 },
  ] as const
  const at = own ? here : programmer.place()
  const shown = { of, columns: [x, y, column] }
  const sight = d.of(['cells', 'within', 'nearest'] as const)
  if (sight === 'cells') return { look: { sight, key: name, at }, ...shown }
  if (sight === 'nearest') return { look: { sight, key: name, at, most: d.int(0, 5) }, ...shown }
  return { look: { sight, key: name, at, radius: (cell * reach * d.int(0, 4)) / 4 }, ...shown }
}
