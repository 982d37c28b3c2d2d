// Partitions that are made when somebody first needs them: a loader's work is a function of seed, parameters and name, on
// any number of workers, and its mistakes are told by the partition's name.
import t from 'tap'
import { Simulation, StateSnapshot } from '../../lib/index.js'
import { registerLoader } from '../../lib/run/loaders.js'
import { verifyScenario } from '../../lib/run/verify.js'
import type scenario from '../fixtures/lazy-towns.js'
import { person } from '../fixtures/lazy-towns.js'

const url = new URL('../fixtures/lazy-towns.js', import.meta.url)
type Sim = Simulation<typeof scenario>
const create = (workers: number, params = {}, o = {}): Promise<Sim> =>
  Simulation.createWith<typeof scenario>(url, { workers, seed: 4, params }, o)
const frozenOf = (sim: Sim) => sim.internals.world.frozen.since

/** What happened in each of some ticks. */
async function follow(sim: Sim, ticks: number): Promise<unknown[]> {
  const found: unknown[] = []
  for (let tick = 0; tick < ticks; tick++) {
    if (tick === 3) await sim.command('ask', { thaw: ['town-rare', 'town-slow'] })
    if (tick === 6) await sim.command('ask', { freeze: ['town-1', 'town-2', 'home-2', 'town-rare'].slice(0, 2) })
    await sim.run({ ticks: 1 })
    found.push([await sim.hashes(), { ...sim.measures }, sim.counters, frozenOf(sim)])
  }
  return found
}

t.test('towns are made when somebody first goes there, the same on any number of workers', async t => {
  await using first = await create(0)
  t.strictSame(
    frozenOf(first).map(f => f.partition),
    [1, 2, 3, 4, 5, 6, 7].map(n => `town-${n}`),
    'a town with a loader begins frozen, but for the one that setup filled',
  )
  t.equal(first.world.population(person).size, 23)
  await first.run({ ticks: 1 })
  t.equal(first.measures.youngest, 1, 'towns that were never made have nobody in them')
  await first.close()
  await using again = await create(0)
  const expected = await follow(again, 25)
  t.ok(again.measures.people > 100, `${again.measures.people} people`)
  for (const workers of [1, 2, 3]) {
    await using sim = await create(workers)
    t.strictSame(await follow(sim, 25), expected, `${workers} workers`)
  }
  const report = await verifyScenario(url, { ticks: 10, seed: 4, params: { travel: 0.1 }, workers: [0, 2] })
  t.equal(report.ok, true, JSON.stringify(report.difference ?? report.error))
})

t.test('what a loader makes does not depend on when it is called, nor by whom', async t => {
  const people = async (workers: number, tick: number, thaw: string) => {
    await using sim = await create(workers, { travel: 0 })
    await sim.run({ ticks: tick })
    await sim.command('ask', { thaw: [thaw] })
    await sim.run({ ticks: 2 })
    return [...sim.world.population(person).rows()].slice(23).map(({ x, origin, name }) => ({ x, origin, name }))
  }
  const early = await people(0, 1, 'town-5')
  t.equal(early.length, 30)
  t.equal(early[0].name, 'mayor of town-5')
  t.ok(early.every(p => p.origin === 30, 'a loader sees the agents of its partition alone'))
  t.strictSame(await people(2, 9, 'town-5'), early)
  t.notSame(await people(0, 1, 'town-6'), early, 'another town has another random sequence')
  t.match(await people(2, 1, 'town-rare'), [{ origin: 7, name: 'hermit' }], 'the longest prefix wins')
  t.match(await people(2, 1, 'town-slow'), [{ origin: 1 }, { origin: 2 }], 'a loader may wait')
  t.match(await people(0, 1, 'town-never named in setup'), { length: 30 })
})

t.test('a town that was loaded sleeps and wakes as any other, and comes out of a snapshot', async t => {
  await using sim = await create(2, { travel: 0 })
  await sim.command('ask', { thaw: ['town-3'] })
  await sim.run({ ticks: 2 })
  t.equal(sim.measures.people, 53)
  sim.world.freeze('town-3')
  await sim.run({ ticks: 3 })
  const { state } = await StateSnapshot.create(sim)
  await using other = await create(0, { travel: 0 }, { image: state.image })
  for (const s of [sim, other]) {
    await s.command('ask', { thaw: ['town-3', 'town-4'] })
    await s.run({ ticks: 2 })
    t.equal(s.measures.people, 83)
    t.equal(s.measures.slept, 4 * 30, 'those of town-3 have slept; those of town-4 are new')
  }
  t.equal(await sim.hash(), await other.hash())
})

t.test('a loader that throws, or does what it may not, fails the tick by the name of its partition', async t => {
  for (const workers of [0, 2]) {
    for (const [thaw, code, message] of [
      ['town-bad', 'LOADER_FAILED', /loader of partition 'town-bad' threw in tick 1: nobody wants to live here/],
      ['breach-elsewhere', 'LOADER_INVALID', /'breach-elsewhere' makes agents of 'person' in 'home'/],
      ['breach-thaw', 'LOADER_INVALID', /'breach-thaw' calls thaw/],
      ['breach-freeze', 'LOADER_INVALID', /'breach-freeze' calls freeze/],
      ['breach-partition', 'LOADER_INVALID', /'breach-partition' makes a partition/],
      ['breach-tower', 'PERMANENT', /In the loader of partition 'breach-tower'/],
    ] as const) {
      await using sim = await create(workers, { travel: 0 })
      await sim.command('ask', { thaw: [thaw] })
      await t.rejects(sim.run({ ticks: 3 }), { code, message }, thaw)
    }
  }
})

t.test('after a loader that throws the world is back at its checkpoint, with who slept there', async t => {
  for (const workers of [0, 2]) {
    const options = { workers, seed: 4, params: { travel: 0.05 } }
    await using straight = await Simulation.create<typeof scenario>(url, options)
    const checkpoint = { everyTicks: 5, inMemory: true }
    await using sim = await Simulation.create<typeof scenario>(url, { ...options, checkpoint })
    for (const s of [straight, sim]) {
      s.world.freeze('town-0')
      await s.run({ ticks: 7 })
    }
    await sim.command('ask', { thaw: ['town-bad'] })
    await t.rejects(sim.run({ ticks: 3 }), { code: 'LOADER_FAILED' })
    t.equal(sim.tick, 5)
    t.ok(frozenOf(sim).length > 0)
    await sim.run({ ticks: 7 })
    await straight.run({ ticks: 5 })
    t.equal(await sim.hash(), await straight.hash())
    t.strictSame({ ...sim.measures }, { ...straight.measures })
  }
})

t.test('agents are made in a partition that was never loaded only when it has thawed', async t => {
  await using sim = await create(0, { travel: 0 })
  t.throws(() => sim.world.population(person).spawn({}, 'town-4'), { code: 'PARTITION_FROZEN' })
  t.throws(() => sim.world.population(person).spawn({}, 'town-new'), { code: 'PARTITION_FROZEN' })
  t.throws(() => sim.world.population(person).update(() => {}, 'town-4'), { code: 'PARTITION_FROZEN' })
  sim.world.thaw('town-4')
  await sim.run({ ticks: 1 })
  sim.world.population(person).spawn({}, 'town-4')
  t.equal(sim.world.population(person).size, 54)
})

t.test('what no loader is, is refused', async t => {
  const loader = () => {}
  for (const [prefix, given] of [
    ['', loader],
    ['0', loader],
    [7, loader],
    ['x'.repeat(200), loader],
    ['wrong', 'a string'],
  ])
    t.throws(() => registerLoader(prefix as string, given as () => void), { code: 'LOADER_INVALID' }, String(prefix))
  await t.rejects(Simulation.create(new URL('../fixtures/two-loaders.js', import.meta.url), { workers: 0 }), {
    code: 'LOADER_INVALID',
    message: /Two loaders are registered for 'town-'/,
  })
})
