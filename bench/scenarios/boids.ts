// Flocking on a torus (Reynolds 1987, in the form of the published comparisons: unit velocities, speed 1), as a user of
// the library would write it: a grid, and a loop over three spans of it for each bird. Sums are made with factors of 0
// and 1 instead of branches, which would be guessed wrong for every third bird; the factors are +(a < b), for V8 makes a
// branch of a < b ? 1 : 0 (measured: twice the time).
import { defineEngine, defineGrid, defineParams, definePopulation, defineScenario, f32, mean } from '../../lib/index.js'

export const params = defineParams({
  birds: { default: 100_000, min: 1, max: 4_000_000 },
  size: { default: 177.25, min: 3, about: 'side of the torus; 177.25 gives 100,000 birds 10 neighbours' },
  sight: { default: 1, min: 0 },
  separation: { default: 0.4, min: 0 },
  speed: { default: 0.1, min: 0 },
  cohere: { default: 0.03 },
  separate: { default: 0.015 },
  match: { default: 0.05 },
})

export const bird = definePopulation('bird', {
  params,
  capacity: p => p.birds,
  columns: { x: f32(), y: f32(), vx: f32(), vy: f32() },
})

const sky = defineGrid('sky', {
  params,
  of: bird,
  x: 'x',
  y: 'y',
  width: p => p.size,
  height: p => p.size,
  torus: true,
  cell: p => p.sight,
})

const fly = defineEngine({
  name: 'fly',
  population: bird,
  params,
  writes: ['x', 'y', 'vx', 'vy'],
  senses: { sky: sky.pick('x', 'y', 'vx', 'vy') },
  kernel({ self, seen, params: p }) {
    const { x, y, vx, vy } = self
    const { x: nx, y: ny, vx: nvx, vy: nvy, first, cellAt, stride } = seen.sky
    const { size, speed, cohere, separate, match } = p
    const far = p.sight ** 2
    const close = p.separation ** 2
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        const ax = x[row]
        const ay = y[row]
        const c = cellAt(ax, ay)
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
        let ux = vx[row]
        let uy = vy[row]
        n -= 1 // itself: of all that was summed only its velocity and the count are not 0
        if (n > 0) {
          ux += (cx * cohere + sx * separate + (mx - vx[row]) * match) / n
          uy += (cy * cohere + sy * separate + (my - vy[row]) * match) / n
        }
        const length = Math.sqrt(ux * ux + uy * uy)
        ux /= length
        uy /= length
        vx[row] = ux
        vy[row] = uy
        x[row] = (ax + ux * speed + size) % size
        y[row] = (ay + uy * speed + size) % size
      }
    }
  },
})

export default defineScenario({
  name: 'boids',
  params,
  populations: [bird],
  engines: [fly],
  measures: { vx: mean(bird, 'vx'), vy: mean(bird, 'vy') },
  setup(world, { params: p, random }) {
    world.population(bird).spawnMany(p.birds, {
      fill({ x, y, vx, vy }) {
        for (let i = 0; i < p.birds; i++) {
          x[i] = random.float() * p.size
          y[i] = random.float() * p.size
          const a = random.float() * 2 * Math.PI
          vx[i] = Math.cos(a)
          vy[i] = Math.sin(a)
        }
      },
    })
  },
})
