// The Game of Life held against what is known of its patterns, and against a plain loop.
import t from 'tap'
import type scenario from '../../examples/life.js'
import { cell } from '../../examples/life.js'
import { Simulation } from '../../lib/index.js'

const url = new URL('../../examples/life.js', import.meta.url)
const create = (width: number, height: number, pattern: string, workers = 0) =>
  Simulation.create<typeof scenario>(url, { workers, seed: 3, params: { width, height, pattern } })

/** The cells alive, as 0 or 1 in the order of rows. */
function cellsOf(sim: Simulation<typeof scenario>): number[] {
  return Array.from(sim.world.population(cell).column('alive') as ArrayLike<number>)
}

/** The rows of a torus moved by (dx, dy). */
function moved(cells: readonly number[], width: number, dx: number, dy: number): number[] {
  const height = cells.length / width
  return cells.map((_, row) => {
    const x = ((row % width) - dx + width * 9) % width
    const y = (Math.floor(row / width) - dy + height * 9) % height
    return cells[y * width + x]
  })
}

/** One generation by the book, cell by cell. */
function generation(cells: readonly number[], width: number): number[] {
  const around = [-1, 0, 1].flatMap(dy => [-1, 0, 1].map(dx => [dx, dy] as const)).filter(d => d[0] !== 0 || d[1] !== 0)
  const shifts = around.map(([dx, dy]) => moved(cells, width, dx, dy))
  return cells.map((alive, row) => {
    const n = shifts.reduce((sum, shift) => sum + shift[row], 0)
    return n === 3 || (alive === 1 && n === 2) ? 1 : 0
  })
}

t.test('a glider moves by one cell south and one east in four generations', async t => {
  await using sim = await create(20, 12, 'glider')
  const start = cellsOf(sim)
  t.equal(sim.measures.alive, 5)
  await sim.run({ ticks: 4 })
  t.strictSame(cellsOf(sim), moved(start, 20, 1, 1))
  t.notSame(cellsOf(sim), start)
  await sim.run({ ticks: 4 * 59 })
  t.strictSame(cellsOf(sim), start, 'after 60 steps it has come around both ways')
})

t.test('a random field goes on as by a plain loop', async t => {
  await using sim = await create(37, 23, 'random')
  let cells = cellsOf(sim)
  t.ok(Math.abs(sim.measures.alive - (37 * 23) / 2) < 4 * Math.sqrt((37 * 23) / 4), 'half of it alive at first')
  for (let tick = 0; tick < 20; tick++) {
    cells = generation(cells, 37)
    await sim.run({ ticks: 1 })
    t.strictSame(cellsOf(sim), cells)
    t.equal(
      sim.measures.alive,
      cells.reduce((a, b) => a + b),
    )
  }
})

t.test('the smallest torus, where each cell neighbours all others, is right', async t => {
  await using sim = await create(3, 3, 'glider')
  const start = cellsOf(sim)
  await sim.run({ ticks: 1 })
  t.strictSame(cellsOf(sim), generation(start, 3))
})

// On a smaller torus the gliders that leave come around and meet what is left.
for (const [side, alive, workers] of [
  [128, 149, 0],
  [256, 142, 0],
  [512, 116, 2],
] as const) {
  t.test(`the R-pentomino has ${alive} cells after generation 1103 on a torus of ${side}`, async t => {
    await using sim = await create(side, side, 'r-pentomino', workers)
    await sim.run({ ticks: 1103 })
    t.equal(sim.measures.alive, alive)
  })
}
