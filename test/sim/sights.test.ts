// Sorted views in whole worlds: each is what its columns are when the engine that senses it begins, whoever changed
// them, and the same on any number of workers.
import { type Test, test } from 'tap'
import { Simulation } from '../../lib/index.js'
import { verifyScenario } from '../../lib/run/verify.js'
import type scenario from '../fixtures/sights.js'
import { CELL, folded, person, SIDE, TOWNS, town } from '../fixtures/sights.js'

const url = new URL('../fixtures/sights.js', import.meta.url)
type Sim = Simulation<typeof scenario>
const create = (workers: number, people: number, checks = false): Promise<Sim> =>
  Simulation.create<typeof scenario>(url, { workers, seed: 11, params: { people }, checks })

const across = (d: number) => Math.min(Math.abs(d), SIDE - Math.abs(d))

/** Like strictSame, but quick on thousands of rows. */
function same(t: Test, found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  if (a === b) t.pass(what)
  else t.strictSame(found, expected, what)
}

/** What engines wrote down in the tick that ended, held against the columns. */
function compare(t: Test, sim: Sim): void {
  const tick = sim.tick - 1
  const people = [...sim.world.population(person).rows()]
  const towns = [...sim.world.population(town).rows()]
  const byHome = towns.map((_, row) => people.filter(p => p.home === row))
  const sums = (group: typeof people) => group.reduce((sum, p) => folded(sum, p.mood), 0)
  const awake = people.filter(p => p.state === 'awake')
  same(
    t,
    towns.map(w => [w.members, w.moods, w.awake, w.firstAwake]),
    byHome.map(group => [group.length, sums(group), awake.length, awake[0]?.id ?? 0]),
    `tick ${tick}: members by home, and who is awake`,
  )
  const fans = new Map(people.map(p => [p.id, [] as typeof people]))
  for (const p of people) for (const id of p.friends as readonly number[]) fans.get(id)?.push(p)
  same(
    t,
    people.map(p => [p.fans, p.fanMoods]),
    people.map(p => [fans.get(p.id)?.length, sums(fans.get(p.id) ?? [])]),
    `tick ${tick}: fans by their references`,
  )
  // drift has moved x since: `was` is where it was when the others looked.
  const flat = (a: (typeof people)[0], b: (typeof people)[0]) => across(a.was - b.was) ** 2 + across(a.y - b.y) ** 2
  const asked = people.filter((_, i) => i % (people.length > 1000 ? 50 : 7) === 0)
  const near = (p: (typeof people)[0]) => people.filter(q => flat(p, q) <= CELL * CELL)
  same(
    t,
    asked.map(p => [p.near, p.nearMoods]),
    asked.map(p => {
      const close = near(p)
      const five = close.sort((a, b) => flat(p, a) - flat(p, b)).slice(0, 5)
      return [close.length, sums(five)]
    }),
    `tick ${tick}: who is near on the torus`,
  )
  if (tick % 3 === 0) {
    const reach = (2 * CELL) ** 2
    same(
      t,
      asked.map(p => p.around),
      asked.map(p => people.filter(q => (p.was - q.was) ** 2 + (p.y - q.y) ** 2 + (p.z - q.z) ** 2 <= reach).length),
      `tick ${tick}: who is around in the room`,
    )
  }
  const cell = (p: (typeof people)[0]) => `${Math.floor(p.was / CELL)} ${Math.floor(p.y / CELL)}`
  const inCell = new Map<string, number>()
  for (const p of people) inCell.set(cell(p), (inCell.get(cell(p)) ?? 0) + p.was)
  same(
    t,
    people.map(p => p.saw),
    people.map(p => inCell.get(cell(p))),
    `tick ${tick}: drift saw what was before it wrote`,
  )
}

test('views are what their columns are when an engine begins, through births, deaths, edits and commands', async t => {
  for (const [workers, people] of [
    [0, 300],
    [2, 300],
    [2, 2500],
  ]) {
    await using sim = await create(workers, people)
    const ticks = people > 1000 ? 3 : 14
    for (let tick = 0; tick < ticks; tick++) {
      if (tick === 2) await sim.command('put', { id: 1, x: 0.5 })
      if (tick === 3) await sim.command('kill', 5)
      if (tick === 5) await sim.command('refuse', null)
      if (tick === 7) sim.world.population(person).set(9, { home: 3, x: SIDE })
      if (tick === 8) sim.world.population(person).update(({ home }) => home.fill(TOWNS - 1), 'north')
      await sim.run({ ticks: 1 })
      compare(t, sim)
    }
  }
})

test('what engines see is the same on any number of workers, whether sorted in one share or in many', async t => {
  for (const people of [300, 2600]) {
    const hashes: string[] = []
    for (const workers of [0, 1, 2, 3]) {
      await using sim = await create(workers, people)
      await sim.command('put', { id: 3, x: 29.5 })
      await sim.run({ ticks: 6 })
      hashes.push(await sim.hash())
    }
    t.strictSame(hashes, Array(4).fill(hashes[0]))
  }
})

test('a world of views passes the sanitizer', async t => {
  const report = await verifyScenario(url, { ticks: 5, seed: 3, params: { people: 200 }, workers: [0, 2, 3] })
  t.equal(report.ok, true, JSON.stringify(report.difference ?? report.error))
})
