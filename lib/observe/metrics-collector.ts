// The metrics of a process for Prometheus: those of simulations and components, which are asked when somebody scrapes,
// and those that a host declares and counts itself. Each collector has a registry of its own, and each simulation in it a
// name of its own, so neither clashes with another, nor with what else the process measures.
import { createRequire } from 'node:module'
import type { Registry } from 'prom-client'
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { MAX_METRICS } from '../core/limits.js'
import { COMPONENT_METRICS, Components } from './components.js'
import { line, type MetricDefinition, type MetricLine } from './metric-lines.js'
import {
  type HistogramOptions,
  type MetricOptions,
  type MetricsOptions,
  metricInvalid,
  resolveHistogram,
  resolveMetric,
  resolveMetricsOptions,
} from './metrics-options.js'
import { OwnCounter, OwnGauge, OwnHistogram } from './own-metrics.js'
import { OwnTimings } from './own-timings.js'
import { pulledMetric } from './pulled-metric.js'
import type { SimulationFigures, SimulationState } from './simulation-figures.js'
import { SIMULATION_METRICS } from './simulation-metrics.js'

// Every worker imports the package, and none collects.
const load = createRequire(import.meta.url)

/** A simulation as the collector sees it. */
export interface SimulationSource {
  readonly state: SimulationState
  /** Components that are observed with it, as NAME.KEY. */
  readonly components: Readonly<Record<string, () => unknown>>
  read(): Promise<SimulationFigures>
}

/** The metrics of the collector itself. */
export const OWN_METRICS: readonly MetricDefinition[] = [
  {
    name: 'populace_events_total',
    type: 'counter',
    unit: 'events',
    labels: ['kind'],
    help: 'Events that the host recorded.',
  },
  {
    name: 'populace_metric_overflows_total',
    type: 'counter',
    unit: 'values',
    labels: ['metric'],
    help: "Values whose label set found no room and went to 'other'; of components, figures left out.",
  },
  {
    name: 'populace_observe_failures_total',
    type: 'counter',
    unit: 'scrapes',
    labels: ['component'],
    help: 'Scrapes that a component gave no status for.',
  },
]

export class MetricsCollector {
  /** prom-client's, of this collector alone: to be merged with others, or shown by other means than text(). */
  readonly registry: Registry
  readonly #client: typeof import('prom-client')
  readonly #components: Components
  readonly #timings: OwnTimings
  readonly #own: { readonly name: string; readonly overflows: number }[] = []
  readonly #simulations = new Map<string, SimulationSource>()
  #reading: Promise<(readonly [string, SimulationFigures])[]> | undefined
  #showing: Promise<string> | undefined

  /** OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options: MetricsOptions = {}, clock: Clock = systemClock) {
    const { labels, process } = resolveMetricsOptions(options)
    this.#client = load('prom-client')
    this.#components = new Components(clock)
    this.#timings = new OwnTimings(clock)
    this.registry = new this.#client.Registry()
    this.registry.setDefaultLabels(labels)
    if (process) this.#client.collectDefaultMetrics({ register: this.registry })
    for (const metric of SIMULATION_METRICS) {
      this.#pull(metric, async () => [
        ...this.#timings.lines(metric.name),
        ...(await this.#figures()).flatMap(([simulation, figures]) =>
          metric.lines(figures).map(l => ({ ...l, labels: { simulation, ...l.labels } })),
        ),
      ])
    }
    for (const metric of COMPONENT_METRICS) {
      this.#pull(metric, async () =>
        [...(await this.#components.figures())].flatMap(([name, figures]) => metric.lines(name, figures)),
      )
    }
    const [events, overflows, failures] = OWN_METRICS
    this.#pull(events, async () => this.#timings.events)
    this.#pull(overflows, async () => {
      await this.#components.figures()
      return this.#overflows()
    })
    this.#pull(failures, async () => {
      await this.#components.figures()
      return this.#components.failures
    })
  }

  /** A number that only grows. METRIC_INVALID, DUPLICATE_NAME, OPTION_UNKNOWN, OPTION_INVALID. */
  counter<const L extends string = never>(name: string, options: MetricOptions<L>): OwnCounter<L> {
    const { help, labels, maxSeries } = resolveMetric(name, options)
    const registers = this.#room(name)
    const metric = new this.#client.Counter({ name, help, labelNames: labels, registers })
    return this.#keep(new OwnCounter(metric, name, labels, maxSeries))
  }

  /** A number that goes up and down. As counter. */
  gauge<const L extends string = never>(name: string, options: MetricOptions<L>): OwnGauge<L> {
    const { help, labels, maxSeries } = resolveMetric(name, options)
    const registers = this.#room(name)
    const metric = new this.#client.Gauge({ name, help, labelNames: labels, registers })
    return this.#keep(new OwnGauge(metric, name, labels, maxSeries))
  }

  /** How many values fell below which bound. As counter. */
  histogram<const L extends string = never>(name: string, options: HistogramOptions<L>): OwnHistogram<L> {
    const { help, labels, maxSeries, buckets } = resolveHistogram(name, options)
    const registers = this.#room(name)
    const metric = new this.#client.Histogram({ name, help, labelNames: labels, registers, buckets })
    return this.#keep(new OwnHistogram(metric, name, labels, maxSeries))
  }

  /** Counts `n` events of a kind, 100 kinds at most. METRIC_INVALID. */
  recordEvent(kind: string, n = 1): void {
    this.#timings.event(kind, n)
  }

  /** Times a tick of a loop of one's own: `using _ = metrics.measureTick()`. */
  measureTick(): Disposable {
    return this.#timings.tick()
  }

  /** Times a part of it: `using _ = metrics.measureEngine('trade')`, 100 names at most. METRIC_INVALID. */
  measureEngine(name: string): Disposable {
    return this.#timings.engine(name)
  }

  /**
   * Asks a component for its status at each scrape: `metrics.observe('database', () => pool.status())`. All numbers in it
   * are shown, and what it calls state. Gives what ends that. METRIC_INVALID, DUPLICATE_NAME.
   */
  observe(name: string, status: () => unknown): () => void {
    return this.#components.observe(name, status)
  }

  /** @internal Takes a simulation in, until what it gives is called; a second one of a name is named name-2. As observe. */
  attach(name: string, source: SimulationSource): () => void {
    let unique = name
    for (let n = 2; this.#simulations.has(unique); n++) unique = `${name}-${n}`
    const ends: (() => void)[] = []
    const detach = () => {
      for (const end of ends.splice(0)) end()
      if (this.#simulations.get(unique) === source) this.#simulations.delete(unique)
    }
    try {
      for (const [key, status] of Object.entries(source.components)) ends.push(this.observe(`${unique}.${key}`, status))
    } catch (error) {
      detach()
      throw error
    }
    this.#simulations.set(unique, source)
    return detach
  }

  /** The simulations that are open, by name. */
  get simulations(): Readonly<Record<string, SimulationState>> {
    return Object.fromEntries([...this.#simulations].map(([name, { state }]) => [name, state]))
  }

  /** What a scrape is answered with, in the format that contentType names; whoever asks meanwhile is given the same. */
  text(): Promise<string> {
    this.#showing ??= this.registry.metrics().finally(() => {
      this.#showing = undefined
    })
    return this.#showing
  }

  get contentType(): string {
    return this.registry.contentType
  }

  #pull(definition: MetricDefinition, lines: () => Promise<readonly MetricLine[]>): void {
    pulledMetric(this.#client, this.registry, definition, lines)
  }

  /** The figures of all simulations; all metrics of a scrape are of the same ones. */
  #figures(): Promise<(readonly [string, SimulationFigures])[]> {
    const read = async () =>
      Promise.all([...this.#simulations].map(async ([name, s]) => [name, await s.read()] as const))
    this.#reading ??= read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  #room(name: string): [Registry] {
    if (this.registry.getSingleMetric(name))
      throw new PopulaceError(
        'DUPLICATE_NAME',
        `A metric '${name}' is declared already`,
        'Share it, or name it otherwise.',
      )
    if (this.#own.length >= MAX_METRICS)
      throw metricInvalid(
        `${MAX_METRICS} metrics are declared already`,
        'Tell what is alike apart by labels, not names.',
      )
    return [this.registry]
  }

  #keep<T extends { readonly name: string; readonly overflows: number }>(metric: T): T {
    this.#own.push(metric)
    return metric
  }

  #overflows(): MetricLine[] {
    const own = this.#own.map(({ name, overflows }) => [name, overflows] as const)
    const left = ['populace_component', this.#components.left] as const
    const all = [...own, ...this.#timings.overflows, left]
    return all.map(([metric, overflows]) => line(overflows, { metric }))
  }
}

let shared: MetricsCollector | undefined

/** The collector that all parts of a process may share; made when it is first asked for. */
export function getMetricsCollector(): MetricsCollector {
  shared ??= new MetricsCollector()
  return shared
}
