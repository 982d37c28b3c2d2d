// A host's pool of connections under a run, against a real server: the store 'postgres:' is in it, metrics show it, and it
// stays the host's, whether it is open, full or closed.
import t, { type Test, test } from 'tap'
import { DatabasePool, MetricsCollector, openStore, Simulation } from '../../lib/index.js'
import { poolFor } from '../fixtures/database-pools.js'
import type life from '../fixtures/life.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'
import { refusedLater } from '../fixtures/refused.js'
import { scraped } from '../fixtures/scraped.js'

const LIFE = new URL('../fixtures/life.js', import.meta.url)
const TICKS = 12
const server = await sharedServer()
t.teardown(closeSharedServer)

const common = { checkpoint: { everyTicks: 5 } }
const in_ = (database: DatabasePool) => ({ store: 'postgres:', database, run: 'one' })

async function untouched(): Promise<string> {
  await using sim = await Simulation.create<typeof life>(LIFE, { workers: 0, seed: 5 })
  await sim.run({ ticks: TICKS })
  return sim.hash()
}

const hash = await untouched()
const roomy = (t: Test, url: string) => poolFor(t, url, { poolSize: 2, maxOverflow: 4 })

for (const workers of [0, 1, 2, 3]) {
  test(`${workers} workers: a run in a host's pool goes on in it, and in another pool, to the same bits`, async t => {
    const url = await server.database()
    const pool = await roomy(t, url)
    const metrics = new MetricsCollector()
    const sim = await Simulation.create<typeof life>(LIFE, { seed: 5, ...common, ...in_(pool), workers, metrics })
    await sim.run({ ticks: 8 })
    const lines = scraped(await metrics.text())
    const figure = (name: string) => lines.get(`populace_component{component="one.database",figure="${name}"}`)
    t.equal(figure('pool_size'), 2)
    t.equal(figure('in_use'), pool.status().inUse)
    t.equal(lines.get('populace_component_state{component="one.database",figure="state",state="ready"}'), 1)
    await sim.close()
    t.equal(pool.status().inUse, 0, 'nothing of it is left in the pool')
    t.strictSame(await pool.query('select 1 as n'), [{ n: 1 }], 'which stays open')

    const again = await Simulation.resume(LIFE, { ...common, ...in_(pool), workers: 3 - workers })
    t.equal(again.tick, 5)
    await again.run({ ticks: TICKS - again.tick })
    t.equal(await again.hash(), hash)
    await again.checkpoint()
    await again.close()

    const other = await roomy(t, url)
    await using there = await Simulation.resume(LIFE, { ...common, ...in_(other), workers })
    t.equal(there.tick, TICKS)
    t.equal(await there.hash(), hash)
    const store = await openStore('postgres:', pool)
    t.strictSame(
      (await store.runs()).map(({ run }) => run),
      ['one'],
    )
    await store.close()
    await pool.query('select 1')
  })
}

test('a pool that is not initialized is, and one of two connections is enough for a run', async t => {
  const url = await server.database()
  await using pool = new DatabasePool({ connectionString: url, poolSize: 2, maxOverflow: 0 })
  await using sim = await Simulation.create<typeof life>(LIFE, { seed: 5, ...common, ...in_(pool), workers: 1 })
  await sim.run({ ticks: TICKS })
  t.equal(await sim.hash(), hash)
})

test('a pool that cannot hold a run is refused, and nothing is made of it', async t => {
  const url = await server.database()
  const pool = await poolFor(t, url, { poolSize: 1 })
  const create = (database: DatabasePool) => Simulation.create<typeof life>(LIFE, { ...in_(database), workers: 1 })
  await refusedLater(t, 'STORE_INVALID', /has 1 connection/, () => create(pool))
  const closed = await roomy(t, url)
  await closed.close()
  await refusedLater(t, 'STORE_UNAVAILABLE', /close/, () => create(closed))
  t.equal(pool.status().inUse, 0)
  t.strictSame(await pool.query("select 1 from pg_namespace where nspname = 'populace'"), [], 'no table was made')
})

test('a pool that is closed under a run ends it with a clear error, and the run goes on in another', async t => {
  const url = await server.database()
  const pool = new DatabasePool({ connectionString: url, poolSize: 2, maxOverflow: 0, closeTimeoutMs: 50 })
  const sim = await Simulation.create<typeof life>(LIFE, { seed: 5, ...common, ...in_(pool), workers: 1 })
  await sim.run({ ticks: 7 })
  await t.rejects(pool.close(), { code: 'DATABASE_TIMEOUT' }, 'its lease is in use')
  const error = await sim.run({ ticks: 100 }).catch(error => error)
  t.match(error, { code: 'STORE_CLOSED', message: /^The store 'postgres:.*' is closed/ })
  await sim.close().catch(error => t.match(error, { code: 'STORE_CLOSED' }))
  const other = await roomy(t, url)
  await using again = await Simulation.resume(LIFE, { ...common, ...in_(other), workers: 1 })
  t.equal(again.tick, 5)
  await again.run({ ticks: TICKS - again.tick })
  t.equal(await again.hash(), hash)
})
