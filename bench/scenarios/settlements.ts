// A world of many settlements of which a few are awake at a time: a main engine wakes one each tick, going round, and lets
// the one fall asleep that woke first. Each is made by its loader when its turn first comes, so a world need never be in
// memory whole. Agents are wide (200 bytes) and random, so nothing is gained by packing them well.
import {
  defineEngine,
  defineMainEngine,
  defineParams,
  definePopulation,
  defineScenario,
  f64,
  registerLoader,
  u32,
} from '../../lib/index.js'

const params = defineParams({
  settlements: { default: 100, min: 2 },
  folk: { default: 1024, min: 1, about: 'in each settlement' },
  awake: { default: 2, min: 1 },
})

export const VALUES = 24
export const BLOCK = 1024

const person = definePopulation('person', {
  params,
  capacity: p => p.settlements * p.folk,
  block: BLOCK,
  columns: { values: f64({ size: VALUES }), age: u32() },
})

registerLoader<typeof params>('settlement-', (world, { params: { folk }, random }) => {
  world.population(person).spawnMany(folk, {
    fill({ values }) {
      for (let i = 0; i < folk * VALUES; i++) values[i] = random.float()
    },
  })
})

const live = defineEngine({
  name: 'live',
  population: person,
  writes: ['values', 'age'],
  kernel({ self: { values, age } }) {
    return {
      run(begin, end) {
        for (let row = begin; row < end; row++) values[row * VALUES + (age[row]++ % VALUES)] += 1
      },
      wake(begin, end, missed) {
        for (let row = begin; row < end; row++) age[row] += missed
      },
    }
  },
})

const round = defineMainEngine({
  name: 'round',
  params,
  dependencies: ['live'],
  update({ world, tick, params: { settlements, awake } }) {
    world.thaw(`settlement-${tick % settlements}`)
    if (tick >= awake) world.freeze(`settlement-${(tick - awake) % settlements}`)
  },
})

export default defineScenario({
  name: 'settlements',
  params,
  populations: [person],
  engines: [live, round],
  setup(world, { params: { settlements } }) {
    for (let n = 0; n < settlements; n++) world.partition(`settlement-${n}`)
  },
})
