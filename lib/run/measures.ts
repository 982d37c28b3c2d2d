// Measures: numbers computed at the end of a tick over a population. Declared here; workers reduce each block to a few
// numbers (kernels/reduce.ts), which are merged here: those of a partition in the order of its blocks, then partitions in
// order, so a float sum has one order of terms. What a frozen partition came to when it froze is kept and merged in its place.
import { PopulaceError } from '../core/errors.js'
import { MAX_BINS, MAX_PARTITIONS } from '../core/limits.js'
import { callLoop } from '../kernels/call-loop.js'
import { binner, type Condition, counter, summarizer } from '../kernels/reduce.js'
import type { AnyArray, Columns, Values } from '../memory/column-types.js'
import type { ColumnData } from '../memory/columns.js'
import type { WorldLayout } from '../memory/layout.js'
import type { PartitionStates } from '../memory/partition-states.js'
import { type AnyPopulation, knownColumn, type Population, populationData } from '../memory/population.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import { storedValues } from '../memory/stored.js'
import type { WorldMemory } from '../memory/world.js'
import type { Loop } from '../schedule/scope.js'

/** A declared measure whose values are of type T. */
export interface Measure<T> {
  readonly kind: string
  readonly value?: T
}

/** What is behind a Measure. */
export interface MeasureData {
  readonly kind: 'count' | 'sum' | 'min' | 'max' | 'mean' | 'histogram'
  readonly population: string
  readonly column: string | undefined
  /** Values as stored. */
  readonly where: Readonly<Record<string, number>>
  readonly bins: { readonly from: number; readonly to: number; readonly bins: number } | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: the values vary by measure and are recovered here
export type MeasureValues<M> = { readonly [k in keyof M]: M[k] extends Measure<infer T> ? T : any }

function invalid(what: string, remedy: string): never {
  throw new PopulaceError('MEASURE_INVALID', what, remedy)
}

function single(population: AnyPopulation, column: string): ColumnData {
  const data = knownColumn(populationData(population, 'The population of a measure'), column)
  if (data.doc)
    invalid(
      `A measure is taken of '${population.name}.${column}', which holds documents`,
      'Keep what is measured in a column of its own.',
    )
  if (data.size !== 1)
    invalid(
      `A measure is taken of '${population.name}.${column}', which holds ${data.size} values a row`,
      'Measure a column of one value a row.',
    )
  return data
}

/** The conditions of a measure as stored, so that a wrong one is named where it is written. */
function storedWhere(population: AnyPopulation, where: unknown): Record<string, number> {
  if (typeof where !== 'object' || where === null)
    return invalid(
      `The where of a measure of '${population.name}' is ${String(where)}`,
      'Give an object of values by column name.',
    )
  const given = Object.entries(where).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    given.map(([name, value]) => {
      const [stored] = storedValues(single(population, name), value, `A measure's '${population.name}.${name}'`)
      return [name, stored]
    }),
  )
}

function define<T>(
  kind: MeasureData['kind'],
  population: AnyPopulation,
  column?: string,
  where: object = {},
  bins?: MeasureData['bins'],
): Measure<T> {
  populationData(population, 'The population of a measure')
  if (column !== undefined) single(population, column)
  const data: MeasureData = { kind, population: population.name, column, where: storedWhere(population, where), bins }
  return Object.freeze(data) as Measure<T> // the value's type is phantom
}

/** Agents whose values match. COLUMN_UNKNOWN, VALUE_INVALID, MEASURE_INVALID; so do all measures refuse. */
export function count<C extends Columns>(p: Population<string, C>, where?: Values<C>): Measure<number> {
  return define('count', p, undefined, where)
}

/** Sum of a column over the agents that match. */
export function sum<C extends Columns>(
  p: Population<string, C>,
  column: keyof C & string,
  where?: Values<C>,
): Measure<number> {
  return define('sum', p, column, where)
}

/** Least value of a column over the agents that match; NaN when none does. */
export function min<C extends Columns>(
  p: Population<string, C>,
  column: keyof C & string,
  where?: Values<C>,
): Measure<number> {
  return define('min', p, column, where)
}

/** Greatest value of a column over the agents that match; NaN when none does. */
export function max<C extends Columns>(
  p: Population<string, C>,
  column: keyof C & string,
  where?: Values<C>,
): Measure<number> {
  return define('max', p, column, where)
}

/** Arithmetic mean of a column over the agents that match; NaN when none does. */
export function mean<C extends Columns>(
  p: Population<string, C>,
  column: keyof C & string,
  where?: Values<C>,
): Measure<number> {
  return define('mean', p, column, where)
}

/**
 * Agents by value, in `bins` equal bins of [from, to]; values outside count nowhere. An enumeration or bool needs no
 * bins: one a label. MEASURE_INVALID.
 */
export function histogram<C extends Columns>(
  p: Population<string, C>,
  column: keyof C & string,
  o?: { from: number; to: number; bins: number },
): Measure<number[]> {
  const data = single(p, column)
  const labels = data.labels?.length ?? (data.kind === 'bool' ? 2 : undefined)
  const bins = o ?? (labels === undefined ? undefined : { from: -0.5, to: labels - 0.5, bins: labels })
  if (!bins) return invalid(`A histogram of '${p.name}.${column}' has no bins`, 'Give { from, to, bins }.')
  if (!(Number.isFinite(bins.from) && Number.isFinite(bins.to) && bins.from < bins.to))
    invalid(`A histogram of '${p.name}.${column}' reaches from ${bins.from} to ${bins.to}`, 'from is below to.')
  if (!(Number.isInteger(bins.bins) && bins.bins >= 1 && bins.bins <= MAX_BINS))
    invalid(`A histogram of '${p.name}.${column}' has ${bins.bins} bins`, `Give an integer from 1 to ${MAX_BINS}.`)
  return define('histogram', p, column, {}, bins)
}

/** Numbers kept a block. */
export function slotsOf(measure: MeasureData): number {
  if (measure.kind === 'count') return 1
  return measure.bins ? measure.bins.bins : 4
}

/** Numbers of the result. */
export function valuesOf(measure: MeasureData): number {
  return measure.bins ? measure.bins.bins : 1
}

interface ScenarioMeasures {
  readonly measures: ReadonlyMap<string, MeasureData>
}

/** Where what frozen partitions came to is kept, and which those are. */
export interface Sleeping {
  /** Byte offset: see WorldLayout.measureFrozen. */
  readonly offset: number
  readonly states: PartitionStates
}

/** A measure over a population in memory. */
export class BoundMeasure {
  readonly values: number
  readonly #data: MeasureData
  readonly #population: PopulationMemory
  readonly #unit: number
  readonly #reduce: Loop
  readonly #partials: Float64Array
  readonly #slots: number
  readonly #states: PartitionStates | undefined
  /** Four numbers a frozen partition, or for counts the sums over all of them. */
  readonly #asleep: Float64Array

  constructor(data: MeasureData, population: PopulationMemory, offset: number, sleeping?: Sleeping) {
    const column = data.column === undefined ? undefined : population.columns.get(data.column)
    this.#data = data
    this.#population = population
    this.#unit = column?.layout.data.kind === 'fixed' ? column.layout.data.unit : 1
    this.#slots = slotsOf(data)
    this.values = valuesOf(data)
    this.#partials = new Float64Array(population.buffer, offset, population.layout.frames * this.#slots)
    this.#reduce = this.#makeLoop(column?.array)
    this.#states = sleeping?.states
    const kept = !sleeping ? 0 : this.#counts ? this.#slots : MAX_PARTITIONS * 4
    this.#asleep = new Float64Array(population.buffer, sleeping?.offset ?? 0, kept)
  }

  /** Whether blocks come to counts, whose sums are the same in any order. */
  get #counts(): boolean {
    return this.#data.kind === 'count' || this.#data.kind === 'histogram'
  }

  #makeLoop(array: AnyArray | undefined): Loop {
    const { bins, population, where } = this.#data
    const unit = this.#unit
    const conditions = Object.entries(where).map(([name, value]): Condition => {
      const c = this.#population.columns.get(name)
      if (!c) return invalid(`A measure of '${population}' names no column '${name}'`, 'Check the spelling.')
      return { array: c.array, value }
    })
    if (array === undefined) return counter(conditions, this.#partials)
    if (bins) return binner(array, bins.from / unit, bins.to / unit, bins.bins, this.#partials)
    return summarizer(array, conditions, this.#partials)
  }

  /** Blocks to reduce. */
  get blocks(): number {
    return this.#population.frames.blocks
  }

  /** Reduces the i-th block of the block list. */
  reduce(i: number): void {
    const { frames, layout } = this.#population
    const frame = frames.blockList[i]
    const begin = frame * layout.block
    const end = begin + frames.rows[frame]
    callLoop(this.#reduce, begin, end, i * this.#slots)
  }

  /** Merges all blocks in order; writes the result at out[at]. */
  merge(out: Float64Array, at: number): void {
    const { blocks } = this
    const { kind } = this.#data
    if (this.#counts) {
      const p = this.#partials
      for (let k = 0; k < this.values; k++) out[at + k] = this.#asleep[k] ?? 0
      for (let i = 0; i < blocks; i++) for (let k = 0; k < this.#slots; k++) out[at + k] += p[i * this.#slots + k]
      return
    }
    const p = this.#partials
    const { blockList, partitionOf } = this.#population.frames
    const asleep = (this.#states?.frozen ?? 0) > 0 ? this.#asleep : undefined
    let n = 0
    let total = 0
    let own = 0 // the sum of the partition that is being merged
    let least = Number.POSITIVE_INFINITY
    let greatest = Number.NEGATIVE_INFINITY
    for (let i = 0, next = 0; i <= blocks; i++) {
      const partition = i < blocks ? partitionOf[blockList[i]] : this.#population.partitions
      if (partition >= next) {
        total += own
        own = 0
        for (; asleep && next < partition; next++) {
          // One that nobody ever lived in has no numbers yet.
          if (!this.#states?.isFrozen(next) || asleep[next * 4] === 0) continue
          n += asleep[next * 4]
          total += asleep[next * 4 + 1]
          least = Math.min(least, asleep[next * 4 + 2])
          greatest = Math.max(greatest, asleep[next * 4 + 3])
        }
        next = partition + 1
      }
      if (i === blocks) break
      n += p[i * 4]
      own += p[i * 4 + 1]
      least = Math.min(least, p[i * 4 + 2])
      greatest = Math.max(greatest, p[i * 4 + 3])
    }
    const value =
      kind === 'sum' ? total : n === 0 ? Number.NaN : kind === 'mean' ? total / n : kind === 'min' ? least : greatest
    out[at] = value * this.#unit
  }

  /** Numbers that a frozen partition comes to. */
  get asleepValues(): number {
    return this.#counts ? this.#slots : 4
  }

  /** Takes what a partition comes to, which is about to freeze. By the main thread between batches. */
  fallAsleep(partition: number): Float64Array {
    const { frames, layout } = this.#population
    const own = this.#counts ? new Float64Array(this.#slots) : summary()
    const p = this.#partials // of no tick: they are made anew when the next one is measured
    for (const frame of frames.framesOf(partition)) {
      const begin = frame * layout.block
      callLoop(this.#reduce, begin, begin + frames.rows[frame], 0)
      if (this.#counts) for (let k = 0; k < own.length; k++) own[k] += p[k]
      else add(own, p, 0)
    }
    this.keepAsleep(partition, own)
    return own
  }

  /** Keeps what a frozen partition comes to. */
  keepAsleep(partition: number, own: Float64Array): void {
    if (this.#counts) for (let k = 0; k < own.length; k++) this.#asleep[k] += own[k]
    else this.#asleep.set(own, partition * 4)
  }

  /** The partition thaws: forgets what it came to. */
  wakeUp(own: Float64Array): void {
    if (this.#counts) for (let k = 0; k < own.length; k++) this.#asleep[k] -= own[k]
  }
}

/** Binds all measures of a plan in one thread. */
export function bindMeasures(
  { scenario, layout }: { readonly scenario: ScenarioMeasures; readonly layout: WorldLayout },
  memory: WorldMemory,
): BoundMeasure[] {
  const { states } = memory.partitions
  return [...scenario.measures.values()].map((m, i) => {
    const sleeping = { offset: layout.measureFrozen[i], states }
    return new BoundMeasure(m, memory.population(m.population), layout.measurePartials[i], sleeping)
  })
}

/** Count, sum, least and greatest of nothing. */
function summary(): Float64Array {
  return Float64Array.of(0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)
}

/** Merges the four numbers at `from[at]` and after. */
function add(into: Float64Array, from: Float64Array, at: number): void {
  into[0] += from[at]
  into[1] += from[at + 1]
  into[2] = Math.min(into[2], from[at + 2])
  into[3] = Math.max(into[3], from[at + 3])
}

/** Measures by name from the numbers of `merge`, one after another from `at`. */
export function measureRecord(
  measures: ReadonlyMap<string, MeasureData>,
  values: Float64Array,
  at: number,
): Record<string, number | number[]> {
  const out: Record<string, number | number[]> = {}
  let next = at
  for (const [name, data] of measures) {
    out[name] = data.bins ? Array.from(values.subarray(next, next + data.bins.bins)) : values[next]
    next += valuesOf(data)
  }
  return out
}

/** Refuses what no function here made. */
export function checkMeasure(name: string, measure: unknown): MeasureData {
  const data = measure as Partial<MeasureData> | null
  if (
    typeof data !== 'object' ||
    data === null ||
    typeof data.kind !== 'string' ||
    typeof data.population !== 'string'
  ) {
    return invalid(`Measure '${name}' is none`, 'Make it with count, sum, min, max, mean or histogram.')
  }
  return data as MeasureData
}
