// What a kernel is given of a sorted view. One object an engine and thread: functions are literals of their own, so
// that V8 folds what they look at into constants.
import { PopulaceError } from '../core/errors.js'
import type { AnyArray } from '../memory/column-types.js'
import { type DocumentReader, documentReader } from '../memory/documents.js'
import { type Here, makeCellAt } from './grid-shape.js'
import { makeSearch, type Search } from './search.js'
import type { SortedView } from './sorted-view.js'

function cells(
  view: SortedView,
  picked: Readonly<Record<string, AnyArray>>,
  shown: Readonly<Record<string, object>>,
  engine: string,
  here: Here,
): object {
  const { grid: shape, keys } = view.plan
  if (!shape) return {}
  let made: Search | undefined
  const search = (): Search => {
    const coordinates = keys.flatMap(column => picked[column] ?? [])
    if (coordinates.length < keys.length)
      throw new PopulaceError(
        'GRID_INVALID',
        `Engine '${engine}' searches in ${view.plan.name} without its coordinates`,
        `Pick them: ${shape.name}.pick(${keys.map(k => `'${k}'`).join(', ')}).`,
      )
    made ??= makeSearch(shape, view.first, coordinates, view.row.length, here)
    return made
  }
  const { stride, layer, reach } = shape
  const own = {
    ...shown,
    first: view.first,
    row: view.row,
    id: view.id,
    stride,
    layer,
    reach,
    cellAt: makeCellAt(shape, here),
  }
  return Object.defineProperties(own, {
    within: { get: () => search().within, enumerable: false },
    nearest: { get: () => search().nearest, enumerable: false },
    found: { get: () => search().found, enumerable: false },
  })
}

/** How a column of documents is read; undefined: it is none. Its copy is of words: the bytes are those of the rows. */
function documentsOf(view: SortedView, column: string): DocumentReader | undefined {
  const { documents, columns, layout } = view.population
  if (!documents || !columns.get(column)?.layout.data.doc) return undefined
  const words = view.columns.get(column)?.array as Uint32Array // copied as it is
  return documentReader({ heap: documents.heap, words, ids: view.id, name: `${layout.name}.${column}` })
}

/** What `engine` is given under the name of one of its senses. here: where it is, to be kept up to date. */
export function shapeView(view: SortedView, columns: readonly string[], engine: string, here: Here): object {
  const { first, row, id } = view
  const picked = Object.fromEntries(
    columns.map(column => [column, view.columns.get(column)?.array as AnyArray]), // a view has the columns of all its engines
  )
  const shown = Object.fromEntries(columns.map(column => [column, documentsOf(view, column) ?? picked[column]]))
  switch (view.plan.kind) {
    case 'by':
      return { ...shown, first, row, id }
    case 'where':
      return {
        row,
        id,
        get length() {
          return first[1]
        },
      }
    case 'cells':
      return cells(view, picked, shown, engine, here)
  }
}
