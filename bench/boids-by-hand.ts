// The flock's rules written by hand: plain loops over typed arrays on one thread. A counting sort into copies with a
// halo of shifted birds around the torus, then a branch-free loop over three spans of them for each bird. It starts
// from the state of a simulation and must come to the same hash after the same ticks, so it sorts birds of one cell in
// the same order. What it is free of, and the library is not: other threads, other models, births, deaths, partitions.

/** The state it steps, and the model's parameters. */
export interface Flock {
  readonly x: Float32Array
  readonly y: Float32Array
  readonly vx: Float32Array
  readonly vy: Float32Array
  readonly size: number
  readonly sight: number
  readonly separation: number
  readonly speed: number
  readonly cohere: number
  readonly separate: number
  readonly match: number
}

/** Makes the function that does a tick. */
export function boidsByHand(o: Flock): () => void {
  const { x, y, vx, vy, size, speed, cohere, separate, match } = o
  const birds = x.length
  const side = Math.floor(size / o.sight)
  const width = size / side
  const stride = side + 2
  const cells = stride * stride
  const cell = new Int32Array(birds)
  const first = new Int32Array(cells + 1)
  const next = new Int32Array(cells)
  const room = birds * 2 // an even flock has copies of a few percent
  const nx = new Float64Array(room)
  const ny = new Float64Array(room)
  const nvx = new Float32Array(room)
  const nvy = new Float32Array(room)
  const far = o.sight ** 2
  const close = o.separation ** 2

  const copyCell = (to: number, from: number, shiftX: number, shiftY: number) => {
    const n = first[from + 1] - first[from]
    for (let k = 0; k < n; k++) {
      const i = first[from] + k
      const at = first[to] + k
      nx[at] = nx[i] + shiftX
      ny[at] = ny[i] + shiftY
      nvx[at] = nvx[i]
      nvy[at] = nvy[i]
    }
  }

  const across = (at: number) => (at === 0 ? side : at === side + 1 ? 1 : at)
  const shift = (at: number) => (at === 0 ? -size : at === side + 1 ? size : 0)

  const sort = () => {
    next.fill(0)
    for (let b = 0; b < birds; b++) {
      let cx = (x[b] / width) | 0
      let cy = (y[b] / width) | 0
      if (cx === side) cx = side - 1
      if (cy === side) cy = side - 1
      const c = (cy + 1) * stride + cx + 1
      cell[b] = c
      next[c]++
    }
    let from = 0
    for (let line = 0; line < stride; line++) {
      const source = across(line) * stride
      for (let k = 0; k < stride; k++) {
        first[line * stride + k] = from
        from += next[source + across(k)]
      }
    }
    first[cells] = from
    for (let c = 0; c < cells; c++) next[c] = first[c]
    for (let b = 0; b < birds; b++) {
      const at = next[cell[b]]++
      nx[at] = x[b]
      ny[at] = y[b]
      nvx[at] = vx[b]
      nvy[at] = vy[b]
    }
    for (let line = 0; line < stride; line++) {
      const edge = line === 0 || line === side + 1
      for (let k = 0; k < stride; k += edge || k === side + 1 ? 1 : side + 1)
        copyCell(line * stride + k, across(line) * stride + across(k), shift(k), shift(line))
    }
  }

  const fly = () => {
    for (let b = 0; b < birds; b++) {
      const ax = x[b]
      const ay = y[b]
      const c = cell[b]
      let n = 0
      let cx = 0
      let cy = 0
      let sx = 0
      let sy = 0
      let mx = 0
      let my = 0
      for (let line = c - stride; line <= c + stride; line += stride) {
        for (let i = first[line - 1], last = first[line + 2]; i < last; i++) {
          const dx = nx[i] - ax
          const dy = ny[i] - ay
          const d2 = dx * dx + dy * dy
          const w = +(d2 < far)
          const near = +(d2 < close)
          n += w
          cx += w * dx
          cy += w * dy
          mx += w * nvx[i]
          my += w * nvy[i]
          sx -= near * dx
          sy -= near * dy
        }
      }
      let ux = vx[b]
      let uy = vy[b]
      n -= 1
      if (n > 0) {
        ux += (cx * cohere + sx * separate + (mx - vx[b]) * match) / n
        uy += (cy * cohere + sy * separate + (my - vy[b]) * match) / n
      }
      const length = Math.sqrt(ux * ux + uy * uy)
      ux /= length
      uy /= length
      vx[b] = ux
      vy[b] = uy
      x[b] = (ax + ux * speed + size) % size
      y[b] = (ay + uy * speed + size) % size
    }
  }

  return () => {
    sort()
    fly()
  }
}
