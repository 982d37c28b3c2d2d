// A metric of prom-client whose values are kept elsewhere, and asked for when they are to be shown. It says what type it
// is of; prom-client names it, orders it among the others and writes it.
import type { Registry } from 'prom-client'
import type { MetricDefinition, MetricLine } from './metric-lines.js'

type Client = typeof import('prom-client')
type Gauge = InstanceType<Client['Gauge']>

/** Adds one to a registry. */
export function pulledMetric(
  { Gauge }: Client,
  registry: Registry,
  { name, help, type, labels }: MetricDefinition,
  lines: () => Promise<readonly MetricLine[]>,
): void {
  class PulledMetric extends Gauge {
    override async get(): ReturnType<Gauge['get']> {
      const [{ aggregator, collect }, values] = await Promise.all([super.get(), lines()])
      // prom-client's types have an enumeration that is not there at run time: types are words.
      return { name, help, type: type as never, aggregator, collect, values: values as never }
    }
  }
  new PulledMetric({ name, help, labelNames: [...labels], registers: [registry] })
}
