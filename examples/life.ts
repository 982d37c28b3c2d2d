// Conway's Game of Life on a torus: a cell lives on with two or three living neighbours of eight, and comes to life
// with three. Each cell senses the lattice itself, as it was when the engine began.
import {
  bool,
  count,
  defineEngine,
  defineLattice,
  defineParams,
  defineScenario,
  type SetupScope,
  type World,
} from 'populace'

const params = defineParams({
  width: { default: 512, min: 3, max: 16_384, about: 'cells in a row' },
  height: { default: 512, min: 3, max: 16_384, about: 'rows of cells' },
  pattern: {
    default: 'r-pentomino',
    oneOf: ['r-pentomino', 'glider', 'random'],
    about: 'what lives at the start: a pattern in the middle, or half of all cells',
  },
})

/** Rows from north to south; the glider goes south-east. */
const PATTERNS: Readonly<Record<string, readonly string[]>> = {
  'r-pentomino': ['.##', '##.', '.#.'],
  glider: ['.#.', '..#', '###'],
}

export const cell = defineLattice('cell', {
  params,
  width: p => p.width,
  height: p => p.height,
  columns: { alive: bool() },
})

const live = defineEngine({
  name: 'live',
  population: cell,
  params,
  writes: ['alive'],
  senses: { before: cell.pick('alive') },
  kernel({ self, seen, params }) {
    const { alive } = self
    const { alive: was } = seen.before
    const { width, height } = params
    const cells = width * height
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        const x = row % width
        const line = row - x
        const north = line === 0 ? cells - width : line - width
        const south = line === cells - width ? 0 : line + width
        const west = x === 0 ? width - 1 : x - 1
        const east = x === width - 1 ? 0 : x + 1
        const neighbours =
          was[north + west] +
          was[north + x] +
          was[north + east] +
          was[line + west] +
          was[line + east] +
          was[south + west] +
          was[south + x] +
          was[south + east]
        alive[row] = neighbours === 3 || (neighbours === 2 && was[row] === 1) ? 1 : 0
      }
    }
  },
})

type Scope = SetupScope<typeof params>

function setup(world: World, { params, random }: Scope): void {
  const { width, height, pattern } = params
  world.population(cell).update(({ alive }) => {
    if (pattern === 'random') {
      for (let row = 0; row < alive.length; row++) alive[row] = random.int(2)
      return
    }
    const [left, top] = [(width >> 1) - 1, (height >> 1) - 1]
    for (const [y, line] of PATTERNS[pattern].entries()) {
      for (const [x, mark] of [...line].entries()) alive[(top + y) * width + left + x] = mark === '#' ? 1 : 0
    }
  })
}

/** What the scenario is made of, for others to build on. */
export const life = {
  name: 'life',
  params,
  populations: [cell],
  engines: [live],
  measures: { alive: count(cell, { alive: 1 }) },
  setup,
}

export default defineScenario(life)
