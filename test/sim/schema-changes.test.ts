// A checkpoint of an older scenario is loaded into a newer one where that loses nothing silently, and refused by name
// where it would.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { type AnyPopulation, type PopulaceError, Simulation } from '../../lib/index.js'

const url = (version: string) =>
  new URL(`../fixtures/evolving.js?version=${encodeURIComponent(version)}`, import.meta.url)
const person = { name: 'person' }

async function stored(ticks: number): Promise<string> {
  const store = `memory:${randomUUID()}`
  await using sim = await Simulation.create(url('first'), { workers: 1, store })
  await sim.run({ ticks })
  await sim.checkpoint()
  return store
}

async function resumed(store: string, version: string, workers = 1) {
  const warnings: string[] = []
  const logger = { warn: (message: string) => void warnings.push(message) }
  const sim = await Simulation.resume(url(version), { store, workers, logger })
  const state = await sim.read(world => {
    // Looked at by name: its columns vary by version.
    const table = world.population(declared(sim, 'person'))
    return [...table.rows()] as unknown as Record<string, unknown>[]
  })
  return { sim, state, warnings }
}

function declared(sim: Simulation, name: string): AnyPopulation & never {
  const { populations } = sim.internals.world.plan.scenario
  const data = populations.find(p => p.name === name)
  const population = { name, columns: {}, pick() {}, by() {}, where() {} }
  Object.defineProperty(population, Symbol.for('populace.population'), { value: data })
  return population as unknown as AnyPopulation & never // the handle that the module keeps to itself
}

const LOADED: Readonly<Record<string, (row: Record<string, unknown>) => object>> = {
  added: () => ({ luck: 7, notes: undefined }),
  removed: row => ({ ...row, gone: undefined }),
  widened: () => ({}),
  relabelled: () => ({}),
  dreaming: () => ({}),
}

for (const [version, change] of Object.entries(LOADED)) {
  t.test(`a checkpoint is loaded into the version '${version}', on any number of workers alike`, async t => {
    const store = await stored(4)
    const first = await resumed(store, 'first')
    t.equal(first.warnings.length, 0, 'nothing has changed')
    const { waiting } = first.sim.counters.messages.nudge
    t.ok(waiting > 0, 'letters wait')
    await first.sim.close()
    const hashes = new Set<string>()
    for (const workers of [0, 1, 2, 3]) {
      const { sim, state, warnings } = await resumed(store, version, workers)
      if (workers === 1) {
        t.equal(warnings.length, 1)
        t.match(warnings[0], /its declarations/)
        for (const [i, row] of state.entries()) t.match(row, { ...first.state[i], ...change(first.state[i]) })
        t.equal(sim.counters.messages.nudge.waiting, waiting)
      }
      await sim.run({ ticks: 3 })
      hashes.add(await sim.hash())
      await sim.close()
    }
    t.equal(hashes.size, 1)
  })
}

for (const [version, change] of Object.entries(LOADED)) {
  t.test(`who sleeps in a checkpoint wakes up in the version '${version}'`, async t => {
    const store = `memory:${randomUUID()}`
    const sim = await Simulation.create(url('first'), { workers: 0, store })
    await sim.run({ ticks: 2 })
    const before = await sim.read(world => [...world.population(declared(sim, 'person')).rows()])
    const partition = '0'
    sim.world.freeze(partition)
    await sim.run({ ticks: 1 })
    await sim.close()
    const hashes = new Set<string>()
    for (const workers of [0, 1, 2, 3]) {
      const { sim: later } = await resumed(store, version, workers)
      t.same(later.measures.people, 100, 'measures count them')
      later.world.thaw(partition)
      await later.run({ ticks: 1 })
      const rows = (await later.read(world => [
        ...world.population(declared(later, 'person')).rows(),
      ])) as unknown as Record<string, unknown>[]
      for (const [i, row] of rows.entries()) {
        const was = before[i] as unknown as Record<string, unknown>
        t.match(row, { ...was, ...change(was), age: (was.age as number) + 1 })
      }
      hashes.add(await later.hash())
      await later.close()
    }
    t.equal(hashes.size, 1)
  })
}

const REFUSED: Readonly<Record<string, RegExp>> = {
  narrowed: /Column 'person\.gone' is of kind u32 in the snapshot, which u8 does not hold/,
  unlabelled: /Column 'person\.mood' had a label 'sad'/,
  resized: /Column 'person\.wealth' had 1 values a row/,
  undocumented: /Column 'person\.diary' held documents/,
  redirected: /Column 'person\.friend' named agents of 'self'/,
  smaller: /Population 'person' has 100 agents in 100 slots/,
  permanent: /Population 'person' is not permanent in the snapshot/,
  cramped: /letters of message 'nudge' wait in the snapshot, and it has room for 1/,
}

for (const [version, message] of Object.entries(REFUSED)) {
  t.test(`a checkpoint is refused by name where the version '${version}' could not hold it`, async t => {
    const store = await stored(4)
    for (const workers of [0, 2]) {
      const error: PopulaceError = await resumed(store, version, workers).then(
        () => t.fail('it was loaded'),
        refusal => refusal,
      )
      t.equal(error.code, 'SNAPSHOT_SCHEMA', error.message)
      t.match(error.message, message)
    }
    const { sim } = await resumed(store, 'first')
    t.equal(sim.tick, 4, 'the run is as it was')
    await sim.close()
  })
}

t.test('strict refuses other code; populations come and go', async t => {
  const store = await stored(2)
  await t.rejects(Simulation.resume(url('added'), { store, workers: 0, strict: true }), {
    code: 'SNAPSHOT_SCHEMA',
    message: /has changed since it was made/,
  })
  const { sim, state } = await resumed(store, 'no place')
  t.equal(state.length, 100)
  t.same(person, { name: 'person' })
  await sim.close()
})
