import { test } from 'tap'
import { addSums, bitsOf, combine, hashRows, sumText } from '../../lib/kernels/hash.js'
import { f32, f64, fixed, i8, ref, u8, u32 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import { hashBlocks } from '../../lib/run/hasher.js'
import { joinHashes } from '../../lib/state/content-hash.js'
import { BareWorld } from '../fixtures/bare-world.js'
import { refused } from '../fixtures/refused.js'

const agent = definePopulation('agent', {
  capacity: 300,
  block: 16,
  columns: {
    x: f32(),
    y: f64(),
    age: u8(),
    pair: i8({ size: 2 }),
    money: fixed({ unit: 0.5 }),
    friend: ref('self'),
    seen: u32({ reset: 'tick' }),
  },
})
const beast = definePopulation('beast', { capacity: 50, columns: { age: u8(), rage: f64() } })

const hashOf = (bare: BareWorld, part = {}, tick = 5) => {
  bare.memory.refresh()
  return joinHashes([hashBlocks(bare.memory, part, 0, 1)], tick)
}

/** The same 200 agents and 30 beasts, whatever the order in which partitions fill and where frames lie. */
function inhabited(o: { reversed?: boolean; chunk?: number; block?: number } = {}) {
  const declared = definePopulation('agent', { capacity: 300, block: o.block ?? 16, columns: agent.columns })
  const bare = new BareWorld([declared, beast])
  const { frames, layout } = bare.memory.population('agent')
  if (o.reversed) frames.placement = Int32Array.from({ length: layout.frames }, (_, i) => layout.frames - 1 - i)
  const agents = bare.view().population(declared)
  const order = Array.from({ length: 200 }, (_, i) => i + 1)
  // Ids go by slots, so all are made first, in one partition, and the histories differ in who is made again elsewhere.
  for (let at = 0; at < 200; at += o.chunk ?? 200) agents.spawnMany(Math.min(o.chunk ?? 200, 200 - at))
  for (const id of o.reversed ? [...order].reverse() : order) {
    const values = { x: id / 7, y: Math.sqrt(id), age: id, pair: [id % 100, -(id % 50)], money: id / 2, friend: id }
    agents.set(id, values as { age: number })
  }
  bare
    .view()
    .population(beast)
    .spawnMany(30, { fill: c => c.rage.fill(0.1) })
  return { bare, agents }
}

/** Moves the agents of a block to other rows: the content of the same state, permuted. */
function swapRows(bare: BareWorld, a: number, b: number): void {
  const population = bare.memory.population('agent')
  const { id, slots } = population
  for (const { array, size } of population.columns.values()) {
    for (let k = 0; k < size; k++) {
      const kept = array[a * size + k]
      array[a * size + k] = array[b * size + k]
      array[b * size + k] = kept
    }
  }
  const kept = id[a]
  id[a] = id[b]
  id[b] = kept
  slots.row[id[a]] = a + 1
  slots.row[id[b]] = b + 1
}

test('permuting the rows of a fixed state gives the same hash', async t => {
  const { bare, agents } = inhabited()
  const before = hashOf(bare)
  const rows = [...agents.rows()].sort((a, b) => a.id - b.id)
  for (let row = 0; row < 199; row++) swapRows(bare, row, row + ((row * 7919 + 13) % (200 - row)))
  t.not(bare.memory.population('agent').id[0], 1, 'the rows are permuted')
  t.strictSame(
    [...agents.rows()].sort((a, b) => a.id - b.id),
    rows,
    'the state is not',
  )
  t.strictSame(hashOf(bare), before)
})

test('frames, blocks and the order of making do not matter', async t => {
  const wanted = hashOf(inhabited().bare)
  for (const o of [{ reversed: true }, { chunk: 7 }, { block: 64 }, { block: 32, chunk: 33, reversed: true }])
    t.strictSame(hashOf(inhabited(o).bare), wanted, JSON.stringify(o))
})

test('partitions that fill in another order hash the same, agents in another partition do not', async t => {
  const filled = (names: readonly string[], last: string) => {
    const bare = new BareWorld([beast])
    for (const name of names) bare.memory.partitions.number(name)
    const beasts = bare.view().population(beast)
    for (let i = 0; i < 20; i++) beasts.spawn({ age: i, rage: i / 3 }, i % 2 ? 'a' : 'b')
    beasts.spawn({}, last)
    return hashOf(bare).hash
  }
  t.equal(filled(['a', 'b'], 'a'), filled(['b', 'a'], 'a'))
  t.not(filled(['a', 'b'], 'a'), filled(['a', 'b'], 'b'))
})

test('a NaN hashes the same whatever its bits, and unlike any number', async t => {
  for (const [name, bits, width] of [
    ['x', [[0x7fc00000], [-0x400000], [0x7f800001]], 1],
    [
      'y',
      [
        [0, 0x7ff80000],
        [0, -0x80000],
        [1, 0x7ff00000],
      ],
      2,
    ],
  ] as const) {
    const hashes = new Set<string>()
    for (const words of bits) {
      const { bare } = inhabited()
      const array = bare.memory.population('agent').columns.get(name)?.array as Float32Array
      new Int32Array(array.buffer, array.byteOffset, width * 10).set(words, width * 3)
      t.ok(Number.isNaN(array[3]))
      hashes.add(hashOf(bare).hash)
    }
    t.equal(hashes.size, 1, name)
    t.notOk(hashes.has(hashOf(inhabited().bare).hash))
  }
})

test('an infinity is no NaN, and -0 is not 0', async t => {
  const hashes = new Set<string>()
  const values = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
  for (const column of ['x', 'y'])
    for (const value of values) {
      const { bare } = inhabited()
      const array = bare.memory.population('agent').columns.get(column)?.array as Float64Array
      array[3] = value
      hashes.add(hashOf(bare).hash)
    }
  t.equal(hashes.size, values.length * 2)
})

test('one changed bit of any column, id or tick changes the hash', async t => {
  const { bare } = inhabited()
  const hashes = new Set([hashOf(bare).hash, hashOf(bare, {}, 6).hash, hashOf(bare, {}, 2 ** 32 + 5).hash])
  const population = bare.memory.population('agent')
  let changes = 3
  for (const [name, { array, size }] of population.columns) {
    if (name === 'seen') continue
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    const width = array.BYTES_PER_ELEMENT
    for (let bit = 0; bit < width * 8; bit += 3) {
      for (const row of [0, 77]) {
        const at = (row * size + size - 1) * width + (bit >> 3)
        bytes[at] ^= 1 << (bit & 7)
        hashes.add(hashOf(bare).hash)
        bytes[at] ^= 1 << (bit & 7)
        changes++
      }
    }
  }
  population.id[0] += 2 ** 32
  hashes.add(hashOf(bare).hash)
  t.equal(hashes.size, changes + 1)
})

test('two agents that exchange a value change the hash', async t => {
  const { bare, agents } = inhabited()
  const before = hashOf(bare).hash
  agents.set(10, { age: 11 })
  agents.set(11, { age: 10 })
  t.not(hashOf(bare).hash, before)
})

test('columns that a tick resets are no part of it', async t => {
  const { bare, agents } = inhabited()
  const before = hashOf(bare)
  agents.set(10, { seen: 11 })
  t.strictSame(hashOf(bare), before)
  t.notOk('seen' in before.columns.agent)
})

test('the sums of shares are the sum of the whole', async t => {
  const { bare } = inhabited()
  const whole = hashOf(bare)
  for (const of of [2, 3, 16]) {
    const shares = Array.from({ length: of }, (_, share) => hashBlocks(bare.memory, {}, share, of))
    t.strictSame(joinHashes(shares, 5), whole, `${of} shares`)
    t.strictSame(joinHashes(shares.reverse(), 5), whole, 'in any order')
  }
})

test('levels above 0 of shed engines are part of it, in any order', async t => {
  const { bare } = inhabited()
  const shares = [hashBlocks(bare.memory, {}, 0, 1)]
  const whole = joinHashes(shares, 5)
  t.strictSame(joinHashes(shares, 5, {}), whole, 'none: nothing changes')
  const levels: Record<string, number>[] = [{}, { eat: 1 }, { eat: 2 }, { rest: 1 }, { eat: 1, rest: 1 }]
  const hashes = levels.map(some => joinHashes(shares, 5, some))
  t.equal(new Set(hashes.map(h => h.hash)).size, hashes.length)
  t.strictSame(joinHashes(shares, 5, { rest: 1, eat: 1 }), hashes[4])
  t.strictSame(hashes[4].populations, whole.populations, 'and of no population')
})

test('a part has its hash, which the rest does not change', async t => {
  const { bare, agents } = inhabited()
  const whole = hashOf(bare)
  const beasts = hashOf(bare, { populations: ['beast'] })
  const ages = hashOf(bare, { columns: ['age'] })
  const nowhere = hashOf(bare, { partitions: ['nowhere'] })
  t.equal(beasts.populations.beast, whole.populations.beast)
  t.strictSame(Object.keys(beasts.populations), ['beast'])
  t.equal(ages.columns.agent.age, whole.columns.agent.age)
  t.strictSame(Object.keys(ages.columns.agent), ['age'])
  t.strictSame(hashOf(bare, { partitions: ['0'] }), whole, 'all of them live in it')
  t.equal(nowhere.populations.agent, '0'.repeat(16))
  agents.set(10, { y: 0.5 })
  t.strictSame(hashOf(bare, { populations: ['beast'] }), beasts)
  t.strictSame(hashOf(bare, { columns: ['age'] }), ages)
  t.not(hashOf(bare).hash, whole.hash)
  t.not(hashOf(bare).columns.agent.y, whole.columns.agent.y)
})

test('a part that is none is refused', async t => {
  const { bare } = inhabited()
  refused(t, 'OPTION_UNKNOWN', /'population'.*'populations'/, () => hashOf(bare, { population: ['beast'] }))
  refused(t, 'POPULATION_UNKNOWN', /'beats'.*'beast'/, () => hashOf(bare, { populations: ['beats'] }))
  refused(t, 'COLUMN_UNKNOWN', /'agee'.*'age'/, () => hashOf(bare, { columns: ['agee'] }))
  for (const key of ['populations', 'columns', 'partitions'])
    for (const wrong of ['age', 7, null, [7]])
      refused(t, 'OPTION_INVALID', new RegExp(`'${key}' of hash`), () => hashOf(bare, { [key]: wrong }))
  refused(t, 'OPTION_INVALID', /hash/, () => hashOf(bare, null as never))
})

test('names of populations and columns may be those of any object', async t => {
  const odd = definePopulation('constructor', { capacity: 5, columns: { toString: u8() } })
  const bare = new BareWorld([odd])
  bare.view().population(odd).spawn()
  const { populations, columns } = hashOf(bare)
  t.match(populations.constructor, /^[0-9a-f]{16}$/)
  t.match(columns.constructor.toString, /^[0-9a-f]{16}$/)
})

test('a sum carries beyond 2^32, and wraps at 2^64', async t => {
  const sum = { lo: 0xffffffff, hi: 0xffffffff }
  addSums(sum, { lo: 2, hi: 0 })
  t.strictSame(sum, { lo: 1, hi: 0 })
  t.equal(sumText({ lo: 1, hi: 2 ** 32 - 1 }), 'ffffffff00000001')
  const ids = Float64Array.from({ length: 4096 }, (_, i) => i + 1)
  const column = new Uint8Array(4096)
  const whole = { lo: 0, hi: 0 }
  const parts = { lo: 0, hi: 0 }
  hashRows(whole, 'u8', bitsOf('u8', column), ids, 0, 4096, 1, 0, 1, 2)
  for (let row = 0; row < 4096; row++) {
    const one = { lo: 0, hi: 0 }
    hashRows(one, 'u8', bitsOf('u8', column), ids, row, row + 1, 1, 0, 1, 2)
    addSums(parts, one)
  }
  t.strictSame(parts, whole)
  t.ok(whole.lo < 2 ** 32 && whole.hi < 2 ** 32)
})

test('sums are combined in the order given, with the tick', async t => {
  const [a, b] = [
    { lo: 1, hi: 2 },
    { lo: 3, hi: 4 },
  ]
  t.equal(combine([a, b], 0), combine([a, b], 0))
  t.equal(new Set([combine([a, b], 0), combine([b, a], 0), combine([a], 0), combine([a, b], 1)]).size, 4)
})
