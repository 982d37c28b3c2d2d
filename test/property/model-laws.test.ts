// What the rules of the models conserve, on random worlds: nobody is lost or doubled, what one gets another gave, and
// every step is the one that a plain loop would take.
import fc from 'fast-check'
import { test } from 'tap'
import forestFire, { cell as plot } from '../../examples/forest-fire.js'
import schelling, { cell, person } from '../../examples/schelling.js'
import { Simulation } from '../../lib/index.js'
import { likeShare } from '../sim/schelling-by-turns.js'

const numRuns = process.env.POPULACE_LONG === '1' ? 300 : 25
const seed = fc.integer({ min: 0, max: 2 ** 53 - 1 })

function same(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: ${a.slice(0, 300)} instead of ${b.slice(0, 300)}`)
}

const towns = fc.record({
  seed,
  side: fc.integer({ min: 1, max: 14 }),
  people: fc.integer({ min: 1, max: 240 }),
  radius: fc.integer({ min: 1, max: 4 }),
  wanted: fc.integer({ min: 0, max: 12 }),
  ticks: fc.integer({ min: 1, max: 8 }),
})

test("Schelling's people stay who they are, one a cell, and only those who want to go move", async t => {
  let moved = 0
  const run = async ({ seed, ticks, ...params }: { seed: number; ticks: number } & Parameters<typeof likeShare>[1]) => {
    await using sim = await Simulation.create<typeof schelling>(schelling, { workers: 0, seed, params })
    const look = () => ({
      people: [...sim.world.population(person).rows()],
      holds: [...sim.world.population(cell).rows()].map(c => c.holds),
    })
    const kinds = look().people.map(p => p.kind)
    same(kinds.length, Math.min(params.people, params.side ** 2), 'people')
    for (let tick = 0; tick < ticks; tick++) {
      const before = look()
      await sim.run({ ticks: 1 })
      const { people, holds } = look()
      same(
        people.map(p => p.kind),
        kinds,
        'kinds',
      )
      same(new Set(people.map(p => p.home)).size, people.length, 'one a cell')
      const derived = new Array<number>(holds.length).fill(0)
      for (const { home, kind } of people) derived[home] = kind === 'red' ? 1 : 2
      same(holds, derived, 'what cells hold')
      const share = likeShare(before.holds, params)
      if (Math.abs(sim.measures.alike - share) > 1e-6) throw new Error(`alike ${sim.measures.alike} for ${share}`)
      const movers = people.filter((p, i) => p.home !== before.people[i].home)
      moved += movers.length
      for (const p of movers) same([p.content, before.holds[p.home]], [0, 0], 'who moves wants to, to a free cell')
      const wish = people.some(p => p.content === 0) && before.holds.includes(0)
      same(movers.length > 0, wish, 'whoever is first for a free cell gets it')
    }
  }
  await fc.assert(fc.asyncProperty(towns, run), { numRuns })
  t.ok(moved > 20, `${moved} moves were seen`)
})

const forests = fc.record({
  seed,
  width: fc.integer({ min: 1, max: 24 }),
  height: fc.integer({ min: 1, max: 24 }),
  density: fc.double({ min: 0.3, max: 1, noNaN: true }),
})

test('the fire takes each tree that is connected to the left side, after as many ticks as steps lead there', async t => {
  let burnt = 0
  const run = async ({ seed, ...params }: { seed: number; width: number; height: number; density: number }) => {
    const { width } = params
    await using sim = await Simulation.create<typeof forestFire>(forestFire, { workers: 0, seed, params })
    const states = () => [...sim.world.population(plot).rows()].map(c => c.state)
    const wood = states().map(state => state !== 'empty')
    const distance = distances(wood, width)
    do {
      const expected = wood.map((tree, row) => {
        if (!tree) return 'empty'
        if (distance[row] > sim.tick) return 'tree'
        return distance[row] === sim.tick ? 'burning' : 'burnt'
      })
      same(states(), expected, `states at tick ${sim.tick}`)
      const { trees, burning, burnt } = sim.measures
      same(trees + burning + burnt, wood.filter(Boolean).length, 'trees, burning or not')
      await sim.run({ ticks: 1 })
    } while (sim.measures.burning > 0)
    const reached = distance.filter(Number.isFinite).length
    same(sim.measures.burnt, reached, 'burnt in the end')
    burnt += reached
  }
  await fc.assert(fc.asyncProperty(forests, run), { numRuns })
  t.ok(burnt > 20, `${burnt} trees burnt`)
})

/** Steps from the left column to each tree, over trees; infinite where none lead there. */
function distances(wood: readonly boolean[], width: number): number[] {
  const found = wood.map((tree, row) => (tree && row % width === 0 ? 0 : Number.POSITIVE_INFINITY))
  const queue = [...found.keys()].filter(row => found[row] === 0)
  for (const row of queue) {
    const x = row % width
    const around = [row - width, row + width, ...(x > 0 ? [row - 1] : []), ...(x < width - 1 ? [row + 1] : [])]
    for (const next of around) {
      if (!wood[next] || found[next] <= found[row] + 1) continue
      found[next] = found[row] + 1
      queue.push(next)
    }
  }
  return found
}
