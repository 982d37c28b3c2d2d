// A grid in numbers: sides, cells, the halo around them, and the cell of a position. Pure; nothing of agents here.
// A side of n cells is divided evenly; cell k holds positions x with floor(x / (side / n)) = k, so an exact multiple of
// the cell's side begins a cell, and exactly the far side (an f32 that was rounded up) belongs to the last one.
import { PopulaceError } from '../core/errors.js'
import { MAX_CELLS, MAX_PARTITIONED_CELLS, MAX_PARTITIONS } from '../core/limits.js'
import { fresh } from '../kernels/fresh.js'
import type { Size } from '../memory/params.js'
import type { GridData } from '../memory/sight.js'

/** One axis of a grid. */
export interface Axis {
  readonly side: number
  readonly cells: number
  /** side / cells. */
  readonly width: number
  /** The greatest position: the side, or what an f32 rounds it up to. */
  readonly edge: number
}

/** A grid in numbers. Cells are numbered line by line with the halo: ((z + reach) * lines + y + reach) * stride + x + reach. */
export interface GridShape {
  readonly name: string
  readonly torus: boolean
  readonly reach: number
  readonly cell: number
  readonly axes: readonly Axis[]
  /** Cells of a line with its halo. */
  readonly stride: number
  /** Lines of a layer with its halo. */
  readonly lines: number
  /** Cells of a layer. */
  readonly layer: number
  /** Layers with their halo; 1 in 2D. */
  readonly layers: number
  /** All cells of one space. */
  readonly cells: number
  /** Whether each partition is a space of its own: then cells are numbered from partition * cells. */
  readonly apart: boolean
  /** Spaces that there is room for. */
  readonly spaces: number
}

/** So much below a whole number of cells still makes that number: 0.3 / 0.1 is 2.9999999999999996. */
const ROUNDING = 1 + 2 ** -50

function invalid(name: string, what: string, remedy: string): never {
  throw new PopulaceError('GRID_INVALID', `Grid '${name}' ${what}`, remedy)
}

function measured(name: string, what: string, size: Size<Record<string, never>>, params: unknown): number {
  let value: number
  try {
    value = typeof size === 'function' ? size(params as never) : size // parameters have the types that P says
  } catch (error) {
    throw new PopulaceError(
      'GRID_INVALID',
      `The ${what} of grid '${name}' cannot be computed from the parameters`,
      'Mend its function.',
      error,
    )
  }
  if (!(Number.isFinite(value) && value > 0)) invalid(name, `has a ${what} of ${value}`, 'Give a positive number.')
  return value
}

const SIDES = ['width', 'height', 'depth']

/** Makes numbers of a grid. GRID_INVALID. */
export function shapeGrid(grid: GridData, params: unknown): GridShape {
  const { name, torus, reach } = grid
  const apart = grid.scope === 'partition'
  const cell = measured(name, 'cell', grid.cell, params)
  const axes = grid.sides.map((size, i): Axis => {
    const side = measured(name, SIDES[i], size, params)
    const cells = Math.max(1, Math.floor((side / cell) * ROUNDING))
    const least = 2 * reach + 1
    if (torus && cells < least)
      invalid(
        name,
        `is a torus whose ${SIDES[i]} of ${side} has ${cells} ${cells === 1 ? 'cell' : 'cells'} of ${cell}: an agent would meet itself around it`,
        `Give it a ${SIDES[i]} of at least ${least} cells, smaller cells, or torus: false.`,
      )
    return { side, cells, width: side / cells, edge: Math.max(side, Math.fround(side)) }
  })
  const halo = 2 * reach
  const stride = axes[0].cells + halo
  const lines = axes[1].cells + halo
  const layers = axes.length === 3 ? axes[2].cells + halo : 1
  const cells = stride * lines * layers
  const most = apart ? MAX_PARTITIONED_CELLS : MAX_CELLS
  if (cells > most)
    invalid(
      name,
      `has ${cells} cells${apart ? ' in each partition' : ''}, and ${most} are the most${apart ? ' for all of them' : ''}`,
      'Give larger cells: a few agents in each are best.',
    )
  const spaces = apart ? Math.min(MAX_PARTITIONS, Math.floor(most / cells)) : 1
  return { name, torus, reach, cell, axes, stride, lines, layer: stride * lines, layers, cells, apart, spaces }
}

const NAMES = ['x', 'y', 'z']

/** Statements that find the cell along each axis, as `cx`, `cy`, `cz`, of positions known to be inside. */
function cellCode({ axes }: GridShape): string {
  return axes
    .map(({ cells, width }, i) => {
      const [p, c] = [NAMES[i], `c${NAMES[i]}`]
      return `let ${c} = (${p} / ${width}) | 0\nif (${c} > ${cells - 1}) ${c} = ${cells - 1}`
    })
    .join('\n')
}

/** The number of the cell of `cx`, `cy`, `cz` in a partition (where they are apart), as an expression. */
function numberCode({ axes, reach, stride, layer, cells, apart }: GridShape, partition: string): string {
  const depth = axes.length === 3 ? ` + (cz + ${reach}) * ${layer}` : ''
  return `(cy + ${reach}) * ${stride} + cx + ${reach}${depth}${apart ? ` + ${partition} * ${cells}` : ''}`
}

/** Whether all coordinates are inside, the far side included, as an expression. */
function insideCode({ axes }: GridShape): string {
  return axes.map(({ edge }, i) => `${NAMES[i]} >= 0 && ${NAMES[i]} <= ${edge}`).join(' && ')
}

/** Statements that make `key` of `x`, `y`, `z` and `partitions`; what is refused of an entry e is told by `return e`. */
export function keyCode(shape: GridShape): string {
  const { axes, torus } = shape
  const refuse = torus
    ? `if (!(${insideCode(shape)})) return e`
    : axes
        .map(
          ({ side }, i) => `if (${NAMES[i]} - ${NAMES[i]} !== 0) return e
            ${NAMES[i]} = ${NAMES[i]} < 0 ? 0 : ${NAMES[i]} > ${side} ? ${side} : ${NAMES[i]}`,
        )
        .join('\n')
  return `${refuse}\n${cellCode(shape)}\nconst key = ${numberCode(shape, 'partitions[e]')}`
}

/** A coordinate brought into the space: wrapped around a torus, clamped to a bounded side. POSITION_INVALID. */
export function broughtInside({ name, torus }: GridShape, { side, edge }: Axis, given: number): number {
  if (!Number.isFinite(given)) {
    throw new PopulaceError(
      'POSITION_INVALID',
      `Grid '${name}' is asked about the coordinate ${given}`,
      'Test for 0 / 0 and divisions by 0 before.',
    )
  }
  if (!torus) return Math.min(side, Math.max(0, given))
  if (given >= 0 && given <= edge) return given
  return given - Math.floor(given / side) * side
}

/** Where a kernel is: one word, the partition of the rows that it is given. */
export type Here = Int32Array

/** The function that kernels find the cell of a position with. */
export function makeCellAt(shape: GridShape, here: Here): (x: number, y: number, z?: number) => number {
  const parameters = NAMES.slice(0, shape.axes.length).join(', ')
  const inside = (axis: number, given: number) => broughtInside(shape, shape.axes[axis], given)
  return fresh(
    { inside, here },
    `return (${parameters}) => {
      if (!(${insideCode(shape)})) {
        ${shape.axes.map((_, i) => `${NAMES[i]} = inside(${i}, ${NAMES[i]})`).join('\n')}
      }
      ${cellCode(shape)}
      return ${numberCode(shape, 'here[0]')}
    }`,
  )
}
