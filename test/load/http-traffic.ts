// Requests of one route by autocannon, one portion after another until the time is over. Each portion is answered whole, so
// what a host counts can be held to what was answered here; under way at the end there is nothing.
import autocannon from 'autocannon'
import { Latencies, type LatencySummary } from '../../lib/services/latencies.js'

/** A route and how much it is asked for. */
export interface Traffic {
  /** As the host names it. */
  readonly route: string
  readonly method: 'GET' | 'POST'
  readonly connections: number
  /** Requests of one portion. */
  readonly portion: number
  /** Statuses that it may answer with. */
  readonly statuses: readonly number[]
  path(): string
  body?(): string
}

/** What became of the requests of one route. */
export interface Answered {
  readonly count: number
  readonly seconds: number
  readonly latency: LatencySummary
  readonly byStatus: ReadonlyMap<number, number>
  /** Connections that broke, and answers that did not come in time. */
  readonly errors: number
}

/** Seconds for one answer: far more than any takes, so that a busy machine breaks nothing off. */
const TIMEOUT_S = 120
/** Milliseconds after which a portion that is answered is seen to be. */
const SAMPLE_MS = 20

export async function ask(url: string, traffic: Traffic, over: () => boolean): Promise<Answered> {
  const { method, connections, portion } = traffic
  const latencies = new Latencies()
  const byStatus = new Map<number, number>()
  const begun = performance.now()
  let errors = 0
  const setupRequest = (request: autocannon.Request) => ({ ...request, path: traffic.path(), body: traffic.body?.() })
  const note = (_client: unknown, status: number, _bytes: number, ms: number) => {
    latencies.add(ms)
    byStatus.set(Number(status), (byStatus.get(Number(status)) ?? 0) + 1)
  }
  const options: autocannon.Options = {
    url,
    connections,
    amount: portion,
    timeout: TIMEOUT_S,
    sampleInt: SAMPLE_MS,
    requests: [{ method, headers: { 'content-type': 'application/json' }, setupRequest }],
  }
  do {
    const result = await new Promise<autocannon.Result>((resolve, reject) => {
      const instance = autocannon(options, (error, answered) => (error ? reject(error) : resolve(answered)))
      instance.on('response', note)
    })
    errors += result.errors + result.timeouts
  } while (!over())
  const latency = latencies.summary()
  return { count: latency.count, seconds: (performance.now() - begun) / 1000, latency, byStatus, errors }
}
