// The rules of frozen partitions one by one, in worlds small enough to follow by hand; and what is refused.
import t from 'tap'
import { type PopulaceError, Simulation, type World } from '../../lib/index.js'
import type scenario from '../fixtures/sleepers.js'
import { call, letter, person, post, stone } from '../fixtures/sleepers.js'

const url = new URL('../fixtures/sleepers.js', import.meta.url)
type Sim = Simulation<typeof scenario>
const create = (workers = 0, o: { checks?: boolean; limits?: object } = {}): Promise<Sim> =>
  Simulation.create<typeof scenario>(url, { workers, seed: 1, ...o })
const frozenOf = (sim: Sim) => sim.internals.world.frozen.since.map(f => f.partition)
const who = (sim: Sim, id: number) => sim.world.population(person).get(id)

/** Ids of those who live in a and in b, in setup. */
const [A, B] = [
  [1, 2, 3, 4],
  [5, 6, 7, 8],
]

t.test('wake is told of the ticks missed, once, before anything else of the tick', async t => {
  for (const o of [{ workers: 0 }, { workers: 2 }, { workers: 2, checks: true }]) {
    await using sim = await create(o.workers, o)
    await sim.run({ ticks: 2 })
    sim.world.freeze('a')
    await sim.run({ ticks: 5 })
    t.equal(who(sim, A[0]), undefined)
    sim.world.thaw('a')
    await sim.run({ ticks: 1 })
    t.match(who(sim, A[0]), { age: 3, missed: 5, wokeAt: 2, waited: 1 }, 'aged 2 when it fell asleep, and when it woke')
    t.match(who(sim, B[0]), { age: 8, missed: 0 })
    await sim.run({ ticks: 3 })
    t.match(who(sim, A[0]), { age: 6, missed: 5 })
    // The slow engine runs at ticks 0, 4, 8: awake at 0, asleep at 4, and at 8 it has been awake for three ticks since.
    t.match(who(sim, A[0]), { slow: 3 })
    t.match(who(sim, B[0]), { slow: 4 })
  }
})

t.test('a partition that freezes and thaws in neighbouring ticks misses as many as it did not step', async t => {
  await using sim = await create()
  sim.world.freeze('a')
  await sim.run({ ticks: 1 })
  sim.world.thaw('a')
  await sim.run({ ticks: 1 })
  t.match(who(sim, A[1]), { age: 1, missed: 1 })
})

t.test('mail for who sleeps waits, is lost or wakes, as declared', async t => {
  for (const workers of [0, 3]) {
    await using sim = await create(workers)
    await sim.run({ ticks: 1 })
    sim.world.freeze('a')
    await sim.run({ ticks: 1 })
    for (const n of [1, 2, 3]) sim.world.send(letter, A[0], { n })
    sim.world.send(post, A[0], { n: 9 })
    sim.world.send(letter, 999, { n: 1 })
    await sim.run({ ticks: 3 })
    t.strictSame(frozenOf(sim), ['a'], 'a letter wakes nobody')
    t.strictSame(sim.counters.messages.letter, { sent: 4, delivered: 0, dropped: 1, waiting: 3, refused: 0 })
    t.strictSame(sim.counters.messages.post, { sent: 1, delivered: 0, dropped: 1, waiting: 0, refused: 0 })
    sim.world.send(call, A[1], { n: 5 })
    await sim.run({ ticks: 1 })
    t.strictSame(frozenOf(sim), [], 'a call does')
    t.match(who(sim, A[1]), { heard: 5, missed: 4 }, 'and is delivered in the tick in which it thaws')
    t.match(who(sim, A[0]), { heard: 123, posted: 0 }, 'letters come in the order in which they were sent')
  }
})

t.test('mail that wakes and waits already when a partition freezes wakes it in the next tick', async t => {
  await using sim = await create()
  await sim.run({ ticks: 1 })
  sim.world.freeze('a')
  sim.world.send(call, A[2], { n: 1 })
  await sim.run({ ticks: 1 })
  t.strictSame(frozenOf(sim), ['a'])
  await sim.run({ ticks: 1 })
  t.strictSame(frozenOf(sim), [])
  t.match(who(sim, A[2]), { heard: 1, missed: 1 })
})

t.test('mail to an older agent of a slot is lost, whoever sleeps there now', async t => {
  await using sim = await create()
  const people = sim.world.population(person)
  people.despawn(A[0])
  const heir = people.spawn({}, 'a')
  t.equal(heir, 2 ** 32 + A[0])
  sim.world.freeze('a')
  await sim.run({ ticks: 1 })
  sim.world.send(letter, A[0], { n: 1 })
  sim.world.send(call, A[0], { n: 1 })
  sim.world.send(letter, heir, { n: 4 })
  await sim.run({ ticks: 2 })
  t.strictSame(frozenOf(sim), ['a'])
  t.match(sim.counters.messages, { letter: { dropped: 1, waiting: 1 }, call: { dropped: 1, waiting: 0 } })
})

t.test('who moves into a frozen partition stays till the next tick, wakes it, and is woken by nobody', async t => {
  for (const workers of [0, 2]) {
    await using sim = await create(workers)
    sim.world.freeze('b')
    await sim.run({ ticks: 1 })
    await sim.command('go', { id: A[3], to: 'b' })
    await sim.run({ ticks: 1 })
    t.strictSame(frozenOf(sim), ['b'])
    t.match(who(sim, A[3]), { age: 2, at: 'a' }, 'it is where it was')
    t.equal(sim.counters.populations.person.moved, 0)
    const whole = await sim.hash()
    await sim.run({ ticks: 1 })
    t.strictSame(frozenOf(sim), [])
    t.match(who(sim, A[3]), { age: 3, at: 'b', missed: 0 })
    t.match(who(sim, B[0]), { age: 1, at: 'b', missed: 2 })
    t.equal(sim.counters.populations.person.moved, 1)
    t.strictSame(
      [...sim.world.population(person).rows()].map(p => p.id),
      [...A.slice(0, 3), ...B, A[3]],
      'behind those who slept there',
    )
    t.ok(whole !== '')
  }
})

t.test('a journey to a frozen partition ends with a death, and with another journey', async t => {
  await using sim = await create()
  sim.world.freeze('b')
  await sim.run({ ticks: 1 })
  await sim.command('go', { id: A[0], to: 'b', next: 'c' })
  await sim.command('go', { id: A[1], to: 'b', next: '' })
  await sim.run({ ticks: 2 })
  t.match(who(sim, A[0]), { at: 'c' }, 'the later one counts')
  t.equal(who(sim, A[1]), undefined)
  t.equal(sim.counters.populations.person.died, 1)
  t.strictSame(frozenOf(sim), [], 'the partition was woken all the same')
})

t.test('what of a frozen partition is changed is refused, and what is looked at is not there', async t => {
  await using sim = await create()
  sim.world.freeze('a')
  await sim.run({ ticks: 1 })
  const people = sim.world.population(person)
  const refused = (what: string, code: PopulaceError['code'], act: (world: World) => void) =>
    t.throws(() => act(sim.world), { code }, what)
  refused('set', 'PARTITION_FROZEN', () => people.set(A[0], { age: 1 }))
  refused('despawn', 'PARTITION_FROZEN', () => people.despawn(A[0]))
  refused('spawn', 'PARTITION_FROZEN', () => people.spawn({}, 'a'))
  refused('spawnMany', 'PARTITION_FROZEN', () => people.spawnMany(2, { partition: 'a' }))
  refused('update', 'PARTITION_FROZEN', () => people.update(() => {}, 'a'))
  for (const what of ['freeze', 'thaw', 'pin', 'unload'] as const) {
    refused(what, 'PARTITION_UNKNOWN', world => world[what]('nowhere'))
    refused(what, 'PARTITION_UNKNOWN', world => world[what](7 as never))
    await t.rejects(
      sim.read(world => world[what]('a')),
      { code: 'WORLD_READ_ONLY' },
    )
  }
  refused('unload of what is active', 'PARTITION_ACTIVE', world => world.unload('b'))
  refused('freeze of what is permanent', 'PARTITION_PINNED', world => world.freeze('stones'))
  t.throws(() => sim.world.freeze('stones'), { message: /permanent population 'stone' lives there/ })
  sim.world.pin('a')
  refused('unload of what is pinned', 'PARTITION_PINNED', world => world.unload('a'))
  t.equal(people.get(A[0]), undefined)
  t.equal(people.column('age').length, 4)
  people.update(({ age }) => age.fill(40))
  t.equal(people.size, 8)
  sim.world.thaw('a')
  await sim.run({ ticks: 1 })
  t.match(who(sim, A[0]), { age: 1 })
  t.match(who(sim, B[0]), { age: 41 })
  t.equal(sim.world.population(stone).size, 1)
})

t.test('what a wake puts out is refused', async t => {
  for (const workers of [0, 2])
    for (const [what, code] of [
      ['send', 'OUTPUT_ROW'],
      ['effect', 'EFFECT_INVALID'],
      ['move', 'OUTPUT_ROW'],
      ['despawn', 'OUTPUT_ROW'],
    ] as const) {
      await using sim = await create(workers)
      await sim.command('misbehave', what)
      await sim.run({ ticks: 1 })
      sim.world.freeze('a')
      await sim.run({ ticks: 1 })
      sim.world.thaw('a')
      await t.rejects(sim.run({ ticks: 1 }), { code, message: /wake/ }, what)
    }
})

t.test('active partitions that exceed the budget are an error that says what to do', async t => {
  await using frames = await create(0, { limits: { residentFrames: 2 } })
  frames.world.freeze('c')
  await t.rejects(frames.run({ ticks: 1 }), {
    code: 'MEMORY_BUDGET',
    message: /Active partitions take 3 frames, and limits.residentFrames is 2. Freeze partitions/,
  })
  await using bytes = await create(0, { limits: { maxMemoryMb: 0.001 } })
  bytes.world.freeze('c')
  await t.rejects(bytes.run({ ticks: 1 }), { code: 'MEMORY_BUDGET', message: /limits.maxMemoryMb is 0.001/ })
  for (const limits of [{ residentFrames: 0 }, { residentFrames: 1.5 }, { maxMemoryMb: -1 }])
    await t.rejects(create(0, { limits }), { code: 'OPTION_INVALID' })
})
