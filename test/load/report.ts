// What loads came to: as tables on a terminal, as JSON, and as an exit code. Figures are shown; the accounts alone decide.

import { workIsRight } from '../../bench/harness.js'
import { figure, type Machine, workLines } from '../../bench/report.js'
import { columnsTable } from '../../lib/cli/tables.js'
import type { Effort, Load, LoadOutcome, Row } from './harness.js'

/** A load that ran to its end, or why it did not. */
export interface Result {
  readonly load: Pick<Load, 'name' | 'about'>
  readonly effort: Effort
  readonly outcome?: LoadOutcome
  readonly failed?: string
}

const HEAD = ['', 'count', 'a second', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms']

/** A row a part; what only some of them have besides gets a column too. */
function tableOf(rows: readonly Row[]): string {
  const others = [...new Set(rows.flatMap(({ besides = {} }) => Object.keys(besides)))]
  const cells = rows.map(({ name, count, seconds, latency, besides = {} }) => {
    const { p50Ms, p99Ms, p999Ms, maxMs } = latency ?? {}
    const times = [p50Ms, p99Ms, p999Ms, maxMs].map(ms => (ms === undefined ? '' : figure(ms)))
    return [name, String(count), figure(count / seconds), ...times, ...others.map(what => String(besides[what] ?? ''))]
  })
  return columnsTable([...HEAD, ...others], cells)
}

/** Whether a load ran to its end and its account is exact. One without entries proves nothing, and is not. */
export const isRight = ({ outcome }: Result) => outcome !== undefined && workIsRight(outcome.account)

/** 0: all loads came to what they should; 1: one did not. */
export const exitCodeOf = (results: readonly Result[]) => (results.every(isRight) ? 0 : 1)

/** A load's table and what is wrong with its account. */
export function describe({ load, outcome, failed }: Result): string {
  const title = `\n${load.name}: ${load.about}`
  if (outcome === undefined) return `${title}\n  FAILED  ${failed}`
  return [title, tableOf(outcome.rows), ...workLines(outcome.account)].join('\n')
}

/** All that was found, as plain data. */
export function asJson(machine: Machine, results: readonly Result[]): object {
  const loads = results.map(result => {
    const { load, effort, outcome, failed } = result
    const rows = outcome?.rows.map(row => ({ ...row, perSecond: row.count / row.seconds }))
    return {
      name: load.name,
      about: load.about,
      right: isRight(result),
      effort,
      failed,
      rows,
      account: outcome?.account,
    }
  })
  return { machine, loads }
}
