// The benchmarks' output on a terminal: a table a case, its work and its targets.
import { type Outcome, spread } from './harness.js'

function figure(n: number): string {
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
  const wrong = outcome.work.filter(w => w.found !== w.expected)
  const work =
    wrong.length > 0
      ? wrong.map(w => `  WRONG WORK  ${w.what}: ${w.found}, not ${w.expected}`)
      : [`  work checked: ${outcome.work.length} of ${outcome.work.length} right`]
  return [`\n${name}: ${about}`, table([head, ...rows]), ...targets, ...work].join('\n')
}
