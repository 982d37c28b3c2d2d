// Half of a population dies in each tick, and each of those leaves a child: as many births as deaths. Who dies lies
// scattered among those who live on, for children take the places that the last ones are moved out of.
import { defineEngine, defineParams, definePopulation, defineScenario, f32, u32 } from '../../lib/index.js'

const params = defineParams({ agents: { default: 200_000, min: 2, max: 8_000_000 } })

/** Ticks that an agent lives. */
export const LIFE = 2

export const mayfly = definePopulation('mayfly', {
  params,
  capacity: p => Math.ceil(p.agents * 1.5),
  columns: { x: f32(), y: f32(), lineage: u32(), age: u32() },
})

const live = defineEngine({
  name: 'live',
  population: mayfly,
  reads: ['x', 'y', 'lineage'],
  writes: ['age'],
  spawns: { mayfly },
  despawns: true,
  kernel({ self: { x, y, lineage, age }, spawn, despawn }) {
    const { add, x: childX, y: childY, lineage: childLineage } = spawn.mayfly
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        age[row]++
        if (age[row] < LIFE) continue
        const child = add(row)
        childX[child] = x[row]
        childY[child] = y[row] + 1
        childLineage[child] = lineage[row]
        despawn(row)
      }
    }
  },
})

/** How agent number i begins: its place, whose bloodline it starts, and every other one half way through its life. */
export const startOf = (i: number) => ({ x: i % 1000, y: 0, lineage: i + 1, age: i % LIFE })

export default defineScenario({
  name: 'turnover',
  params,
  populations: [mayfly],
  engines: [live],
  setup(world, scope) {
    world.population(mayfly).spawnMany(scope.params.agents, {
      fill({ x, y, lineage, age }) {
        for (let i = 0; i < x.length; i++) {
          const start = startOf(i)
          x[i] = start.x
          y[i] = start.y
          lineage[i] = start.lineage
          age[i] = start.age
        }
      },
    })
  },
})
