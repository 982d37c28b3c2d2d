// What an engine declares under two keys is one thing: it is merged, settled, delivered and counted once.
import { test } from 'tap'
import { Exchange } from '../../lib/exchange/exchange.js'
import { Simulation } from '../../lib/index.js'
import { reserveMemories } from '../../lib/memory/arena.js'
import { World, WorldMemory } from '../../lib/memory/world.js'
import { phasesOf } from '../../lib/run/phases.js'
import { makePlan } from '../../lib/run/plan.js'
import { scenarioData } from '../../lib/run/scenario.js'
import scenario, { PEOPLE, person, place, TICKS } from '../fixtures/twice-named.js'

const URL_OF = new URL('../fixtures/twice-named.js', import.meta.url)

test('under two keys all is done once, on any number of workers', async t => {
  const hashes = new Set<string>()
  for (const options of [
    { workers: 0 },
    { workers: 1 },
    { workers: 2 },
    { workers: 3 },
    { workers: 2, checks: true },
  ]) {
    await using sim = await Simulation.create<typeof scenario>(URL_OF, options)
    await sim.run({ ticks: TICKS })
    hashes.add(await sim.hash())
    const of = (name: 'won' | 'heard' | 'heardAgain') => Array.from(sim.world.population(person).column(name))
    const all = (n: (row: number) => number) => Array.from({ length: PEOPLE }, (_, row) => n(row))
    t.strictSame(
      Array.from(sim.world.population(place).column('visits')),
      all(() => 11 * TICKS),
      'effects',
    )
    t.strictSame(
      of('won'),
      all(row => (row % 2 === 0 ? TICKS : 0)),
      'claims: the lower rank wins',
    )
    t.strictSame(
      of('heard'),
      all(() => 2 * TICKS),
      'messages',
    )
    t.strictSame(of('heardAgain'), of('heard'))
    const { populations, messages, events } = sim.counters
    t.equal(populations.child.born, 2 * PEOPLE * TICKS)
    t.strictSame([messages.note.sent, messages.note.delivered], [2 * PEOPLE * TICKS, 2 * PEOPLE * TICKS])
    t.equal(events.emitted.went, 2 * PEOPLE * TICKS)
  }
  t.equal(hashes.size, 1)
})

test('no two threads merge, weigh or settle one block at a time', async t => {
  const data = scenarioData(scenario)
  if (!data) throw new Error('it is a scenario')
  const plan = makePlan(data, {
    ...{ seed: 0, params: {}, threads: 2, checks: false, fuse: true, shuffle: 0, blocks: {} },
  })
  const memories = reserveMemories(plan.layout)
  const memory = new WorldMemory(memories.world, plan.layout, [...data.events.values()])
  memory.open()
  const world = new World(memory, { mode: 'setup', tick: -1 })
  world.population(place).spawnMany(PEOPLE)
  world.population(person).spawnMany(PEOPLE)
  memory.refresh()
  const kernels = data.engines.filter(e => e.kind === 'kernel')
  const { staging } = memories
  const { claims, messages } = data
  const exchange = new Exchange({ memory, staging, threads: 2, claims: claims.values(), messages, kernels, views: [] })
  const blocks = Math.ceil(PEOPLE / 16)
  for (const step of plan.steps.filter(s => s.kind === 'stage')) {
    const phases = phasesOf(step, plan, memory, exchange, engine => {
      const population = memory.population(engine.population)
      return { engine, population, hasTurn: () => true, beginTick() {}, step() {} }
    })
    const items = phases.map(p => p.items(0))
    t.ok(items.includes(blocks) && Math.max(...items) === blocks, `items of the phases: ${items}`)
  }
})
