// What a kernel is given: the scope of its engine, by the names it declared. Types only.

import type { Ask } from '../memory/ask.js'
import type { Claim } from '../memory/claim.js'
import type { Columns, EffectKeys, Read, Row, Values, View, Write } from '../memory/column-types.js'
import type { Params, ParamValues } from '../memory/params.js'
import type { Population } from '../memory/population.js'
import type { Event, Message } from '../memory/record.js'
import type { Access, Reads } from '../memory/sight.js'

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

/**
 * Typed arrays of a fixed staging buffer: `const m = draft.add(row); draft.price[m] = 3`. m is good until the next add;
 * defaults are filled in.
 */
export type Draft<C extends Columns> = { readonly [k in keyof C]: Write<C[k]> }

/** A birth being drafted: `add` in the parent row's partition when none is given. Ids are given out when the engine ends. */
export type Birth<B> =
  B extends Population<infer _N, infer C> ? Draft<C> & { add(parentRow: number, partition?: number): number } : never

/** Sends: `add` begins a message from the agent in `row` to the agent `to`. */
export type Sender<M> =
  M extends Message<infer _N, infer C> ? Draft<C> & { add(row: number, to: number): number } : never

/**
 * Messages to the agent in row r are [first[r], first[r + 1]), in the order in which they were sent: (tick, engine,
 * sender's partition, block, row, sequence). `from` is the sender's id, NONE for the main thread.
 */
export type Inbox<M> =
  M extends Message<infer _N, infer C>
    ? { readonly [k in keyof C]: Read<C[k]> } & { readonly first: View; readonly from: View }
    : never

/** Emits an event by the agent in `row`; what is not given is at its default. COLUMN_UNKNOWN, VALUE_INVALID. */
export type Emitter<E> = E extends Event<infer C> ? (row: number, values: Values<C>) => void : never

/**
 * Puts a question in the name of the agent in `row`. `token` is a number of the asker's own, given back with the answer;
 * 0 by default. DOCUMENT_INVALID, DOCUMENT_TOO_LARGE.
 */
export type Asker<K> = K extends Ask<infer Q, infer _A> ? (row: number, question: Q, token?: number) => void : never

/**
 * What became of the asks of the agent in row r is [first[r], first[r + 1]), in the order of asking: status 0 ok, 1 late,
 * 2 failed, 3 refused. `answer(i)` gives a fresh copy, undefined where the status is not ok.
 */
export type Answers<K> =
  K extends Ask<infer _Q, infer A>
    ? { readonly first: View; readonly status: View; readonly token: View; answer(i: number): A | undefined }
    : never

/** Claims a row: at most once a row and run. The lowest rank wins, drawn at random when none is given, then the lowest id. */
export type Claimer = (row: number, targetRow: number, rank?: number) => void

/** To the claimer: whether it won (1), and the id of what it claimed (0: nothing). To the claimed: the id of who won (0: nobody). */
export type Outcome<X, N> =
  X extends Claim<infer By, infer On>
    ? (N extends By ? { readonly won: View; readonly target: View } : {}) &
        (N extends On ? { readonly winner: View } : {})
    : never

type Shapes<S> = { readonly [k in keyof S]: S[k] extends Access<infer T> ? T : never }

/** Anything by name. */
export type Of<T> = Record<string, T>

// biome-ignore lint/suspicious/noExplicitAny: the shape varies by access and is recovered by Shapes
export type AnyAccess = Access<any>

/** What the factory of a kernel is given; its typed arrays are constants for the life of the simulation. */
export interface Scope<
  N extends string,
  C extends Columns,
  R extends keyof C,
  W extends keyof C,
  P extends Params,
  S,
  F,
  X,
  O,
  B,
  T,
  I,
  V,
  Q,
  A,
> {
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
  /** Contests, settled when this engine ends. */
  readonly claim: { readonly [k in keyof X]: Claimer }
  /** What claims made earlier in this tick came to; empty again when the next begins. */
  readonly outcome: { readonly [k in keyof O]: Outcome<O[k], N> }
  /** Messages, seen by later engines. */
  readonly send: { readonly [k in keyof T]: Sender<T[k]> }
  /** Messages not seen by this engine before. */
  readonly inbox: { readonly [k in keyof I]: Inbox<I[k]> }
  /** Events to the world outside, delivered when the tick ends. */
  readonly emit: { readonly [k in keyof V]: Emitter<V[k]> }
  /** Questions to services outside, put when this engine ends. */
  readonly ask: { readonly [k in keyof Q]: Asker<Q[k]> }
  /** What became of asks, not seen by this engine before. */
  readonly answers: { readonly [k in keyof A]: Answers<A[k]> }
  /** Births, when this engine ends. */
  readonly spawn: { readonly [k in keyof B]: Birth<B[k]> }
  /** The own row dies when this engine ends. For engines that declare `despawns`. */
  despawn(row: number): void
  /** The own row goes to that partition when this engine ends; its id stays. For engines that declare `moves`. */
  move(row: number, partition: number): void
  readonly random: Random
  readonly params: ParamValues<P>
}

/** Steps the rows [begin, end) of one block. */
export type Loop = (begin: number, end: number, tick: number) => void

/** A loop, and what to do for those who slept. */
export interface WakingLoop {
  run: Loop
  /**
   * Called when a partition thaws, for each block of those who slept there, before anything else of the tick. Own rows
   * may be written and random numbers drawn; nothing may be put out, and no mail is there yet.
   */
  wake(begin: number, end: number, missedTicks: number): void
}

export type { Columns, Read, Row, View, Write }
