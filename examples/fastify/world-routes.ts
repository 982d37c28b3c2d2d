// What can be asked of the world and told it. Looks are taken between two ticks, and only copies leave them.
import type { FastifyInstance } from 'fastify'
import { parallelMap, type World } from 'populace'
import type { Host } from './host.js'
import { npc } from './world.js'

interface Gift {
  readonly id: number
  readonly coins: number
}

const ID = { type: 'integer', minimum: 1 }
const COINS = { type: 'integer', minimum: 1, maximum: 1000 }
const OF_NPC = { type: 'object', properties: { id: ID } }
const GIFT = { type: 'object', required: ['coins'], properties: { coins: COINS } }
const GIFTS = {
  type: 'array',
  minItems: 1,
  maxItems: 100,
  items: { type: 'object', required: ['id', 'coins'], properties: { id: ID, coins: COINS } },
}
/** Coins of one bar of the histogram, its bars, and milliseconds that it is shown. */
const BAR = 100
const BARS = 11
const WEALTH_MS = 1000

export function worldRoutes(app: FastifyInstance, { sim, reads, commands, cache }: Host): void {
  const somebody = (id: number) => reads.execute(() => sim.read(world => world.population(npc).get(id)))

  app.get<{ Params: { id: number } }>('/npcs/:id', { schema: { params: OF_NPC } }, async ({ params }, reply) => {
    const found = await somebody(params.id)
    return found ?? reply.code(404).send({ error: `There is no NPC ${params.id}.` })
  })

  // 202: it is journaled, and acts when the tick begins that is named.
  app.post<{ Params: { id: number }; Body: { coins: number } }>(
    '/npcs/:id/gifts',
    { schema: { params: OF_NPC, body: GIFT } },
    async ({ params: { id }, body: { coins } }, reply) => {
      if ((await somebody(id)) === undefined) return reply.code(404).send({ error: `There is no NPC ${id}.` })
      return reply.code(202).send(await commands.execute(() => sim.command('gift', { id, coins })))
    },
  )

  // Many at once take one token: they come to the world as few boundaries between ticks as can be.
  app.post<{ Body: Gift[] }>('/gifts', { schema: { body: GIFTS } }, async ({ body }, reply) => {
    const send = ({ id, coins }: Gift) => sim.command('gift', { id, coins })
    return reply.code(202).send(await commands.execute(() => parallelMap(body, send, { maxConcurrent: 100 })))
  })

  // Whoever asks within a second is shown the same, which is computed once.
  app.get('/wealth', () =>
    cache.getOrCompute('wealth', () => reads.execute(() => sim.read(wealth)), { ttl: WEALTH_MS }),
  )
}

/** How many have 0 to 99 coins, 100 to 199 and so on; in the last bar are all who have more. */
function wealth(world: World): { tick: number; people: number[] } {
  const people = new Array<number>(BARS).fill(0)
  const coins = world.population(npc).column('coins')
  for (let i = 0; i < coins.length; i++) people[Math.min(BARS - 1, Math.floor(coins[i] / BAR))]++
  return { tick: world.tick, people }
}
