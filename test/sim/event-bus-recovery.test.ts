// What an event bus is told of ticks that are stepped again: nothing twice within a process, after a worker died, a kernel
// threw or a host went back; across processes the same things under the same identity. And all that there is to be told.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { EventBus, openStore, replayRun, Simulation, type SimulationOptions } from '../../lib/index.js'
import type mortal from '../fixtures/mortal.js'

const TICKS = 24
const seed = 5
const folder = mkdtempSync(join(tmpdir(), 'populace-bus-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** A world whose workers die, or whose kernel throws, so many times in tick 7. */
function world(deaths = 0, how = 'exit'): URL {
  const query = new URLSearchParams({ deaths: `${deaths}`, how, file: join(folder, randomUUID()) })
  return new URL(`../fixtures/mortal.js?${query}`, import.meta.url)
}

const create = (url: URL, o: SimulationOptions) => Simulation.create<typeof mortal>(url, { seed, ...(o as object) })

interface Event {
  readonly run: string
  readonly tick: number
  readonly sequence: number
  readonly from: number
}

/** A bus of little room that notes all topics, and the events with their identity. */
function noting() {
  const topics: { topic: string; payload: unknown }[] = []
  const events: string[] = []
  const runs = new Set<string>()
  const bus = new EventBus({ maxQueueSize: 4, workerCount: 1 })
  bus.subscribe('**', ({ topic, payload }) => void topics.push({ topic, payload }))
  bus.subscribe<Event>('**.event.*', ({ payload: { run, tick, sequence, from } }) => {
    events.push(`${tick} ${sequence} ${from}`)
    runs.add(run)
  })
  bus.start()
  const of = (kind: string) => topics.filter(({ topic }) => topic.endsWith(`.${kind}`)).map(({ payload }) => payload)
  return { bus, topics, events, runs, of }
}

async function untouched(): Promise<{ hash: string; events: string }> {
  const { bus, events } = noting()
  await using sim = await create(world(), { workers: 0, eventBus: bus })
  await sim.run({ ticks: TICKS })
  const hash = await sim.hash()
  await sim.close()
  await bus.stop()
  return { hash, events: events.join('\n') }
}

const expected = await untouched()
const inMemory = { inMemory: true, everyTicks: 5 }

for (const workers of [1, 2, 3]) {
  t.test(`${workers} workers: ticks in which a worker died are told once`, async t => {
    const { bus, events, of } = noting()
    const options = { workers, eventBus: bus, checkpoint: inMemory }
    await using sim = await create(world(2), options)
    await sim.run({ ticks: TICKS })
    t.equal(await sim.hash(), expected.hash)
    await bus.drain()
    t.ok(events.join('\n') === expected.events)
    t.strictSame(
      of('checkpoint'),
      [0, 5, 10, 15, 20].map(tick => ({ tick })),
    )
    t.strictSame(of('failed'), [], 'the run went on')
    await sim.close()
    await bus.stop()
  })
}

for (const workers of [1, 2]) {
  t.test(`${workers} workers: a kernel that throws is told, and the ticks that are run anew are told once`, async t => {
    const { bus, events, of } = noting()
    await using sim = await create(world(1, 'throw'), { workers, eventBus: bus, checkpoint: inMemory })
    await t.rejects(sim.run({ ticks: TICKS }), { code: 'ENGINE_FAILED' })
    t.equal(sim.tick, 5, 'it is back at its newest checkpoint')
    await sim.run({ ticks: TICKS - 5 })
    t.equal(await sim.hash(), expected.hash)
    await bus.drain()
    t.ok(events.join('\n') === expected.events)
    t.match(of('failed'), [{ code: 'ENGINE_FAILED', message: /not this tick/ }])
    await sim.close()
    await bus.stop()
  })
}

for (const workers of [0, 1, 2, 3]) {
  t.test(
    `${workers} workers: who goes back tells nothing twice; who resumes tells the same again; a replay tells nothing`,
    async t => {
      const store = `memory:${randomUUID()}`
      const { bus, events, runs, topics } = noting()
      const options = { store, run: 'one', checkpoint: { everyTicks: 5 } }
      const url = world()
      const sim = await create(url, { ...options, workers, eventBus: bus })
      await sim.run({ ticks: 14 })
      await sim.seek(3)
      await sim.seek(TICKS)
      t.equal(await sim.hash(), expected.hash)
      await sim.close()
      await bus.drain()
      t.ok(events.join('\n') === expected.events)

      const told = topics.length
      const looked = await openStore(store)
      const replayed = await replayRun(url, looked, { workers })
      await looked.close()
      t.equal(replayed.departs, undefined)
      t.equal(topics.length, told)
      await bus.stop()

      const later = noting()
      await using again = await Simulation.resume(url, { store, run: 'one', workers, tick: 20, eventBus: later.bus })
      await again.run({ ticks: TICKS - again.tick })
      await again.close()
      await later.bus.stop()
      const after = expected.events.split('\n').filter(event => Number.parseInt(event, 10) >= 20)
      t.ok(after.length > 0)
      t.strictSame(later.events, after)
      t.strictSame([...later.runs], [...runs], 'under the same name of the run')
    },
  )

  t.test(
    `${workers} workers: events, ticks, refusals, checkpoints and failures are told under the name of the run`,
    async t => {
      const { bus, topics, events, of } = noting()
      const store = `memory:${randomUUID()}`
      const options = { store, run: 'north.one', checkpoint: { everyTicks: 10 }, workers, eventBus: bus }
      await using sim = await create(world(), options)
      await sim.command('bless', 5)
      const refused = await sim.command('curse', null)
      sim.on('tick', () => {
        throw new Error('a listener of a test')
      })
      await sim.run({ ticks: TICKS })
      await sim.checkpoint()
      await sim.close()
      await bus.drain()
      t.ok(events.length > 0)
      t.match(of('refused'), [{ name: 'curse', sequence: refused.sequence, error: Error }])
      t.strictSame(
        of('checkpoint'),
        [0, 10, 20, TICKS].map(tick => ({ tick })),
      )
      const ticks = of('tick') as { tick: number; measures: { people: number } }[]
      t.ok(ticks.length > 0 && ticks.every(({ measures }) => measures.people > 0))
      t.equal(ticks.at(-1)?.tick, TICKS, 'the last one too')
      t.match(of('failed')[0], { code: 'LISTENER_FAILED' })
      t.strictSame(
        [...new Set(topics.map(({ topic }) => topic))].sort(),
        ['checkpoint', 'event.born', 'failed', 'refused', 'tick'].map(kind => `north.one.${kind}`),
      )
      await bus.stop()
    },
  )
}

t.test('a simulation that fails for good says so, and what came before it', async t => {
  const { bus, events, of } = noting()
  await using sim = await create(world(1, 'throw'), { workers: 1, eventBus: bus })
  await t.rejects(sim.run({ ticks: TICKS }), { code: 'ENGINE_FAILED' })
  await bus.drain()
  t.match(of('failed'), [{ code: 'ENGINE_FAILED' }])
  const before = expected.events.split('\n').filter(event => Number.parseInt(event, 10) < 7)
  t.strictSame(events, before)
  await sim.close()
  await bus.stop()
})
