// What a host looks back with refuses what it cannot use, by code, and leaves the store as it was.
import { test } from 'tap'
import { compareRuns, openStore, replayRun, Simulation } from '../../lib/index.js'

const LIFE = new URL('../fixtures/life.js', import.meta.url)

test('what is not there is told by name', async t => {
  await t.rejects(openStore('runs'), { code: 'STORE_INVALID' })
  await t.rejects(openStore(undefined as never), { code: 'STORE_INVALID' })
  const store = await openStore('memory:look-back')
  await t.rejects(replayRun(LIFE, store), { code: 'STORE_RUN_UNKNOWN' })
  await t.rejects(compareRuns({ store }, { store }), { code: 'STORE_RUN_UNKNOWN' })
  for (const run of ['one', 'two']) {
    await using sim = await Simulation.create(LIFE, { workers: 0, seed: 3, store: store.url, run })
    await sim.run({ ticks: 4 })
    await sim.checkpoint()
  }
  await t.rejects(compareRuns({ store, run: 'one' }, { store }), { code: 'STORE_RUN_UNKNOWN', message: /2 runs/ })
  await t.rejects(compareRuns({ store, run: 'one' }, { store, run: 'three' }), { code: 'STORE_RUN_UNKNOWN' })
  for (const from of [-1, 0.5, '1', Number.NaN])
    await t.rejects(replayRun(LIFE, store, { run: 'one', from: from as number }), { code: 'OPTION_INVALID' })
  t.strictSame(await compareRuns({ store, run: 'one' }, { store, run: 'two' }), { compared: 2, equalAt: 4 })
  t.match(await replayRun(LIFE, store, { run: 'two', from: 2, workers: 0 }), { from: 0, tick: 4, compared: 2 })
  await store.close()
  await t.rejects(replayRun(LIFE, store, { run: 'one' }), { code: 'STORE_CLOSED' })
})
