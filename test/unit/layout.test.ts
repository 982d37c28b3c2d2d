import { test } from 'tap'
import { reserveArena } from '../../lib/memory/arena.js'
import { bytesOf } from '../../lib/memory/arrays.js'
import { autoBlock } from '../../lib/memory/auto-block.js'
import { bool, doc, f32, f64, i32, u8 } from '../../lib/memory/columns.js'
import { DOCUMENT_PAGE, HEAP_CURSOR, HEAP_META } from '../../lib/memory/document-heap.js'
import { HEADER, META, type PopulationLayout, type WorldLayout } from '../../lib/memory/layout.js'
import { layOut } from '../../lib/memory/place.js'
import { type AnyPopulation, defineLattice, definePopulation } from '../../lib/memory/population.js'
import { needsOf } from '../fixtures/bare-world.js'
import { refused } from '../fixtures/refused.js'

const agent = definePopulation('agent', {
  capacity: 10_000,
  block: 64,
  columns: { alive: bool(), x: f32({ size: 3 }), n: i32({ effect: 'add' }), y: f64(), note: doc() },
})
const ground = defineLattice('ground', { width: 33, height: 7, columns: { grass: u8() } })
const MEASURES = [
  { population: 0, slots: 4, values: 1 },
  { population: 1, slots: 10, values: 10 },
]
const PARTITIONS = 65_536

type Range = readonly [name: string, offset: number, bytes: number]

function rangesOf(p: PopulationLayout, threads: number): Range[] {
  const words = [
    'framePartition',
    'frameRows',
    'frameOrdinal',
    'frameNext',
    'framePrevious',
    'freeFrames',
    'blockList',
  ] as const
  const slots = p.capacity + 1
  const ranges: Range[] = [
    ['meta', p.meta, META.words * 4],
    ...words.map(name => [name, p[name], p.frames * 4] as const),
    ['partitionHead', p.partitionHead, PARTITIONS * 4],
    ['partitionTail', p.partitionTail, PARTITIONS * 4],
    ['partitionRows', p.partitionRows, PARTITIONS * 4],
    ['slotRow', p.slotRow, slots * 4],
    ['slotGeneration', p.slotGeneration, slots * 4],
    ['freeSlots', p.freeSlots, Math.ceil(slots / 32) * 4],
    ['id', p.id, p.rows * 8],
    ['partition', p.partition, p.rows * 4],
  ]
  for (const c of p.columns) {
    const bytes = p.rows * c.data.size * bytesOf(c.data.kind)
    ranges.push([c.name, c.offset, bytes])
    if (c.copy > 0) ranges.push([`${c.name} copy`, c.copy, bytes])
    for (let w = 0; c.effect && w < threads; w++) {
      ranges.push([`${c.name} sums ${w}`, c.effect.offset + w * c.effect.stride, p.rows * 8])
      ranges.push([`${c.name} flags ${w}`, c.effect.flags + w * p.frames, p.frames])
    }
  }
  for (const [engine, { last, elapsed, level }] of p.turns) {
    ranges.push([`${engine} last`, last, p.rows * 4], [`${engine} elapsed`, elapsed, p.rows * 4])
    ranges.push([`${engine} level`, level, 4])
  }
  if (p.documents) {
    const { meta, cursors, states, bytes, writers, pages, limit } = p.documents
    ranges.push(['heap meta', meta, HEAP_META.words * 8], ['heap cursors', cursors, writers * HEAP_CURSOR.words * 8])
    ranges.push(['heap states', states, pages * 4], ['heap bytes', bytes, pages * DOCUMENT_PAGE])
    if (writers !== threads + 1) throw new Error('each thread writes, and so does the main one')
    if (pages * DOCUMENT_PAGE < 3 * limit) throw new Error('what is kept, written and copied lies side by side')
  }
  return ranges.map(([name, offset, bytes]) => [`${p.name}.${name}`, offset, bytes])
}

function allRanges(layout: WorldLayout, measures: typeof MEASURES): Range[] {
  const values = measures.reduce((n, m) => n + m.values, 0)
  return [
    ['header', layout.header, HEADER.words * 4],
    ['name ends', layout.partitionNameEnds, PARTITIONS * 4],
    ['names', layout.partitionNames, PARTITIONS * 64],
    ['values', layout.measureValues, values * 8],
    ['ring', layout.measureRing, (values + 1) * 8 * 1024],
    ...measures.map(
      (m, i): Range => [
        `partial ${i}`,
        layout.measurePartials[i],
        layout.populations[m.population].frames * m.slots * 8,
      ],
    ),
    ['ones', layout.ones, Math.max(...layout.populations.map(p => p.rows))],
    ...layout.populations.flatMap(p => rangesOf(p, layout.threads)),
  ]
}

const placed = (threads: number, populations: readonly AnyPopulation[] = [agent, ground]) =>
  layOut(needsOf(populations, { threads, turns: ['slow'], copies: ['x', 'grass'], effects: ['n'], measures: MEASURES }))

test('no two arrays overlap, and all lie inside', async t => {
  for (const threads of [1, 3]) {
    const layout = placed(threads)
    const ranges = allRanges(layout, MEASURES).sort((a, b) => a[1] - b[1])
    t.ok(ranges.length > 40)
    for (const [i, [name, offset, bytes]] of ranges.entries()) {
      const end = ranges[i + 1]?.[1] ?? layout.bytes
      if (offset + bytes > end) t.fail(`${name} reaches into ${ranges[i + 1]?.[0] ?? 'nowhere'}`)
    }
  }
})

test('every array begins at a multiple of 64 bytes, flags of threads aside', async t => {
  for (const [name, offset] of allRanges(placed(2), MEASURES))
    if (offset % 64 !== 0 && !/flags [1-9]/.test(name)) t.fail(`${name} begins at ${offset}`)
  t.pass('all do')
})

test('the columns of a population begin at different places of a page', async t => {
  const many = definePopulation('many', {
    capacity: 100_000,
    columns: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`c${i}`, f64()])),
  })
  const [{ columns, id }] = placed(1, [many, ground]).populations
  const places = [id, ...columns.map(c => c.offset)].map(offset => offset % 4096)
  t.equal(new Set(places).size, places.length)
  for (const a of places)
    for (const b of places) if (a !== b && Math.abs(a - b) < 256) t.fail(`${a} and ${b} are close`)
})

test('equal needs give equal layouts', async t => {
  t.strictSame(placed(2), placed(2))
})

test('a population has room for its capacity and for part-filled blocks', async t => {
  const [p, g] = placed(1).populations
  t.ok(p.rows >= p.capacity + p.block)
  t.strictSame([p.rows, 1 << p.shift], [p.frames * p.block, p.block])
  t.strictSame([g.capacity, g.lattice, g.permanent], [231, true, true])
  t.equal(g.frames, Math.ceil(231 / g.block), 'a permanent one has no spare')
})

test('a block is a power of two that gives about 256 blocks', async t => {
  for (const capacity of [1, 100, 1000, 16_384, 16_385, 100_000, 1_000_000, 2 ** 30]) {
    const block = autoBlock(capacity)
    t.ok(block >= 64 && block <= 4096 && Number.isInteger(Math.log2(block)), `${block} for ${capacity}`)
    if (block > 64 && block < 4096) t.ok(capacity / block <= 256 && capacity / block > 128, `${capacity}`)
  }
})

test('a world beyond 4 GiB is refused, naming the largest population', async t => {
  const huge = definePopulation('huge', { capacity: 2 ** 28, columns: { a: f64(), b: f64() } })
  refused(t, 'ARENA_TOO_LARGE', /GiB.*'huge'/, () => placed(1, [agent, huge]))
  const wide = definePopulation('wide', { capacity: 2 ** 24, columns: { n: i32({ effect: 'add' }) } })
  t.ok(placed(2, [wide, ground]).bytes < 2 ** 32)
  refused(t, 'ARENA_TOO_LARGE', /fewer workers/, () => placed(64, [wide, ground]))
})

test('a capacity that is none is refused', async t => {
  for (const capacity of [0.5, 0, -1, Number.NaN, 2 ** 31]) {
    const needs = needsOf([agent])
    refused(t, 'SCENARIO_INVALID', /The capacity of population 'agent'/, () =>
      layOut({ ...needs, populations: [{ ...needs.populations[0], capacity }] }),
    )
  }
})

test('an arena is shared zeros, and one that cannot be had says so', async t => {
  const arena = reserveArena(100_000)
  t.type(arena, SharedArrayBuffer)
  t.equal(arena.byteLength, 131_072)
  t.ok(new Uint8Array(arena).every(b => b === 0))
  refused(t, 'ARENA_TOO_LARGE', /cannot reserve 8192 MiB/, () => reserveArena(2 ** 33))
})
