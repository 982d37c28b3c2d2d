// A forest fire on a bounded lattice: each cell holds a tree with the chance `density`, the trees of the left column
// burn at the start, a burning tree sets fire to the trees north, east, south and west of it, and is burnt a tick later.
// On a large lattice the share of the trees that burn jumps where trees begin to connect the two sides: at a density of
// 0.5927, the threshold of site percolation on the square lattice (Stauffer and Aharony, Introduction to Percolation
// Theory, 1994). As in a cellular automaton all cells act at once, so there is nothing to differ from published versions.
import {
  bool,
  count,
  defineEngine,
  defineLattice,
  defineParams,
  defineScenario,
  enumeration,
  mean,
  type SetupScope,
  type World,
} from 'populace'

const params = defineParams({
  width: { default: 512, min: 1, max: 16_384, about: 'cells in a row' },
  height: { default: 512, min: 1, max: 16_384, about: 'rows of cells' },
  density: { default: 0.6, min: 0, max: 1, about: 'chance that a tree stands in a cell' },
})

export const cell = defineLattice('cell', {
  params,
  width: p => p.width,
  height: p => p.height,
  columns: {
    state: enumeration(['empty', 'tree', 'burning', 'burnt']),
    /** Whether a tree stood here at the start, and whether it caught fire: what the burnt share is made of. */
    wooded: bool(),
    caught: bool(),
  },
})
const { tree, burning, burnt } = cell.columns.state.codes

const burn = defineEngine({
  name: 'burn',
  population: cell,
  params,
  writes: ['state', 'caught'],
  senses: { before: cell.pick('state') },
  kernel({ self, seen, params }) {
    const { state, caught } = self
    const { state: was } = seen.before
    const { width, height } = params
    const lastLine = (height - 1) * width
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        const x = row % width
        // At an edge a cell stands for the neighbour it lacks: it does not burn while it is a tree.
        const north = row < width ? row : row - width
        const south = row < lastLine ? row + width : row
        const west = x === 0 ? row : row - 1
        const east = x === width - 1 ? row : row + 1
        const fires =
          +(was[north] === burning) + +(was[south] === burning) + +(was[west] === burning) + +(was[east] === burning)
        if (was[row] === burning) {
          state[row] = burnt
        } else if (fires > 0 && was[row] === tree) {
          state[row] = burning
          caught[row] = 1
        }
      }
    }
  },
})

type Scope = SetupScope<typeof params>

function setup(world: World, { params, random }: Scope): void {
  const { width, density } = params
  world.population(cell).update(({ state, wooded, caught }) => {
    for (let row = 0; row < state.length; row++) {
      if (random.float() >= density) continue
      const left = row % width === 0
      state[row] = left ? burning : tree
      wooded[row] = 1
      caught[row] = left ? 1 : 0
    }
  })
}

/** What the scenario is made of, for others to build on. */
export const forestFire = {
  name: 'forest-fire',
  params,
  populations: [cell],
  engines: [burn],
  measures: {
    trees: count(cell, { state: 'tree' }),
    burning: count(cell, { state: 'burning' }),
    burnt: count(cell, { state: 'burnt' }),
    /** Of the trees at the start, those that caught fire. */
    burntShare: mean(cell, 'caught', { wooded: 1 }),
  },
  setup,
  until: ({ measures }: { measures: { burning: number } }) => measures.burning === 0,
}

export default defineScenario(forestFire)
