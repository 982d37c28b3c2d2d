// What of a scenario can be seen from above, found in its declarations alone: cells of lattices, agents with x and y or
// lon and lat, agents that stand where the row they link to stands, and, where there is no space at all, agents in rows.
// No memory and no drawing here.
import { nearest } from '../../core/suggest.js'
import type { ColumnData } from '../../memory/columns.js'
import type { PopulationData } from '../../memory/population.js'
import type { ScenarioData } from '../../run/scenario.js'
import { wrongUsage } from '../arguments.js'

/** Where the agents of a population stand by themselves. `geographic`: x is a longitude and y a latitude, in degrees. */
export type Position =
  | { readonly kind: 'columns'; readonly x: string; readonly y: string; readonly geographic: boolean }
  | { readonly kind: 'cells' }
  | { readonly kind: 'rows' }

/** Where the agents of a layer stand: as `position` says of `population`, which they may be linked to by a column. */
export interface Place {
  readonly population: string
  readonly position: Position
  readonly link: { readonly column: string; readonly holdsRows: boolean } | undefined
}

/** By what agents are coloured: a class for each label, the mean of a number, or that they are there. */
export type Colour =
  | { readonly kind: 'labels'; readonly column: string; readonly labels: readonly string[] }
  | { readonly kind: 'value'; readonly column: string }
  | { readonly kind: 'presence' }

/** One population in a picture. */
export interface Layer {
  readonly population: string
  readonly place: Place
  readonly colour: Colour
}

/** A picture: layers of one space, the later ones above. */
export interface View {
  readonly name: string
  readonly layers: readonly Layer[]
}

const AXES: readonly (readonly [x: string, y: string, geographic: boolean])[] = [
  ['x', 'y', false],
  ['lon', 'lat', true],
  ['lng', 'lat', true],
  ['longitude', 'latitude', true],
]

const NUMBERS: readonly string[] = ['f32', 'f64', 'i8', 'i16', 'i32', 'u8', 'u16', 'u32', 'fixed']

const isNumber = (c: ColumnData | undefined) =>
  c !== undefined && c.size === 1 && !c.labels && !c.index && NUMBERS.includes(c.kind)

function positionOf(data: PopulationData): Position | undefined {
  if (data.lattice) return { kind: 'cells' }
  for (const [x, y, geographic] of AXES)
    if (isNumber(data.columns.get(x)) && isNumber(data.columns.get(y))) return { kind: 'columns', x, y, geographic }
  return undefined
}

/** Where a population's agents can be shown, the best first. */
function placesOf(data: PopulationData, all: readonly PopulationData[]): Place[] {
  const own = positionOf(data)
  const places: Place[] = own ? [{ population: data.name, position: own, link: undefined }] : []
  for (const [column, { to, index, size }] of data.columns) {
    const target = to === 'self' || size > 1 ? undefined : all.find(p => p.name === to)
    const position = target && positionOf(target)
    if (target && position) places.push({ population: target.name, position, link: { column, holdsRows: index } })
  }
  return places.length > 0 ? places : [{ population: data.name, position: { kind: 'rows' }, link: undefined }]
}

/** What a population can be coloured by, in the order of columns; its own coordinates are no colours. */
function coloursOf(data: PopulationData): Colour[] {
  const position = positionOf(data)
  const axes = position?.kind === 'columns' ? [position.x, position.y] : []
  return [...data.columns].flatMap(([column, c]): Colour[] => {
    if (axes.includes(column) || c.size > 1) return []
    if (c.labels) return [{ kind: 'labels', column, labels: c.labels }]
    if (c.kind === 'bool') return [{ kind: 'labels', column, labels: [`not ${column}`, column] }]
    return isNumber(c) ? [{ kind: 'value', column }] : []
  })
}

/** How much a view tells of a scenario, by what is shown and where; of equals the first declared is best. */
function worth(data: PopulationData, { place, colour }: Layer, columns: ReadonlyMap<string, ColumnData>): number {
  const labels = colour.kind === 'labels'
  const small = colour.kind === 'value' && /^[iu](8|16|32)$/.test(columns.get(colour.column)?.kind ?? '')
  if (place.position.kind === 'rows') return labels ? 10 : small ? 6 : 5
  if (place.position.kind === 'cells' && !place.link) return labels ? 60 : small ? 40 : 35
  if (place.link) return labels ? 50 : colour.kind === 'presence' ? 30 : 15
  if (data.permanent) return labels ? 25 : colour.kind === 'presence' ? 20 : 12
  return labels ? 55 : colour.kind === 'presence' ? 45 : 32
}

/** Views of one population, each named 'population', 'population.column', or with '@link' where that is not the first. */
function singleViews(data: PopulationData, all: readonly PopulationData[]): (View & { readonly worth: number })[] {
  return placesOf(data, all).flatMap((place, i) => {
    const presence: Colour[] = place.position.kind === 'rows' || data.lattice ? [] : [{ kind: 'presence' }]
    return [...presence, ...coloursOf(data)].map(colour => {
      const layer: Layer = { population: data.name, place, colour }
      const column = colour.kind === 'presence' ? '' : `.${colour.column}`
      const link = i === 0 ? '' : `@${place.link?.column}`
      return { name: `${data.name}${column}${link}`, layers: [layer], worth: worth(data, layer, data.columns) - i / 2 }
    })
  })
}

const best = <T extends { readonly worth: number }>(views: readonly T[]): T | undefined =>
  views.reduce<T | undefined>((a, b) => (a === undefined || b.worth > a.worth ? b : a), undefined)

/** All that share one space: a lattice with those who stand in its cells, or several populations with x and y. */
function togetherView(all: readonly PopulationData[]): View | undefined {
  const lattices = all.filter(p => p.lattice)
  const ground = lattices.length === 1 ? best(singleViews(lattices[0], all)) : undefined
  const movers = all.filter(p => !p.permanent && !p.lattice)
  const placed = movers.flatMap(data => {
    const places = placesOf(data, all)
    const place = places.find(({ population, position }) =>
      ground ? population === lattices[0].name || position.kind === 'columns' : position.kind === 'columns',
    )
    return place ? [{ data, place }] : []
  })
  if (placed.length < (ground ? 1 : 2)) return undefined
  if (!ground && new Set(placed.map(p => p.place.population)).size < placed.length) return undefined
  const layers = placed.map(({ data, place }): Layer => {
    const labels = coloursOf(data).find(c => c.kind === 'labels')
    return { population: data.name, place, colour: (placed.length === 1 && labels) || { kind: 'presence' } }
  })
  return { name: 'all', layers: [...(ground?.layers ?? []), ...layers] }
}

/** Every view of a scenario, the one that is shown when none is asked for first. */
export function viewsOf({ populations }: Pick<ScenarioData, 'populations'>): View[] {
  const together = togetherView(populations)
  const singles = populations.flatMap(p => singleViews(p, populations))
  const first = together ?? best(singles)
  return first ? [first, ...singles.filter(v => v !== first)].map(({ name, layers }) => ({ name, layers })) : []
}

/** The view of a name; a population's name alone stands for its best view; undefined: the best of all. USAGE. */
export function chooseView(data: Pick<ScenarioData, 'name' | 'populations'>, wanted: string | undefined): View {
  const views = viewsOf(data)
  if (views.length === 0)
    throw wrongUsage(`Nothing of '${data.name}' can be shown by --watch`, 'Give a population x and y, or a column.')
  if (wanted === undefined || wanted === '') return views[0]
  const named = views.find(v => v.name === wanted)
  if (named) return named
  const population = data.populations.find(p => p.name === wanted)
  const ofIt = population && best(singleViews(population, data.populations))
  if (ofIt) return { name: ofIt.name, layers: ofIt.layers }
  const names = views.map(v => v.name)
  const close = nearest(wanted, names)
  throw wrongUsage(
    `'${data.name}' has no view '${wanted}'`,
    `${close ? `Did you mean '${close}'? ` : ''}--watch=<view> shows one of ${names.join(', ')}.`,
  )
}
