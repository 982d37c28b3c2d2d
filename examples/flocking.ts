// Flocking birds on a torus: each flies at speed 1 and turns a little towards the middle of those in sight (cohere),
// towards their course (match), and away from those that are too near (separate). Without a leader they come to fly
// one way. Reynolds, Flocks, herds and schools, SIGGRAPH 1987; rules and factors are those of the Agents.jl example, as
// frameworks are compared by. Published versions let birds fly one by one, each seeing where those before it have got
// to. Here all fly at once, and each sees the others as they were when the tick began.
import {
  defineEngine,
  defineGrid,
  defineParams,
  definePopulation,
  defineScenario,
  f32,
  mean,
  type SetupScope,
  type World,
} from 'populace'

const params = defineParams({
  size: { default: 100, min: 1, max: 100_000, about: 'side of the torus; at least three times the sight' },
  birds: { default: 200, min: 1, max: 10_000_000, about: 'birds' },
  sight: { default: 5, min: 0.01, max: 10_000, about: 'how far a bird sees' },
  separation: { default: 1, min: 0, max: 10_000, about: 'a bird nearer than this is too near' },
  cohere: { default: 0.03, min: 0, max: 10, about: 'weight of the way to those in sight' },
  separate: { default: 0.015, min: 0, max: 10, about: 'weight of the way from those too near' },
  match: { default: 0.05, min: 0, max: 10, about: 'weight of the course of those in sight' },
})

export const bird = definePopulation('bird', {
  params,
  capacity: p => p.birds,
  columns: { x: f32(), y: f32(), /** The course: a vector of length 1. */ vx: f32(), vy: f32() },
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
  kernel({ self, seen, params }) {
    const { x, y, vx, vy } = self
    const { x: seenX, y: seenY, vx: seenVx, vy: seenVy, first, cellAt, stride } = seen.sky
    const { size, cohere, separate, match } = params
    const inSight = params.sight * params.sight
    const tooNear = Math.min(params.separation, params.sight) ** 2
    return (begin, end) => {
      for (let row = begin; row < end; row++) {
        const [ownX, ownY] = [x[row], y[row]]
        const cell = cellAt(ownX, ownY)
        let others = -1 // itself is met too, at no distance: only its course has to be taken off again
        let [cohereX, cohereY, separateX, separateY] = [0, 0, 0, 0]
        let [matchX, matchY] = [-vx[row], -vy[row]]
        // Three lines of three cells each, which lie one after another; a factor of 0 or 1 is faster than a branch that is
        // guessed wrong.
        for (let line = cell - stride; line <= cell + stride; line += stride) {
          for (let i = first[line - 1], last = first[line + 2]; i < last; i++) {
            const dx = seenX[i] - ownX
            const dy = seenY[i] - ownY
            const square = dx * dx + dy * dy
            const sees = +(square <= inSight)
            const near = +(square < tooNear)
            others += sees
            cohereX += sees * dx
            cohereY += sees * dy
            matchX += sees * seenVx[i]
            matchY += sees * seenVy[i]
            separateX -= near * dx
            separateY -= near * dy
          }
        }
        const n = Math.max(1, others)
        const turnX = vx[row] + (cohere * cohereX + separate * separateX + match * matchX) / n
        const turnY = vy[row] + (cohere * cohereY + separate * separateY + match * matchY) / n
        const length = Math.sqrt(turnX * turnX + turnY * turnY) || 1
        vx[row] = turnX / length
        vy[row] = turnY / length
        x[row] = (ownX + vx[row] + size) % size
        y[row] = (ownY + vy[row] + size) % size
      }
    }
  },
})

type Scope = SetupScope<typeof params>

function setup(world: World, { params, random }: Scope): void {
  const { birds, size } = params
  world.population(bird).spawnMany(birds, {
    fill({ x, y, vx, vy }) {
      for (let i = 0; i < birds; i++) {
        x[i] = random.float() * size
        y[i] = random.float() * size
        const course = random.float() * 2 * Math.PI
        vx[i] = Math.cos(course)
        vy[i] = Math.sin(course)
      }
    },
  })
}

/** What the scenario is made of, for others to build on. */
export const flocking = {
  name: 'flocking',
  params,
  populations: [bird],
  engines: [fly],
  /** The mean course: its length is near 0 while they fly anyhow, and 1 when all fly one way. */
  measures: { courseX: mean(bird, 'vx'), courseY: mean(bird, 'vy') },
  setup,
}

export default defineScenario(flocking)
