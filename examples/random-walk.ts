// Random walkers on the square lattice, each on its own: one step north, east, south or west a tick. The mean square
// of the distance from the start grows as the number of ticks (Pearson 1905), which shows how good the draws are.
import {
  defineEngine,
  defineParams,
  definePopulation,
  defineScenario,
  f64,
  i32,
  mean,
  type SetupScope,
  type World,
} from 'populace'

const params = defineParams({
  walkers: { default: 100_000, min: 1, max: 100_000_000, about: 'walkers, all from one place' },
})

export const walker = definePopulation('walker', {
  params,
  capacity: p => p.walkers,
  columns: { x: i32(), y: i32(), /** Square of the distance from the start. */ square: f64() },
})

const walk = defineEngine({
  name: 'walk',
  population: walker,
  writes: ['x', 'y', 'square'],
  kernel({ self, random }) {
    const { x, y, square } = self
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        const way = random.int(row, 4)
        if (way < 2) x[row] += way === 0 ? 1 : -1
        else y[row] += way === 2 ? 1 : -1
        square[row] = x[row] * x[row] + y[row] * y[row]
      }
    }
  },
})

type Scope = SetupScope<typeof params>

function setup(world: World, { params }: Scope): void {
  world.population(walker).spawnMany(params.walkers)
}

/** What the scenario is made of, for others to build on. */
export const randomWalk = {
  name: 'random-walk',
  params,
  populations: [walker],
  engines: [walk],
  measures: { meanSquare: mean(walker, 'square'), meanX: mean(walker, 'x'), meanY: mean(walker, 'y') },
  setup,
}

export default defineScenario(randomWalk)
