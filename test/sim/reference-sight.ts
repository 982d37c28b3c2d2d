// How the reference sees many agents at once: by going over all of them, as they were when the engine began.
import type { GridSpec } from '../fixtures/world-spec.js'
import { type Agent, readValue } from './reference-state.js'

/** An agent that is seen. */
export interface Seen {
  /** Its number in (partition, block, row) order. */
  readonly index: number
  readonly agent: Agent
  /** In a grid: its coordinates as they are seen, and whether they are shifted by a side of a torus. */
  readonly at?: readonly [number, number]
  readonly shifted?: boolean
}

/** Everybody, in (partition, block, row) order. */
function everybody(agents: readonly Agent[]): Seen[] {
  return agents.map((agent, index) => ({ index, agent }))
}

/** Those who name `value` in a column, once for each time that they do. */
export function namers(agents: readonly Agent[], column: string, value: number): Seen[] {
  return everybody(agents).flatMap(seen => seen.agent.numbers[column].filter(v => v === value).map(() => seen))
}

/** Those whose columns hold these values. */
export function matching(agents: readonly Agent[], match: Readonly<Record<string, readonly number[]>>): Seen[] {
  const holds = (agent: Agent) =>
    Object.entries(match).every(([column, values]) => values.every((v, k) => agent.numbers[column][k] === v))
  return everybody(agents).filter(({ agent }) => holds(agent))
}

/** An axis of n cells of equal width; the far side belongs to the last one. */
interface Axis {
  readonly side: number
  readonly cells: number
}

function axis(side: number, cell: number): Axis {
  return { side, cells: Math.max(1, Math.floor(side / cell)) }
}

function cellOf({ side, cells }: Axis, position: number): number {
  return Math.min(cells - 1, Math.floor(position / (side / cells)))
}

/** Wrapped around a torus, clamped to a bounded side. */
function inside({ torus }: GridSpec, { side }: Axis, position: number): number {
  if (position >= 0 && position <= side) return position
  return torus ? position - Math.floor(position / side) * side : position < 0 ? 0 : side
}

/** A cell that may lie across the edge: the one that it is then, and by how much its coordinates are shifted. */
function across({ torus }: GridSpec, { side, cells }: Axis, cell: number): { cell: number; shift: number } | undefined {
  if (cell >= 0 && cell < cells) return { cell, shift: 0 }
  if (!torus) return undefined
  return cell < 0 ? { cell: cell + cells, shift: -side } : { cell: cell - cells, shift: side }
}

/** Where somebody looks around: a position, in a partition where each is a space of its own. */
export interface Spot {
  readonly x: number
  readonly y: number
  readonly partition: string
}

/** All in the cells around a position: line by line, cell by cell. */
export function around(agents: readonly Agent[], grid: GridSpec, { x, y, partition }: Spot): Seen[] {
  const axes = [axis(grid.width, grid.cell), axis(grid.height, grid.cell)] as const
  const cellsOf = (position: readonly number[]) => position.map((p, i) => cellOf(axes[i], inside(grid, axes[i], p)))
  const isHere = ({ agent }: Seen) => grid.scope === 'world' || agent.partition === partition
  const all = everybody(agents)
    .filter(isHere)
    .map(seen => {
      const at = [readValue(seen.agent, grid.x, 0), readValue(seen.agent, grid.y, 0)] as const
      return { seen, at, cells: cellsOf(at) }
    })
  const [cx, cy] = cellsOf([x, y])
  const found: Seen[] = []
  for (let line = cy - grid.reach; line <= cy + grid.reach; line++) {
    for (let column = cx - grid.reach; column <= cx + grid.reach; column++) {
      const h = across(grid, axes[0], column)
      const v = across(grid, axes[1], line)
      if (!h || !v) continue
      for (const { seen, at, cells } of all)
        if (cells[0] === h.cell && cells[1] === v.cell) {
          const shifted = h.shift !== 0 || v.shift !== 0
          found.push({ ...seen, at: [at[0] + h.shift, at[1] + v.shift], shifted })
        }
    }
  }
  return found
}

/** Those around with the squares of their distances. On a torus the position itself is wrapped first. */
function distances(agents: readonly Agent[], grid: GridSpec, spot: Spot) {
  const { x, y } = spot
  const px = grid.torus ? inside(grid, axis(grid.width, grid.cell), x) : x
  const py = grid.torus ? inside(grid, axis(grid.height, grid.cell), y) : y
  return around(agents, grid, spot).map(seen => {
    const [ax, ay] = seen.at ?? [Number.NaN, Number.NaN]
    return { seen, squared: (ax - px) ** 2 + (ay - py) ** 2 }
  })
}

/** Those around who are no farther than `radius`. */
export function within(agents: readonly Agent[], grid: GridSpec, spot: Spot, radius: number): Seen[] {
  return distances(agents, grid, spot)
    .filter(({ squared }) => squared <= radius ** 2)
    .map(({ seen }) => seen)
}

/** The nearest of those who are no farther than cells reach; of equally near ones the first. */
export function nearest(agents: readonly Agent[], grid: GridSpec, spot: Spot, most: number): Seen[] {
  return distances(agents, grid, spot)
    .filter(({ squared }) => squared <= (grid.cell * grid.reach) ** 2)
    .sort((a, b) => a.squared - b.squared)
    .slice(0, most)
    .map(({ seen }) => seen)
}
