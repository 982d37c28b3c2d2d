// What is asked of the ledger. It may be behind the world by what waits to be written, and goes on where the world does not.
import type { FastifyInstance } from 'fastify'
import type { Ledger } from './ledger.js'

const OF_NPC = { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } }

export function ledgerRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.get<{ Params: { id: number } }>('/npcs/:id/purchases', { schema: { params: OF_NPC } }, ({ params }) =>
    ledger.newest(params.id),
  )
}
