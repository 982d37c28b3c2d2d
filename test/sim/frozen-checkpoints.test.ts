// Checkpoints hold frozen partitions by their keys: their rows are stored once, nobody looks at them to take a checkpoint
// or to go on from one, and they stay for as long as a checkpoint needs them.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { type PopulaceError, Simulation } from '../../lib/index.js'
import { replayRun } from '../../lib/run/replay.js'
import { compareRuns } from '../../lib/state/compare.js'
import { MemoryStore } from '../../lib/state/memory-store.js'
import { RunPartitions } from '../../lib/state/run-partitions.js'
import { readState, readWholeState } from '../../lib/state/stored-state.js'
import { WorldState } from '../../lib/state/world-state.js'
import type scenario from '../fixtures/regions.js'
import { region } from '../fixtures/regions.js'
import { follow, frozenOf, make, moment, url } from './frozen-runs.js'

const params = { restless: 0.3, social: 0.02 }
const TICKS = 24

/** Runs `regions` with a checkpoint every 4 ticks; the store's name. */
async function stored(o: { workers?: number; keepLast?: number; seed?: number } = {}): Promise<string> {
  const store = `memory:${randomUUID()}`
  const checkpoint = { everyTicks: 4, ...(o.keepLast ? { keepLast: o.keepLast } : {}) }
  const options = { workers: o.workers ?? 0, seed: o.seed ?? 3, params, store, run: 'one', checkpoint }
  await using sim = await Simulation.create<typeof scenario>(url, { ...options, limits: { residentFrames: 60 } })
  await sim.run({ ticks: TICKS })
  return store
}

const opened = (store: string) => new MemoryStore(store.slice('memory:'.length))

/** Keys of the rows that the checkpoints of a run have, and of those that are stored. */
async function keysOf(store: MemoryStore, run = 'one') {
  const checkpoints = await store.checkpoints(run)
  const wanted = new Set<string>()
  for (const { tick } of checkpoints)
    for (const key of (await readState(store, run, checkpoints, tick)).head.apart ?? []) wanted.add(key)
  const found = (await store.blobs(run)).map(b => b.key).filter(key => key.startsWith('frozen/'))
  return { wanted: [...wanted].sort(), found }
}

/** Calls `work`, and counts how often blobs of frozen partitions are read meanwhile. */
async function reads(work: () => Promise<unknown>): Promise<number> {
  const { readBlob } = MemoryStore.prototype
  let count = 0
  MemoryStore.prototype.readBlob = function (run, key) {
    if (key.startsWith('frozen/')) count++
    return readBlob.call(this, run, key)
  }
  try {
    await work()
  } finally {
    MemoryStore.prototype.readBlob = readBlob
  }
  return count
}

t.test('the same checkpoints on any number of workers, whatever is in memory, each as the run was', async t => {
  await using straight = await make({ params })
  const moments = await follow(straight, TICKS)
  const first = opened(await stored())
  const checkpoints = await first.checkpoints('one')
  for (const workers of [1, 2, 3]) {
    const other = await opened(await stored({ workers })).checkpoints('one')
    t.strictSame(
      other.map(c => c.hash),
      checkpoints.map(c => c.hash),
      `${workers} workers`,
    )
  }
  for (const { tick } of checkpoints.filter(c => c.tick > 0)) {
    const whole = new WorldState(await readWholeState(first, 'one', checkpoints, tick))
    t.equal(whole.hash(), moments[tick - 1].hash.hash, `tick ${tick}`)
    t.strictSame(whole.frozen, moments[tick - 1].frozen)
    await using sim = await Simulation.resume<typeof scenario>(url, { store: first.url, run: 'one', tick, workers: 0 })
    t.strictSame(await moment(sim), moments[tick - 1], `resumed at ${tick}`)
  }
})

t.test('taking a checkpoint and going on from one reads no rows of those who sleep', async t => {
  const store = `memory:${randomUUID()}`
  const options = { workers: 0, seed: 3, params: { restless: 0, social: 0, asleep: 4 }, store, run: 'one' }
  const sim = await Simulation.create<typeof scenario>(url, options)
  await sim.run({ ticks: 2 })
  for (const name of frozenOf(sim)) sim.world.unload(name)
  await sim.run({ ticks: 1 })
  const taking = await reads(async () => {
    for (let n = 0; n < 3; n++) {
      await sim.run({ ticks: 1 })
      await sim.checkpoint()
    }
  })
  t.equal(taking, 0)
  const sizes = (await opened(store).checkpoints('one')).slice(-3).map(c => c.bytes)
  const blobs = await opened(store).blobs('one')
  t.equal(blobs.filter(b => b.key.startsWith('frozen/')).length, 4, 'each is stored once')
  const end = await moment(sim)
  await sim.close()
  const resuming = await reads(async () => {
    const again = await Simulation.resume<typeof scenario>(url, { store, run: 'one', workers: 0 })
    t.equal(again.measures.awake, end.measures && (end.measures as Record<string, unknown>).awake)
    await again.run({ ticks: 2 })
    await again.close()
  })
  t.equal(resuming, 0, `${sizes} bytes a checkpoint`)
  await using again = await Simulation.resume<typeof scenario>(url, { store, run: 'one', workers: 2 })
  t.strictSame(await moment(again), end, 'and they are all there')
})

t.test('rows stay for as long as a checkpoint has them, and no longer', async t => {
  for (const keepLast of [1, 3, undefined]) {
    const store = opened(await stored(keepLast ? { keepLast } : {}))
    const { wanted, found } = await keysOf(store)
    t.strictSame(
      wanted.filter(key => !found.includes(key)),
      [],
      `keepLast ${keepLast}: nothing is missing`,
    )
    // What was stored since the newest checkpoint, or let go with the oldest, is taken away with the next one.
    await using sim = await Simulation.resume<typeof scenario>(url, { store: store.url, run: 'one', workers: 0 })
    await sim.run({ ticks: 1 })
    await sim.checkpoint()
    const writer = await sim.checkpoint().then(() => keysOf(store))
    t.strictSame(
      writer.wanted.filter(key => !writer.found.includes(key)),
      [],
      'and still not',
    )
    t.ok(
      writer.found.length <= writer.wanted.length + 6,
      `${writer.found.length} stored, ${writer.wanted.length} wanted`,
    )
  }
})

t.test('a run that goes back and has another future keeps what its checkpoints have', async t => {
  const store = `memory:${randomUUID()}`
  const options = { workers: 0, seed: 3, params, store, run: 'one', checkpoint: { everyTicks: 4 } }
  const sim = await Simulation.create<typeof scenario>(url, { ...options, limits: { residentFrames: 60 } })
  await sim.run({ ticks: 20 })
  await sim.seek(10)
  sim.world.freeze(region(1))
  sim.world.freeze(region(3))
  const moments = await follow(sim, 15)
  await sim.close()
  const { wanted, found } = await keysOf(opened(store))
  t.strictSame(
    wanted.filter(key => !found.includes(key)),
    [],
  )
  for (const tick of [12, 16, 20, 24]) {
    await using again = await Simulation.resume<typeof scenario>(url, { store, run: 'one', tick, workers: 0 })
    t.equal(again.tick, tick)
    t.strictSame(await moment(again), moments[tick - 11], `tick ${tick}`)
  }
})

t.test('a fork has rows of its own, also where it was ended before it had copied them', async t => {
  const store = await stored()
  const options = { store, run: 'one', workers: 0 }
  for (const ended of [false, true]) {
    const as = ended ? 'ended' : 'whole'
    const fork = await Simulation.fork<typeof scenario>(url, { ...options, as })
    await fork.close()
    const home = opened(store)
    if (ended) {
      const writer = await home.write(as)
      await writer.deleteBlobs((await home.blobs(as)).map(b => b.key))
      await writer.close()
    }
    await using again = await Simulation.resume<typeof scenario>(url, { store, run: as, workers: 0 })
    const { wanted, found } = await keysOf(home, as)
    t.ok(wanted.length > 0)
    t.strictSame(
      found.filter(key => wanted.includes(key)),
      wanted,
    )
    await using straight = await make({ params })
    await straight.run({ ticks: TICKS + 5 })
    await again.run({ ticks: 5 })
    t.equal(await again.hash(), await straight.hash())
  }
  const home = opened(store)
  const writer = await home.write('one')
  await writer.deleteRun()
  await using alone = await Simulation.resume<typeof scenario>(url, { store, run: 'whole', workers: 0 })
  await alone.run({ ticks: 3 })
  t.pass('nobody needs the run that it came from')
})

t.test('what is missing is told by name, and the run stays as it is', async t => {
  const store = await stored()
  const home = opened(store)
  const { found } = await keysOf(home)
  const writer = await home.write('one')
  await writer.deleteBlobs(found)
  await writer.close()
  const error: PopulaceError = await Simulation.resume(url, { store, run: 'one', workers: 0 }).then(
    () => t.fail('it went on'),
    refusal => refusal,
  )
  t.equal(error.code, 'SNAPSHOT_INVALID')
  t.match(error.message, /Run 'one' has no frozen partition under 'frozen\//)
  await t.resolves(
    home.write('one').then(w => w.close()),
    'the lease was given back',
  )
})

t.test('a replay comes to the same keys, and a comparison looks into what sleeps', async t => {
  const store = opened(await stored({ workers: 2 }))
  for (const workers of [0, 2]) {
    const report = await replayRun(url, store, { workers })
    t.equal(report.departs, undefined)
    t.equal(report.compared, TICKS / 4 + 1)
  }
  const other = opened(await stored({ seed: 4 }))
  const { differs } = await compareRuns({ store, run: 'one' }, { store: other, run: 'one' })
  t.ok(differs && differs.columns.length > 0)
  const same = await compareRuns({ store, run: 'one' }, { store: opened(await stored()), run: 'one' })
  t.equal(same.differs, undefined)
})

t.test('checkpoints in memory have no need of a store', async t => {
  const options = { workers: 0, seed: 3, params, checkpoint: { everyTicks: 3, inMemory: true } }
  await using straight = await make({ params })
  const moments = await follow(straight, 20)
  await using sim = await Simulation.create<typeof scenario>(url, { ...options, limits: { residentFrames: 60 } })
  await sim.run({ ticks: 14 })
  await sim.seek(13)
  t.strictSame(await moment(sim), moments[12])
  t.strictSame(await follow(sim, 7), moments.slice(13))
})

t.test('taking checkpoints away takes their rows away', async t => {
  const store = opened(await stored())
  const checkpoints = await store.checkpoints('one')
  const gone = checkpoints.slice(1, -1).filter(c => c.base === undefined || c.tick > 0)
  const writer = await store.write('one')
  const partitions = await RunPartitions.open(
    store,
    writer,
    checkpoints.map(c => c.tick),
  )
  const before = await keysOf(store)
  await writer.deleteCheckpoints(gone.map(c => c.tick))
  await partitions.forget(gone.map(c => c.tick))
  await partitions.shelf.sweep([])
  await writer.close()
  const first = (await readState(store, 'one', await store.checkpoints('one'), 0)).head.apart ?? []
  const left = (await store.blobs('one')).map(b => b.key)
  t.ok(left.length < before.found.length)
  t.ok(first.every(key => left.includes(key)))
})
