// The halo of a torus: cells beyond each edge that hold what lies across it, coordinates shifted by the side. Each halo
// cell is a copy of one inner cell, so the runs of a grid are summed and copied line by line: a line's halo at its left
// and right from the ends of its own source line, a line of halo above or below from the line across.
//
//   line of cells   [reach: the last inner ones][inner cells][reach: the first inner ones]
import { fresh } from '../kernels/fresh.js'
import type { Gather } from './gather.js'
import type { GridShape } from './grid-shape.js'
import type { SumRuns } from './run-sort.js'

/** The inner line that a line (halo lines included) is a copy of. */
export function sourceLine({ axes, reach, lines }: GridShape, line: number): number {
  const wrapped = (at: number, cells: number) => (at < reach ? at + cells : at >= reach + cells ? at - cells : at)
  const y = wrapped(line % lines, axes[1].cells)
  if (axes.length === 2) return y
  return wrapped(Math.floor(line / lines), axes[2].cells) * lines + y
}

/** By how much the copies of a line are shifted along an axis. */
function shiftOf({ axes, reach }: GridShape, axis: number, at: number): number {
  const { cells, side } = axes[axis]
  return at < reach ? -side : at >= reach + cells ? side : 0
}

/** Sums runs of a torus; stretches begin and end with lines, of one space each. */
export function makeHaloSum(shape: GridShape, counts: Int32Array, first: Int32Array): SumRuns {
  const { stride, reach, cells } = shape
  const inner = shape.axes[0].cells
  const source = Int32Array.from({ length: cells / stride }, (_, line) => sourceLine(shape, line) * stride)
  return fresh(
    { counts, first, source },
    `return (begin, end, from, to) => {
      const space = begin - (begin % ${cells})
      const counted = from * ${cells} + space
      let total = 0
      for (let cell = begin; cell < end; cell += ${stride}) {
        const line = counted + source[(cell - space) / ${stride}]
        for (let c = 0; c < ${stride}; c++) {
          const of = line + (c < ${reach} ? c + ${inner} : c >= ${reach + inner} ? c - ${inner} : c)
          let n = counts[of]
          for (let share = 1; share < to - from; share++) n += counts[share * ${cells} + of]
          first[cell + c] = n
          total += n
        }
      }
      return total
    }`,
  )
}

/** Copies the columns of the lines [begin, end) of all spaces: inner cells, then the halo at both their ends. */
export function gatherLines(shape: GridShape, first: Int32Array, gather: Gather, begin: number, end: number): void {
  const { stride, lines, layers, reach, axes } = shape
  const [{ cells: inner, side }] = axes
  for (let line = begin; line < end; line++) {
    const own = line * stride
    const inSpace = line % (lines * layers)
    const from = (line - inSpace + sourceLine(shape, inSpace)) * stride
    const y = shiftOf(shape, 1, inSpace % lines)
    const z = axes.length === 3 ? shiftOf(shape, 2, Math.floor(inSpace / lines)) : 0
    const n = first[own + reach + inner] - first[own + reach]
    gather(first[own + reach], first[from + reach], n, 0, y, z)
    const left = first[own + reach] - first[own]
    gather(first[own], first[from + inner], left, -side, y, z)
    const right = first[own + stride] - first[own + reach + inner]
    gather(first[own + reach + inner], first[from + reach], right, side, y, z)
  }
}
