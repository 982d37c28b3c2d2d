// What a kernel is given: the scope of its engine, by the names it declared. Types only.
import type { Columns, EffectKeys, Read, Row, View, Write } from '../memory/column-types.js'
import type { Params, ParamValues } from '../memory/params.js'
import type { Access, Reads } from '../memory/population.js'

/**
 * Random numbers of the agent in this row, for this engine and tick: the next call for the same row gives the next
 * number. Draw all that a row needs before going on to another: checks mode refuses to come back to a row.
 */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  float(row: number): number
  /** Uniform integer in [0, below). RANDOM_BOUND. */
  int(row: number, below: number): number
  /** True with the given probability. */
  chance(row: number, probability: number): boolean
  /** Standard normal. */
  normal(row: number): number
  /** Exponential with the given mean. */
  exponential(row: number, mean: number): number
  /** Uniform unsigned 32-bit integer. */
  u32(row: number): number
}

/** One function a column: merges `value` into the row when the engine ends. */
export type Adder<A> = A extends { readonly of: infer C extends Columns; readonly picked?: infer K }
  ? { readonly [k in Extract<K, EffectKeys<C>>]: (row: number, value: number) => void }
  : never

type Shapes<S> = { readonly [k in keyof S]: S[k] extends Access<infer T> ? T : never }

/** Anything by name. */
export type Of<T> = Record<string, T>

// biome-ignore lint/suspicious/noExplicitAny: the shape varies by access and is recovered by Shapes
export type AnyAccess = Access<any>

/** What the factory of a kernel is given; its typed arrays are constants for the life of the simulation. */
export interface Scope<C extends Columns, R extends keyof C, W extends keyof C, P extends Params, S, F> {
  /** Columns of the agents' own rows, as declared in reads and writes. */
  readonly self: Reads<C, Exclude<R, W>> & { readonly [k in W]: Write<C[k]> } & {
    readonly id: View
    /** The number of each agent's partition; world.partition(name) gives a name's. */
    readonly partition: View
    /** Ticks since this agent's last turn of this engine; 1 where weight and every are 1. */
    readonly elapsed: View
  }
  /** Columns of other rows, as they were when this engine began. */
  readonly seen: Shapes<S>
  /** Changes to other rows, merged when this engine ends. */
  readonly effect: { readonly [k in keyof F]: Adder<F[k]> }
  readonly random: Random
  readonly params: ParamValues<P>
}

/** Steps the rows [begin, end) of one block. */
export type Loop = (begin: number, end: number, tick: number) => void

export type { Columns, Read, Row, View, Write }
