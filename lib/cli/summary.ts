// What a run came to: one plain object, printed as JSON or as a table.
import type { Scalar } from '../memory/params.js'
import type { EndSignal } from './interrupt.js'
import { compact, grouped, measured, seconds } from './numbers.js'
import { pairsTable } from './tables.js'

/** The summary of a run, as --json prints it. */
export interface Summary {
  readonly scenario: string
  readonly version: string
  readonly node: string
  readonly seed: number
  readonly workers: number
  readonly params: Readonly<Record<string, Scalar>>
  /** Ticks done. */
  readonly ticks: number
  /** Where the run is kept, its name there, and the tick that it went on from. */
  readonly store?: string
  readonly run?: string
  readonly from?: number
  /** What ended the run: its ticks, the scenario's until, or a signal. */
  readonly ended: 'ticks' | 'until' | EndSignal
  /** All agents, and by population. */
  readonly agents: number
  readonly populations: Readonly<Record<string, number>>
  readonly hash: string
  readonly hashes: Readonly<Record<string, string>>
  readonly setupSeconds: number
  /** Time spent stepping. */
  readonly seconds: number
  readonly ticksPerSecond: number
  readonly agentUpdates: number
  readonly agentUpdatesPerSecond: number
  readonly measures: Readonly<Record<string, number | readonly number[]>>
}

/** Bins of a histogram that a table shows. */
const SHOWN_BINS = 8

function measureText(value: number | readonly number[]): string {
  if (typeof value === 'number') return measured(value)
  const shown = value.slice(0, SHOWN_BINS).map(measured).join(' | ')
  return value.length > SHOWN_BINS ? `${shown} | … (${value.length} bins)` : shown
}

function ticksText({ ticks, ended }: Summary): string {
  if (ended === 'ticks') return grouped(ticks)
  return `${grouped(ticks)} (${ended === 'until' ? "ended by the scenario's until" : `ended by ${ended}`})`
}

/** The summary as a table. */
export function summaryTable(s: Summary): string {
  return pairsTable([
    ['scenario', s.scenario],
    ['seed', String(s.seed)],
    ['workers', s.workers === 0 ? '0 (inline)' : String(s.workers)],
    ['ticks', ticksText(s)],
    ...(s.run === undefined ? [] : [['run', `'${s.run}' in ${s.store}, from tick ${grouped(s.from ?? 0)}`] as const]),
    ...Object.entries(s.populations).map(([name, n]) => [`agents: ${name}`, grouped(n)] as const),
    ['setup', seconds(s.setupSeconds)],
    ['run', seconds(s.seconds)],
    ['ticks/s', compact(s.ticksPerSecond)],
    ['agent-updates/s', compact(s.agentUpdatesPerSecond)],
    ...Object.entries(s.measures).map(([name, value]) => [name, measureText(value)] as const),
    ['hash', s.hash],
  ])
}
