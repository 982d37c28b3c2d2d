// Measures as comma-separated values (RFC 4180): a header, then one row a tick. A histogram takes a column a bin, named
// by the bin's label or lower end. A measure of no agents is an empty field.
import type { MeasureData } from '../run/measures.js'
import type { ScenarioData } from '../run/scenario.js'

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function binNames(name: string, measure: MeasureData, scenario: ScenarioData): string[] {
  const { from, to, bins } = measure.bins as NonNullable<MeasureData['bins']> // asked for histograms only
  const column = scenario.populations.find(p => p.name === measure.population)?.columns.get(measure.column ?? '')
  const width = (to - from) / bins
  return Array.from({ length: bins }, (_, i) => {
    const middle = from + (i + 0.5) * width
    const label = width === 1 && Number.isInteger(middle) ? column?.labels?.[middle] : undefined
    return `${name}.${label ?? String(Number((from + i * width).toPrecision(12)))}`
  })
}

/** The header's line. */
export function csvHeader(scenario: ScenarioData): string {
  const names = [...scenario.measures].flatMap(([name, m]) => (m.bins ? binNames(name, m, scenario) : [name]))
  return `${['tick', ...names].map(quoted).join(',')}\n`
}

/** A tick's line, measures in the order of the header. */
export function csvRow(
  tick: number,
  scenario: ScenarioData,
  measures: Readonly<Record<string, number | readonly number[]>>,
): string {
  const values = [...scenario.measures.keys()].flatMap(name => measures[name])
  return `${[tick, ...values.map(v => (Number.isNaN(v) ? '' : v))].join(',')}\n`
}
