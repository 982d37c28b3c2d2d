// Ten engines that can't share a stage: each senses the column that the one before it writes. Nothing to compute, so
// what a tick costs is ten stages. After t ticks column k of every row is 10 (t - 1) + k + 1.
import { defineEngine, defineParams, definePopulation, defineScenario, i32 } from '../../lib/index.js'

const params = defineParams({ rows: { default: 64, min: 1, max: 4096 } })

const NAMES = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9'] as const

export const STAGES = NAMES.length

const columns = { c0: i32(), c1: i32(), c2: i32(), c3: i32(), c4: i32(), c5: i32(), c6: i32(), c7: i32(), c8: i32() }

export const staged = definePopulation('staged', {
  params,
  capacity: p => p.rows,
  permanent: true,
  block: 16,
  columns: { ...columns, c9: i32() },
})

export const engines = NAMES.map((name, k) => {
  const before = NAMES[(k + STAGES - 1) % STAGES]
  return defineEngine({
    name: `stage ${k}`,
    population: staged,
    priority: k,
    writes: [name],
    senses: { staged: staged.pick(before) },
    kernel({ self, seen }) {
      const own = self[name]
      const sensed = seen.staged[before]
      return (begin, end) => {
        for (let row = begin; row < end; row++) own[row] = sensed[row] + 1
      }
    },
  })
})

export default defineScenario({
  name: 'staged',
  params,
  populations: [staged],
  engines,
  setup(world, scope) {
    world.population(staged).spawnMany(scope.params.rows)
  },
})
