// What metrics are to the collector: a definition, and a function that gives its lines when it is asked, from figures
// that others keep. Nothing is counted twice, and what is gone leaves no line behind.
import { DURATION_BOUNDS, type HistogramFigures } from './histogram-counts.js'

export type MetricType = 'counter' | 'gauge' | 'histogram'

export type LabelSet = Readonly<Record<string, string>>

/** One line of a scrape. */
export interface MetricLine {
  readonly labels: LabelSet
  readonly value: number
  /** Where it is not the metric's own: that of a histogram's buckets, sum and count. */
  readonly metricName?: string
}

/** A metric as docs/metrics.md lists it. */
export interface MetricDefinition {
  readonly name: string
  readonly type: MetricType
  /** Of its values: seconds, bytes, or what is counted. */
  readonly unit: string
  readonly labels: readonly string[]
  /** One sentence. */
  readonly help: string
}

export function line(value: number, labels: LabelSet = {}): MetricLine {
  return { labels, value }
}

/** The lines of a histogram: buckets that include those below them, sum and count. */
export function histogramLines(name: string, { counts, sum }: HistogramFigures, labels: LabelSet = {}): MetricLine[] {
  let count = 0
  const buckets = counts.map((n, i): MetricLine => {
    count += n
    const le = i < DURATION_BOUNDS.length ? String(DURATION_BOUNDS[i]) : '+Inf'
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
  })
  const whole = (part: string, value: number) => ({ metricName: `${name}_${part}`, labels, value })
  return [...buckets, whole('sum', sum), whole('count', count)]
}
