// The web server of a host: its routes, what Prometheus and those who watch processes ask, and how refusals are answered.
import { type FastifyError, type FastifyInstance, fastify } from 'fastify'
import { PopulaceError, retryAfterOf } from 'populace'
import { eventStream } from './event-stream.js'
import type { Host } from './host.js'
import { ledgerRoutes } from './ledger-routes.js'
import { taskRoutes } from './task-routes.js'
import { worldRoutes } from './world-routes.js'

/** What a refusal is over HTTP: who sent too much gets 429, who came where others are too many 503. All else is a 500. */
const STATUS: Readonly<Record<string, number>> = {
  TASK_UNKNOWN: 404,
  TOPIC_INVALID: 400,
  RATE_BUSY: 429,
  SERVICE_BUSY: 503,
  TASK_QUEUE_FULL: 503,
  EVENT_BUS_FULL: 503,
  EVENT_BUS_STOPPED: 503,
  TASK_QUEUE_STOPPED: 503,
  SIM_CLOSED: 503,
  SIM_FAILED: 503,
  LIMIT_EXCEEDED: 503,
  CIRCUIT_OPEN: 503,
  DATABASE_BUSY: 503,
  DATABASE_LOST: 503,
  DATABASE_UNAVAILABLE: 503,
  STORE_UNAVAILABLE: 503,
  STORE_LEASE_LOST: 503,
  CALL_TIMEOUT: 504,
  TASK_TIMEOUT: 504,
  DATABASE_TIMEOUT: 504,
}
/** Seconds after which it is worth to try again, where nobody knows better. */
const RETRY_SECONDS = 1

/** The server of an open host; it listens when it is told to. */
export function serverOf(host: Host): FastifyInstance {
  const { metrics, limits, ledger } = host
  const app = fastify()
  const requests = metrics.counter('host_requests_total', {
    help: 'Requests that were answered.',
    labels: ['route', 'status'],
  })
  app.addHook('onResponse', async ({ routeOptions }, { statusCode }) => {
    requests.add(1, { route: routeOptions.url ?? 'none', status: String(statusCode) })
  })
  app.setErrorHandler((error: FastifyError | PopulaceError, _, reply) => {
    const code = error instanceof PopulaceError ? (STATUS[error.code] ?? 500) : (error.statusCode ?? 500)
    const seconds = Math.ceil((retryAfterOf(error) ?? RETRY_SECONDS * 1000) / 1000)
    if (code === 429 || code === 503) reply.header('retry-after', String(seconds))
    return reply.code(code).send({ error: error.message, code: error.code })
  })
  worldRoutes(app, host)
  taskRoutes(app, host)
  eventStream(app, host)
  if (ledger) ledgerRoutes(app, ledger)

  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  app.get('/healthz', (_, reply) =>
    reply.code(host.healthy ? 200 : 503).send({ ok: host.healthy, tick: host.sim.tick }),
  )
  // Not ready: the world has failed, or the process takes more than it may, and others should be asked instead.
  app.get('/readyz', async (_, reply) => {
    await limits.getUsage()
    const { action, reached } = limits.judge()
    const ok = host.healthy && action === 'go'
    return reply.code(ok ? 200 : 503).send({ ok, reached })
  })
  return app
}
