// The convenient way to look around in a grid: all agents within a radius, the nearest few. Answers lie in one array for
// ever, so a call allocates nothing; a kernel's own loop over spans is faster still, for it looks at each agent once.
import { PopulaceError } from '../core/errors.js'
import { fresh } from '../kernels/fresh.js'
import type { AnyArray } from '../memory/column-types.js'
import { broughtInside, type GridShape, type Here, makeCellAt } from './grid-shape.js'

/** What a kernel searches with; the last number is the radius, or how many are asked for. */
export interface Search {
  readonly within: (...position: number[]) => number
  readonly nearest: (...position: number[]) => number
  readonly found: Int32Array
}

const NAMES = ['x', 'y', 'z']

/** Makes the search of one engine in one thread. coordinates: copies by axis. room: the most that can be found. */
export function makeSearch(
  shape: GridShape,
  first: Int32Array,
  coordinates: readonly AnyArray[],
  room: number,
  here: Here,
): Search {
  const { axes, reach, stride, layer, torus, name, cell } = shape
  const names = NAMES.slice(0, axes.length)
  const greatest = cell * reach
  const found = new Int32Array(room + 1) // its pages are taken when something is found; one more is written than is
  const refuse = (what: string, given: unknown, remedy: string): never => {
    throw new PopulaceError('RADIUS_INVALID', `Grid '${name}' is asked for ${what} ${String(given)}`, remedy)
  }
  const refuseRadius = (radius: unknown) =>
    refuse(
      'a radius of',
      radius,
      `Give a number from 0 to ${greatest}, which is cell * reach, or a larger cell or reach.`,
    )
  const refuseMost = (most: unknown) => refuse('a number of nearest agents of', most, 'Give an integer of at least 0.')
  const constants: Record<string, unknown> = {
    first,
    found,
    cellAt: makeCellAt(shape, here),
    inside: (axis: number, given: number) => broughtInside(shape, axes[axis], given),
    refuseRadius,
    refuseMost,
  }
  coordinates.forEach((array, i) => {
    constants[`at${i}`] = array
  })
  // On a torus the position itself is wrapped, as the cells are; on a bounded grid distances go from where it is.
  const wrap = torus ? names.map((n, i) => `${n} = inside(${i}, ${n})`).join('\n') : ''
  const differences = names.map((n, i) => `const d${n} = at${i}[i] - ${n}`).join('\n')
  const squared = names.map(n => `d${n} * d${n}`).join(' + ')
  const around = (body: string) => {
    const lines = (
      c: string,
    ) => `for (let line = ${c} - ${reach * stride}; line <= ${c} + ${reach * stride}; line += ${stride})
      for (let i = first[line - ${reach}], end = first[line + ${reach + 1}]; i < end; i++) {
        ${differences}
        const squared = ${squared}
        ${body}
      }`
    return axes.length === 2
      ? lines('c')
      : `for (let l = c - ${reach * layer}; l <= c + ${reach * layer}; l += ${layer}) ${lines('l')}`
  }
  const within = fresh<Search['within']>(
    constants,
    `return (${names.join(', ')}, radius) => {
      if (!(radius >= 0 && radius <= ${greatest})) refuseRadius(radius)
      ${wrap}
      const c = cellAt(${names.join(', ')})
      const most = radius * radius
      let n = 0
      ${around('found[n] = i\nn += +(squared <= most)')}
      return n
    }`,
  )
  let nearest: Search['nearest'] | undefined
  return {
    within,
    found,
    get nearest() {
      nearest ??= fresh<Search['nearest']>(
        { ...constants, far: new Float64Array(room) },
        `return (${names.join(', ')}, most) => {
          if (!(most >= 0 && most === Math.floor(most))) refuseMost(most)
          ${wrap}
          const c = cellAt(${names.join(', ')})
          if (most === 0) return 0
          let n = 0
          ${around(`if (squared > ${greatest * greatest}) continue
          if (n === most && squared >= far[n - 1]) continue
          let k = n < most ? n++ : n - 1
          for (; k > 0 && far[k - 1] > squared; k--) {
            far[k] = far[k - 1]
            found[k] = found[k - 1]
          }
          far[k] = squared
          found[k] = i`)}
          return n
        }`,
      )
      return nearest
    },
  }
}
