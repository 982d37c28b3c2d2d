// A run that goes back: what is sent to it comes after all that is known of it, and a future that does not come is gone
// from the store too.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import { MemoryStore } from '../../lib/state/memory-store.js'
import type life from '../fixtures/life.js'
import { person } from '../fixtures/life.js'
import type mortal from '../fixtures/mortal.js'

const LIFE = new URL('../fixtures/life.js', import.meta.url)
const logger = { warn: (message: string) => t.fail(message) }

async function stored(ticks: number) {
  const name = randomUUID()
  const o = { workers: 0, seed: 5, store: `memory:${name}`, checkpoint: { everyTicks: 5 }, logger }
  const sim = await Simulation.create<typeof life>(LIFE, o)
  await sim.run({ ticks })
  return { sim, store: o.store, name }
}

t.test('a command sent to a run that went back comes after its newest checkpoint', async t => {
  const { sim, store } = await stored(20)
  await sim.seek(7)
  t.equal((await sim.command('mark', { id: 3, mark: 33 })).tick, 20)
  await sim.run({ ticks: 15 })
  const end = await sim.hash()
  t.equal(sim.world.population(person).get(3)?.mark, 33)
  await sim.close()
  await using again = await Simulation.resume<typeof life>(LIFE, { store, workers: 1, logger })
  await again.run({ ticks: 22 - again.tick })
  t.equal(await again.hash(), end)
})

t.test('a change by hand gives the run another future, kept even where only close follows', async t => {
  const { sim, store, name } = await stored(20)
  await sim.seek(7)
  sim.world.population(person).set(3, { mark: 99 })
  const { tick } = await sim.command('mark', { id: 4, mark: 44 })
  t.equal(tick, 7, 'of later ticks nothing is known any more')
  await sim.close()
  t.strictSame(
    (await new MemoryStore(name).checkpoints('life')).map(c => c.tick),
    [0, 5, 7],
  )
  await using again = await Simulation.resume<typeof life>(LIFE, { store, workers: 2, logger })
  t.equal(again.tick, 7)
  await again.run({ ticks: 1 })
  t.match(again.world.population(person).get(3), { mark: 99 })
  t.match(again.world.population(person).get(4), { mark: 44 })
})

t.test('a change by hand that only close follows is kept', async t => {
  const { sim, store } = await stored(8)
  sim.world.population(person).set(3, { mark: 98 })
  await sim.close()
  await using again = await Simulation.resume<typeof life>(LIFE, { store, workers: 0, logger })
  t.equal(again.tick, 8)
  t.match(again.world.population(person).get(3), { mark: 98 })
})

t.test('after a kernel that threw, the later checkpoints of the run are gone', async t => {
  const url = new URL('../fixtures/mortal.js', import.meta.url)
  const name = randomUUID()
  const o = { workers: 0, seed: 3, store: `memory:${name}`, checkpoint: { everyTicks: 4 } }
  await using sim = await Simulation.create<typeof mortal>(url, o)
  await sim.run({ ticks: 12 })
  await sim.seek(5)
  const { scenario } = sim.internals.world.plan
  const { until } = scenario
  Object.assign(scenario, {
    until: () => {
      throw new RangeError('not now')
    },
  })
  await t.rejects(sim.run({ ticks: 1 }), { code: 'ENGINE_FAILED' })
  Object.assign(scenario, { until })
  t.equal(sim.tick, 4)
  t.strictSame(
    (await new MemoryStore(name).checkpoints('mortal')).map(c => c.tick),
    [0, 4],
  )
  t.equal((await sim.command('bless', 4)).tick, 4)
  await sim.run({ ticks: 2 })
})

t.test('a command that the store refuses to keep is told, and so is one that the scenario has no more', async t => {
  const { sim, store, name } = await stored(3)
  const other = new MemoryStore(name)
  other.abandon('life') // as if the process had died
  const writer = await other.write('life')
  await t.rejects(sim.command('mark', { id: 4, mark: 44 }), { code: 'STORE_LEASE_LOST' })
  await sim.close().catch(error => t.match(error, { code: 'STORE_LEASE_LOST' }))
  await writer.close()

  const again = await Simulation.resume<typeof life>(LIFE, { store, workers: 0, logger })
  await again.command('mark', { id: 4, mark: 44 })
  await again.close()
  await using changed = await Simulation.resume<typeof life>(LIFE, { store, workers: 0, logger })
  const commands = changed.internals.world.plan.scenario.commands as Map<string, unknown>
  const mark = commands.get('mark')
  commands.delete('mark')
  await t.rejects(changed.run({ ticks: 2 }), { code: 'JOURNAL_INVALID', message: /Command 'mark' of tick 0/ })
  commands.set('mark', mark)
})
