// Events for browsers: server-sent events, as EventSource reads them. A subscriber who reads too slowly misses events and is
// told how many; nothing is kept for one beyond a fixed number of bytes.
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { type BusEvent, type EmittedEvent, PopulaceError } from 'populace'
import type { Host } from './host.js'

/** Subscribers at once, and bytes that may wait for one. */
const MOST_STREAMS = 100
const MOST_BYTES = 64 * 1024
const QUERY = {
  type: 'object',
  properties: {
    topic: { type: 'string', maxLength: 200, default: 'savers.event.*' }, // or savers.refused, savers.tick and so on
    npc: { type: 'integer', minimum: 1 }, // events of one alone
  },
}
/** Errors, as in savers.refused, are shown by what they say. */
const shown = (_: string, value: unknown) => (value instanceof Error ? value.message : value)

export function eventStream(app: FastifyInstance, { bus }: Host): void {
  /** With what takes each out of the bus. */
  const streams = new Map<ServerResponse, () => void>()

  type Query = { Querystring: { topic: string; npc?: number } }
  app.get<Query>('/events', { schema: { querystring: QUERY } }, ({ query: { topic: pattern, npc } }, reply) => {
    if (streams.size >= MOST_STREAMS)
      throw new PopulaceError('SERVICE_BUSY', `${MOST_STREAMS} are told events already`, 'Come back later.')
    const { raw } = reply
    let missed = 0
    const subscription = bus.subscribe(pattern, ({ topic, payload, sequence }: BusEvent) => {
      if (npc !== undefined && (payload as Partial<EmittedEvent>).from !== npc) return undefined
      if (raw.writableLength > MOST_BYTES) return ++missed
      if (missed > 0) raw.write(`event: missed\ndata: ${missed}\n\n`)
      missed = 0
      return raw.write(`id: ${sequence}\ndata: ${JSON.stringify({ topic, payload }, shown)}\n\n`)
    })
    reply.hijack()
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'close' })
    raw.write(': here they come\n\n')
    // It is told nothing from the moment on when it is ended, which may be long before the last of it has been read.
    const leave = () => {
      subscription.unsubscribe()
      streams.delete(raw)
    }
    streams.set(raw, leave)
    raw.once('close', leave)
  })

  app.addHook('preClose', async () => {
    for (const [raw, leave] of streams) {
      leave()
      raw.end()
    }
  })
}
