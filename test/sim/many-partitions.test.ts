// A population over very many small partitions: setup starts again with smaller blocks, asks the outside once only, and
// memory stays in proportion to the agents.
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import { MemoryJournal } from '../../lib/state/journal.js'
import type scenario from '../fixtures/crowd.js'
import { person } from '../fixtures/crowd.js'

const url = new URL('../fixtures/crowd.js', import.meta.url)

t.test('20,000 partitions of seven agents get small blocks, and setup asks the outside once', async t => {
  const hashes = new Set<string>()
  for (const workers of [0, 2]) {
    const journal = new MemoryJournal(100)
    await using sim = await Simulation.createWith<typeof scenario>(url, { workers, seed: 1 }, { journal })
    const { layout } = sim.internals.world.memory.population('person')
    t.equal(layout.block, 16, 'the smallest block')
    t.same(
      journal.entries().map(e => (e.kind === 'record' ? [e.owner, e.key, e.value] : e)),
      [['', 'count', 1]],
      'setup ran more than once and recorded once',
    )
    const people = sim.world.population(person)
    t.equal(people.size, 140_000)
    t.same(new Set(people.column('asked') as Float64Array), new Set([1]))
    const places = people.column('place')
    t.equal(
      Array.from(places as Uint32Array).findIndex((place, i) => place !== Math.floor(i / 7)),
      -1,
      'by partition',
    )
    await sim.run({ ticks: 2 })
    hashes.add(await sim.hash())
  }
  t.equal(hashes.size, 1)
})

t.test('memory touched is a few times the data of the agents', async t => {
  global.gc?.()
  const before = process.memoryUsage().rss
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 0, seed: 1 })
  await sim.run({ ticks: 1 })
  const grown = process.memoryUsage().rss - before
  const rows = 20_000 * 16 // each partition fills one block of 16 rows in part
  const bytesOfRow = 8 + 4 + 8 + 4 + 4 // id, partition, columns
  t.ok(grown < rows * bytesOfRow * 8, `${(grown / 2 ** 20).toFixed(0)} MiB`)
})

t.test('a tick listener that comes during a run of unbroken ticks is heard from then on', async t => {
  await using sim = await Simulation.create<typeof scenario>(url, { workers: 1, params: { partitions: 10 } })
  const abort = new AbortController()
  const ticks: number[] = []
  const running = sim.run({ ticks: 1e9, signal: abort.signal }).catch(error => error)
  await sim.read(() => undefined)
  await sim.read(() => undefined) // ends the batch that the first one's interrupt could still end
  await new Promise(setImmediate) // the crew is stepping again, and nothing asks for a boundary
  await new Promise<void>(resolve => {
    const listen = ({ tick }: { tick: number }) => {
      ticks.push(tick)
      if (ticks.length === 10) resolve()
    }
    sim.on('tick', listen, { every: 1 })
  })
  abort.abort()
  t.match(await running, { code: 'ABORTED' })
  t.equal(
    ticks.findIndex((tick, i) => tick !== ticks[0] + i),
    -1,
  )
})
