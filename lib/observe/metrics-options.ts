// Options of MetricsCollector, of the metrics that a host declares and of MetricsServer, checked once at the edge.
import type { z as Zod } from 'zod'
import { PopulaceError } from '../core/errors.js'
import { lazily } from '../core/lazy-zod.js'
import {
  MAX_LABEL_LENGTH,
  MAX_METRIC_BUCKETS,
  MAX_METRIC_LABELS,
  MAX_METRIC_SERIES,
  METRIC_SERIES,
} from '../core/limits.js'
import { check } from '../core/option-check.js'
import { DURATION_BOUNDS } from './histogram-counts.js'

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/

/** Labels that Prometheus and this collector give a meaning of their own. */
const TAKEN_LABELS: readonly string[] = ['le', 'quantile', 'simulation']

const schemas = lazily(z => {
  const label = z.string().regex(LABEL_NAME, 'expected letters, digits and _, not beginning with a digit or __')
  const free = label.refine(name => !TAKEN_LABELS.includes(name), `${TAKEN_LABELS.join(', ')} are taken`)

  const collector = z.strictObject({
    labels: z.record(free, z.string().min(1).max(MAX_LABEL_LENGTH)).default({}),
    process: z.boolean().default(false),
  })

  const declared = {
    help: z.string().min(1),
    labels: z.array(free).max(MAX_METRIC_LABELS).default([]),
    maxSeries: z.number().int().min(1).max(MAX_METRIC_SERIES).default(METRIC_SERIES),
  }
  const metric = z.strictObject(declared)
  const isAscending = (bounds: readonly number[]) => bounds.every((bound, i) => i === 0 || bound > bounds[i - 1])
  const histogram = z.strictObject({
    ...declared,
    buckets: z
      .array(z.number())
      .min(1)
      .max(MAX_METRIC_BUCKETS)
      .refine(isAscending, 'expected numbers in ascending order')
      .default([...DURATION_BOUNDS]),
  })

  const server = z.strictObject({
    port: z.number().int().min(0).max(65_535),
    host: z.string().min(1).default('127.0.0.1'),
    ready: z.custom<() => boolean>(f => typeof f === 'function', 'expected a function').optional(),
  })
  return { collector, metric, histogram, server }
})

/** Options of MetricsCollector. */
export interface MetricsOptions {
  /** Labels that every line of a scrape has: none by default. */
  readonly labels?: Readonly<Record<string, string>>
  /** Whether the metrics of the process and of Node are among them: memory, CPU, event loop. False by default. */
  readonly process?: boolean
}

/** What a metric of a host is declared with. */
export interface MetricOptions<L extends string = string> {
  /** One sentence for whoever reads the scrape. */
  readonly help: string
  /** Names of its labels, up to 10: none by default. */
  readonly labels?: readonly L[]
  /** Label sets that have series of their own: 1 to 10,000, 100 by default. Others go to one whose labels are 'other'. */
  readonly maxSeries?: number
}

/** What a histogram of a host is declared with. */
export interface HistogramOptions<L extends string = string> extends MetricOptions<L> {
  /** Upper bounds, ascending, up to 100: by default durations in seconds, from 10 µs to 10 s. */
  readonly buckets?: readonly number[]
}

/** Options of MetricsServer. */
export interface MetricsServerOptions {
  /** 0 is any that is free. */
  readonly port: number
  /** The address to listen at: '127.0.0.1' by default, so that nothing outside of this machine can ask. */
  readonly host?: string
  /** Whether /readyz says that it is ready; by default it always is, unless a simulation has failed. */
  ready?(): boolean
}

type Schemas = ReturnType<typeof schemas>

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveMetricsOptions(given: unknown): Zod.infer<Schemas['collector']> {
  return check(schemas().collector, given, 'MetricsCollector')
}

/** OPTION_UNKNOWN, OPTION_INVALID; METRIC_INVALID for the name. */
export function resolveMetric(name: unknown, given: unknown): Zod.infer<Schemas['metric']> {
  return check(schemas().metric, given, `metric '${checkedName(name)}'`)
}

/** As resolveMetric. */
export function resolveHistogram(name: unknown, given: unknown): Zod.infer<Schemas['histogram']> {
  return check(schemas().histogram, given, `histogram '${checkedName(name)}'`)
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveServerOptions(given: unknown): Zod.infer<Schemas['server']> {
  return check(schemas().server, given, 'MetricsServer')
}

function checkedName(name: unknown): string {
  if (typeof name !== 'string' || !METRIC_NAME.test(name))
    throw metricInvalid(
      `A metric cannot be named ${JSON.stringify(name)}`,
      'Use letters, digits, _ and :, a letter first.',
    )
  if (/^(populace|process|nodejs)_/.test(name))
    throw metricInvalid(`'${name}' is named like what the collector has itself`, 'Begin it with a word of your own.')
  return name
}

/** The error of a metric that is declared or used wrongly. */
export function metricInvalid(what: string, remedy: string): PopulaceError {
  return new PopulaceError('METRIC_INVALID', what, remedy)
}
