// Which rows differ, by bits, for every kind and number of values a row, held against a plain comparison.
import fc from 'fast-check'
import { test } from 'tap'
import {
  bitLanes,
  canonicalLanes,
  changedRows,
  closeGaps,
  gatherRows,
  lanesOf,
  scatterRows,
} from '../../lib/kernels/row-changes.js'
import { ARRAY_OF, newArray } from '../../lib/memory/arrays.js'
import type { Kind } from '../../lib/memory/column-types.js'

const kinds = Object.keys(ARRAY_OF) as Kind[]
const drawn = fc.record({
  kind: fc.constantFrom(...kinds),
  size: fc.integer({ min: 1, max: 7 }),
  rows: fc.nat(90),
  changes: fc.array(fc.tuple(fc.nat(1000), fc.constantFrom(0, -0, 1, 3, -1, Number.NaN)), { maxLength: 30 }),
  shuffled: fc.boolean(),
})

test('exactly the rows whose bits differ are found, and known is the same then', async t => {
  let found = 0
  fc.assert(
    fc.property(drawn, ({ kind, size, rows, changes, shuffled }) => {
      const lanes = size * lanesOf(kind)
      const known = newArray(kind, Math.ceil((rows * size) / 4) * 4)
      for (let i = 0; i < rows * size; i++) known[i] = (i * 37) % 50
      const knownLanes = bitLanes(kind, known)
      canonicalLanes(kind, knownLanes, 0, rows * lanes)
      const rowAt = Int32Array.from({ length: rows }, (_, p) => (shuffled ? rows - 1 - p : p))
      const now = newArray(kind, Math.ceil((rows * size) / 4) * 4)
      for (let p = 0; p < rows; p++) for (let k = 0; k < size; k++) now[rowAt[p] * size + k] = known[p * size + k]
      for (const [at, value] of changes) if (rows > 0) now[at % (rows * size)] = value
      const nowLanes = bitLanes(kind, now)
      const expected: number[] = []
      for (let p = 0; p < rows; p++)
        if (
          Array.from({ length: size }, (_, k) => k).some(k => !Object.is(now[rowAt[p] * size + k], known[p * size + k]))
        )
          expected.push(p)
      const changed = new Uint32Array(rows)
      const n = changedRows(kind, nowLanes, knownLanes, lanes, shuffled ? rowAt : undefined, rows, changed)
      t.strictSame(Array.from(changed.subarray(0, n)), expected)
      for (let p = 0; p < rows; p++)
        for (let k = 0; k < size; k++)
          if (!Object.is(now[rowAt[p] * size + k], known[p * size + k])) throw new Error('known is behind')
      t.equal(changedRows(kind, nowLanes, knownLanes, lanes, shuffled ? rowAt : undefined, rows, changed), 0)
      found += n
    }),
    { numRuns: 400 },
  )
  t.ok(found > 400)
})

test('every NaN is one value, whatever its bits, and is told with one pattern', async t => {
  const patterns = [
    ['f32', [0x7fc00001], [0x7fc00000]],
    ['f32', [-1], [0x7fc00000]],
    ['f64', [1, 0x7ff00000], [0, 0x7ff80000]],
    ['fixed', [0, -0x80000], [0, 0x7ff80000]],
  ] as const
  for (const [kind, odd, canonical] of patterns) {
    for (const rowAt of [undefined, Int32Array.of(0)]) {
      const known = new Int32Array(4)
      const changed = new Uint32Array(1)
      const now = Int32Array.of(...odd, 0, 0, 0).subarray(0, 4)
      t.equal(changedRows(kind, now, known, odd.length, rowAt, 1, changed), 1)
      t.strictSame(Array.from(known.subarray(0, odd.length)), canonical)
      now.set(odd)
      t.equal(changedRows(kind, now, known, odd.length, rowAt, 1, changed), 0, 'it was NaN before')
    }
  }
  const infinities = Int32Array.of(0x7f800000, -0x800000)
  canonicalLanes('f32', infinities, 0, 2)
  t.strictSame(Array.from(infinities), [0x7f800000, -0x800000])
})

test('rows are gathered and scattered again', async t => {
  for (const lanes of [1, 3]) {
    const from = Int32Array.from({ length: 5 * lanes }, (_, i) => i)
    const some = new Int32Array(2 * lanes)
    gatherRows(from, lanes, [1, 4], 2, some)
    t.strictSame(Array.from(some.subarray(0, lanes)), Array.from(from.subarray(lanes, 2 * lanes)))
    const into = new Int32Array(5 * lanes)
    scatterRows(some, lanes, [1, 4], 2, into)
    t.strictSame(Array.from(into.subarray(4 * lanes)), Array.from(from.subarray(4 * lanes)))
    t.equal(into[0], 0)
  }
})

test('gaps are closed from the last to the first, each by the row that is last then', async t => {
  const close = (gone: number[], size: number) => {
    const rows = Array.from({ length: size }, (_, i) => i)
    const left = closeGaps(Uint32Array.from(gone), gone.length, size, (from, to) => {
      rows[to] = rows[from]
    })
    return rows.slice(0, left)
  }
  t.strictSame(close([1], 4), [0, 3, 2])
  t.strictSame(close([1, 3], 4), [0, 2])
  t.strictSame(close([0, 1], 5), [3, 4, 2])
  t.strictSame(close([0, 1, 2], 3), [])
  t.strictSame(close([], 2), [0, 1])
})
