// What the plain reference keeps, and the arithmetic that it does: no rules here.
import { unitFloat, unitNormal } from '../../lib/core/sequence.js'
import { streamKey, threefry } from '../../lib/core/threefry.js'
import { type Document, documentOf, numberOf } from '../fixtures/number-documents.js'
import type { Drafted } from '../fixtures/row-program.js'
import { type ColumnSpec, type EngineSpec, LABELS, UNIT } from '../fixtures/world-spec.js'

/** Values by column: of an agent, a message, an event. */
export interface Values {
  readonly numbers: Record<string, number[]>
  readonly documents: Record<string, Document>
}

export interface Agent extends Values {
  id: number
  partition: string
  /** Tick of the last turn of each engine; the birth's where there was none. */
  turns: Record<string, number>
  born: number
  /** Of each claim, until the next tick: whether it won, whom it claimed, who won it; whether it moved since then. */
  outcomes: Record<string, { won?: boolean; target?: number; winner?: number; moved?: boolean }>
}

/** A message that waits. */
export interface Letter extends Values {
  readonly message: string
  readonly to: number
  readonly from: number
  /** The population of who sent it; undefined: the main thread did. */
  readonly by: string | undefined
  /** The engines that have seen it. */
  readonly seen: string[]
  /** When it was sent, and where its receiver was then. */
  readonly tick: number
  readonly sentTo: string | undefined
}

/** An agent to be born. */
export interface Birth {
  readonly population: string
  readonly partition: string
  readonly parent: Agent
  /** The engine's name for it. */
  readonly key: string
  readonly values: Values
}

/** A claim; drawn: its rank was. */
export interface Claimed {
  readonly claim: string
  readonly by: Agent
  readonly on: Agent
  readonly rank: number
  readonly drawn: boolean
}

/** An event as hosts are told of it. */
export interface Told {
  readonly name: string
  readonly tick: number
  readonly sequence: number
  readonly from: number
  readonly values: Readonly<Record<string, unknown>>
}

/** All that the kernel of an engine puts out, to be committed when it ends. */
export interface Output {
  readonly effects: Map<Agent, Record<string, number[]>>
  readonly claims: Claimed[]
  readonly births: Birth[]
  readonly sent: { message: string; to: number; from: number; values: Values }[]
  readonly events: { name: string; from: number; values: Values }[]
  readonly deaths: Set<Agent>
  readonly moves: Map<Agent, string>
}

export interface PopulationState {
  /** Agents by partition; a death puts the last one of its partition in the place of the dead. */
  partitions: Agent[][]
  /** Generation of each slot used so far; slot s stands at s - 1. */
  generations: number[]
  free: number[]
  /** Agents of frozen partitions, by its name. */
  asleep: Record<string, Agent[]>
  /** Who is to go to a frozen partition when the next tick begins, in order. */
  leaving: { id: number; to: string }[]
  counts: { born: number; died: number; moved: number; refusedBirths: number; refusedMoves: number }
}

export interface MailState {
  /** In the order in which they were sent. */
  letters: Letter[]
  counts: Record<string, { sent: number; delivered: number; dropped: number; refused: number }>
}

export interface WorldState {
  partitions: string[]
  /** Frozen partitions, with the tick at which each froze. */
  frozen: Record<string, number>
  asked: Record<string, 'freeze' | 'thaw'>
  /** Partitions that something wakes. */
  woken: string[]
  populations: Record<string, PopulationState>
  mail: MailState
}

const DEFAULTS: Readonly<Record<string, number>> = { index: 0xffffffff }

/** What stands in a number column of its own accord. */
export function defaultOf({ default: value, kind }: ColumnSpec): number {
  return value ?? DEFAULTS[kind] ?? 0
}

/** Values in which all columns have their defaults; no documents. */
export function blank(columns: Readonly<Record<string, ColumnSpec>>): Values {
  const numbers: Record<string, number[]> = {}
  for (const [name, c] of Object.entries(columns))
    if (c.kind !== 'doc') numbers[name] = new Array<number>(c.size).fill(defaultOf(c))
  return { numbers, documents: {} }
}

/** Value k of a column; of a document the number that it stands for. */
export function readValue({ numbers, documents }: Values, column: string, k: number): number {
  return column in numbers ? numbers[column][k] : numberOf(documents[column])
}

export function writeValue(values: Values, column: string, k: number, value: number): void {
  if (column in values.numbers) values.numbers[column][k] = value
  else values.documents[column] = documentOf(value)
}

/** Default values, and those that were drafted. */
export function drafted(columns: Readonly<Record<string, ColumnSpec>>, given: readonly Drafted[]): Values {
  const values = blank(columns)
  for (const { column, k, value } of given) writeValue(values, column, k, value)
  return values
}

/** Values as hosts see them. */
export function shownValues(columns: Readonly<Record<string, ColumnSpec>>, values: Values): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, c] of Object.entries(columns)) {
    if (c.kind === 'doc') {
      out[name] = values.documents[name]
      continue
    }
    const all = values.numbers[name].map(v => (c.kind === 'enumeration' ? LABELS[v] : inUnits(c, v)))
    out[name] = c.size === 1 ? all[0] : all
  }
  return out
}

export function inUnits({ kind }: ColumnSpec, value: number): number {
  return kind === 'fixed' ? value * UNIT : value
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

/** Seven equal bins of [-100, 100]. */
export function histogram(values: readonly number[]): number[] {
  const bins = new Array<number>(7).fill(0)
  for (const v of values) if (v >= -100 && v <= 100) bins[Math.min(6, Math.floor((v + 100) * (7 / 200)))]++
  return bins
}

/** Repeatedly, of the engines whose dependencies are placed, the lowest by priority, then by name. */
export function inOrder(engines: readonly EngineSpec[]): EngineSpec[] {
  const placed: EngineSpec[] = []
  const done = new Set<string>()
  while (placed.length < engines.length) {
    const [next] = engines
      .filter(e => !done.has(e.name) && e.dependencies.every(d => done.has(d)))
      .sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1))
    placed.push(next)
    done.add(next.name)
  }
  return placed
}

/** The last agent of a partition takes the place of the one that goes. */
export function takeAway(home: Agent[], agent: Agent): void {
  const last = home.pop() as Agent
  if (last !== agent) home[home.indexOf(agent)] = last
}

export function draw(
  seed: number,
  engine: string,
  purpose: number,
  tick: number,
  id: number,
  n: number,
  what: string,
): number {
  const key = streamKey(seed, engine, purpose, tick)
  const out = new Int32Array(2)
  threefry(key[0], key[1], (id % 2 ** 32) | 0, Math.floor(id / 2 ** 32) * 2 ** 11 + n, out, 0)
  const float = unitFloat(out[0], out[1])
  if (what === 'int') return Math.floor(float * 1000)
  if (what === 'chance') return float < 0.5 ? 1 : 0
  if (what === 'normal') return unitNormal(out[0], out[1])
  if (what === 'exponential') return -3 * Math.log(1 - float)
  return what === 'u32' ? out[0] >>> 0 : float
}
