// A world for the load of the bus: talkers of whom so many say something in each tick, however many there are, and each
// remembers how often it did.
import { defineEngine, defineEvent, defineParams, definePopulation, defineScenario, sum, u32 } from '../../lib/index.js'

const params = defineParams({
  talkers: { default: 100_000, min: 1, max: 10_000_000, about: 'talkers' },
  said: { default: 2000, min: 0, max: 60_000, about: 'things that are said in a tick, on the average' },
})

export const talker = definePopulation('talker', { params, capacity: p => p.talkers, columns: { said: u32() } })
const said = defineEvent('said', { columns: { nth: u32() } })

const talk = defineEngine({
  name: 'talk',
  population: talker,
  params,
  writes: ['said'],
  emits: { said },
  kernel({ self, emit, random, params }) {
    const { said } = self
    const chance = Math.min(1, params.said / params.talkers)
    return (begin, end) => {
      for (let row = begin; row < end; row++) if (random.chance(row, chance)) emit.said(row, { nth: ++said[row] })
    }
  },
})

export default defineScenario({
  name: 'talkers',
  params,
  populations: [talker],
  engines: [talk],
  measures: { said: sum(talker, 'said') },
  setup(world, { params }) {
    world.population(talker).spawnMany(params.talkers, {})
  },
})
