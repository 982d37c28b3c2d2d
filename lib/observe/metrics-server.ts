// Serves a collector over HTTP: /metrics for Prometheus, /healthz and /readyz for whatever starts and watches processes.
// On loopback unless told otherwise, for it asks nobody who they are. Requests are bounded in number and time.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PopulaceError } from '../core/errors.js'
import { METRICS_CONNECTIONS, METRICS_REQUEST_MS } from '../core/limits.js'
import type { MetricsCollector } from './metrics-collector.js'
import { type MetricsServerOptions, metricInvalid, resolveServerOptions } from './metrics-options.js'

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

const plain = (status: number, body: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
})

export class MetricsServer {
  /** Where it is: http://127.0.0.1:9464. */
  readonly url: string
  readonly #server: Server
  #closing: Promise<void> | undefined

  private constructor(server: Server, host: string) {
    this.#server = server
    const { port } = server.address() as AddressInfo // it listens at a port
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  /** Listens, until close. METRICS_UNAVAILABLE, METRIC_INVALID, OPTION_UNKNOWN, OPTION_INVALID. */
  static async listen(collector: MetricsCollector, options: MetricsServerOptions): Promise<MetricsServer> {
    const { port, host, ready = () => true } = resolveServerOptions(options)
    if (typeof (collector as Partial<MetricsCollector> | undefined)?.text !== 'function')
      throw metricInvalid('MetricsServer was given no collector', 'Write MetricsServer.listen(collector, { port }).')
    const { createServer } = await import('node:http') // no worker serves, and all import this module
    const limits = { requestTimeout: METRICS_REQUEST_MS, headersTimeout: METRICS_REQUEST_MS }
    const server = createServer(limits, (request, response) => void reply(collector, ready, request, response))
    server.maxConnections = METRICS_CONNECTIONS
    await new Promise<void>((resolve, reject) => {
      server.once('error', error => reject(unavailable(host, port, error)))
      server.listen(port, host, resolve)
    })
    return new MetricsServer(server, host)
  }

  /** Listens no more, and cuts off who is being answered. Closing twice is fine. */
  close(): Promise<void> {
    this.#closing ??= new Promise(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function reply(
  collector: MetricsCollector,
  ready: () => boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, type, body } = await answer(collector, ready, request).catch(error =>
    plain(500, `The metrics could not be read: ${(error as Error)?.message ?? error}`),
  )
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function answer(
  collector: MetricsCollector,
  ready: () => boolean,
  { method, url }: IncomingMessage,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'Only GET and HEAD are answered.')
  const path = (url ?? '').replace(/\?.*$/, '')
  if (path === '/metrics') return { status: 200, type: collector.contentType, body: await collector.text() }
  if (path !== '/healthz' && path !== '/readyz') return plain(404, 'There are /metrics, /healthz and /readyz.')
  const failed = Object.entries(collector.simulations).filter(([, state]) => state === 'failed')
  if (failed.length > 0) return plain(503, `failed: ${failed.map(([name]) => name).join(', ')}`)
  if (path === '/readyz' && !ready()) return plain(503, 'not ready')
  return plain(200, 'ok')
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something listens there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'it is no address of this machine',
  ENOTFOUND: 'there is no such host',
}

function unavailable(host: string, port: number, error: NodeJS.ErrnoException): PopulaceError {
  return new PopulaceError(
    'METRICS_UNAVAILABLE',
    `Metrics cannot be served at ${host}:${port}: ${WHY[error.code ?? ''] ?? error.message}`,
    'Choose another port, or 0 for any that is free.',
    error,
  )
}
