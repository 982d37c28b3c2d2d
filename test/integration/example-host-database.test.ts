// The program of examples/fastify with a real Postgres: the world lies in it, and purchases are in it, each once, whatever
// became of the host or the server in between.
import { type Test, test } from 'tap'
import { type DatabasePool, Simulation } from '../../lib/index.js'
import { poolFor } from '../fixtures/database-pools.js'
import { ExampleHost } from '../fixtures/example-host.js'
import { closeSharedServer, privateServer, sharedServer } from '../fixtures/postgres-server.js'

const WORLD = new URL('../../examples/fastify/world.js', import.meta.url)
const FLAGS = ['--workers', '1', '--npcs', '2000']

async function startHost(t: Test, url: string, flags: readonly string[]): Promise<ExampleHost> {
  const host = await ExampleHost.start([...FLAGS, ...flags], { POPULACE_DATABASE_URL: url })
  t.teardown(() => host.kill())
  return host
}

/** So many coins for NPC 1 that it buys a house. */
const payForHouse = (host: ExampleHost) => host.ask('/npcs/1/gifts', { coins: 1000 })

/** Waits until so many purchases of NPC 1 are written; they are the newest first. */
async function purchasesOf(host: ExampleHost, least: number): Promise<{ tick: number; houses: number }[]> {
  for (;;) {
    const { status, body } = await host.ask('/npcs/1/purchases')
    if (status === 200 && (body as unknown[]).length >= least) return body as { tick: number; houses: number }[]
  }
}

/** How many purchases are written, and by how many different people, and how many houses all of these have by that. */
async function written(pool: DatabasePool): Promise<{ rows: number; houses: number }> {
  const [found] = await pool.query<{ rows: number; houses: number }>(
    'select count(*) as rows, (select sum(n)::int8 from (select max(houses) as n from purchases group by npc) as each) as houses from purchases',
  )
  return found
}

test('a world lies in the database of its host, and all that was bought is written when the host has ended', async t => {
  const server = await sharedServer()
  t.teardown(closeSharedServer)
  const url = await server.database()
  const first = await startHost(t, url, ['--store', 'postgres:'])
  t.equal((await payForHouse(first)).status, 202)
  const [{ houses }] = await purchasesOf(first, 1)
  t.equal(houses, 1)
  const left = await first.end()
  t.equal(first.unwritten, 0)

  const second = await startHost(t, url, ['--store', 'postgres:'])
  t.strictSame(second.began, left, 'it goes on from where the first one ended')
  await payForHouse(second)
  const newest = await purchasesOf(second, 2)
  t.strictSame(
    newest.map(each => each.houses),
    [2, 1],
  )
  t.ok(Number(await second.metric('populace_component{component="ledger",figure="written"}')) > 0)
  t.equal(await second.metric('populace_component_state{component="savers.database",figure="state",state="ready"}'), 1)
  const end = await second.end()

  const pool = await poolFor(t, url, { poolSize: 2 })
  const { rows, houses: owned } = await written(pool)
  await using sim = await Simulation.resume(WORLD, { store: 'postgres:', database: pool, workers: 1 })
  t.equal(sim.tick, end.tick)
  const { houses: built } = sim.measures as { houses: number }
  t.strictSame([rows, owned], [built, built], 'as many as there are houses in the world')
})

test('what a host that was killed had told is told again by the next, and is written once', async t => {
  const server = await sharedServer()
  t.teardown(closeSharedServer)
  const url = await server.database()
  const flags = ['--store', `file:${t.testdir()}`, '--checkpoint-every', '1000000000']
  const first = await startHost(t, url, flags)
  await payForHouse(first)
  await purchasesOf(first, 1)
  await first.kill()
  const pool = await poolFor(t, url)
  const before = await written(pool)
  t.ok(before.rows > 0)

  const second = await startHost(t, url, flags)
  t.equal(second.began.tick, 0)
  await payForHouse(second)
  await purchasesOf(second, 2)
  await second.end()
  t.equal(second.unwritten, 0)
  const { rows, houses } = await written(pool)
  t.ok(rows > before.rows)
  t.equal(rows, houses)
})

test('a database that dies holds up neither the world nor who asks of it, and is told all when it is back', async t => {
  const server = await privateServer()
  t.teardown(() => server.close())
  const url = await server.database()
  const host = await startHost(t, url, ['--store', 'memory:'])
  await payForHouse(host)
  await purchasesOf(host, 1)
  await server.kill()
  const codes = new Set<string>()
  while (!codes.has('CIRCUIT_OPEN')) {
    const { status, body } = await host.ask('/npcs/1/purchases')
    if (status === 200) continue // it had not been noticed
    t.equal(status, 503)
    codes.add((body as { code: string }).code)
  }
  const { tick } = (await host.ask('/healthz')).body as { tick: number }
  t.equal((await payForHouse(host)).status, 202)
  t.equal((await host.ask('/npcs/1')).status, 200)
  t.ok(((await host.ask('/healthz')).body as { tick: number }).tick > tick, 'the world went on')

  await server.start()
  await purchasesOf(host, 2)
  await host.end()
  t.equal(host.unwritten, 0)
  const { rows, houses } = await written(await poolFor(t, url))
  t.equal(rows, houses)
})
