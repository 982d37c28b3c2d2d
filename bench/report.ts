// The benchmarks' output on a terminal: a table a case, its work and its targets.
import { cpus } from 'node:os'
import { type Outcome, spread, type Work } from './harness.js'

/** What figures were measured on. */
export interface Machine {
  readonly node: string
  readonly arch: string
  readonly cpu: string | undefined
  readonly cores: number
}

export function thisMachine(): Machine {
  const all = cpus()
  return { node: process.version, arch: process.arch, cpu: all[0]?.model.trim(), cores: all.length }
}

export const shownMachine = ({ node, arch, cores, cpu }: Machine, smoke: boolean) =>
  `Node ${node} ${arch}, ${cores} x ${cpu}${smoke ? ', smoke' : ''}`

/** Three digits, or all that stand before the point. */
export function figure(n: number): string {
  if (!Number.isFinite(n)) return String(n)
  if (Math.abs(n) >= 1000) return n.toFixed(0)
  return n.toPrecision(3)
}

/** Rows of equal width; the first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map(row => row[i].length)))
  return rows
    .map(row => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n')
}

/** A line for each work that was wrong, or one that all was right; nothing that was checked proves nothing. */
export function workLines(work: readonly Work[]): string[] {
  if (work.length === 0) return ['  WRONG WORK  nothing was checked']
  const wrong = work.filter(w => w.found !== w.expected)
  if (wrong.length === 0) return [`  work checked: ${work.length} of ${work.length} right`]
  return wrong.map(w => `  WRONG WORK  ${w.what}: ${w.found}, not ${w.expected}`)
}

/** A case's outcome as text. Targets are left out of a smoke run, which is too short to judge by. */
export function describe(name: string, about: string, outcome: Outcome, smoke: boolean): string {
  const head = ['', 'min', 'q1', 'median', 'q3', 'max', 'rounds', 'unit']
  const rows = outcome.lines.map(line => {
    const { min, q1, median, q3, max, n } = spread(line.samples)
    return [line.name, ...[min, q1, median, q3, max].map(figure), String(n), line.unit]
  })
  const targets = (smoke ? [] : outcome.targets).map(
    t => `  ${t.holds ? 'holds ' : 'MISSED'}  ${t.claim}: ${figure(t.figure)} ${t.unit}`,
  )
  return [`\n${name}: ${about}`, table([head, ...rows]), ...targets, ...workLines(outcome.work)].join('\n')
}
