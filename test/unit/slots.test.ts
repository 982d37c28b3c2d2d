import { test } from 'tap'
import { generationOf, idOf, NONE, slotOf } from '../../lib/core/ids.js'
import { MAX_GENERATIONS } from '../../lib/core/limits.js'
import { u8 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { BareWorld } from '../fixtures/bare-world.js'
import { refused } from '../fixtures/refused.js'

const agent = definePopulation('agent', { capacity: 100, columns: { age: u8() } })

function full(count = 100) {
  const bare = new BareWorld([agent])
  const table = bare.view().population(agent)
  const ids = [...table.spawnMany(count)]
  return { bare, table, ids, slots: bare.memory.population('agent').slots }
}

test('an id is generation * 2^32 + slot, a safe integer to the last', async t => {
  t.equal(NONE, 0)
  t.equal(idOf(1, 0), 1)
  t.equal(idOf(3, 2), 2 * 2 ** 32 + 3)
  const last = idOf(2 ** 32 - 1, MAX_GENERATIONS - 1)
  t.equal(last, Number.MAX_SAFE_INTEGER)
  for (const [slot, generation] of [
    [1, 0],
    [2 ** 31, 7],
    [2 ** 32 - 1, MAX_GENERATIONS - 1],
  ]) {
    const id = idOf(slot, generation)
    t.strictSame([slotOf(id), generationOf(id)], [slot, generation])
  }
})

test('ids read 1, 2, 3', async t => {
  t.strictSame(full(5).ids, [1, 2, 3, 4, 5])
})

test('freed slots are used again lowest first, in the next generation', async t => {
  const { table } = full()
  for (const id of [64, 33, 97, 32, 31, 1]) table.despawn(id)
  const next = Array.from({ length: 6 }, () => table.spawn())
  t.strictSame(
    next,
    [1, 31, 32, 33, 64, 97].map(slot => idOf(slot, 1)),
  )
})

test('a slot freed below the lowest free one comes first', async t => {
  const { table } = full()
  table.despawn(90)
  table.despawn(70)
  t.equal(table.spawn(), idOf(70, 1))
  table.despawn(2)
  t.equal(table.spawn(), idOf(2, 1))
  t.equal(table.spawn(), idOf(90, 1))
})

test('freed slots come before fresh ones', async t => {
  const { table } = full(50)
  table.despawn(10)
  t.strictSame([...table.spawnMany(3)], [idOf(10, 1), 51, 52])
})

test('the id of a dead agent names nobody, though its slot lives on', async t => {
  const { bare, table } = full()
  table.set(7, { age: 3 })
  t.equal(table.despawn(7), true)
  t.equal(table.despawn(7), false, 'dying twice is one death')
  const heir = table.spawn({ age: 9 })
  t.equal(slotOf(heir), 7)
  t.equal(bare.memory.population('agent').rowOf(7), -1)
  t.ok(bare.memory.population('agent').rowOf(heir) >= 0)
  t.equal(table.get(7), undefined)
  t.equal(table.set(7, { age: 1 }), false)
  t.strictSame(table.get(heir), { id: heir, age: 9 })
})

test('numbers that are no ids name nobody', async t => {
  const { table } = full()
  for (const id of [NONE, -1, 0.5, 1.5, 101, 2 ** 32, 2 ** 32 + 1, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.equal(table.get(id), undefined, String(id))
    t.equal(table.despawn(id), false, String(id))
  }
  t.equal(table.size, 100)
})

test('a slot whose generations are spent is retired', async t => {
  const { table, slots } = full(3)
  table.despawn(2)
  slots.generation[2] = MAX_GENERATIONS - 1 // as if that many had lived there
  const last = table.spawn()
  t.strictSame([slotOf(last), generationOf(last)], [2, MAX_GENERATIONS - 1])
  t.ok(Number.isSafeInteger(last))
  table.despawn(last)
  t.equal(table.spawn(), 4, 'its slot is not given out again')
  t.equal(table.get(last), undefined)
})

test('a population whose free slots are all retired says so', async t => {
  const { bare, table, slots } = full()
  for (const id of [5, 6]) {
    slots.generation[id] = MAX_GENERATIONS - 1
    bare.memory.population('agent').id[bare.memory.population('agent').rowOf(id)] = idOf(id, MAX_GENERATIONS - 1)
    table.despawn(idOf(id, MAX_GENERATIONS - 1))
  }
  t.equal(table.size, 98)
  t.equal(slots.room, 0)
  refused(t, 'GENERATIONS_SPENT', /'agent'/, () => table.spawn())
})

test('one agent more than the capacity is refused, and says how many there is room for', async t => {
  const { table } = full(98)
  refused(t, 'CAPACITY_EXCEEDED', /'agent' has room for 2 more of its 100 agents, and 3/, () => table.spawnMany(3))
  t.equal(table.size, 98)
  t.strictSame([...table.spawnMany(2)], [99, 100])
  refused(t, 'CAPACITY_EXCEEDED', /room for 0 more/, () => table.spawn())
})
