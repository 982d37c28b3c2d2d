// Work that is too long for the main thread: a report is asked for, computed by a worker thread, and fetched later.
import type { FastifyInstance } from 'fastify'
import type { Host } from './host.js'
import { npc } from './world.js'

const INEQUALITY = { module: new URL('./inequality.js', import.meta.url), name: 'inequality' }
const OF_REPORT = { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } }
/** Milliseconds that a report may take, and that its result is waited for. */
const REPORT_MS = 30_000
const WAIT_MS = 10_000

export function taskRoutes(app: FastifyInstance, { sim, reads, tasks, limits }: Host): void {
  const ofReport = { schema: { params: OF_REPORT } }

  // It takes memory and a core, and can wait: a process that has too little of either takes none on.
  app.post('/reports', async (_, reply) => {
    await limits.checkLimits()
    const coins = await reads.execute(() => sim.read(world => world.population(npc).column('coins')))
    const id = tasks.enqueue(INEQUALITY, coins, { timeout: REPORT_MS, retries: 1 })
    return reply.code(202).header('location', `/reports/${id}`).send({ id })
  })

  app.get<{ Params: { id: number } }>('/reports/:id', ofReport, ({ params }) => {
    const { id, state, attempts, error } = tasks.getStatus(params.id)
    return { id, state, attempts, error: error?.message }
  })

  app.get<{ Params: { id: number } }>('/reports/:id/result', ofReport, ({ params }) =>
    tasks.getResult(params.id, { timeout: WAIT_MS }),
  )
}
