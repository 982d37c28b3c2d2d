// The books of wolves and sheep on random meadows, engine by engine: what is eaten is what is gained, each by one; who
// is there was born and has not died; energy changes by what the rules give and take, to the last bit.
import fc from 'fast-check'
import { test } from 'tap'
import wolfSheep, { grass, sheep, wolf } from '../../examples/wolf-sheep.js'
import { Simulation } from '../../lib/index.js'

const numRuns = process.env.POPULACE_LONG === '1' ? 400 : 40

interface Animal {
  readonly id: number
  readonly x: number
  readonly y: number
  readonly energy: number
}

/** All that is on a meadow. */
interface Books {
  readonly grass: readonly { readonly grown: number; readonly wait: number }[]
  readonly sheep: readonly Animal[]
  readonly wolf: readonly Animal[]
}

type Sim = Simulation<typeof wolfSheep>

const read = (sim: Sim): Books => ({
  grass: [...sim.world.population(grass).rows()],
  sheep: [...sim.world.population(sheep).rows()],
  wolf: [...sim.world.population(wolf).rows()],
})

// Few enough live there that no meadow is ever full: a birth that is refused takes its energy along. Whoever has eaten
// is never so hungry that it dies. Energies begin as whole numbers below 2^5 and are halved at most once a tick, so
// 32-bit floats hold them, and 64-bit ones their sums.
const meadows = fc
  .record({
    size: fc.integer({ min: 3, max: 14 }),
    sheepDensity: fc.double({ min: 0.1, max: 1, noNaN: true }),
    wolfDensity: fc.double({ min: 0, max: 0.5, noNaN: true }),
    regrow: fc.integer({ min: 3, max: 30 }),
    sheepBirth: fc.double({ min: 0, max: 0.4, noNaN: true }),
    wolfBirth: fc.double({ min: 0, max: 0.4, noNaN: true }),
    sheepGain: fc.integer({ min: 2, max: 6 }),
    wolfGain: fc.integer({ min: 1, max: 15 }),
  })
  .map(({ sheepDensity, wolfDensity, ...rest }) => ({
    ...rest,
    sheep: Math.ceil(sheepDensity * rest.size ** 2),
    wolves: Math.ceil(wolfDensity * rest.size ** 2),
  }))
type Meadow = typeof meadows extends fc.Arbitrary<infer T> ? T : never
const TICKS = 10

/** Sees to it that two numbers are one. */
function same(found: number, expected: number, what: string): void {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}`)
}

const energy = (animals: readonly Animal[]) => animals.reduce((sum, a) => sum + a.energy, 0)
const cellOf = ({ x, y }: Animal, { size }: Meadow) => y * size + x

function byCell(animals: readonly Animal[], m: Meadow): Map<number, Animal[]> {
  const cells = new Map<number, Animal[]>()
  for (const a of animals) cells.set(cellOf(a, m), [...(cells.get(cellOf(a, m)) ?? []), a])
  return cells
}

/** Each goes to one of the eight cells around it, for one unit. */
function walked(before: readonly Animal[], after: readonly Animal[], m: Meadow): void {
  same(after.length, before.length, 'walkers')
  after.forEach((a, i) => {
    const steps = [a.x - before[i].x, a.y - before[i].y].map(d => Math.min(Math.abs(d), m.size - Math.abs(d)))
    same(Math.max(...steps), 1, `steps of animal ${a.id}`)
    same(a.energy, before[i].energy - 1, `energy of animal ${a.id}`)
  })
}

/** Those fed get `gain` each, those below `least` die, the young get half; gives how many were born and died. */
function lived(before: readonly Animal[], after: readonly Animal[], fed: number, gain: number, least: number) {
  const known = new Set(before.map(a => a.id))
  const alive = new Set(after.map(a => a.id))
  const dead = before.filter(a => !alive.has(a.id))
  const born = after.filter(a => !known.has(a.id))
  for (const a of dead) if (a.energy >= least) throw new Error(`animal ${a.id} died of an energy of ${a.energy}`)
  for (const a of after) if (a.energy < least / 2) throw new Error(`animal ${a.id} lives on an energy of ${a.energy}`)
  same(energy(after), energy(before) + gain * fed - energy(dead), 'energy of those who live')
  return { born: born.length, died: dead.length }
}

const RULES: Readonly<Record<string, (before: Books, after: Books, m: Meadow) => void>> = {
  'sheep-walk': (before, after, m) => walked(before.sheep, after.sheep, m),
  'wolf-walk': (before, after, m) => walked(before.wolf, after.wolf, m),
  'grass-grow'(before, after, m) {
    const flocks = byCell(before.sheep, m)
    after.grass.forEach(({ grown, wait }, row) => {
      const was = before.grass[row]
      const eaten = was.grown === 1 && flocks.has(row)
      const left = was.grown === 1 ? 0 : was.wait - 1
      same(grown, eaten || left > 0 ? 0 : 1, `grass of cell ${row}`)
      same(wait, eaten ? m.regrow : left, `wait of cell ${row}`)
    })
  },
  'sheep-eaten'(before, after, m) {
    const packs = byCell(before.wolf, m)
    const left = byCell(after.sheep, m)
    const alive = new Set(after.sheep.map(a => a.id))
    for (const [cell, flock] of byCell(before.sheep, m)) {
      const eaten = flock.length - (left.get(cell)?.length ?? 0)
      const wolves = packs.get(cell)?.length ?? 0
      if (eaten > Math.min(wolves, flock.length)) throw new Error(`${wolves} wolves ate ${eaten} of ${flock.length}`)
      if (wolves > 0 && eaten === 0) throw new Error(`${wolves} wolves at ${flock.length} sheep ate none`)
    }
    same(energy(after.sheep), energy(before.sheep.filter(a => alive.has(a.id))), 'energy of sheep that were not eaten')
  },
}

/** One tick, each engine's books held against its rule; adds up births and deaths. */
async function audited(sim: Sim, m: Meadow, sums: { born: number; died: number }[]): Promise<void> {
  const { steps } = sim.internals.world.plan
  let before = read(sim)
  let [grazed, eaten] = [0, 0]
  for await (const position of sim.internals.driver.stepByStep()) {
    const step = steps[position]
    if (step.kind !== 'stage') continue
    const after = read(sim)
    const [{ name }] = step.engines
    RULES[name]?.(before, after, m)
    if (name === 'grass-grow') grazed = after.grass.filter((g, row) => g.grown < before.grass[row].grown).length
    if (name === 'sheep-eaten') {
      eaten = before.sheep.length - after.sheep.length
      sums[0].died += eaten
    }
    const [kind, fed, gain, least] =
      name === 'sheep-live' ? (['sheep', grazed, m.sheepGain, 1] as const) : (['wolf', eaten, m.wolfGain, 0] as const)
    if (name.endsWith('-live')) {
      const { born, died } = lived(before[kind], after[kind], fed, gain, least)
      const sum = sums[kind === 'sheep' ? 0 : 1]
      sum.born += born
      sum.died += died
    }
    before = after
  }
}

test('every unit of energy, every sheep and every cell of grass is accounted for', async t => {
  const seen = { born: 0, died: 0 }
  const run = async (m: Meadow, seed: number) => {
    await using sim: Sim = await Simulation.createWith<typeof wolfSheep>(
      wolfSheep,
      { workers: 0, seed, params: { ...m } },
      { fuse: false },
    )
    const sums = [
      { born: m.sheep, died: 0 },
      { born: m.wolves, died: 0 },
    ]
    for (let tick = 0; tick < TICKS; tick++) await audited(sim, m, sums)
    same(sim.tick, TICKS, 'ticks')
    same(sim.measures.sheep, sums[0].born - sums[0].died, 'sheep alive')
    same(sim.measures.wolves, sums[1].born - sums[1].died, 'wolves alive')
    for (const [i, name] of ['sheep', 'wolf'].entries()) {
      const { born, died, refusedBirths } = sim.counters.populations[name]
      same(born, sums[i].born, `${name} born`)
      same(died, sums[i].died, `${name} died`)
      same(refusedBirths, 0, `births of ${name} refused`)
      seen.born += sums[i].born
      seen.died += sums[i].died
    }
  }
  await fc.assert(fc.asyncProperty(meadows, fc.integer({ min: 0, max: 2 ** 53 - 1 }), run), { numRuns })
  t.ok(seen.born > 300 && seen.died > 300, `${seen.born} births and ${seen.died} deaths were seen`)
})
