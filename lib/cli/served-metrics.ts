// --metrics of a run: a collector of its own, served over HTTP from before the world is set up until the run is over.
import { MetricsCollector } from '../observe/metrics-collector.js'
import { MetricsServer } from '../observe/metrics-server.js'
import { type Arguments, wrongUsage } from './arguments.js'

/** Where metrics are to be served. */
export interface MetricsRequest {
  readonly host: string | undefined
  readonly port: number
}

/** PORT, HOST:PORT or [ADDRESS]:PORT. USAGE. */
export function metricsRequest(given: Arguments): MetricsRequest | undefined {
  const text = given.text('metrics')
  if (text === undefined) return undefined
  const [, bracketed, host = bracketed, digits] = /^(?:(?:\[([\da-f:.]+)\]|([^:[\]]+)):)?(\d{1,5})$/i.exec(text) ?? []
  const port = Number(digits ?? Number.NaN)
  if (port <= 65_535) return { host, port }
  throw wrongUsage(`--metrics is '${text}'`, 'Give a port from 0 to 65535, or HOST:PORT; 0 is any that is free.')
}

/** Serves until it is disposed of; `told` is where. METRICS_UNAVAILABLE. */
export async function serveMetrics(
  { host, port }: MetricsRequest,
  told: (text: string) => void,
): Promise<AsyncDisposable & { readonly collector: MetricsCollector }> {
  const collector = new MetricsCollector({ process: true })
  const ready = () => Object.keys(collector.simulations).length > 0
  const server = await MetricsServer.listen(collector, { port, ready, ...(host === undefined ? {} : { host }) })
  told(`metrics at ${server.url}/metrics`)
  return { collector, [Symbol.asyncDispose]: () => server.close() }
}
