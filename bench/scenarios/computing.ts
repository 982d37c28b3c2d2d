// One engine that computes: 33 turns of a xorshift generator (Marsaglia 2003, 13 17 5), about 200 integer operations a
// row and 4 bytes of memory, so that threads share nothing but the cores.
import { defineEngine, defineParams, definePopulation, defineScenario, i32 } from '../../lib/index.js'

const params = defineParams({ rows: { default: 200_000, min: 1, max: 16_000_000 } })

export const computer = definePopulation('computer', {
  params,
  capacity: p => p.rows,
  permanent: true,
  columns: { x: i32() },
})

/** 33 turns of the generator. */
export function turned(start: number): number {
  let v = start
  for (let i = 0; i < 33; i++) {
    v ^= v << 13
    v ^= v >>> 17
    v ^= v << 5
  }
  return v
}

const compute = defineEngine({
  name: 'compute',
  population: computer,
  writes: ['x'],
  kernel({ self }) {
    const { x } = self
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        let v = x[row]
        for (let i = 0; i < 33; i++) {
          v ^= v << 13
          v ^= v >>> 17
          v ^= v << 5
        }
        x[row] = v
      }
    }
  },
})

export default defineScenario({
  name: 'computing',
  params,
  populations: [computer],
  engines: [compute],
  setup(world, scope) {
    world.population(computer).spawnMany(scope.params.rows, {
      fill({ x }) {
        for (let i = 0; i < x.length; i++) x[i] = i + 1
      },
    })
  },
})
