// Measures over time as a chart of characters. Counts of one population share a chart; every other number has its own.
// Without colours each line is drawn with a letter, so that a log can still be read.
import { blue, cyan, green, lightgray, magenta, plot, red, reset, yellow } from 'asciichart'
import type { MeasureData } from '../run/measures.js'
import { MAX_POINTS, type Series } from './history.js'
import { compact } from './numbers.js'

/** Several series on one pair of axes. */
export interface Chart {
  readonly title: string
  readonly series: readonly Series[]
}

/** How charts are drawn. */
export interface ChartStyle {
  readonly width: number
  readonly colours: boolean
}

/** Charts shown: more would scroll the summary away. */
const MAX_CHARTS = 4
const MAX_SERIES = 7
const HEIGHT = 12
/** Characters of a label, and of what stands before the first point: label, blank, axis. */
const LABEL = 9
const MARGIN = LABEL + 2
const COLOURS = [blue, red, green, yellow, magenta, cyan, lightgray]
const INK = /[┼─╰╭╮╯│]/

/** The values at `length` ticks from the first to the last, straight between those that are known. */
export function resample({ ticks, values }: Pick<Series, 'ticks' | 'values'>, length: number): number[] {
  const [from] = ticks
  const to = ticks[ticks.length - 1]
  let next = 1
  return Array.from({ length }, (_, i) => {
    const at = from + ((to - from) * i) / Math.max(1, length - 1)
    while (next < ticks.length - 1 && ticks[next] < at) next++
    if (ticks.length === 1) return values[0]
    const share = (at - ticks[next - 1]) / (ticks[next] - ticks[next - 1])
    return values[next - 1] + (values[next] - values[next - 1]) * Math.min(1, share)
  })
}

/** Which charts to draw of the measures: histograms, and what was no number in some tick, are left out. */
export function chartsOf(measures: ReadonlyMap<string, MeasureData>, series: readonly Series[]): Chart[] {
  const shown = series.filter(s => s.values.length > 1 && s.values.every(Number.isFinite))
  const counts = new Map<string, Series[]>()
  const others: Chart[] = []
  for (const one of shown) {
    const measure = measures.get(one.name)
    if (!measure || measure.kind === 'histogram') continue
    if (measure.kind !== 'count') others.push({ title: one.name, series: [one] })
    else counts.set(measure.population, [...(counts.get(measure.population) ?? []), one])
  }
  const together = [...counts].map(([population, all]) => ({ title: population, series: all.slice(0, MAX_SERIES) }))
  return [...together, ...others].slice(0, MAX_CHARTS)
}

/** A number on the axis, LABEL characters long. */
function label(x: number): string {
  const text = compact(x + 0) // -0 reads 0
  return (text.length > LABEL ? x.toExponential(1) : text).padStart(LABEL)
}

/** A letter for each name: its own first one where that is free. */
export function lettersOf(names: readonly string[]): string[] {
  const used = new Set<string>()
  return names.map((name, i) => {
    const free = [...name, String(i + 1)].find(c => /[a-z0-9]/i.test(c) && !used.has(c)) ?? '*'
    used.add(free)
    return free
  })
}

/** Plots of single series laid over one another; the ink of the later ones covers that of the earlier. */
function overlay(layers: readonly string[]): string {
  const grids = layers.map(layer => layer.split('\n').map(line => [...line]))
  const rows = grids[0].map((row, y) =>
    row.map((first, x) => grids.reduce((seen, grid) => (/[A-Za-z0-9*]/.test(grid[y][x]) ? grid[y][x] : seen), first)),
  )
  return rows.map(row => row.join('')).join('\n')
}

/** The lines of a chart. */
export function drawChart(chart: Chart, style: ChartStyle): string {
  const { series } = chart
  const [{ ticks }] = series
  const from = ticks[0]
  const to = ticks[ticks.length - 1]
  const all = series.flatMap(s => [...s.values])
  const least = Math.min(...all)
  const greatest = Math.max(...all)
  const flat = least === greatest
  const length = Math.max(10, Math.min(MAX_POINTS, style.width - MARGIN - 1))
  const lines = series.map(s => resample(s, length))
  const config = {
    height: flat ? 1 : HEIGHT,
    min: least,
    max: greatest,
    offset: 3, // cells before the first point: the label takes one of them, whatever its length
    format: label,
  }
  const marks = lettersOf(series.map(s => s.name))
  const inked = (line: number[], mark: string) =>
    plot(line, config)
      .split('\n')
      .map(row => row.slice(0, MARGIN) + row.slice(MARGIN).replace(new RegExp(INK, 'g'), mark))
      .join('\n')
  const body = style.colours
    ? plot(lines, { ...config, colors: series.map((_, i) => COLOURS[i % COLOURS.length]) })
    : series.length === 1
      ? plot(lines[0], config)
      : overlay(lines.map((line, i) => inked(line, marks[i])))
  const legend = series.map(({ name }, i) =>
    style.colours
      ? `${COLOURS[i % COLOURS.length]}──${reset} ${name}`
      : series.length === 1
        ? name
        : marks[i] === name
          ? name
          : `${marks[i]} ${name}`,
  )
  const axis = `${' '.repeat(MARGIN)}tick ${from}${String(to).padStart(Math.max(1, length - `tick ${from}`.length))}`
  const title = series.length === 1 ? [] : [`${chart.title}:`]
  const drawn = body.split('\n').map(line => line.trimEnd())
  return [[...title, ...legend].join('  '), ...drawn, axis].join('\n')
}
