// What reaches a world from outside: commands, reads, edits between runs, recorded values.
import t from 'tap'
import { PopulaceError, Simulation, type SimulationOptions, type World } from '../../lib/index.js'
import { type JournalEntry, MemoryJournal } from '../../lib/state/journal.js'
import type scenario from '../fixtures/life.js'
import { asked, city, person } from '../fixtures/life.js'

type Life = typeof scenario

const url = new URL('../fixtures/life.js', import.meta.url)
const make = (o: object = {}) =>
  Simulation.create<Life>(url, { workers: 0, seed: 5, ...o } as SimulationOptions<Life['params']>)
const codeOf = async (work: () => unknown) => {
  try {
    await work()
  } catch (error) {
    return error instanceof PopulaceError ? error.code : String(error)
  }
  return 'nothing thrown'
}

for (const workers of [0, 2]) {
  t.test(
    `workers ${workers}: commands get the tick that applies them and a sequence of their own, in order`,
    async t => {
      await using sim = await make({ workers })
      const before = await Promise.all([1, 2, 3].map(n => sim.command('append', n)))
      t.same(
        before,
        [0, 1, 2].map(sequence => ({ tick: 0, sequence })),
      )
      t.equal(sim.world.population(person).get(2)?.mark, 0, 'applied when the tick begins')
      await sim.run({ ticks: 2 })
      t.equal(sim.world.population(person).get(2)?.mark, 123)
      const running = sim.run({ ticks: 3000 })
      const during = await sim.command('append', 4)
      t.equal(during.sequence, 3)
      t.ok(during.tick >= 2 && during.tick <= 3002)
      await running
      const between = await sim.command('append', 5)
      t.same(between, { tick: sim.tick, sequence: 4 })
      await sim.run({ ticks: 1 })
      t.equal(sim.world.population(person).get(2)?.mark, 12345)
    },
  )

  t.test(`workers ${workers}: a refused command is undone whole and told`, async t => {
    await using plain = await make()
    await using sim = await make({ workers })
    const refused: { name: string; tick: number; sequence: number; error: Error }[] = []
    sim.on('refused', what => refused.push(what))
    await sim.run({ ticks: 2 })
    await sim.command('refuse', null)
    await sim.command('mark', { id: 9, mark: 3 })
    await sim.command('later', null)
    await sim.run({ ticks: 2 })
    await plain.run({ ticks: 2 })
    await plain.command('later', null)
    await plain.command('mark', { id: 9, mark: 3 })
    await plain.run({ ticks: 2 })
    t.match(refused, [
      { name: 'refuse', tick: 2, sequence: 0, error: { message: 'not today' } },
      { name: 'later', tick: 2, sequence: 2, error: { code: 'COMMAND_INVALID' } },
    ])
    t.equal(await sim.hash(), await plain.hash())
    sim.world.population(person).spawn({}, 'refused')
    t.same([...sim.world.population(person).rows()].at(-1)?.id, 101, 'slots and partitions came back too')
  })

  t.test(
    `workers ${workers}: a read during a run sees the world between two ticks, and may change nothing`,
    async t => {
      await using sim = await make({ workers })
      const running = sim.run({ ticks: 1e9 }).catch(error => error.code)
      for (let i = 0; i < 20; i++) {
        const ages = await sim.read(world => ({
          tick: world.tick,
          ages: new Set(world.population(person).column('age') as Uint32Array),
        }))
        t.same([...ages.ages], [ages.tick], 'all agents have lived the same ticks')
      }
      t.equal(await codeOf(() => sim.read(world => world.population(person).set(1, { mark: 1 }))), 'WORLD_READ_ONLY')
      t.equal(await codeOf(() => sim.read(world => world.population(person).spawn({}))), 'WORLD_READ_ONLY')
      t.equal(
        await codeOf(() => sim.read(world => world.population(person).update(() => undefined))),
        'WORLD_READ_ONLY',
      )
      t.equal(
        await codeOf(() =>
          sim.read(() => {
            throw new Error('mine')
          }),
        ),
        'Error: mine',
      )
      await sim.stop()
      await running
    },
  )
}

t.test('a payload is copied, and one that is no plain data is refused at once', async t => {
  await using sim = await make()
  const payload = { id: 7, mark: 1 }
  const sent = sim.command('mark', payload)
  payload.mark = 99
  await sent
  await sim.run({ ticks: 1 })
  t.equal(sim.world.population(person).get(7)?.mark, 1)
  t.equal(await codeOf(() => sim.command('mark', { id: 1, mark: () => 1 } as never)), 'COMMAND_INVALID')
  t.equal(await codeOf(() => sim.command('marks' as never, null as never)), 'COMMAND_UNKNOWN')
})

t.test('a world, a table and its rows kept beyond the call refuse everything', async t => {
  await using sim = await make()
  const kept = await sim.read(world => ({
    world,
    table: world.population(person),
    rows: world.population(person).rows(),
  }))
  t.equal(await codeOf(() => kept.world.population(person)), 'WORLD_READ_ONLY')
  t.equal(await codeOf(() => kept.table.get(1)), 'WORLD_READ_ONLY')
  t.equal(await codeOf(() => kept.table.size), 'WORLD_READ_ONLY')
  t.equal(await codeOf(() => kept.table.column('age')), 'WORLD_READ_ONLY')
  t.equal(await codeOf(() => [...kept.rows]), 'WORLD_READ_ONLY')
  const between: World = sim.world
  const table = between.population(person)
  t.equal(table.get(1)?.mark, 0)
  await sim.run({ ticks: 1 })
  t.equal(await codeOf(() => table.get(1)), 'WORLD_READ_ONLY', 'a run has begun since')
})

t.test('the world between runs is changed by edits, and permanent populations stay as they are', async t => {
  await using sim = await make({ workers: 1 })
  const people = sim.world.population(person)
  const id = people.spawn({ mark: 4 }, 'new')
  t.ok(people.despawn(1))
  t.equal(await codeOf(() => sim.world.population(city).spawn({})), 'PERMANENT')
  t.equal(await codeOf(() => sim.world.population(city).despawn(1)), 'PERMANENT')
  await sim.run({ ticks: 3 })
  t.match(sim.world.population(person).get(id), { mark: 4, age: 3 })
  t.equal(sim.world.population(person).get(1), undefined)
  t.equal(sim.measures.oldest, 3)
})

t.test('a command that waits for its journal is applied in the tick that its sender is told', async t => {
  class SlowJournal extends MemoryJournal {
    gate: Promise<void> = Promise.resolve()
    override flush(): Promise<void> {
      return this.gate
    }
  }
  const journal = new SlowJournal(100)
  await using sim = await Simulation.createWith<Life>(url, { workers: 0, seed: 5 }, { journal })
  let open = () => {}
  journal.gate = new Promise(resolve => {
    open = resolve
  })
  const sent = sim.command('append', 6)
  const running = sim.run({ ticks: 1 })
  await new Promise(setImmediate)
  t.equal(sim.tick, 0, 'the tick waits for the journal')
  open()
  const { tick } = await sent
  await running
  t.equal(tick, 0)
  t.equal(sim.world.population(person).get(2)?.mark, 6)
})

t.test('recorded values are given again from the journal, and nothing is asked twice', async t => {
  const first = new MemoryJournal(1000)
  const options = { workers: 0, seed: 5, params: { records: true } }
  const run = async (journal: MemoryJournal) => {
    await using sim = await Simulation.createWith<Life>(url, options, { journal })
    await sim.run({ ticks: 9 })
    return sim.hash()
  }
  const hash = await run(first)
  const records = first.entries().filter(e => e.kind === 'record')
  t.same(
    records.map(e => [e.owner, e.tick, e.key]),
    [
      ['', 0, 'start'],
      ['census', 1, 'outside'],
      ['census', 4, 'outside'],
      ['census', 7, 'outside'],
    ],
  )
  const again = new MemoryJournal(1000)
  for (const entry of first.entries() as JournalEntry[]) again.append(entry)
  t.equal(await run(again), hash)
  t.equal(again.entries().length, first.entries().length, 'nothing new was journaled')
  t.not(await run(new MemoryJournal(1000)), hash, 'what comes from outside is another each time')
  t.same(asked, [], 'the copies of the module that ran are not this one')
})

t.test('a main engine with every runs at its ticks only', async t => {
  await using sim = await make()
  const marks: number[] = []
  sim.on('tick', ({ measures }) => marks.push(measures.marks), { every: 1 })
  await sim.run({ ticks: 8 })
  t.same(marks, [0, 1, 1, 1, 4, 4, 4, 7])
})
