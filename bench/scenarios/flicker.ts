// Agents of which one in a hundred changes its state in a tick, for measuring what telling changes costs: each draws, as
// in the epidemic, and what does not change is of as many bytes as a person there.
import { defineEngine, defineParams, definePopulation, defineScenario, enumeration, f32, u32 } from '../../lib/index.js'

const params = defineParams({
  agents: { default: 100_000, min: 1, max: 10_000_000 },
  share: { default: 0.01, min: 0, max: 1 },
})

export const lamp = definePopulation('lamp', {
  params,
  capacity: p => p.agents,
  columns: { home: u32(), away: u32(), level: f32(), state: enumeration(['dark', 'lit', 'broken']) },
})

const flicker = defineEngine({
  name: 'flicker',
  population: lamp,
  params,
  writes: ['state'],
  kernel({ self: { state }, random, params: { share } }) {
    return (begin, end) => {
      for (let row = begin; row < end; row++) if (random.chance(row, share)) state[row] = (state[row] + 1) % 3
    }
  },
})

export default defineScenario({
  name: 'flicker',
  params,
  populations: [lamp],
  engines: [flicker],
  setup(world, { params: { agents } }) {
    world.population(lamp).spawnMany(agents, {
      fill({ home, away, level }) {
        for (let i = 0; i < agents; i++) {
          home[i] = i % 1000
          away[i] = (i * 7919) % 1000
          level[i] = i / 3
        }
      },
    })
  },
})
