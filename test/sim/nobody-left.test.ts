// Worlds in which nobody is left for a while: engines that are due find no block, and all that they would end still ends.
import { test } from 'tap'
import { defineCommand, defineEngine, definePopulation, defineScenario, doc, Simulation } from '../../lib/index.js'

test('documents of which nobody is left take no room', async t => {
  const scroll = definePopulation('scroll', {
    capacity: 100,
    block: 16,
    documentBytes: 4 * 2 ** 20,
    columns: { text: doc<string>() },
  })
  const burn = defineEngine({
    name: 'burn',
    population: scroll,
    writes: ['text'],
    despawns: true,
    kernel: ({ self: { text }, despawn }) =>
      function step(begin, end) {
        for (let row = begin; row < end; row++) {
          text.set(row, 'x'.repeat(15_000))
          despawn(row)
        }
      },
  })
  const write = defineCommand({
    payload: doc<number>(),
    apply: ({ world, payload }) => void world.population(scroll).spawnMany(payload),
  })
  const scenario = defineScenario({
    name: 'scrolls',
    populations: [scroll],
    engines: [burn],
    commands: { write },
    setup() {},
  })
  await using sim = await Simulation.create(scenario, { workers: 0 })
  const heap = sim.internals.world.memory.population('scroll').documents?.heap
  for (let i = 0; i < 5; i++) {
    await sim.command('write', 100)
    await sim.run({ ticks: 1 })
    t.strictSame([heap?.collecting, heap?.used, heap?.pagesTaken], [false, 0, 0], `after ${i + 1} generations`)
  }
})
