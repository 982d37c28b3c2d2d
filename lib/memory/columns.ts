// Column constructors: f32() … doc(). Each gives a plain frozen description; nothing is allocated here.
// A description is checked at once, so that a wrong one is named where it is written.
import { PopulaceError } from '../core/errors.js'
import { MAX_COLUMN_SIZE, MAX_LABELS } from '../core/limits.js'
import { hint } from '../core/suggest.js'
import type { AnyColumn, Column, DocColumn, Effect, Json, Kind } from './column-types.js'

/** Options of every column. size n: n values a row, value k of a row at row * n + k. */
export interface ColumnOptions {
  /** The value of a new row. */
  default?: number
  /** The column is its default when a tick begins, and no part of the stored state. */
  reset?: 'tick'
}

/** A population, as far as a reference needs it. */
type Target = { readonly name: string } | 'self' | (string & {})

/** What is behind a Column: all that the engine needs to know of one. */
export interface ColumnData {
  readonly kind: Kind
  readonly size: number
  readonly default: number
  readonly effect: Effect | undefined
  readonly reset: 'tick' | undefined
  readonly codes: Readonly<Record<string, number>>
  readonly labels: readonly string[] | undefined
  readonly to: string | undefined
  readonly index: boolean
  readonly unit: number
  /** A document column: its array holds two words a row, where its document lies and how long it is (0: none). */
  readonly doc: boolean
}

/** No row: what an `index` column holds when it names none. */
export const NO_INDEX = 0xffffffff

/** Least and greatest integer of each kind; undefined where any number fits. */
export const RANGE: Readonly<Record<Kind, readonly [number, number] | undefined>> = {
  f32: undefined,
  f64: undefined,
  i8: [-128, 127],
  i16: [-32768, 32767],
  i32: [-2147483648, 2147483647],
  u8: [0, 255],
  u16: [0, 65535],
  u32: [0, 4294967295],
  bool: [0, 1],
  ref: [0, Number.MAX_SAFE_INTEGER],
  fixed: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
}

const described = new WeakSet<object>()
const EFFECTS: readonly string[] = ['add', 'min', 'max', 'or']

/** The description behind a column; COLUMN_INVALID for anything that no constructor here made. */
export function columnData(column: AnyColumn, where: string): ColumnData {
  if ((column as AnyColumn | null | undefined)?.kind === 'doc') return DOC_DATA
  if (typeof column !== 'object' || column === null || !described.has(column)) {
    // A host and a scenario may load two copies of this module: accept what looks right in every field.
    const c = column as Partial<ColumnData> | null
    if (
      typeof c !== 'object' ||
      c === null ||
      typeof c.kind !== 'string' ||
      !(c.kind in RANGE) ||
      typeof c.default !== 'number'
    ) {
      throw new PopulaceError(
        'COLUMN_INVALID',
        `${where} is not a column`,
        'Declare it with f32(), i32(), enumeration([...]), ref(...) or another column constructor.',
      )
    }
  }
  return column as unknown as ColumnData // every Column made here is one: describe() below
}

interface Raw {
  default?: unknown
  reset?: unknown
  effect?: unknown
  size?: unknown
  unit?: unknown
}

function fail(what: string, remedy: string): never {
  throw new PopulaceError('COLUMN_INVALID', what, remedy)
}

function describe(
  kind: Kind,
  given: object | undefined,
  known: readonly string[],
  more: Partial<ColumnData> = {},
): unknown {
  const name = more.labels ? 'enumeration' : more.index ? 'index' : kind
  const o: Raw = given ?? {}
  if (typeof o !== 'object')
    fail(`${name}(${String(given)}): options must be an object`, `Write ${name}({ … }) or ${name}().`)
  for (const key of Object.keys(o)) {
    if (!known.includes(key)) fail(`${name}() has no option '${key}'`, `Check the spelling; ${hint(key, known)}`)
  }
  const size = o.size ?? 1
  if (!Number.isInteger(size) || (size as number) < 1 || (size as number) > MAX_COLUMN_SIZE) {
    fail(
      `${name}(): size ${String(size)} is not an integer from 1 to ${MAX_COLUMN_SIZE}`,
      'Give the number of values a row.',
    )
  }
  if (o.reset !== undefined && o.reset !== 'tick')
    fail(`${name}(): reset can only be 'tick', not ${String(o.reset)}`, 'Leave it off for a column that lasts.')
  const effect = o.effect as Effect | undefined
  if (effect !== undefined && !EFFECTS.includes(effect))
    fail(`${name}(): unknown effect ${String(effect)}`, "Use 'add', 'min', 'max' or 'or'.")
  if (effect !== undefined && size !== 1)
    fail(`${name}(): a column with an effect holds one value a row`, 'Use several columns.')
  if (kind === 'fixed' && effect === 'or')
    fail("fixed(): effect 'or' is for integer columns", "Use 'add', 'min' or 'max'.")
  const unit = more.unit ?? 1
  const fallback = more.default ?? 0
  const value =
    o.default === undefined
      ? fallback
      : kind === 'fixed'
        ? Math.round((o.default as number) / unit)
        : (o.default as number)
  const range = RANGE[kind]
  if (typeof value !== 'number' || Number.isNaN(value))
    fail(`${name}(): default ${String(o.default)} is not a number`, 'Give a number.')
  if (range && !(Number.isInteger(value) && value >= range[0] && value <= range[1])) {
    fail(
      `${name}(): default ${String(o.default)} is not an integer from ${range[0]} to ${range[1]}`,
      'Give a default that the column can hold.',
    )
  }
  const data: ColumnData = {
    kind,
    size: size as number,
    default: value,
    effect,
    reset: o.reset as 'tick' | undefined,
    codes: more.codes ?? {},
    labels: more.labels,
    to: more.to,
    index: more.index ?? false,
    unit,
    doc: false,
  }
  const column = Object.freeze(data)
  described.add(column)
  return column
}

const PLAIN = ['default', 'reset', 'size']
const INTEGER = ['default', 'reset', 'size', 'effect']

interface Plain<K extends Kind> {
  (o?: ColumnOptions): Column<K>
  <const Z extends number>(o: ColumnOptions & { size: Z }): Column<K, undefined, never, Z>
}
interface Integer<K extends Kind> {
  (o?: ColumnOptions): Column<K>
  <E extends Effect>(o: ColumnOptions & { effect: E }): Column<K, E>
  <const Z extends number>(o: ColumnOptions & { size: Z }): Column<K, undefined, never, Z>
}

const plain = <K extends Kind>(kind: K) => ((o?: object) => describe(kind, o, PLAIN)) as Plain<K> // overloads share one body
const integer = <K extends Kind>(kind: K) => ((o?: object) => describe(kind, o, INTEGER)) as Integer<K> // overloads share one body

/** 32-bit floats. */
export const f32 = plain('f32')
/** 64-bit floats. */
export const f64 = plain('f64')
/** 0 or 1 in a byte. */
export const bool = plain('bool')
/** Integers from -128 to 127. */
export const i8 = integer('i8')
/** Integers from -32,768 to 32,767. */
export const i16 = integer('i16')
/** Integers from -2^31 to 2^31 - 1. */
export const i32 = integer('i32')
/** Integers from 0 to 255. */
export const u8 = integer('u8')
/** Integers from 0 to 65,535. */
export const u16 = integer('u16')
/** Integers from 0 to 2^32 - 1. */
export const u32 = integer('u32')

/**
 * An exact integer up to 2^53 in a Float64Array, so that adding floats scaled and rounded is exact in any order.
 * Kernels see the integer; get(), rows(), measures and reports show it times `unit`. `default` is given in units too.
 */
export function fixed(o: ColumnOptions & { unit: number }): Column<'fixed'>
export function fixed<E extends Effect>(o: ColumnOptions & { unit: number; effect: E }): Column<'fixed', E>
export function fixed(o: ColumnOptions & { unit: number }): unknown {
  const unit: unknown = o?.unit
  if (typeof unit !== 'number' || !(unit > 0 && Number.isFinite(unit))) {
    fail(
      `fixed(): unit ${String(unit)} is not a positive number`,
      'Give the value of one step, such as fixed({ unit: 0.01 }).',
    )
  }
  return describe('fixed', o, ['default', 'reset', 'unit', 'effect'], { unit })
}

/** One of up to 256 labels, stored as its position in one byte. The default is the first label. */
export function enumeration<const L extends string>(
  labels: readonly L[],
  o?: { default?: NoInfer<L>; reset?: 'tick' },
): Column<'u8', undefined, L> {
  if (!Array.isArray(labels) || labels.length === 0 || labels.length > MAX_LABELS) {
    fail(`enumeration() needs 1 to ${MAX_LABELS} labels`, "Write enumeration(['idle', 'work']).")
  }
  labels.forEach((label, code) => {
    if (typeof label !== 'string' || label === '')
      fail(`enumeration(): label ${String(label)} is not a name`, 'Labels are non-empty strings.')
    if (labels.indexOf(label) < code) fail(`enumeration(): label '${label}' stands twice`, 'Labels are distinct.')
  })
  const codes: Record<string, number> = Object.fromEntries(labels.map((label, code) => [label, code]))
  const start: string | undefined = o?.default
  if (start !== undefined && !Object.hasOwn(codes, start))
    fail(`enumeration(): the default '${start}' is no label`, `Check the spelling; ${hint(start, labels)}`)
  const options = o === undefined ? undefined : { ...o, ...(start === undefined ? {} : { default: codes[start] }) }
  return describe('u8', options, ['default', 'reset'], {
    codes: Object.freeze(codes),
    labels: Object.freeze([...labels]),
  }) as Column<'u8', undefined, L>
}

function targetName(to: Target, what: string): string {
  const name = typeof to === 'string' ? to : to?.name
  if (typeof name !== 'string' || name === '')
    fail(`${what}() names no population`, `Write ${what}(population), ${what}('self') or ${what}('name').`)
  return name
}

/** The id of an agent (0: nobody): of a population, of the own one ('self'), or by name of one defined later. */
export function ref(to: Target): Column<'ref'>
export function ref<const Z extends number>(to: Target, o: { size: Z }): Column<'ref', undefined, never, Z>
export function ref(to: Target, o?: { size: number }): unknown {
  return describe('ref', o, ['size'], { to: targetName(to, 'ref') })
}

/** The row of an agent of a permanent population, stored as such (0xffffffff: none). */
export function index(to: Target): Column<'u32'>
export function index<const Z extends number>(to: Target, o: { size: Z }): Column<'u32', undefined, never, Z>
export function index(to: Target, o?: { size: number }): unknown {
  return describe('u32', o, ['size'], { to: targetName(to, 'index'), index: true, default: NO_INDEX })
}

/** How a document is kept in its row: see ColumnData.doc. */
const DOC_DATA: ColumnData = Object.freeze({
  kind: 'u32',
  size: 2,
  default: 0,
  effect: undefined,
  reset: undefined,
  codes: {},
  labels: undefined,
  to: undefined,
  index: false,
  unit: 1,
  doc: true,
})

/** Plain data of type T: a document a row, read and replaced whole; or the payload of a command. */
export function doc<T extends Json>(): DocColumn<T> {
  return Object.freeze({ kind: 'doc' as const })
}
