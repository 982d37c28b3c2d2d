import { test } from 'tap'
import { fnv1a, high, low, PURPOSE, streamKey, threefry } from '../../lib/core/threefry.js'

const hex = (n: number) => (n >>> 0).toString(16).padStart(8, '0')

function encrypt(key: readonly number[], counter: readonly number[]): string[] {
  const out = new Int32Array(3)
  threefry(key[0] | 0, key[1] | 0, counter[0] | 0, counter[1] | 0, out, 1)
  return [hex(out[1]), hex(out[2])]
}

test('Threefry-2x32-20 gives the known answers published with Random123', async t => {
  t.strictSame(encrypt([0, 0], [0, 0]), ['6b200159', '99ba4efe'])
  t.strictSame(encrypt([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff]), ['1cb996fc', 'bb002be7'])
  t.strictSame(encrypt([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]), ['c4923a9c', '483df7a0'])
})

test('it writes its two words where it is told, and may overwrite its own key', async t => {
  const words = new Int32Array([7, 0, 0, 7])
  threefry(0, 0, 0, 0, words, 1)
  t.strictSame([words[0], hex(words[1]), hex(words[2]), words[3]], [7, '6b200159', '99ba4efe', 7])
  const own = new Int32Array([0x13198a2e, 0x03707344])
  threefry(own[0], own[1], 0x243f6a88, 0x85a308d3, own, 0)
  t.strictSame([...own].map(hex), ['c4923a9c', '483df7a0'])
})

test('fnv1a gives the published 32-bit hashes', async t => {
  t.equal(hex(fnv1a('')), '811c9dc5')
  t.equal(hex(fnv1a('a')), 'e40c292c')
  t.equal(hex(fnv1a('b')), 'e70c2de5')
  t.equal(hex(fnv1a('foobar')), 'bf9cf968')
  t.equal(hex(fnv1a('ü')), hex(Math.imul(Math.imul(0x811c9dc5 ^ 0xc3, 0x01000193) ^ 0xbc, 0x01000193)), 'UTF-8 bytes')
})

test('a safe integer is its two words', async t => {
  for (const n of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER]) {
    t.equal((high(n) >>> 0) * 2 ** 32 + (low(n) >>> 0), n)
  }
})

test('a stream key is T(T(seed; name, purpose); tick)', async t => {
  const seed = 2 ** 45 + 12_345
  const tick = 2 ** 33 + 7
  const inner = new Int32Array(2)
  threefry(12_345, 2 ** 13, fnv1a('wolves'), 3, inner, 0)
  const key = new Int32Array(2)
  threefry(inner[0], inner[1], 7, 2, key, 0)
  t.strictSame(streamKey(seed, 'wolves', PURPOSE.wake, tick), key)
})

test('keys differ by seed, name, purpose and tick', async t => {
  const keys = new Set<string>()
  for (const seed of [0, 1, 2 ** 32])
    for (const name of ['', 'a', 'b'])
      for (const purpose of Object.values(PURPOSE))
        for (const tick of [0, 1, 2 ** 32]) keys.add([...streamKey(seed, name, purpose, tick)].join())
  t.equal(keys.size, 3 * 3 * 7 * 3)
  t.strictSame(Object.values(PURPOSE), [0, 1, 2, 3, 4, 5, 6])
})
