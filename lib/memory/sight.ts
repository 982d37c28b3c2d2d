// The ways to look at a population, as declared: random access, runs by reference, rows that match, cells of a grid.
// Types and plain descriptions only; exchange builds the views, population.ts and grid.ts declare them.
import type { Columns, Read, View } from './column-types.js'
import type { Params, Size } from './params.js'

/** What an engine may sense: declared by value, given to the kernel as `Shape`. */
export interface Access<Shape> {
  readonly shape?: Shape
}

/** Views of some columns. */
export type Reads<C extends Columns, K extends keyof C> = { readonly [k in K]: Read<C[k]> }

/** Random access. rowOf gives -1 for NONE and for the dead. */
export type Rows<C extends Columns, K extends keyof C> = Reads<C, K> & { readonly id: View; rowOf(id: number): number }

/**
 * Rows copied in runs, as they were when the engine began: run r is [first[r], first[r + 1]), inside it rows lie in
 * (partition, block, row) order, and `row[i]` is where i came from.
 */
export type Runs<C extends Columns, K extends keyof C> = Reads<C, K> & {
  readonly first: View
  readonly row: View
  readonly id: View
}

/**
 * Runs by cell, with a halo of `reach` cells on all sides. On a torus the halo holds copies of the agents across the
 * edge, their coordinates shifted already; on a bounded grid it is empty. Cells of a line lie one after another, so the
 * neighbours of cell c are the spans [first[l - reach], first[l + reach + 1]) for l = c - reach * stride, … in steps of
 * stride; in 3D around each of c - reach * layer, … in steps of layer.
 */
export type Cells<C extends Columns, K extends keyof C> = Runs<C, K> & {
  /**
   * The cell of a position; in a grid of scope 'partition', in the space of the partition that is being stepped. One
   * outside of a torus is wrapped, of a bounded grid clamped. POSITION_INVALID.
   */
  cellAt(x: number, y: number, z?: number): number
  /** Cells from one line to the next. */
  readonly stride: number
  /** Cells from one layer of a 3D grid to the next. */
  readonly layer: number
  /** Cells around one that the halo covers. */
  readonly reach: number
  /**
   * Finds all agents no farther than `radius` (at most cell * reach) from a position, whoever asks included; gives how
   * many. found[0], found[1] … are positions in the runs, as i in row[i], rising. RADIUS_INVALID, POSITION_INVALID.
   */
  readonly within: {
    (x: number, y: number, radius: number): number
    (x: number, y: number, z: number, radius: number): number
  }
  /**
   * Finds the nearest `most` agents no farther than cell * reach from a position, whoever asks included, nearest first,
   * of equally near ones the lowest i; gives how many. RADIUS_INVALID, POSITION_INVALID.
   */
  readonly nearest: {
    (x: number, y: number, most: number): number
    (x: number, y: number, z: number, most: number): number
  }
  /** What the last call of `within` or `nearest` in this engine and thread found; the same array for ever. */
  readonly found: View
}

/** Rows that match, in (partition, block, row) order. `length` is looked up each time: take it once a loop. */
export interface Matches {
  readonly row: View
  readonly id: View
  readonly length: number
}

/** Behind `pick`. */
export interface PickData {
  readonly kind: 'pick'
  readonly population: string
  readonly columns: readonly string[]
}

/** Behind `by`. */
export interface ByData {
  readonly kind: 'by'
  readonly population: string
  readonly columns: readonly string[]
  /** The ref or index column that says in which run a row is. */
  readonly key: string
  /** The population whose rows number the runs. */
  readonly to: string
}

/** Behind `where`. */
export interface WhereData {
  readonly kind: 'where'
  readonly population: string
  readonly columns: readonly []
  /** Values as stored, by column. */
  readonly match: Readonly<Record<string, readonly number[]>>
}

/** A grid as declared. */
export interface GridData {
  readonly name: string
  readonly params: Params
  readonly population: string
  /** Columns of coordinates: two or three. */
  readonly axes: readonly string[]
  /** Sides of the space in the same order, and the least side of a cell. */
  readonly sides: readonly Size<Params>[]
  readonly cell: Size<Params>
  readonly torus: boolean
  readonly reach: number
  /** Whether partitions share one space. */
  readonly scope: 'world' | 'partition'
}

/** Behind a grid's `pick`. */
export interface CellsData {
  readonly kind: 'cells'
  readonly population: string
  readonly columns: readonly string[]
  readonly grid: GridData
}

/** What is behind an Access that is made of sorted copies. */
export type ViewData = ByData | WhereData | CellsData

/** What is behind an Access. */
export type AccessData = PickData | ViewData

/** The columns that decide where a row is found in a view. */
export function keysOf(view: AccessData): readonly string[] {
  switch (view.kind) {
    case 'pick':
      return []
    case 'by':
      return [view.key]
    case 'where':
      return Object.keys(view.match)
    case 'cells':
      return view.grid.axes
  }
}
