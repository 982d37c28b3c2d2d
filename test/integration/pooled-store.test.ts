// A run that lasts in a host's own pool of connections, as store 'postgres:' and option database of Simulation.
import { test } from 'tap'
import { DatabasePool, Simulation } from '../../lib/index.js'
import { poolFor } from '../fixtures/database-pools.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'

const WALK = new URL('../../examples/random-walk.js', import.meta.url)
const OPTIONS = { store: 'postgres:', workers: 0 }

test('a run lasts in a pool that its host uses already, which stays open, and goes on in it', async t => {
  const server = await sharedServer()
  t.teardown(closeSharedServer)
  const database = await poolFor(t, await server.database(), { poolSize: 2 })
  const sim = await Simulation.create(WALK, { ...OPTIONS, database })
  await sim.run({ ticks: 10 })
  await sim.checkpoint()
  const hash = await sim.hash()
  await sim.close()
  t.equal(database.status().state, 'ready')

  await using again = await Simulation.resume(WALK, { ...OPTIONS, database })
  t.equal(again.tick, 10)
  t.equal(await again.hash(), hash)
})

test('a pool that nobody has initialized yet is initialized', async t => {
  const server = await sharedServer()
  t.teardown(closeSharedServer)
  await using database = new DatabasePool({ connectionString: await server.database(), poolSize: 2 })
  const sim = await Simulation.create(WALK, { ...OPTIONS, database })
  await sim.close()
  t.equal(database.status().state, 'ready')
})

test('a pool that is closed is no store', async t => {
  const server = await sharedServer()
  t.teardown(closeSharedServer)
  const database = await poolFor(t, await server.database(), { poolSize: 2 })
  await database.close()
  await t.rejects(Simulation.create(WALK, { ...OPTIONS, database }), { code: 'STORE_UNAVAILABLE', message: /close/ })
})
