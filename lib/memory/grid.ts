// Grids as declared: agents by the cell of their position. No memory here; exchange/grid-shape.ts makes numbers of one
// when the parameters are known.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import type { Columns } from './column-types.js'
import type { Params, Size } from './params.js'
import { checkName, knownColumn, type Population, type PopulationData, populationData } from './population.js'
import type { Access, Cells, CellsData, GridData } from './sight.js'

/** Options of a grid. */
export interface GridOptions<C extends Columns, P extends Params> {
  params?: P
  /** The population whose agents are looked up. */
  of: Population<string, C>
  /** Columns of their coordinates; with z the grid is three-dimensional. */
  x: keyof C & string
  y: keyof C & string
  z?: keyof C & string
  /** Sides of the space, in the unit of the coordinates, which run from 0. depth: with z only. */
  width: Size<P>
  height: Size<P>
  depth?: Size<P>
  /** Whether what leaves at one side comes in at the other. Default false: who is outside counts in the border cells. */
  torus?: boolean
  /** Least side of a cell, in the same unit: at least the radius of sight / reach. */
  cell: Size<P>
  /** Cells around one that a neighbour loop may look at. Default 1. */
  reach?: 1 | 2 | 3
  /** Whether partitions share one space ('world', the default), or each is a space of its own and none sees another. */
  scope?: 'world' | 'partition'
}

/** A grid as engines sense it. */
export interface Grid<C extends Columns> {
  readonly name: string
  /** Runs by cell, with copies of the named columns. COLUMN_UNKNOWN. */
  pick<const K extends (keyof C & string)[]>(...columns: K): Access<Cells<C, K[number]>>
}

const OPTIONS = ['params', 'of', 'x', 'y', 'z', 'width', 'height', 'depth', 'torus', 'cell', 'reach', 'scope']
const POSITION_KINDS: readonly string[] = ['f32', 'f64', 'i8', 'i16', 'i32', 'u8', 'u16', 'u32']

function invalid(name: string, what: string, remedy: string): never {
  throw new PopulaceError('GRID_INVALID', `Grid '${name}' ${what}`, remedy)
}

function checkAxis(grid: string, data: PopulationData, column: string): void {
  const { kind, size, index, labels } = knownColumn(data, column)
  if (size !== 1 || index || labels || !POSITION_KINDS.includes(kind))
    invalid(
      grid,
      `takes positions from '${data.name}.${column}', which holds none`,
      'Give a float or integer column of one value a row.',
    )
}

function checkSide(grid: string, what: string, size: unknown): void {
  if (typeof size === 'function' || (Number.isFinite(size) && (size as number) > 0)) return
  invalid(grid, `has a ${what} of ${String(size)}`, 'Give a positive number, or a function of the parameters.')
}

/**
 * Declares a grid: sorted once before the first engine that senses it after what it is made of changed.
 * NAME_INVALID, OPTION_UNKNOWN, POPULATION_UNKNOWN, COLUMN_UNKNOWN, GRID_INVALID.
 */
export function defineGrid<C extends Columns, P extends Params = {}>(name: string, o: GridOptions<C, P>): Grid<C> {
  checkName(name, 'A grid')
  for (const key of Object.keys(o))
    if (!OPTIONS.includes(key))
      throw new PopulaceError(
        'OPTION_UNKNOWN',
        `defineGrid('${name}') has no option '${key}'`,
        `Check the spelling; ${hint(key, OPTIONS)}`,
      )
  const data = populationData(o.of, `The population of grid '${name}'`)
  const axes = o.z === undefined ? [o.x, o.y] : [o.x, o.y, o.z]
  for (const column of axes) checkAxis(name, data, column)
  if (new Set(axes).size < axes.length) invalid(name, 'takes two coordinates from one column', 'Name distinct columns.')
  checkSide(name, 'width', o.width)
  checkSide(name, 'height', o.height)
  if (o.z === undefined && o.depth !== undefined)
    invalid(name, 'has a depth but no z', 'Name the column of the third coordinate.')
  if (o.z !== undefined) checkSide(name, 'depth', o.depth)
  checkSide(name, 'cell', o.cell)
  const { reach = 1, scope = 'world' } = o
  if (reach !== 1 && reach !== 2 && reach !== 3)
    invalid(name, `has a reach of ${String(reach)}`, 'Give 1, 2 or 3 cells, and larger cells for farther sight.')
  if (scope !== 'world' && scope !== 'partition')
    invalid(
      name,
      `has the scope ${JSON.stringify(scope)}`,
      "Give 'world' where partitions share one space, 'partition' where each has its own.",
    )
  const sides = [o.width, o.height, ...(o.z === undefined ? [] : [o.depth])] as readonly Size<Params>[]
  const grid: GridData = Object.freeze({
    name,
    params: o.params ?? {},
    population: data.name,
    axes,
    sides,
    cell: o.cell as Size<Params>,
    torus: o.torus === true,
    reach,
    scope,
  })
  return Object.freeze({
    name,
    pick(...columns: string[]) {
      for (const column of columns) knownColumn(data, column)
      const access: CellsData = { kind: 'cells', population: data.name, columns, grid }
      return access as Access<never> // its shape is phantom
    },
  })
}
