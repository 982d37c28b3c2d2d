// The program of examples/fastify under requests, while its Redis or the Postgres that holds its world is killed, stands
// still or is restarted: every request is answered, the world goes on, and it is the world that its record says.
import t, { type Test, test } from 'tap'
import { openStore, replayRun } from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import { ExampleHost } from '../fixtures/example-host.js'
import { HttpLoad } from '../fixtures/http-load.js'
import { privateServer } from '../fixtures/postgres-server.js'
import { privateRedis } from '../fixtures/redis-server.js'
import { faultsOf, heal, strike } from '../fixtures/server-faults.js'

const WORLD = new URL('../../examples/fastify/world.js', import.meta.url)
const ROUNDS = ofCampaign(30)
const TICK = 'populace_tick{simulation="savers"}'
const GIVEN = 'populace_component{component="commands",figure="succeeded"}'
const cacheFigure = (name: string) => `populace_component{component="savers.cache",figure="${name}"}`

const [postgres, redis] = await Promise.all([privateServer(), privateRedis()])
t.teardown(() => Promise.all([postgres.close(), redis.close()]))

async function startHost(t: Test, flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ExampleHost> {
  const common = ['--workers', '1', '--npcs', '2000', '--commands-per-second', '10000', '--max-tasks', '10000']
  const host = await ExampleHost.start([...common, ...flags], env)
  t.teardown(() => host.kill())
  return host
}

/** The faults of one server, each of them before any comes again. */
const faults = faultsOf(8, ROUNDS * 3).flatMap(({ what, target }) => (target === 'both' ? [what] : []))

test('requests are answered as ever while Redis goes and comes back', { timeout: 0 }, async t => {
  const env = { POPULACE_REDIS_URL: redis.url, POPULACE_REDIS_TIMEOUT_MS: '200' }
  const host = await startHost(t, ['--store', 'memory:'], env)
  const load = new HttpLoad(host)
  for (const what of faults) {
    await load.grows(`the cache answers before ${what}`, cacheFigure('answered'), 5)
    await strike(redis, what)
    if (what !== 'restart') await load.grows(`the cache fails during ${what}`, cacheFigure('failed'), 5)
    await load.grows(`the world goes on during ${what}`, TICK, 5)
    await heal(redis, what)
    await load.grows(`the cache answers after ${what}`, cacheFigure('answered'), 5)
  }
  await load.stop()
  t.strictSame(load.unanswered.concat(load.calls.late), [])
  t.equal(load.count(200, 202), load.calls.issued, JSON.stringify(load.answers))
  await host.end()
})

test('requests are answered, and a world in Postgres goes on, while it goes and comes back', {
  timeout: 0,
}, async t => {
  const url = await postgres.database()
  const host = await startHost(t, ['--store', url, '--checkpoint-every', '300'])
  const load = new HttpLoad(host)
  for (const what of faults) {
    const asked = 'host_requests_total{route="/healthz",status="200"}'
    await strike(postgres, what)
    await load.grows(`requests are answered during ${what}`, asked, 5)
    await heal(postgres, what)
    await load.grows(`the world goes on after ${what}`, TICK, 900) // beyond three checkpoints
    await load.grows(`commands are taken after ${what}`, GIVEN, 5)
  }
  await load.stop()
  t.strictSame(load.unanswered.concat(load.calls.late), [])
  t.equal(load.count(200, 202, 504), load.calls.issued, JSON.stringify(load.answers))
  const end = await host.end()
  const store = await openStore(url)
  t.teardown(() => store.close())
  t.match(await replayRun(WORLD, store, { run: 'savers', workers: 0 }), { ...end, departs: undefined })
})

test('a host whose world has failed answers what it was asked, says why and ends; another goes on', async t => {
  const url = await postgres.database()
  const flags = ['--store', url, '--checkpoint-every', '100']
  const first = await startHost(t, flags)
  const load = new HttpLoad(first)
  await load.grows('some were answered', TICK, 200)
  await postgres.admin('update populace.leases set token = token + 1', url) // as if another process had taken it over
  const { code, error } = await first.failure()
  t.equal(code, 'STORE_LEASE_LOST')
  t.match(error, /another has taken over/)
  await load.stop()
  t.equal(load.count(500), 0, JSON.stringify(load.answers))
  const second = await startHost(t, flags)
  t.ok(second.began.tick > 0 && second.began.tick % 100 === 0, `it goes on from tick ${second.began.tick}`)
  t.ok((await second.end()).tick > second.began.tick)
})
