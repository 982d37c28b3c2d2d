// A database that goes away and comes back under a run that is stored in it: writes wait for it for some time, are done once
// each, and then fail; the run goes on to the bits of a run that nothing befell.
import t, { type Test, test } from 'tap'
import { Simulation, type SimulationOptions } from '../../lib/index.js'
import { openPostgresStore } from '../../lib/run/open-postgres-store.js'
import type { PostgresStore } from '../../lib/state/postgres-store.js'
import { asTimePasses, errorOf } from '../fixtures/database-pools.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { privateServer } from '../fixtures/postgres-server.js'
import type pupils from '../fixtures/pupils.js'
import { entries, journalOf, newRun } from '../fixtures/store-samples.js'

const PUPILS = new URL('../fixtures/pupils.js', import.meta.url)
const server = await privateServer()
t.teardown(() => server.close())

async function opened(t: Test, url: string, clock?: FakeClock): Promise<PostgresStore> {
  const store = await openPostgresStore(url, clock)
  t.teardown(() => store.close())
  return store
}

async function made(t: Test, o: SimulationOptions): Promise<Simulation<typeof pupils>> {
  const sim = await Simulation.create<typeof pupils>(PUPILS, { seed: 3, workers: 1, ...o })
  t.teardown(() => sim.close())
  return sim
}

test('a run goes on when its database was killed, restarted or stood still', async t => {
  const store = await server.database()
  const [sim, plain] = [await made(t, { store, checkpoint: { everyTicks: 10 } }), await made(t, {})]
  const faults = {
    kill: [() => server.kill(), () => server.start()],
    restart: [() => server.restart(), async () => undefined],
    freeze: [async () => server.freeze(), async () => server.thaw()],
  }
  for (const [name, [strike, heal]] of Object.entries(faults)) {
    await sim.run({ ticks: 25 })
    await strike()
    const running = sim.run({ ticks: 45 }) // beyond four checkpoints
    await heal()
    await running
    await plain.run({ ticks: 70 })
    t.equal(await sim.hash(), await plain.hash(), name)
  }
  await sim.checkpoint()
  const last = { tick: sim.tick, hash: await sim.hash() }
  await sim.close()
  const resumed = await Simulation.resume<typeof pupils>(PUPILS, { store, workers: 0 })
  t.teardown(() => resumed.close())
  t.strictSame({ tick: resumed.tick, hash: await resumed.hash() }, last)
})

test('a command that is given while the database is away is journaled when it is back', async t => {
  const store = await server.database()
  const sim = await made(t, { store })
  await sim.run({ ticks: 3 })
  await server.kill()
  const hushed = sim.command('hush', null)
  const running = sim.run({ ticks: 3 })
  await server.start()
  t.match(await hushed, { tick: 3 })
  await running
})

test('a write in the middle of which the server dies is done when it is back, once', async t => {
  const url = await server.database()
  const writer = await newRun(await opened(t, url), 'a')
  const other = await server.holder(url)
  await other.lock('populace.journal', 'exclusive')
  const writing = writer.appendJournal(entries(0, 40))
  await other.untilSomebodyWaits()
  await server.kill()
  await server.start()
  await writing
  await writer.appendJournal(entries(40, 41))
  t.strictSame(await journalOf(await opened(t, url), 'a'), entries(0, 41))
})

test('a write does not wait for ever', async t => {
  const clock = new FakeClock()
  const writer = await newRun(await opened(t, await server.database(), clock), 'a')
  await server.kill()
  t.match(await asTimePasses(clock, errorOf(writer.appendJournal(entries(0, 1)))), { code: 'STORE_UNAVAILABLE' })
  t.ok(clock.now() >= 30_000, `${clock.now()} ms`)
  await server.start()
})
