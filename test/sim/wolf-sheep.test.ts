// Wolves, sheep and grass held against a version whose animals act one by one, as published ones do, and against what
// predators and prey are known for: both go up and down in cycles, the predators after their prey.
import t from 'tap'
import type scenario from '../../examples/wolf-sheep.js'
import { Simulation } from '../../lib/index.js'
import { animalsByTurns, type Meadow } from './wolf-sheep-by-turns.js'

const url = new URL('../../examples/wolf-sheep.js', import.meta.url)
const LONG = process.env.POPULACE_LONG === '1'

/** A meadow on which they cycle: rich grass, and wolves that live long on a sheep. */
const CYCLING: Meadow = {
  ...{ size: 60, sheep: 400, wolves: 100, regrow: 10 },
  ...{ sheepBirth: 0.1, wolfBirth: 0.05, sheepGain: 4, wolfGain: 20 },
}
/** The two that frameworks are compared by. */
const SMALL: Meadow = {
  ...{ size: 25, sheep: 60, wolves: 40, regrow: 20 },
  ...{ sheepBirth: 0.2, wolfBirth: 0.1, sheepGain: 5, wolfGain: 13 },
}
const LARGE: Meadow = { ...SMALL, size: 100, sheep: 1000, wolves: 500, regrow: 10, sheepBirth: 0.4, wolfBirth: 0.2 }

interface Course {
  readonly sheep: number[]
  readonly wolves: number[]
}

/** How many there are after each tick. */
async function follow(meadow: Meadow, seed: number, ticks: number): Promise<Course> {
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed, params: { ...meadow } })
  const course: Course = { sheep: [], wolves: [] }
  sim.on(
    'tick',
    ({ measures }) => {
      course.sheep.push(measures.sheep)
      course.wolves.push(measures.wolves)
    },
    { every: 1 },
  )
  await sim.run({ ticks })
  return course
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

/** Correlation of a with b `lag` ticks later. */
function correlation(a: readonly number[], b: readonly number[], lag: number): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  const spread = (values: readonly number[], m: number) => values.reduce((sum, v) => sum + (v - m) ** 2, 0)
  const both = a.slice(0, a.length - lag).reduce((sum, v, i) => sum + (v - meanA) * (b[i + lag] - meanB), 0)
  return both / Math.sqrt(spread(a, meanA) * spread(b, meanB))
}

/** The lag of the highest, or the lowest, correlation up to `most`. */
function bestLag(a: readonly number[], b: readonly number[], from: number, most: number, sign: 1 | -1): number {
  const lags = Array.from({ length: most - from + 1 }, (_, i) => from + i)
  return lags.reduce((best, lag) => (sign * correlation(a, b, lag) > sign * correlation(a, b, best) ? lag : best))
}

t.test('wolves and sheep go up and down in cycles, wolves a quarter of a cycle after sheep', async t => {
  for (const seed of LONG ? [1, 2, 3, 4, 5, 6, 7, 8] : [1, 2]) {
    const course = await follow(CYCLING, seed, 1200)
    t.equal(course.sheep.length, 1200)
    t.ok(Math.min(...course.sheep, ...course.wolves) > 0, 'neither dies out')
    const sheep = course.sheep.slice(100)
    const wolves = course.wolves.slice(100)
    const half = bestLag(sheep, sheep, 1, 120, -1)
    const period = bestLag(sheep, sheep, half, 2 * half + 40, 1)
    t.ok(correlation(sheep, sheep, half) < -0.5, `half a cycle of ${half} ticks turns many into few`)
    t.ok(correlation(sheep, sheep, period) > 0.25, `a cycle of ${period} ticks turns them back`)
    const lag = bestLag(sheep, wolves, 0, half, 1)
    t.ok(correlation(sheep, wolves, lag) > 0.7, `wolves follow sheep after ${lag} ticks`)
    t.ok(lag > 0.15 * period && lag < 0.4 * period, `${lag} of ${period} ticks: about a quarter of a cycle`)
  }
})

/** Mean numbers from tick 100 on, by a model. */
const means = (course: Course) => [mean(course.sheep.slice(100)), mean(course.wolves.slice(100))]

t.test('as many live in the long run as where animals act one by one', async t => {
  // Both are means over 400 ticks of a world so large that they vary by about one in a hundred from seed to seed.
  const [ticks, seeds] = LONG ? [1000, [1, 2, 3, 4]] : [500, [1]]
  for (const seed of seeds) {
    const [sheep, wolves] = means(await follow(LARGE, seed, ticks))
    const [turnSheep, turnWolves] = means(animalsByTurns(LARGE, seed, ticks))
    // Contests cost: a wolf that loses its claim goes hungry though another sheep may be left in its cell.
    t.ok(Math.abs(sheep / turnSheep - 1) < 0.06, `${sheep} sheep for ${turnSheep}`)
    t.ok(Math.abs(wolves / turnWolves - 1) < 0.1, `${wolves} wolves for ${turnWolves}`)
  }
})

t.test('a run ends when the last sheep is gone', async t => {
  const params = { ...SMALL, wolves: 600, sheep: 40, wolfGain: 30 }
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed: 1, params })
  await sim.run({ ticks: 1000 })
  t.equal(sim.measures.sheep, 0)
  t.ok(sim.tick < 100, `after ${sim.tick} ticks`)
})

t.test('sheep without grass starve, wolves without sheep too', async t => {
  const params = { ...SMALL, sheep: 0, wolves: 200, wolfBirth: 0 }
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed: 1, params })
  // Of 1 to 26 units of energy one goes a tick, and who has less than 0 dies; the run ends at once without sheep.
  for (let tick = 1; tick <= 27; tick++) {
    const before = sim.measures.wolves
    await sim.run({ ticks: 1 })
    t.ok(tick === 1 ? sim.measures.wolves === before : sim.measures.wolves <= before)
  }
  t.equal(sim.measures.wolves, 0)
  t.equal(sim.measures.grass, 25 * 25, 'and all grass has grown')
})
