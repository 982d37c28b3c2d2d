// Where frozen partitions are: what leaves memory first, what comes back, and what is told when a store fails.
import { readdirSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { type MemoryBudget, Residence } from '../../lib/run/residence.js'
import { ApartRows } from '../../lib/state/apart-rows.js'
import type { FrozenRows } from '../../lib/state/frozen-rows.js'
import { placeSections, sectionArray } from '../../lib/state/image.js'
import { PartitionShelf } from '../../lib/state/partition-shelf.js'
import { FolderPartitionStore, MemoryPartitionStore, type PartitionStore } from '../../lib/state/partition-store.js'
import { SpareMemory } from '../../lib/state/spare-memory.js'

const kept = (partition: number, since: number, rows = rowsOf(partition)) => new ApartRows(partition, since, { rows })

/** A partition of a few numbers. */
function rowsOf(n: number): FrozenRows {
  const { sections, bytes } = placeSections([{ path: ['frozen', 'p', 'column', 'x'], kind: 'f64', count: 4 }])
  const buffer = new SharedArrayBuffer(bytes)
  sectionArray(buffer, sections[0]).fill(n)
  return { sections, buffer }
}
const numberIn = ({ sections, buffer }: FrozenRows) => sectionArray(buffer, sections[0])[3]

function residence(budget: Partial<MemoryBudget>, store: PartitionStore = new MemoryPartitionStore()) {
  const left: number[] = []
  const made = new Residence({
    shelf: new PartitionShelf(store),
    budget: { frames: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY, ...budget },
    leaves: partition => void left.push(partition),
    name: partition => `place ${partition}`,
  })
  return { residence: made, left }
}
const size = { frames: 2, bytes: 100 }
const nothing = { frames: 0, bytes: 0 }
const never = () => false

test('what was awake longest ago leaves first, but not what is pinned', async t => {
  const { residence: residents, left } = residence({ frames: 8 }) // a quarter is for what comes and goes
  for (const [partition, since] of [
    [1, 9],
    [2, 3],
    [3, 5],
    [4, 3],
    [5, 7],
  ])
    residents.keep(kept(partition, since), size)
  residents.enforce(nothing, p => p === 2)
  t.strictSame(left, [4, 3])
  await residents.settle(nothing)
  t.strictSame(residents.resident, { frames: 6, bytes: 300 })
  t.strictSame(
    [1, 2, 3, 4, 5].filter(p => !residents.isResident(p)),
    [3, 4],
  )
  residents.enforce({ frames: 4, bytes: 0 }, never)
  t.strictSame(left, [4, 3, 2, 5], 'active partitions leave less room')
  for (const partition of [1, 2, 3, 4, 5]) {
    const rows = await residents.take(partition)
    t.equal(rows && numberIn(rows), partition)
  }
  t.equal(await residents.take(1), undefined)
  await residents.close()
})

test('bytes count as frames do, and active partitions alone are held against both', async t => {
  const { residence: residents, left } = residence({ bytes: 300 })
  for (const partition of [1, 2, 3]) residents.keep(kept(partition, partition), size)
  residents.enforce(nothing, never)
  t.strictSame(left, [1])
  t.throws(() => residents.check({ frames: 0, bytes: 301 }), { code: 'MEMORY_BUDGET' })
  await residents.close()
})

test('a partition that thaws while it is stored is given as it lies in memory', async t => {
  let store = () => {}
  const stored: string[] = []
  const deleted: string[] = []
  const slow: PartitionStore = {
    put: all => new Promise(resolve => (store = () => resolve(void stored.push(...all.keys())))),
    get: async () => new Uint8Array(0),
    delete: async keys => void deleted.push(...keys),
    close: async () => {},
  }
  const { residence: residents } = residence({}, slow)
  const rows = rowsOf(7)
  residents.keep(kept(1, 4, rows), size)
  residents.unload(1)
  for (let n = 0; n < 20; n++) await turn() // it is coded by now, and waits for the store
  t.equal(await residents.take(1), rows)
  residents.memory.give(rows.buffer)
  t.not(residents.memory.take(rows.buffer.byteLength), rows.buffer, 'memory that is still read is not used again')
  store()
  for (let n = 0; n < 5; n++) await turn()
  t.match(stored, [/^frozen\/1\/4\/[0-9a-f]{32}$/])
  t.strictSame(deleted, stored, 'what was stored in vain is taken away')
  await residents.close()
})

test('a store that fails is told once, with what it means', async t => {
  const failing: PartitionStore = {
    put: async () => {
      throw new Error('no space left')
    },
    get: async () => {
      throw new Error('gone')
    },
    delete: async () => {},
    close: async () => {},
  }
  const { residence: residents } = residence({}, failing)
  residents.keep(kept(3, 1), size)
  residents.unload(3)
  for (let n = 0; n < 20; n++) await turn()
  t.throws(() => residents.check(nothing), {
    code: 'MEMORY_BUDGET',
    message: /Partition 'place 3' could not leave memory: no space left/,
  })
  t.ok(residents.isResident(3), 'it stays where it was')

  const losing: PartitionStore = { ...failing, put: async () => {} }
  const { residence: lost } = residence({}, losing)
  lost.keep(kept(3, 1), size)
  lost.unload(3)
  for (let n = 0; n < 20; n++) await turn()
  lost.fetch(3)
  await t.rejects(lost.take(3), { code: 'MEMORY_BUDGET', message: /'place 3' could not come back to memory: gone/ })
})

test('stores give back what they were given, and take nothing for granted', async t => {
  const root = t.testdir()
  for (const store of [new MemoryPartitionStore(), new FolderPartitionStore({ root })]) {
    await store.put(new Map([['frozen/1/2', Uint8Array.of(1, 2, 3)]]))
    await store.put(
      new Map([
        ['frozen/1/2', Uint8Array.of(4, 5)],
        ['frozen/12', Uint8Array.of(6)],
      ]),
    )
    t.strictSame([...(await store.get('frozen/1/2'))], [4, 5])
    await store.delete(['frozen/1/2', 'frozen/unknown'])
    await t.rejects(store.get('frozen/1/2'))
    t.strictSame([...(await store.get('frozen/12'))], [6])
    await store.close()
    await t.rejects(store.get('frozen/12'))
    await store.close()
  }
  t.strictSame(readdirSync(root), [], 'the folder is gone')
})

test('memory is used again when it is large enough and not too large', async t => {
  const spare = new SpareMemory()
  const one = spare.take(100)
  spare.give(one)
  t.not(spare.take(101), one)
  t.not(spare.take(40), one)
  t.equal(spare.take(60), one)
  t.not(spare.take(60), one, 'once')
  spare.share(one)
  spare.give(one)
  t.not(spare.take(100), one)
  spare.give(new ArrayBuffer(100))
  for (let n = 0; n < 20; n++) spare.give(new SharedArrayBuffer(1000))
  t.equal(spare.take(1000).byteLength, 1000)
})
