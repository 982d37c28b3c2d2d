import { test } from 'tap'
import type { Values } from '../../lib/index.js'
import { doc, f64, u8 } from '../../lib/memory/columns.js'
import { DOCUMENT_PAGE } from '../../lib/memory/document-heap.js'
import { documentReader, documentWriter } from '../../lib/memory/documents.js'
import { defineGrid } from '../../lib/memory/grid.js'
import { defineLattice, definePopulation } from '../../lib/memory/population.js'
import { WorldMemory } from '../../lib/memory/world.js'
import { hashBlocks } from '../../lib/run/hasher.js'
import { count, histogram, sum } from '../../lib/run/measures.js'
import { joinHashes } from '../../lib/state/content-hash.js'
import { BareWorld } from '../fixtures/bare-world.js'
import { refused } from '../fixtures/refused.js'

type Memory = { text: string; n?: number; bytes?: Uint8Array }

const person = definePopulation('person', {
  capacity: 200,
  block: 16,
  documentBytes: 200_000,
  columns: { age: u8(), memory: doc<Memory>(), persona: doc<string>() },
})

function people() {
  const bare = new BareWorld([person])
  const population = bare.memory.population('person')
  const heap = population.documents?.heap
  if (!heap) throw new Error('there is a heap')
  const hash = () => {
    bare.memory.refresh()
    return joinHashes([hashBlocks(bare.memory, {}, 0, 1)], 0).hash
  }
  return { bare, population, heap, hash, table: bare.view().population(person) }
}

test('a row has no document until it is given one, and none again when it is taken away', async t => {
  const { table } = people()
  const id = table.spawn({ age: 3 })
  t.strictSame(table.get(id), { id, age: 3, memory: undefined, persona: undefined })
  table.set(id, { memory: { text: 'tea', n: -0.5, bytes: Uint8Array.of(1, 2) } })
  table.set(id, { persona: 'Ann' })
  t.strictSame(table.get(id)?.memory, { text: 'tea', n: -0.5, bytes: Uint8Array.of(1, 2) })
  t.equal(table.get(id)?.persona, 'Ann')
  table.set(id, { age: 4 })
  t.equal(table.get(id)?.memory?.text, 'tea', 'what is not named stays')
  table.set(id, { memory: undefined })
  t.strictSame(table.get(id), { id, age: 4, memory: undefined, persona: 'Ann' })
})

test('a document once read is a copy that nothing changes and that changes nothing', async t => {
  const { table } = people()
  const given = { text: 'as it was' }
  const id = table.spawn({ memory: given })
  given.text = 'changed'
  const got = table.get(id)?.memory as { text: string }
  got.text = 'spoilt'
  t.equal(table.get(id)?.memory?.text, 'as it was')
})

test('documents move with their rows, and the dead leave none behind', async t => {
  const { table } = people()
  const ids = table.spawnMany(40, {
    fill({ memory, persona }) {
      for (let i = 0; i < 40; i++) {
        memory.set(i, { text: `t${i}` })
        if (i % 2 === 0) persona.set(i, `p${i}`)
        if (i % 4 === 0) persona.set(i, undefined)
      }
    },
  })
  for (let i = 0; i < 30; i += 3) table.despawn(ids[i])
  const fresh = table.spawnMany(10)
  for (const [i, id] of ids.entries()) {
    if (i < 30 && i % 3 === 0) t.equal(table.get(id), undefined)
    else
      t.strictSame(table.get(id), { id, age: 0, memory: { text: `t${i}` }, persona: i % 4 === 2 ? `p${i}` : undefined })
  }
  for (const id of fresh) t.strictSame(table.get(id), { id, age: 0, memory: undefined, persona: undefined })
})

test('whole columns are filled and read in the order of rows, wherever these lie', async t => {
  const { table } = people()
  table.spawnMany(5, { partition: 'a' })
  table.spawnMany(5, { partition: 'b' })
  const ids = table.spawnMany(60, {
    partition: 'a',
    fill({ memory, persona }) {
      for (let i = 59; i >= 0; i--) memory.set(i, { text: 'x', n: i })
      for (const i of [59, 0, 30]) persona.set(i, `${i}${memory.get(i)?.n}`)
      refused(t, 'DOCUMENT_INVALID', /'person\.memory' is set at 60/, () => memory.set(60, { text: '' }))
      refused(t, 'DOCUMENT_INVALID', /is set at -1/, () => memory.set(-1, { text: '' }))
    },
  })
  t.strictSame(ids.slice(0, 3), Float64Array.of(11, 12, 13))
  for (const [i, id] of ids.entries()) t.equal(table.get(id)?.memory?.n, i)
  t.strictSame(
    [59, 0, 30].map(i => table.get(ids[i])?.persona),
    ['5959', '00', '3030'],
  )
  const column = table.column('memory')
  table.update(({ memory }, own) => {
    t.equal(memory.get(5)?.n, 0)
    for (let i = 0; i < own.length; i++) memory.set(i, { text: 'new', n: own[i] })
  }, 'a')
  t.strictSame(
    [0, 5, 64, 65, 69, 70].map(i => column.get(i)?.n),
    [undefined, 0, 59, undefined, undefined, undefined],
  )
  t.equal(table.column('memory').get(64)?.n, ids[59])
  t.equal(table.get(6)?.memory, undefined, 'the other partition is as it was')
})

test('a wrong document is refused before anything changes, naming the column', async t => {
  const { table, hash } = people()
  const id = table.spawn({ memory: { text: 'good' } })
  const before = hash()
  const give = (memory: unknown) => ({ age: 9, memory }) as unknown as Values<typeof person.columns>
  for (const work of [(v: unknown) => table.set(id, give(v)), (v: unknown) => table.spawn(give(v))]) {
    refused(t, 'DOCUMENT_INVALID', /Column 'person\.memory'.*it\.when is an instance of Date/, () =>
      work({ when: new Date(0) }),
    )
    refused(t, 'DOCUMENT_INVALID', /it is a function/, () => work(() => 1))
    refused(t, 'DOCUMENT_TOO_LARGE', /Column 'person\.memory'.*65536/, () => work('x'.repeat(70_000)))
  }
  t.equal(hash(), before)
  t.equal(table.size, 1)
})

test('documents are not compared, measured, or found by', async t => {
  const { table } = people()
  const match = { memory: { text: '' } }
  refused(t, 'VALUE_INVALID', /'person\.memory' holds documents/, () => [...table.rows(match)])
  refused(t, 'VALUE_INVALID', /'person\.memory' holds documents/, () => [...table.rows({ memory: undefined })])
  refused(t, 'MEASURE_INVALID', /'person\.memory'.*documents/, () => count(person, match))
  refused(t, 'MEASURE_INVALID', /'person\.memory'.*documents/, () => sum(person, 'memory'))
  refused(t, 'MEASURE_INVALID', /'person\.memory'.*documents/, () => histogram(person, 'memory'))
  refused(t, 'VALUE_INVALID', /holds documents/, () => person.where(match))
  refused(t, 'COLUMN_INVALID', /'person\.memory'/, () => person.by('memory'))
  const grid = { of: person, x: 'memory', y: 'age', width: 9, height: 9, cell: 1 } as const
  refused(t, 'GRID_INVALID', /'person\.memory'/, () => defineGrid('land', grid))
})

test('the hash is of what documents say, wherever their bytes lie', async t => {
  const one = people()
  const two = people()
  one.table.spawnMany(50)
  two.table.spawnMany(50)
  const fill = (table: typeof one.table, id: number) => table.set(id, { memory: { text: `of ${id}`, n: id / 7 } })
  for (let id = 1; id <= 50; id++) fill(one.table, id)
  for (let id = 50; id >= 1; id--) {
    two.table.set(id, { memory: { text: 'something else first' }, persona: 'x' })
    fill(two.table, id)
    two.table.set(id, { persona: undefined })
  }
  t.equal(two.hash(), one.hash())
  const hashes = new Set([one.hash()])
  for (const memory of [
    { text: 'of 3' },
    { text: 'of 3', n: 3 / 7, bytes: new Uint8Array(0) },
    { n: 3 / 7, text: 'of 3' },
    undefined,
  ]) {
    one.table.set(3, { memory })
    hashes.add(one.hash())
  }
  fill(one.table, 3)
  t.equal(one.hash(), two.hash())
  one.table.set(3, { memory: two.table.get(4)?.memory })
  one.table.set(4, { memory: two.table.get(3)?.memory })
  hashes.add(one.hash())
  fill(one.table, 3)
  fill(one.table, 4)
  one.table.set(3, { persona: '' })
  hashes.add(one.hash())
  t.equal(
    hashes.size,
    7,
    'what differs hashes otherwise: text, more keys, their order, none, exchanged, in another column',
  )
})

test('a hundred thousand documents take the room of the few that live', async t => {
  const { table, heap } = people()
  const ids = table.spawnMany(100)
  const most = { used: 0, pages: 0 }
  for (let i = 0; i < 100_000; i++) {
    const id = ids[i % 100]
    table.set(id, { memory: { text: 'x'.repeat((i * 7919) % 900) } })
    most.used = Math.max(most.used, heap.used)
    most.pages = Math.max(most.pages, heap.pagesTaken)
  }
  t.ok(most.used > 150_000 && most.used <= 200_000, `${most.used} bytes of at most 200,000`)
  t.ok(most.pages <= 2, `${most.pages} pages`)
  for (let i = 99_900; i < 100_000; i++) t.equal(table.get(ids[i % 100])?.memory?.text.length, (i * 7919) % 900)
})

test('a population holds as many bytes as it says, and refuses the next document whole', async t => {
  const { table, hash, heap } = people()
  const ids = table.spawnMany(100)
  const memory = { text: 'x'.repeat(9991) } // 10,000 bytes
  for (let i = 0; i < 20; i++) table.set(ids[i], { memory })
  t.equal(heap.used, 200_000)
  const before = hash()
  refused(t, 'DOCUMENTS_FULL', /'person' exceed the 200000 bytes.*documentBytes/, () =>
    table.set(ids[20], { age: 1, persona: '' }),
  )
  refused(t, 'DOCUMENTS_FULL', /'person'/, () => table.spawn({ persona: 'one more' }))
  refused(t, 'DOCUMENTS_FULL', /'person'/, () => table.set(ids[0], { memory: { text: 'x'.repeat(9992) } }))
  t.equal(hash(), before)
  t.equal(table.size, 100)
  for (let i = 0; i < 50; i++) table.set(ids[i % 20], { memory })
  t.equal(hash(), before, 'one takes the place of another of its length')
  table.despawn(ids[3])
  table.set(ids[4], { memory: undefined })
  table.set(ids[20], { memory })
  table.set(ids[21], { memory: { text: 'x'.repeat(9980) }, persona: 'x'.repeat(8) })
  t.equal(table.get(ids[21])?.persona, 'xxxxxxxx')
})

test('a command that is refused leaves the documents as they were, and takes no room', async t => {
  const { bare, table, hash, heap } = people()
  const ids = table.spawnMany(20, {
    fill: ({ memory }) => [...Array(20).keys()].forEach(i => void memory.set(i, { text: `${i}` })),
  })
  const before = { hash: hash(), bytes: bare.bytes(), used: heap.used }
  for (let round = 0; round < 40; round++) {
    const undo = bare.memory.begin()
    for (let i = 0; i < 19; i++) table.set(ids[i], { memory: { text: 'y'.repeat(9000) }, persona: undefined })
    table.despawn(ids[3])
    table.despawn(ids[7])
    table.spawn({ memory: { text: 'newcomer' } })
    table.update(({ persona }) => persona.set(2, 'third'))
    t.equal(table.get(ids[0])?.memory?.text.length, 9000)
    undo.restore()
    bare.memory.commit()
    if (hash() !== before.hash) t.fail(`round ${round} left something behind`)
  }
  t.strictSame(
    Array.from(ids, id => table.get(id)?.memory?.text),
    Array.from(ids, (_, i) => `${i}`),
  )
  t.equal(heap.used, before.used)
  table.set(ids[5], { memory: { text: 'after' } })
  t.equal(table.get(ids[5])?.memory?.text, 'after')
})

test('a command may fill what the population holds, but not beyond it nor by rewriting without end', async t => {
  const { bare, table } = people()
  const ids = table.spawnMany(40)
  const memory = { text: 'x'.repeat(9991) }
  for (let i = 0; i < 15; i++) table.set(ids[i], { memory })
  const undo = bare.memory.begin()
  for (let i = 0; i < 20; i++) table.set(ids[i], { memory }) // 350,000 bytes since the last collection, 200,000 of them live
  refused(t, 'DOCUMENTS_FULL', /'person'/, () => table.set(ids[20], { persona: '' }))
  refused(t, 'DOCUMENTS_FULL', /'person'/, () => table.set(ids[0], { memory }))
  undo.restore()
  bare.memory.commit()
  bare.memory.begin()
  for (let i = 0; i < 19; i++) table.set(ids[i], { memory: { text: 'z'.repeat(9991) } })
  bare.memory.commit()
  for (let i = 0; i < 19; i++) t.match(table.get(ids[i])?.memory?.text, /^z+$/)
})

test('what a kernel is given reads and writes the rows where agents live', async t => {
  const { table, population } = people()
  table.spawnMany(3)
  const words = population.columns.get('memory')?.array as Uint32Array
  const rows = population.documents?.rows('memory', words)
  if (!rows) throw new Error('there are documents')
  const writer = documentWriter(rows)
  const reader = documentReader(rows)
  writer.set(1, { text: 'one' })
  t.strictSame([reader.get(1), writer.get(1), table.get(2)?.memory], Array(3).fill({ text: 'one' }))
  for (const row of [-1, 0, 3, 5000, 0.5, Number.NaN]) t.equal(reader.get(row), undefined)
  for (const row of [-1, 3, 5000, 0.5, Number.NaN])
    refused(t, 'DOCUMENT_INVALID', /'person\.memory' is set for row .*nobody lives/, () =>
      writer.set(row, { text: '' }),
    )
  refused(t, 'DOCUMENT_INVALID', /Column 'person\.memory' of agent 2 .*it\.f is a function/, () =>
    writer.set(1, { f() {} }),
  )
  refused(t, 'DOCUMENT_TOO_LARGE', /Column 'person\.memory' of agent 3 /, () => writer.set(2, 'x'.repeat(70_000)))
  const given = reader as unknown as typeof writer
  refused(t, 'WORLD_READ_ONLY', /'person\.memory' was set where it may only be read.*writes/, () =>
    given.set(1, { text: '' }),
  )
  t.strictSame(reader.get(1), { text: 'one' })
  table.despawn(2)
  t.equal(reader.get(2), undefined, 'the last row took its place, and nobody lives where that was')
})

test('an older version lasts until it is collected, so that others still sense it', async t => {
  const { table, population, heap } = people()
  table.spawnMany(2, { fill: ({ memory }) => [0, 1].forEach(i => void memory.set(i, { text: `old ${i}` })) })
  const words = population.columns.get('memory')?.array as Uint32Array
  const documents = population.documents
  if (!documents) throw new Error('there are documents')
  const was = documentReader(documents.rows('memory', words.slice()))
  const writer = documentWriter(documents.rows('memory', words))
  for (let i = 0; i < 19; i++) writer.set(0, { text: 'n'.repeat(9000) })
  t.strictSame([was.get(0), was.get(1)], [{ text: 'old 0' }, { text: 'old 1' }])
  t.strictSame(writer.get(1), { text: 'old 1' })
  t.notOk(heap.settle())
  writer.set(0, { text: 'n'.repeat(50_000) })
  t.ok(heap.settle(), 'more than the limit was written since the last collection')
  t.ok(heap.collecting)
  documents.collectRows(0, 2)
  documents.finish()
  t.notOk(heap.collecting)
  t.equal(heap.pagesTaken, 1)
  t.strictSame([writer.get(0), writer.get(1)], [{ text: 'n'.repeat(50_000) }, { text: 'old 1' }])
})

test('threads write to pages of their own, and what they write counts together', async t => {
  const bare = new BareWorld([person], { threads: 3 })
  bare.view().population(person).spawnMany(30)
  const threads = [0, 1, 2].map(thread => {
    const { documents, columns } = new WorldMemory(bare.buffer, bare.memory.layout, [], thread).population('person')
    if (!documents) throw new Error('there are documents')
    const words = columns.get('memory')?.array as Uint32Array
    return { heap: documents.heap, writer: documentWriter(documents.rows('memory', words)), words }
  })
  for (let row = 0; row < 30; row++) threads[row % 3].writer.set(row, { text: `${row}`.repeat(2000) })
  const [{ heap, words }] = threads
  const pages = (row: number) => Math.floor(words[row * 2] / DOCUMENT_PAGE)
  t.equal(new Set([0, 1, 2].map(pages)).size, 3)
  for (let row = 0; row < 30; row++)
    t.strictSame(threads[(row + 1) % 3].writer.get(row), { text: `${row}`.repeat(2000) })
  t.notOk(heap.settle())
  t.equal(heap.used, 10 * 2009 + 20 * 4009)
  for (let i = 0; i < 18; i++) threads[i % 3].writer.set(i, { text: 'x'.repeat(12_000) })
  refused(t, 'DOCUMENTS_FULL', /'person'/, () => heap.settle())
})

test('the room of documents is a number of bytes, or a function of the parameters', async t => {
  const define = (documentBytes: unknown) => () =>
    definePopulation('p', { capacity: 1, documentBytes: documentBytes as number, columns: { d: doc() } })
  for (const wrong of [0, -1, 1.5, Number.NaN, '9'])
    refused(t, 'SCENARIO_INVALID', /documentBytes of population 'p'/, define(wrong))
  const pages = (capacity: number, documentBytes?: number) => {
    const p = definePopulation('p', { capacity, columns: { d: doc() }, ...(documentBytes ? { documentBytes } : {}) })
    return new BareWorld([p]).memory.population('p').layout.documents?.limit
  }
  t.strictSame([pages(10), pages(5000), pages(10_000_000), pages(10, 77)], [2 ** 20, 5000 * 1024, 2 ** 28, 77])
  const ground = defineLattice('g', { width: 3, height: 3, documentBytes: 5000, columns: { d: doc<number>() } })
  const cells = new BareWorld([ground]).view().population(ground)
  cells.update(({ d }) => d.set(8, 42))
  t.equal(cells.get(9)?.d, 42)
  const bare = new BareWorld([definePopulation('p', { capacity: 9, columns: { x: f64() } })])
  t.equal(bare.memory.population('p').documents, undefined, 'a population without documents has no heap')
})
