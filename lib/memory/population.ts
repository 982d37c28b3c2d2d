// Populations and lattices as declared: names, columns, capacities. No memory here; layout.ts places them.
import { PopulaceError } from '../core/errors.js'
import { MAX_BLOCK, MAX_NAME_LENGTH, MIN_BLOCK } from '../core/limits.js'
import { hint } from '../core/suggest.js'
import { type AnyColumn, type Columns, type Forbid, RESERVED_NAMES, type Values } from './column-types.js'
import { type ColumnData, columnData } from './columns.js'
import type { Params, Size } from './params.js'
import type { Access, ByData, Matches, PickData, Rows, Runs, WhereData } from './sight.js'
import { storedValues } from './stored.js'

/** A population as kernels, measures and hosts name it. */
export interface Population<N extends string, C extends Columns> {
  readonly name: N
  readonly columns: C
  /** Random access to the named columns of all its rows; with no column, only rowOf and id. */
  pick<const K extends (keyof C & string)[]>(
    ...columns: K
  ): Access<Rows<C, K[number]>> & { readonly of: C; readonly picked?: K[number] }
  /**
   * Runs by the row that a ref or index column of this population names: members of a town, orders of a book, edges of
   * a node; `first` goes by rows of the population named. Who names nobody, or somebody dead, is in no run; of a column
   * with several values a row, a row is in the run of each. COLUMN_UNKNOWN, COLUMN_INVALID.
   */
  by<const K extends (keyof C & string)[]>(refColumn: keyof C & string, ...columns: K): Access<Runs<C, K[number]>>
  /** Rows whose values match; all rows, of an empty match. COLUMN_UNKNOWN, VALUE_INVALID. */
  where(match: Values<C>): Access<Matches>
}

/** Any population. */
export type AnyPopulation = { readonly name: string; readonly columns: Columns }

/** A permanent population laid out in space: one agent a cell; row = (z * height + y) * width + x for ever. */
export interface Lattice<N extends string, C extends Columns> extends Population<N, C> {
  readonly lattice: true
}

/** What is behind a Population. */
export interface PopulationData {
  readonly name: string
  readonly columns: ReadonlyMap<string, ColumnData>
  readonly params: Params
  readonly capacity: Size<Params> | undefined
  readonly permanent: boolean
  readonly block: number | undefined
  /** Bytes that its documents may have together; undefined: chosen by its capacity. */
  readonly documentBytes: Size<Params> | undefined
  readonly lattice:
    | { readonly width: Size<Params>; readonly height: Size<Params>; readonly depth: Size<Params> }
    | undefined
}

const DATA = Symbol.for('populace.population')

/** The description behind a population; POPULATION_UNKNOWN for anything else. */
export function populationData(population: AnyPopulation, where: string): PopulationData {
  const data = (population as { [DATA]?: PopulationData } | null | undefined)?.[DATA]
  if (data === undefined)
    throw new PopulaceError(
      'POPULATION_UNKNOWN',
      `${where} is not a population`,
      'Make it with definePopulation or defineLattice.',
    )
  return data
}

/** Refuses names that are empty, overlong or not text. */
export function checkName(name: unknown, what: string): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH) {
    throw new PopulaceError(
      'NAME_INVALID',
      `${what} has the name ${JSON.stringify(name)}`,
      `Names are strings of 1 to ${MAX_NAME_LENGTH} characters.`,
    )
  }
}

function checkSize(size: unknown, what: string): void {
  if (typeof size !== 'function' && !(Number.isInteger(size) && (size as number) >= 1)) {
    throw new PopulaceError(
      'SCENARIO_INVALID',
      `${what} is ${String(size)}`,
      'Give an integer of at least 1, or a function of the parameters that gives one.',
    )
  }
}

/** Refuses options that are not known. OPTION_UNKNOWN. */
export function checkKeys(o: object, known: readonly string[], what: string): void {
  for (const key of Object.keys(o)) {
    if (!known.includes(key))
      throw new PopulaceError(
        'OPTION_UNKNOWN',
        `${what} has no option '${key}'`,
        `Check the spelling; ${hint(key, known)}`,
      )
  }
}

/** Columns by name. NAME_INVALID, COLUMN_INVALID. */
export function checkColumns(population: string, columns: Record<string, AnyColumn>): ReadonlyMap<string, ColumnData> {
  const all = new Map<string, ColumnData>()
  for (const [name, column] of Object.entries(columns ?? {})) {
    checkName(name, `A column of population '${population}'`)
    if ((RESERVED_NAMES as readonly string[]).includes(name)) {
      throw new PopulaceError(
        'NAME_INVALID',
        `Column '${population}.${name}' has a name that views use themselves`,
        `Choose another than ${RESERVED_NAMES.join(', ')}.`,
      )
    }
    all.set(name, columnData(column, `Column '${population}.${name}'`))
  }
  return all
}

function make(data: PopulationData, columns: Columns): object {
  const { name } = data
  const population = {
    name,
    columns,
    pick(...picked: string[]): PickData {
      for (const column of picked) knownColumn(data, column)
      return { kind: 'pick', population: name, columns: picked }
    },
    by(key: string, ...columns: string[]): ByData {
      const { to } = checkReference(data, key)
      for (const column of columns) knownColumn(data, column)
      return { kind: 'by', population: name, columns, key, to: to === undefined || to === 'self' ? name : to }
    },
    where(match: object): WhereData {
      return { kind: 'where', population: name, columns: [], match: storedMatch(data, match) }
    },
    ...(data.lattice ? { lattice: true } : {}),
  }
  Object.defineProperty(population, DATA, { value: data })
  return Object.freeze(population)
}

/** Refuses columns that name no agents. COLUMN_UNKNOWN, COLUMN_INVALID. */
export function checkReference(data: PopulationData, column: string): ColumnData {
  const found = knownColumn(data, column)
  if (found.to !== undefined) return found
  throw new PopulaceError(
    'COLUMN_INVALID',
    `Runs by '${data.name}.${column}' are asked for, which names no agents`,
    'Give a column made with ref() or index(); by cell of a position, use defineGrid.',
  )
}

function storedMatch(data: PopulationData, match: unknown): Record<string, readonly number[]> {
  if (typeof match !== 'object' || match === null)
    throw new PopulaceError(
      'VALUE_INVALID',
      `The where of population '${data.name}' is given ${String(match)}`,
      'Give an object of values by column name; {} matches all.',
    )
  // In one order, however they are written: what matches the same is one view.
  const given = Object.entries(match)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    given.map(([name, value]) => {
      const where = `The where of population '${data.name}', column '${name}',`
      return [name, storedValues(knownColumn(data, name), value, where)]
    }),
  )
}

/** The column's description. COLUMN_UNKNOWN, naming the nearest known one. */
export function knownColumn(data: PopulationData, column: string): ColumnData {
  const found = data.columns.get(column)
  if (found === undefined) {
    throw new PopulaceError(
      'COLUMN_UNKNOWN',
      `Population '${data.name}' has no column '${column}'`,
      `Check the spelling; ${hint(column, [...data.columns.keys()])}`,
    )
  }
  return found
}

/**
 * Declares a population: a table of typed columns with room for `capacity` agents.
 * permanent: all agents are made in setup; none dies, is born or moves; a row is the order of creation for ever and may
 * be stored (`index`). block: rows that are stepped together, a power of two from 16 to 4,096; chosen by default.
 * documentBytes: bytes that its documents may have together; 1 KiB an agent by default, at least 1 and at most 256 MiB.
 * NAME_INVALID, COLUMN_INVALID, OPTION_UNKNOWN, SCENARIO_INVALID.
 */
export function definePopulation<const N extends string, C extends Columns, P extends Params = {}>(
  name: N,
  o: {
    params?: P
    capacity: Size<P>
    permanent?: boolean
    block?: number
    documentBytes?: Size<P>
    columns: C & Forbid
  },
): Population<N, C> {
  checkName(name, 'A population')
  checkKeys(o, ['params', 'capacity', 'permanent', 'block', 'documentBytes', 'columns'], `definePopulation('${name}')`)
  checkSize(o.capacity, `The capacity of population '${name}'`)
  if (o.documentBytes !== undefined) checkSize(o.documentBytes, `The documentBytes of population '${name}'`)
  const { block } = o
  const whole = Number.isInteger(block) && Number.isInteger(Math.log2(block as number))
  if (block !== undefined && !(whole && block >= MIN_BLOCK && block <= MAX_BLOCK)) {
    throw new PopulaceError(
      'SCENARIO_INVALID',
      `Population '${name}' has a block of ${block} rows`,
      `Give a power of two from ${MIN_BLOCK} to ${MAX_BLOCK}, or leave it off.`,
    )
  }
  const data: PopulationData = {
    name,
    columns: checkColumns(name, o.columns),
    params: o.params ?? {},
    capacity: o.capacity as Size<Params>,
    permanent: o.permanent === true,
    block,
    documentBytes: o.documentBytes as Size<Params> | undefined,
    lattice: undefined,
  }
  return make(data, o.columns) as Population<N, C>
}

/** Declares a lattice of width * height * depth cells, each an agent from the start, all columns at their defaults. */
export function defineLattice<const N extends string, C extends Columns, P extends Params = {}>(
  name: N,
  o: {
    params?: P
    width: Size<P>
    height: Size<P>
    depth?: Size<P>
    documentBytes?: Size<P>
    columns: C & Forbid
  },
): Lattice<N, C> {
  checkName(name, 'A lattice')
  checkKeys(o, ['params', 'width', 'height', 'depth', 'documentBytes', 'columns'], `defineLattice('${name}')`)
  for (const side of ['width', 'height'] as const) checkSize(o[side], `The ${side} of lattice '${name}'`)
  if (o.depth !== undefined) checkSize(o.depth, `The depth of lattice '${name}'`)
  if (o.documentBytes !== undefined) checkSize(o.documentBytes, `The documentBytes of lattice '${name}'`)
  const lattice = {
    width: o.width as Size<Params>,
    height: o.height as Size<Params>,
    depth: (o.depth ?? 1) as Size<Params>,
  }
  const data: PopulationData = {
    name,
    columns: checkColumns(name, o.columns),
    params: o.params ?? {},
    capacity: undefined,
    permanent: true,
    block: undefined,
    documentBytes: o.documentBytes as Size<Params> | undefined,
    lattice,
  }
  return make(data, o.columns) as Lattice<N, C>
}
