import { test } from 'tap'
import { MAX_PARTITIONS } from '../../lib/core/limits.js'
import { u32 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { WorldMemory } from '../../lib/memory/world.js'
import { BareWorld } from '../fixtures/bare-world.js'
import { refused } from '../fixtures/refused.js'

const agent = definePopulation('agent', { capacity: 1000, block: 16, columns: { n: u32() } })

/** Blocks as [partition, ordinal, rows], in order. */
function blocksOf(bare: BareWorld): [number, number, number][] {
  bare.memory.refresh()
  const { frames } = bare.memory.population('agent')
  return Array.from({ length: frames.blocks }, (_, i) => {
    const frame = frames.blockList[i]
    return [frames.partitionOf[frame], frames.ordinal[frame], frames.rows[frame]]
  })
}

test("partitions are numbered in the order of creation, '0' first", async t => {
  const { memory } = new BareWorld([agent])
  t.equal(memory.partitions.find('0'), 0)
  t.equal(memory.partitions.number('north'), 1)
  t.equal(memory.partitions.number('süd'), 2)
  t.equal(memory.partitions.number('north'), 1)
  t.equal(memory.partitions.find('west'), undefined)
  t.strictSame(memory.partitions.names(), ['0', 'north', 'süd'])
})

test('another thread learns the names from memory', async t => {
  const { memory, buffer } = new BareWorld([agent])
  const other = new WorldMemory(buffer, memory.layout)
  memory.partitions.number('north')
  t.strictSame(other.partitions.names(), ['0', 'north'])
  t.equal(other.partitions.number('süd'), 2)
  t.equal(memory.partitions.find('süd'), 2)
})

test('names that were undone are forgotten, and their numbers are free', async t => {
  const { memory } = new BareWorld([agent])
  const undo = memory.begin()
  memory.partitions.number('north')
  undo.restore()
  memory.commit()
  t.equal(memory.partitions.number('south'), 1)
  t.equal(memory.partitions.find('north'), undefined)
  t.strictSame(memory.partitions.names(), ['0', 'south'])
})

test('a name that is none is refused', async t => {
  const { memory } = new BareWorld([agent])
  for (const name of ['', 'x'.repeat(129), 7, null]) {
    refused(t, 'NAME_INVALID', /A partition has the name/, () => memory.partitions.number(name as string))
  }
  t.equal(memory.partitions.count, 1)
})

test('one partition more than the table holds is refused', async t => {
  const { memory } = new BareWorld([agent])
  for (let i = 1; i < MAX_PARTITIONS; i++) memory.partitions.number(`p${i}`)
  t.equal(memory.partitions.count, MAX_PARTITIONS)
  refused(t, 'CAPACITY_EXCEEDED', /'more' is one too many/, () => memory.partitions.number('more'))
  t.equal(memory.partitions.number('p65535'), MAX_PARTITIONS - 1)
})

test('blocks come in (partition, block) order, all full but the last of a partition', async t => {
  const bare = new BareWorld([agent])
  const table = bare.view().population(agent)
  table.spawnMany(20, { partition: 'b' })
  table.spawnMany(40, { partition: 'a' })
  table.spawnMany(20, { partition: 'b' })
  table.spawn()
  t.strictSame(blocksOf(bare), [
    [0, 0, 1],
    [1, 0, 16],
    [1, 1, 16],
    [1, 2, 8],
    [2, 0, 16],
    [2, 1, 16],
    [2, 2, 8],
  ])
  t.strictSame([...bare.memory.population('agent').frames.partitionRows.slice(0, 3)], [1, 40, 40])
})

test('a removal moves the last row of the partition into the hole', async t => {
  const bare = new BareWorld([agent])
  const table = bare.view().population(agent)
  const fill = (columns: { n: Uint32Array }) => columns.n.set(columns.n.map((_, i) => i))
  table.spawnMany(20, { partition: 'a', fill })
  table.spawnMany(5, { partition: 'b', fill })
  table.despawn(3)
  t.strictSame(
    [...table.rows()].map(r => r.id),
    [1, 2, 20, ...Array.from({ length: 16 }, (_, i) => i + 4), 21, 22, 23, 24, 25],
  )
  t.equal(table.get(20)?.n, 19, 'with its values')
  t.strictSame(blocksOf(bare), [
    [1, 0, 16],
    [1, 1, 3],
    [2, 0, 5],
  ])
})

test('a block that becomes empty goes away, and its frame is used again', async t => {
  const bare = new BareWorld([agent])
  const table = bare.view().population(agent)
  const { frames } = bare.memory.population('agent')
  const ids = table.spawnMany(33, { partition: 'a' })
  table.despawn(ids[0])
  t.strictSame(
    blocksOf(bare).map(([, , rows]) => rows),
    [16, 16],
  )
  table.spawn({}, 'b')
  t.strictSame(
    blocksOf(bare).map(([partition]) => partition),
    [1, 1, 2],
  )
  t.strictSame(new Set(frames.blockList.slice(0, 3)), new Set([0, 1, 2]), 'no fourth frame was taken')
})

test('a partition that becomes empty keeps its number', async t => {
  const bare = new BareWorld([agent])
  const world = bare.view()
  const table = world.population(agent)
  const id = table.spawn({}, 'a')
  table.despawn(id)
  t.strictSame(blocksOf(bare), [])
  t.equal(world.partition('a'), 1)
  table.spawn({}, 'a')
  t.strictSame(blocksOf(bare), [[1, 0, 1]])
})

test('where all there is room for live, each can still go to a partition of its own', async t => {
  for (const capacity of [1, 2, 5]) {
    const wanderer = definePopulation('wanderer', { capacity, block: 16, columns: { n: u32() } })
    const { memory, view } = (bare => ({ memory: bare.memory, view: bare.view() }))(new BareWorld([wanderer]))
    const population = memory.population('wanderer')
    const ids = Array.from({ length: capacity }, (_, i) => view.population(wanderer).spawn({ n: i }, `at ${i}`))
    for (const [i, id] of ids.entries()) {
      const to = view.partition(`to ${i}`)
      t.ok(population.frames.roomIn(to) > 0, `agent ${i} of ${capacity}`)
      population.move(population.rowOf(id), to)
    }
    t.strictSame(
      [...view.population(wanderer).rows()].map(({ id, n }) => [id, n]),
      ids.map((id, i) => [id, i]),
    )
  }
})
