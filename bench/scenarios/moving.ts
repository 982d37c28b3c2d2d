// One population whose only engine adds its velocity to its position. All values are multiples of 1/64 far below 2^18,
// so that float32 and float64 hold them exactly and every contender must come to the same bits.
import { defineEngine, defineParams, definePopulation, defineScenario, f32 } from '../../lib/index.js'

const params = defineParams({ rows: { default: 1_000_000, min: 1, max: 16_000_000 } })

export const mover = definePopulation('mover', {
  params,
  capacity: p => p.rows,
  permanent: true,
  columns: { x: f32(), vx: f32() },
})

/** Where row `row` starts. */
export const startOf = (row: number) => row % 1000

/** What it moves by each tick. */
export const velocityOf = (row: number) => ((row % 63) - 31) / 64

const move = defineEngine({
  name: 'move',
  population: mover,
  reads: ['vx'],
  writes: ['x'],
  kernel({ self }) {
    const { x, vx } = self
    return (begin, end) => {
      for (let row = begin; row < end; row++) x[row] += vx[row]
    }
  },
})

export default defineScenario({
  name: 'moving',
  params,
  populations: [mover],
  engines: [move],
  setup(world, scope) {
    world.population(mover).spawnMany(scope.params.rows, {
      fill({ x, vx }) {
        for (let i = 0; i < x.length; i++) {
          x[i] = startOf(i)
          vx[i] = velocityOf(i)
        }
      },
    })
  },
})
