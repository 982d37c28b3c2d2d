// What the plain reference keeps, and the arithmetic that it does: no rules here.
import { unitFloat, unitNormal } from '../../lib/core/sequence.js'
import { streamKey, threefry } from '../../lib/core/threefry.js'
import type { Drafted } from '../fixtures/row-program.js'
import { type ColumnSpec, type EngineSpec, UNIT } from '../fixtures/world-spec.js'

export interface Agent {
  id: number
  partition: string
  /** Tick of the last turn of each engine; the birth's where there was none. */
  turns: Record<string, number>
  born: number
  values: Record<string, number[]>
  /** Of each claim, until the next tick: whether it won, whom it claimed, who won it. */
  outcomes: Record<string, { won?: boolean; target?: number; winner?: number }>
}

/** All that the kernel of an engine puts out, to be committed when it ends. */
export interface Output {
  readonly effects: Map<Agent, Record<string, number[]>>
  readonly claims: { claim: string; by: Agent; on: Agent; rank: number }[]
  readonly births: { population: string; partition: string; values: readonly Drafted[] }[]
  readonly sent: Letter[]
  readonly deaths: Set<Agent>
  readonly moves: Map<Agent, string>
}

/** A message that waits. */
export interface Letter {
  readonly message: string
  readonly to: number
  readonly from: number
  readonly values: Record<string, number[]>
  /** The engines that have seen it. */
  readonly seen: string[]
}

export interface PopulationState {
  /** Agents by partition; a death puts the last one of its partition in the place of the dead. */
  partitions: Agent[][]
  /** Generation of each slot used so far; slot s stands at s - 1. */
  generations: number[]
  free: number[]
}

export interface WorldState {
  partitions: string[]
  populations: Record<string, PopulationState>
  /** In the order in which they were sent. */
  mail: Letter[]
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
