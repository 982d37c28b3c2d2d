import { test } from 'tap'
import { makeSequence } from '../../lib/core/sequence.js'
import { PURPOSE, streamKey, threefry } from '../../lib/core/threefry.js'
import { refused } from '../fixtures/refused.js'

const key = () => streamKey(7, 'sequence', PURPOSE.setup, 0)

/** Pearson's statistic against equal bins. */
function chiSquared(counts: readonly number[]): number {
  const expected = counts.reduce((n, c) => n + c, 0) / counts.length
  return counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0)
}

test('draw d of a sequence is T(key; d lo, d hi), a float of 53 bits of it', async t => {
  const [k0, k1] = key()
  const sequence = makeSequence(key())
  const words = new Int32Array(2)
  for (let draw = 0; draw < 20; draw++) {
    threefry(k0, k1, draw, 0, words, 0)
    const bits = (BigInt(words[0] >>> 0) >> 5n) * 2n ** 26n + (BigInt(words[1] >>> 0) >> 6n)
    t.equal(sequence.float(), Number(bits) / 2 ** 53)
  }
})

test('a sequence depends on its key alone', async t => {
  const a = makeSequence(key())
  const b = makeSequence(key())
  t.strictSame(
    Array.from({ length: 50 }, () => a.float()),
    Array.from({ length: 50 }, () => b.float()),
  )
  t.not(makeSequence(streamKey(8, 'sequence', PURPOSE.setup, 0)).float(), makeSequence(key()).float())
})

test('floats are uniform in [0, 1)', async t => {
  const sequence = makeSequence(key())
  const counts = new Array<number>(100).fill(0)
  for (let i = 0; i < 100_000; i++) {
    const x = sequence.float()
    if (!(x >= 0 && x < 1)) t.fail(`${x} is outside`)
    counts[Math.floor(x * 100)]++
  }
  t.ok(chiSquared(counts) < 148.2, `${chiSquared(counts)} is below the 0.1% point of 99 degrees`)
  t.ok(chiSquared(counts) > 61.1, 'and not suspiciously even (0.1% at the other end)')
})

test('integers are uniform below their bound', async t => {
  const sequence = makeSequence(key())
  const counts = new Array<number>(7).fill(0)
  for (let i = 0; i < 70_000; i++) counts[sequence.int(7)]++
  t.equal(counts.length, 7)
  t.ok(chiSquared(counts) < 22.5, `${chiSquared(counts)} is below the 0.1% point of 6 degrees`)
  t.equal(sequence.int(1), 0)
  t.ok(sequence.int(Number.MAX_SAFE_INTEGER) > 2 ** 40, 'large bounds are filled')
})

test('an impossible bound is refused, and draws nothing', async t => {
  const sequence = makeSequence(key())
  for (const bound of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    refused(t, 'RANDOM_BOUND', /integer bound of at least 1/, () => sequence.int(bound))
  }
  t.equal(sequence.float(), makeSequence(key()).float())
})

test('normals have mean 0, variance 1 and tails of the right weight', async t => {
  const sequence = makeSequence(key())
  const n = 50_000
  const x = Array.from({ length: n }, () => sequence.normal())
  const mean = x.reduce((a, b) => a + b, 0) / n
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / n
  const outside = x.filter(v => Math.abs(v) > 1.959964).length / n
  t.ok(Math.abs(mean) < 4 / Math.sqrt(n), `mean ${mean}`)
  t.ok(Math.abs(variance - 1) < 4 * Math.sqrt(2 / n), `variance ${variance}`)
  t.ok(Math.abs(outside - 0.05) < 4 * Math.sqrt((0.05 * 0.95) / n), `${outside} outside of 1.96`)
  t.ok(x.every(Number.isFinite))
})

test('shuffle keeps the members, gives the same array back, and makes every order equally likely', async t => {
  const sequence = makeSequence(key())
  const counts = new Map<string, number>()
  for (let i = 0; i < 24_000; i++) {
    const a = ['a', 'b', 'c', 'd']
    if (sequence.shuffle(a) !== a) t.fail('another array came back')
    const order = a.join('')
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  t.equal(counts.size, 24)
  t.strictSame(new Set([...counts.keys()].map(order => [...order].sort().join(''))), new Set(['abcd']))
  t.ok(chiSquared([...counts.values()]) < 49.7, 'below the 0.1% point of 23 degrees')
})

test('shuffle takes typed arrays, and draws nothing for none or one', async t => {
  const sequence = makeSequence(key())
  sequence.shuffle([])
  sequence.shuffle([1])
  t.equal(sequence.float(), makeSequence(key()).float())
  const shuffled = sequence.shuffle(Uint16Array.from({ length: 100 }, (_, i) => i))
  t.strictSame(
    [...shuffled].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  )
  t.not(shuffled[0] + shuffled[1] * 100, 100)
})
