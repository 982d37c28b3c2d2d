// The sorted views of a world, as planned: which there are, what they are made of, how much memory they take. One view
// serves all engines that sense the same thing, with the columns that any of them picks. Pure; the same in every thread.
import { PopulaceError } from '../core/errors.js'
import { MAX_SORT_SHARES } from '../core/limits.js'
import type { Kind } from '../memory/column-types.js'
import type { ColumnData } from '../memory/columns.js'
import type { PopulationLayout, ViewNeeds } from '../memory/layout.js'
import { checkReference, knownColumn, type PopulationData } from '../memory/population.js'
import { keysOf, type ViewData } from '../memory/sight.js'
import type { KernelEngine } from '../schedule/engine.js'
import { type GridShape, shapeGrid } from './grid-shape.js'

/** A sorted view. */
export interface ViewPlan {
  /** Distinct in its world, such as "grid 'sky'". */
  readonly name: string
  readonly kind: ViewData['kind']
  readonly population: string
  /** The population whose rows number the runs. */
  readonly target: string | undefined
  /** The columns that say where a row goes, and those that are copied. */
  readonly keys: readonly string[]
  readonly columns: readonly string[]
  /** Entries a row: values of the key column. */
  readonly per: number
  readonly match: Readonly<Record<string, readonly number[]>>
  readonly grid: GridShape | undefined
}

/** A view that has its place in memory. */
export interface PlannedView extends ViewPlan {
  readonly needs: ViewNeeds
}

/** The name of the view behind an access. */
export function viewName(view: ViewData): string {
  if (view.kind === 'cells') return `grid '${view.grid.name}'`
  if (view.kind === 'by') return `${view.population} by ${view.key}`
  const match = Object.entries(view.match).sort(([a], [b]) => (a < b ? -1 : 1))
  if (match.length === 0) return `all of ${view.population}`
  return `${view.population} where ${match.map(([column, values]) => `${column} = ${values.join(', ')}`).join(' and ')}`
}

function planView(view: ViewData, population: PopulationData, params: unknown): ViewPlan {
  const shared = {
    name: viewName(view),
    kind: view.kind,
    population: population.name,
    target: undefined,
    keys: keysOf(view),
    columns: view.columns,
    per: 1,
    match: {},
    grid: undefined,
  }
  if (view.kind === 'where') return { ...shared, match: view.match }
  if (view.kind === 'cells') return { ...shared, grid: shapeGrid(view.grid, params) }
  return { ...shared, target: view.to, per: checkReference(population, view.key).size }
}

/** All views that engines sense. GRID_INVALID, DUPLICATE_NAME. */
export function planViews(
  engines: readonly KernelEngine[],
  populations: readonly PopulationData[],
  params: unknown,
): ViewPlan[] {
  const found = new Map<string, ViewPlan>()
  for (const { senses } of engines) {
    for (const { access } of senses.values()) {
      if (access.kind === 'pick') continue
      const population = populations.find(p => p.name === access.population)
      if (!population) continue // the scenario is checked: all are listed
      const view = planView(access, population, params)
      const known = found.get(view.name)
      const same = (v: ViewPlan) => JSON.stringify({ ...v, columns: [] })
      if (known && same(known) !== same(view))
        throw new PopulaceError('DUPLICATE_NAME', `Two grids are named '${view.grid?.name}'`, 'Rename one.')
      found.set(view.name, { ...view, columns: [...new Set([...(known?.columns ?? []), ...view.columns])] })
    }
  }
  return [...found.values()]
}

/** The axis along which a column is a coordinate. */
export function axisOf(view: ViewPlan, column: string): number | undefined {
  const axis = view.kind === 'cells' ? view.keys.indexOf(column) : -1
  return axis < 0 ? undefined : axis
}

/** The kind of a column's copy: a coordinate shifted across an edge may be no value of its column. */
function copyKind(view: ViewPlan, name: string, { kind }: ColumnData): Kind {
  const axis = axisOf(view, name)
  if (!view.grid?.torus || axis === undefined) return kind
  const { side } = view.grid.axes[axis]
  const narrow = kind === 'i8' || kind === 'i16' || kind === 'u8' || kind === 'u16'
  return narrow && Number.isInteger(side) && side < 2 ** 30 ? 'i32' : 'f64'
}

/**
 * In how many shares and stretches a view is sorted. Each share has a table of all runs, which may be more than entries:
 * one for each thread, so that tables are few.
 */
export function sharing(threads: number): { readonly shares: number; readonly stretches: number } {
  if (threads === 1) return { shares: 1, stretches: 1 }
  const shares = Math.min(MAX_SORT_SHARES, threads)
  return { shares, stretches: 2 * shares }
}

/** What a view needs in memory. An agent near a corner of a torus has a copy across each edge and one across both. */
export function viewNeeds(
  view: ViewPlan,
  data: PopulationData,
  population: PopulationLayout,
  target: PopulationLayout | undefined,
  threads: number,
): ViewNeeds {
  const { grid, per } = view
  const copies = grid?.torus ? 2 ** grid.axes.length : 1
  return {
    entries: population.rows * per,
    runs: grid ? grid.cells * grid.spaces : target ? target.rows : 1,
    spaces: grid?.spaces ?? 1,
    copies: population.capacity * per * copies,
    ...sharing(threads),
    columns: new Map(
      view.columns.map(name => {
        const column = knownColumn(data, name)
        return [name, { kind: copyKind(view, name, column), size: column.size }]
      }),
    ),
  }
}
