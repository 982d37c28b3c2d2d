// Grids whose partitions are apart, in whole worlds: each agent meets those of its own partition and nobody else, through
// births, deaths, moves and new partitions, and the same on any number of workers.
import { type Test, test } from 'tap'
import { Simulation } from '../../lib/index.js'
import { verifyScenario } from '../../lib/run/verify.js'
import type scenario from '../fixtures/apart.js'
import { bird, CELL, hawk, SIDE, tower } from '../fixtures/apart.js'

const url = new URL('../fixtures/apart.js', import.meta.url)
type Sim = Simulation<typeof scenario>
const create = (workers: number, birds = 200, params = {}): Promise<Sim> =>
  Simulation.create<typeof scenario>(url, { workers, seed: 5, params: { birds, ...params } })

/** The partition of each agent of a population, in the order of its rows. */
function partitionsOf(sim: Sim, population: string): string[] {
  const { memory } = sim.internals.world
  const { partition } = memory.population(population)
  return [...memory.population(population).segments()].flatMap(({ row, count }) =>
    Array.from(partition.subarray(row, row + count), p => memory.partitions.names()[p]),
  )
}

type Place = { readonly x: number; readonly y: number }
const across = (d: number) => Math.min(Math.abs(d), SIDE - Math.abs(d))
const around = (a: Place, b: Place) => across(a.x - b.x) ** 2 + across(a.y - b.y) ** 2
const flat = (a: Place, b: Place) => (a.x - b.x) ** 2 + (a.y - b.y) ** 2

/** What engines wrote down in the tick that ended, held against the columns; gives how many met anybody. */
function compare(t: Test, sim: Sim): number {
  const homes = partitionsOf(sim, 'bird')
  const birds = [...sim.world.population(bird).rows()].map((b, i) => ({ ...b, home: homes[i] }))
  const hawkHomes = partitionsOf(sim, 'hawk')
  const hawks = [...sim.world.population(hawk).rows()].map((h, i) => ({ ...h, home: hawkHomes[i] }))
  const [{ near: fromTower }] = [...sim.world.population(tower).rows()]
  const asked = birds.filter((_, i) => i % (birds.length > 1000 ? 40 : 5) === 0)
  const same = (found: unknown, expected: unknown, what: string) =>
    t.equal(JSON.stringify(found), JSON.stringify(expected), `tick ${sim.tick - 1}: ${what}`)
  same(
    asked.map(b => [b.near, b.below, b.anywhere]),
    asked.map(b => {
      const own = birds.filter(o => o.home === b.home)
      return [
        own.filter(o => around(b, o) <= 1).length,
        own.filter(o => flat(b, o) <= CELL ** 2).length,
        birds.filter(o => around(b, o) <= CELL ** 2).length,
      ]
    }),
    'birds by birds',
  )
  const distances = (h: (typeof hawks)[0]) =>
    birds.filter(o => o.home === h.home && around(h, o) <= CELL ** 2).map(o => ({ id: o.id, d: around(h, o) }))
  same(
    hawks.map(h => [h.near, h.closest]),
    hawks.map(h => {
      const found = distances(h)
      return [found.filter(o => o.d <= 1).length, found.sort((a, b) => a.d - b.d)[0]?.id ?? 0]
    }),
    'birds by hawks',
  )
  const center = { x: SIDE / 2, y: SIDE / 2 }
  same(
    fromTower,
    birds.filter(o => o.home === 'west' && flat(center, o) <= CELL ** 2).length,
    'birds from the tower in the west',
  )
  return asked.filter(b => b.near > 1 && b.anywhere > b.near).length
}

/** Partitions come, empty or settled, are cleared and settled again. */
async function history(sim: Sim, tick: number): Promise<void> {
  if (tick === 1) await sim.command('settle', { partition: 'empty', birds: 0, hawks: 0 })
  if (tick === 2) await sim.command('settle', { partition: 'lonely', birds: 0, hawks: 2 })
  if (tick === 3) await sim.command('settle', { partition: 'north', birds: 60, hawks: 3 })
  if (tick === 4) await sim.command('fail', 'nowhere')
  if (tick === 5) await sim.command('clear', 'east')
  if (tick === 7) await sim.command('settle', { partition: 'lonely', birds: 40, hawks: 0 })
}

test('an agent meets those of its own partition, through births, deaths, moves and new partitions', async t => {
  for (const [workers, birds] of [
    [0, 200],
    [2, 200],
    [2, 1500],
  ]) {
    await using sim = await create(workers, birds)
    let met = 0
    for (let tick = 0; tick < (birds > 1000 ? 5 : 10); tick++) {
      await history(sim, tick)
      await sim.run({ ticks: 1 })
      met += compare(t, sim)
    }
    t.ok(met > 50, `${met} met others of their own partition, and had others beside them in other ones`)
    t.strictSame(
      new Set(partitionsOf(sim, 'bird')),
      new Set(birds > 1000 ? ['0', 'west', 'east', 'north'] : ['0', 'west', 'east', 'north', 'lonely']),
    )
  }
})

test('partitions that are apart end the same on any number of workers', async t => {
  for (const birds of [200, 1600]) {
    const hashes: string[] = []
    for (const workers of [0, 1, 2, 3]) {
      await using sim = await create(workers, birds)
      for (let tick = 0; tick < 8; tick++) {
        await history(sim, tick)
        await sim.run({ ticks: 1 })
      }
      hashes.push(await sim.hash())
    }
    t.strictSame(hashes, Array(4).fill(hashes[0]))
  }
})

test('partitions that are apart pass the sanitizer', async t => {
  const report = await verifyScenario(url, { ticks: 4, seed: 3, params: { birds: 150 }, workers: [0, 2, 3] })
  t.equal(report.ok, true, JSON.stringify(report.difference ?? report.error))
})

test('one partition more than a grid has room for fails the tick that looks into it, by name', async t => {
  // 20 / 0.009 makes 2,222 cells a side and a halo: three spaces are 2^24 cells, and partition '0' is one.
  for (const workers of [0, 2]) {
    await using sim = await create(workers, 20, { cell: 0.009 })
    await sim.command('settle', { partition: 'one too many', birds: 0, hawks: 0 })
    await t.rejects(sim.run({ ticks: 1 }), {
      code: 'GRID_INVALID',
      message:
        /^The world has 4 partitions, and grid 'sky', which engine '(look|hunt)' senses, has room for 3 of 4946176 cells each/,
    })
  }
})
