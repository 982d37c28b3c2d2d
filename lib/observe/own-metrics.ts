// Metrics that a host declares for what it knows itself. Values are checked, label sets are bounded; keeping and showing
// them is prom-client's.
import type { Counter, Gauge, Histogram } from 'prom-client'
import { hint } from '../core/suggest.js'
import { BoundedLabels } from './bounded-labels.js'
import { metricInvalid } from './metrics-options.js'

/** Values of the declared labels, all of them. */
export type MetricLabels<L extends string = string> = Readonly<Record<L, string | number | boolean>>

/** Labels are given where there are any. */
type Given<L extends string> = [L] extends [never] ? [] : [labels: MetricLabels<L>]

/** What the three kinds have in common. */
class OwnMetric {
  readonly name: string
  readonly #labels: readonly string[]
  readonly #bounded: BoundedLabels

  /** @internal */
  constructor(name: string, labels: readonly string[], maxSeries: number) {
    this.name = name
    this.#labels = labels
    this.#bounded = new BoundedLabels(labels, maxSeries)
  }

  /** How often a label set found no room, and went to 'other'. */
  get overflows(): number {
    return this.#bounded.overflows
  }

  /** METRIC_INVALID. */
  protected admit(value: number, [given = {}]: readonly Partial<MetricLabels>[]): Record<string, string> {
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw metricInvalid(`Metric '${this.name}' was given ${String(value)}`, 'Give a finite number.')
    const strange = Object.keys(given).find(label => !this.#labels.includes(label))
    if (strange !== undefined)
      throw metricInvalid(
        `Metric '${this.name}' has no label '${strange}'`,
        `Check the spelling; ${hint(strange, this.#labels)}`,
      )
    const values = this.#labels.map(label => {
      const text = given[label]
      if (typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean') return String(text)
      throw metricInvalid(`Label '${label}' of metric '${this.name}' is ${String(text)}`, 'Give text or a number.')
    })
    return this.#bounded.admit(values)
  }
}

/** A number that only grows. Made by MetricsCollector.counter. */
export class OwnCounter<L extends string = string> extends OwnMetric {
  readonly #metric: Counter

  /** @internal */
  constructor(metric: Counter, name: string, labels: readonly string[], maxSeries: number) {
    super(name, labels, maxSeries)
    this.#metric = metric
  }

  /** Adds `n`, not below 0. METRIC_INVALID. */
  add(n: number, ...labels: Given<L>): void {
    const admitted = this.admit(n, labels)
    if (n < 0) throw metricInvalid(`Counter '${this.name}' was to go down by ${-n}`, 'Use a gauge for what goes down.')
    this.#metric.inc(admitted, n)
  }
}

/** A number that goes up and down. Made by MetricsCollector.gauge. */
export class OwnGauge<L extends string = string> extends OwnMetric {
  readonly #metric: Gauge

  /** @internal */
  constructor(metric: Gauge, name: string, labels: readonly string[], maxSeries: number) {
    super(name, labels, maxSeries)
    this.#metric = metric
  }

  /** METRIC_INVALID. */
  set(value: number, ...labels: Given<L>): void {
    this.#metric.set(this.admit(value, labels), value)
  }
}

/** How many values fell below which bound. Made by MetricsCollector.histogram. */
export class OwnHistogram<L extends string = string> extends OwnMetric {
  readonly #metric: Histogram

  /** @internal */
  constructor(metric: Histogram, name: string, labels: readonly string[], maxSeries: number) {
    super(name, labels, maxSeries)
    this.#metric = metric
  }

  /** METRIC_INVALID. */
  observe(value: number, ...labels: Given<L>): void {
    this.#metric.observe(this.admit(value, labels), value)
  }
}
