// The types of columns: what a declaration says, what kernels are given (typed arrays), what hosts give and get (values).
// No code here. Widths: f32, f64, i8 to i32, u8 to u32 as named; bool 1 byte; ref and fixed 8; index 4; enumeration 1.

/** Typed arrays behind each kind of column. */
export interface Arrays {
  f32: Float32Array
  f64: Float64Array
  i8: Int8Array
  i16: Int16Array
  i32: Int32Array
  u8: Uint8Array
  u16: Uint16Array
  u32: Uint32Array
  bool: Uint8Array
  ref: Float64Array
  fixed: Float64Array
}

/** A kind of column. */
export type Kind = keyof Arrays

/** Any of the arrays. */
export type AnyArray = Arrays[Kind]

/** How changes made by other rows are merged into a column. */
export type Effect = 'add' | 'min' | 'max' | 'or'

/** A typed array that may only be read. */
export interface View {
  readonly length: number
  readonly [row: number]: number
}

/** A declared column: kind K, effect E, labels L of an enumeration, Z values a row. */
export interface Column<K extends Kind, E = undefined, L extends string = never, Z extends number = 1> {
  readonly kind: K
  readonly effect: E
  readonly size?: Z
  /** The code of each label. */
  readonly codes: { readonly [label in L]: number }
}

/** Plain data as JSON has it, and bytes. */
export type Json = null | boolean | number | string | Uint8Array | readonly Json[] | { readonly [key: string]: Json }

/** A document a row: plain data of type T, read and replaced whole. */
export interface DocColumn<T> {
  readonly kind: 'doc'
  readonly sample?: T
}

// biome-ignore lint/suspicious/noExplicitAny: a column's effect, labels and size vary independently of what accepts any column
export type NumberColumn = Column<Kind, any, any, any>

// biome-ignore lint/suspicious/noExplicitAny: what a document holds varies
export type AnyColumn = NumberColumn | DocColumn<any>

/** The columns of a population by name. */
export type Columns = Record<string, AnyColumn>

/** Names that views use themselves. */
export const RESERVED_NAMES = [
  'id',
  'partition',
  'elapsed',
  'row',
  'first',
  'from',
  'length',
  'rowOf',
  'cellAt',
  'stride',
  'layer',
  'reach',
  'within',
  'nearest',
  'found',
  'add',
] as const

/** Refuses reserved column names at compile time. */
export type Forbid = { readonly [k in (typeof RESERVED_NAMES)[number]]?: never }

/** Reads documents: each `get` gives a fresh copy; undefined where the row has none. */
export interface DocReader<T> {
  get(row: number): T | undefined
}

/** Replaces documents too. DOCUMENT_INVALID, DOCUMENT_TOO_LARGE, DOCUMENTS_FULL. */
export interface DocWriter<T> extends DocReader<T> {
  /** undefined: the row has none from then on. */
  set(row: number, value: T | undefined): void
}

/** What a kernel writes through. */
export type Write<C> =
  C extends DocColumn<infer T>
    ? DocWriter<T>
    : C extends Column<infer K, infer _E, infer _L, infer _Z>
      ? Arrays[K]
      : never

/** What a kernel reads through. */
export type Read<C> = C extends DocColumn<infer T> ? DocReader<T> : View

type Given<C> = C extends DocColumn<infer T> ? T | undefined : GivenNumbers<C>

type GivenNumbers<C> =
  C extends Column<infer _K, infer _E, infer L, infer Z>
    ? [L] extends [never]
      ? Z extends 1
        ? number
        : readonly number[]
      : L | number
    : never

type Got<C> = C extends DocColumn<infer T> ? T | undefined : GotNumbers<C>

type GotNumbers<C> =
  C extends Column<infer _K, infer _E, infer L, infer Z>
    ? [L] extends [never]
      ? Z extends 1
        ? number
        : readonly number[]
      : L
    : never

/** What a host gives: numbers, arrays of numbers, labels or their codes, documents (undefined takes one away). */
export type Values<C extends Columns> = { [k in keyof C]?: Given<C[k]> }

/** What a host gets: numbers, arrays of numbers, labels, documents. */
export type Row<C extends Columns> = { readonly [k in keyof C]: Got<C[k]> } & { readonly id: number }

/** The columns that effects may change. */
export type EffectKeys<C extends Columns> = {
  [k in keyof C]: C[k] extends Column<infer _K, infer E, infer _L, infer _Z>
    ? [E] extends [Effect]
      ? k
      : never
    : never
}[keyof C]
