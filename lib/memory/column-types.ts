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

/** A document: plain data of type T. */
export interface DocColumn<T> {
  readonly kind: 'doc'
  readonly sample?: T
}

// biome-ignore lint/suspicious/noExplicitAny: a column's effect, labels and size vary independently of what accepts any column
export type AnyColumn = Column<Kind, any, any, any>

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

/** What a kernel writes through. */
export type Write<C> = C extends Column<infer K, infer _E, infer _L, infer _Z> ? Arrays[K] : never

/** What a kernel reads through. */
export type Read<C> = C extends AnyColumn ? View : never

type Given<C> =
  C extends Column<infer _K, infer _E, infer L, infer Z>
    ? [L] extends [never]
      ? Z extends 1
        ? number
        : readonly number[]
      : L | number
    : never

type Got<C> =
  C extends Column<infer _K, infer _E, infer L, infer Z>
    ? [L] extends [never]
      ? Z extends 1
        ? number
        : readonly number[]
      : L
    : never

/** What a host gives: numbers, arrays of numbers, labels or their codes. */
export type Values<C extends Columns> = { [k in keyof C]?: Given<C[k]> }

/** What a host gets: numbers, arrays of numbers, labels. */
export type Row<C extends Columns> = { readonly [k in keyof C]: Got<C[k]> } & { readonly id: number }

/** The columns that effects may change. */
export type EffectKeys<C extends Columns> = {
  [k in keyof C]: C[k] extends Column<infer _K, infer E, infer _L, infer _Z>
    ? [E] extends [Effect]
      ? k
      : never
    : never
}[keyof C]
