// Partitions that freeze and thaw, in a world where all goes on that agents can do to one another: the same on any number
// of workers, whatever the budget, and from any snapshot on.
import t from 'tap'
import { StateSnapshot, WorldState } from '../../lib/index.js'
import { verifyScenario } from '../../lib/run/verify.js'
import { MemoryPartitionStore } from '../../lib/state/partition-store.js'
import { folk, region } from '../fixtures/regions.js'
import { follow, frozenOf, make, moment, type Sim, url } from './frozen-runs.js'

const TICKS = 40

t.test('a world that freezes and thaws is the same on any number of workers, with checks and without', async t => {
  await using first = await make()
  const expected = await follow(first, TICKS)
  const changes = expected.filter((m, i) => i > 0 && String(m.frozen) !== String(expected[i - 1].frozen))
  t.ok(changes.length > TICKS / 4, `${changes.length} ticks froze or thawed something`)
  const { messages } = first.counters
  t.ok(
    Object.values(messages).every(m => m.delivered > 50 && m.dropped > 50),
    'mail of all kinds comes and is lost',
  )
  for (const way of [{ workers: 1 }, { workers: 2 }, { workers: 3 }, { checks: true }, { workers: 2, checks: true }]) {
    await using sim = await make(way)
    t.strictSame(await follow(sim, TICKS), expected, JSON.stringify(way))
  }
})

t.test('other seeds come to other worlds, each the same on two threads', async t => {
  for (const seed of [11, 12, 13]) {
    await using one = await make({ seed, params: { restless: 0.4 } })
    await using two = await make({ seed, params: { restless: 0.4 }, workers: 2 })
    t.strictSame(await follow(two, 25), await follow(one, 25))
  }
})

/** Frames of active partitions, and of all together where frozen ones are counted as if they were active. */
function framesOf(sim: Sim): { active: number; all: number } {
  const { memory, frozen } = sim.internals.world
  const active = memory.populations.reduce((n, p) => n + p.frames.blocks, 0)
  return { active, all: active + frozen.residentFrames }
}

t.test('no result depends on the budget', async t => {
  const params = { regions: 24, folk: 20, asleep: 20, social: 0.01, restless: 0.05 }
  let [active, all] = [0, 0]
  const measure = (sim: Sim) => {
    if (sim.tick === 0) return // what setup wants frozen is not yet
    active = Math.max(active, framesOf(sim).active)
    all = Math.max(all, framesOf(sim).all)
  }
  await using free = await make({ params })
  const expected = await follow(free, TICKS, measure)
  measure(free)
  const snapshot = await StateSnapshot.create(free)
  t.ok(all > active, `${active} frames are active at most, ${all} with all that is frozen`)
  const unloadAll = (sim: Sim) => {
    for (const name of frozenOf(sim)) sim.world.unload(name)
  }
  for (const workers of [0, 2]) {
    for (const [what, frames, between] of [
      ['room for what ticks and no more', active, undefined],
      ['room for half of the rest', Math.ceil((active + all) / 2), undefined],
      ['room for all, and all is unloaded each tick', all, unloadAll],
    ] as const) {
      const store = new MemoryPartitionStore()
      let most = 0
      await using sim = await make({ workers, store, params, limits: { residentFrames: frames } })
      const found = await follow(sim, TICKS, s => {
        most = Math.max(most, store.bytes)
        return between?.(s)
      })
      t.strictSame(found, expected, `${what}, ${workers} workers`)
      t.ok(most > 0, `${most} bytes were stored`)
      t.equal((await StateSnapshot.create(sim)).id, snapshot.id, 'the same snapshot, whatever is stored')
      t.equal((await StateSnapshot.create(sim.world)).id, snapshot.id, 'and by the calling thread')
    }
  }
})

t.test('a snapshot of a world with frozen partitions is the whole state', async t => {
  await using straight = await make({ params: { restless: 0.3 } })
  const all = await follow(straight, 30)
  for (const [at, workers] of [
    [4, 0],
    [7, 2],
    [12, 3],
    [19, 1],
  ]) {
    await using sim = await make({ workers, params: { restless: 0.3 } })
    await sim.run({ ticks: at })
    const { compressedData, id } = await StateSnapshot.create(sim)
    const state = await WorldState.fromCompressed(compressedData)
    t.equal(state.id, id)
    t.strictSame(state.hashes(), all[at - 1].hash, 'the state has the hash of the world')
    t.strictSame(state.frozen, all[at - 1].frozen)
    t.equal(state.population('folk').size, sim.world.population(folk).size)
    await using other = await make({ workers: 3 - workers, params: { restless: 0.3 }, image: state.image })
    t.strictSame(await moment(other), all[at - 1], `restored at ${at}`)
    t.equal((await StateSnapshot.create(other)).id, id)
    t.strictSame(await follow(other, 30 - at), all.slice(at), `goes on from ${at} to the same bits`)
  }
})

t.test('verify finds nothing in a world that freezes and thaws', async t => {
  const report = await verifyScenario(url, { ticks: 12, seed: 5, params: { restless: 0.3 }, workers: [0, 2, 3] })
  t.equal(report.ok, true, JSON.stringify(report.difference ?? report.error))
})

t.test('freezing changes no measure and no hash of a population', async t => {
  await using sim = await make({ params: { restless: 0 } })
  await sim.run({ ticks: 3 })
  const [before, measures, whole] = [await sim.hashes(), { ...sim.measures }, await sim.hash()]
  const part = async () => (await sim.hashes({ partitions: [region(1), region(4)], columns: ['x', 'diary'] })).columns
  const ofTwo = await part()
  for (let n = 0; n < 6; n++) sim.world.freeze(region(n))
  t.equal(await sim.hash(), whole, 'what is asked for is in no hash before it acts')
  await sim.run({ ticks: 1 })
  const after = await sim.hashes()
  t.strictSame([after.populations, after.columns], [before.populations, before.columns])
  t.strictSame({ ...sim.measures }, measures, 'float sums too, to the bit')
  t.strictSame(await part(), ofTwo)
  t.equal(sim.world.population(folk).size, sim.measures.folk)
  t.equal([...sim.world.population(folk).rows()].length, 0, 'who sleeps is in no row')
})

t.test('a command acts a tick later, and one that is refused leaves nothing behind', async t => {
  await using sim = await make({ params: { restless: 0, social: 0 } })
  await sim.run({ ticks: 3 })
  sim.world.freeze(region(1))
  await sim.command('ask', { freeze: [region(3)] })
  await sim.command('ask', { freeze: [region(4)], thaw: [region(1)], fails: true })
  await sim.run({ ticks: 1 })
  t.strictSame(sim.internals.world.frozen.since, [{ partition: region(1), since: 3 }])
  await sim.run({ ticks: 3 })
  t.strictSame(frozenOf(sim), [region(1), region(3)])
  sim.world.thaw(region(3))
  sim.world.freeze(region(3))
  sim.world.freeze(region(2))
  sim.world.thaw(region(2))
  await sim.run({ ticks: 1 })
  t.strictSame(frozenOf(sim), [region(1), region(3)], 'of what is asked in one tick the last counts')
})
