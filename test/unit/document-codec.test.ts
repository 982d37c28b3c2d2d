import { decode as readMessagePack } from '@msgpack/msgpack'
import fc from 'fast-check'
import { test } from 'tap'
import { MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH } from '../../lib/core/limits.js'
import { decode, ENCODED, encode, encoded, encodeOrThrow } from '../../lib/memory/document-codec.js'
import { refused } from '../fixtures/refused.js'

/** The bytes of a value, in shared memory at an odd place, as a heap has them. */
function stored(value: unknown): { bytes: Uint8Array; length: number } {
  const length = encodeOrThrow(value, () => 'a test')
  const bytes = new Uint8Array(new SharedArrayBuffer(length + 10))
  bytes.set(encoded.subarray(0, length), 7)
  return { bytes, length }
}

function back(value: unknown): unknown {
  const { bytes } = stored(value)
  return decode(bytes, new DataView(bytes.buffer), 7)
}

const hex = (value: unknown) => {
  const { bytes, length } = stored(value)
  return Buffer.from(bytes.slice(7, 7 + length)).toString('hex')
}

test('a value has the bytes that hashes of saved worlds were taken of', async t => {
  const known: readonly (readonly [unknown, string])[] = [
    [null, 'c0'],
    [false, 'c2'],
    [true, 'c3'],
    [0, '00'],
    [-0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65535, 'cdffff'],
    [65536, 'ce00010000'],
    [2 ** 31, 'ce80000000'],
    [2 ** 32 - 1, 'ceffffffff'],
    [2 ** 32, 'cb41f0000000000000'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-128, 'd080'],
    [-129, 'd1ff7f'],
    [-32768, 'd18000'],
    [-32769, 'd2ffff7fff'],
    [-(2 ** 31), 'd280000000'],
    [-(2 ** 31) - 1, 'cbc1e0000000200000'],
    [0.5, 'cb3fe0000000000000'],
    [Number.POSITIVE_INFINITY, 'cb7ff0000000000000'],
    [Number.NaN, 'cb7ff8000000000000'],
    ['', 'a0'],
    ['né', 'a36ec3a9'],
    ['x'.repeat(31), `bf${'78'.repeat(31)}`],
    ['x'.repeat(32), `d920${'78'.repeat(32)}`],
    ['é'.repeat(16), `d920${'c3a9'.repeat(16)}`],
    ['é'.repeat(128), `da0100${'c3a9'.repeat(128)}`],
    [[], '90'],
    [[1, [2]], '92019102'],
    [{}, '80'],
    [{ b: 1, a: null }, '82a16201a161c0'],
    [Uint8Array.of(1, 2), 'c4020102'],
    [new Uint8Array(256), `c50100${'00'.repeat(256)}`],
    [Array(16).fill(0), `dc0010${'00'.repeat(16)}`],
  ]
  for (const [value, bytes] of known) t.equal(hex(value), bytes, JSON.stringify(value)?.slice(0, 40))
})

test('a NaN has one form, whatever its bits', async t => {
  const made = new Float64Array(2)
  new Uint32Array(made.buffer).set([1, 0xfff80000, 7, 0x7ff00000])
  for (const nan of made) t.equal(hex([nan]), '91cb7ff8000000000000')
})

const plain = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, Number.NaN, Number.NEGATIVE_INFINITY, ''),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double().map(v => v + 0), // -0 becomes 0: a case of its own above
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.string({ unit: 'binary-ascii', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 40 }), tie('value'), { maxKeys: 20 }),
  ),
})).value

/** fast-check makes dictionaries with and without a prototype; what is read back has Object's. */
const ordinary = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordinary)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, ordinary(v)]))
}

test('any plain data comes back as it was, keys in the order given', async t => {
  fc.assert(
    fc.property(plain, value => {
      const again = back(value)
      t.strictSame(again, ordinary(value))
      if (value !== null && typeof value === 'object') t.strictSame(Object.keys(again as object), Object.keys(value))
      t.equal(hex(again), hex(value), 'and has the same bytes')
    }),
    { numRuns: 400 },
  )
})

test('the bytes are MessagePack: another reader finds the same in them', async t => {
  fc.assert(
    fc.property(plain, value => {
      const { bytes, length } = stored(value)
      fc.pre(!JSON.stringify(value, (_, v) => v)?.includes('__proto__')) // that reader refuses the name
      t.strictSame(ordinary(readMessagePack(bytes.slice(7, 7 + length))), ordinary(value))
    }),
    { numRuns: 200 },
  )
})

test('what is read shares nothing with what it was read from, nor with what is read again', async t => {
  const { bytes } = stored({ list: [1], data: Uint8Array.of(5, 6) })
  const view = new DataView(bytes.buffer)
  const first = decode(bytes, view, 7) as { list: number[]; data: Uint8Array }
  first.list.push(2)
  first.data[0] = 99
  t.notOk(first.data.buffer instanceof SharedArrayBuffer)
  t.strictSame(decode(bytes, view, 7), { list: [1], data: Uint8Array.of(5, 6) })
  bytes.fill(0xc1)
  t.strictSame(first, { list: [1, 2], data: Uint8Array.of(99, 6) })
})

test('a key may be any text', async t => {
  const odd = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "": 3, "7": 4}')
  const again = back(odd) as object
  t.strictSame(Object.entries(again), Object.entries(odd))
  t.equal(Object.getPrototypeOf(again), Object.prototype)
  // More keys than are remembered, so that places are shared and taken over.
  const many = Array.from({ length: 4000 }, (_, i) => ({ [`key ${i % 1700}`]: i }))
  t.strictSame(many.map(back), many)
})

test('text is kept as it is, but for half a surrogate pair', async t => {
  for (const text of ['\ufeffmark', 'tab\t\0end', '𝔘nicode', 'x'.repeat(70), `${'x'.repeat(60)}é`, 'é'.repeat(20000)])
    t.equal(back(text), text)
  t.equal(back('a\ud800b'), 'a\ufffdb')
})

test('what is no plain data is refused, naming the part of it', async t => {
  const circle: Record<string, unknown> = {}
  circle.inside = [circle]
  let deep: unknown = 0
  for (let i = 0; i < MAX_DOCUMENT_DEPTH + 1; i++) deep = [deep]
  let abyss: unknown = () => 1 // the fault is further down than anybody looks
  for (let i = 0; i < 100_000; i++) abyss = [abyss]
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [() => 1, /it is a function/],
    [Symbol('x'), /it is a symbol/],
    [1n, /it is a bigint/],
    [{ a: [1, undefined] }, /it\.a\[1\] is a undefined/],
    [Array(2), /it\[0\] is a undefined/],
    [{ when: new Date(0) }, /it\.when is an instance of Date/],
    [new Map(), /it is an instance of Map/],
    [{ a: new Float32Array(2) }, /it\.a is an instance of Float32Array/],
    [new (class Rumour {})(), /it is an instance of Rumour/],
    [circle, /it\.inside\[0\] contains itself/],
    [deep, /nested more than 100 deep/],
    [abyss, /nested more than 100 deep/],
  ]
  for (const [value, named] of wrong) {
    t.equal(encode(value), ENCODED.invalid)
    refused(t, 'DOCUMENT_INVALID', named, () => encodeOrThrow(value, () => "Column 'a.b'"))
    refused(t, 'DOCUMENT_INVALID', /Column 'a\.b' is given/, () => encodeOrThrow(value, () => "Column 'a.b'"))
  }
  let shallow: unknown = 0
  for (let i = 0; i < MAX_DOCUMENT_DEPTH; i++) shallow = [shallow]
  t.strictSame(back(shallow), shallow)
})

test('a value that encodes another while it is read is refused, and the next one is not', async t => {
  const sly = {
    get a() {
      encode('other')
      return encode([1])
    },
  }
  t.strictSame(back(sly), { a: ENCODED.invalid })
  const failing = {
    get a() {
      throw new RangeError('its own')
    },
  }
  t.throws(() => encode(failing), { message: 'its own' })
  t.equal(back('after'), 'after')
})

test('a value that changes while it is read is refused', async t => {
  const fading = {
    get a() {
      Reflect.deleteProperty(this, 'b')
      return 1
    },
    b: 2,
  }
  const where = () => "Column 'a.b'"
  refused(t, 'DOCUMENT_INVALID', /reading it changes it/, () => encodeOrThrow(fading, where))
  t.strictSame(back('after'), 'after')
})

test('what all objects inherit is no part of a document', async t => {
  Object.defineProperty(Object.prototype, 'inherited', { value: 1, enumerable: true, configurable: true })
  t.teardown(() => Reflect.deleteProperty(Object.prototype, 'inherited'))
  t.equal(hex({ a: 1 }), '81a16101')
})

test('a document may have 65,536 bytes and not one more', async t => {
  const fits: readonly (readonly [string, (n: number) => unknown, number])[] = [
    ['text', n => 'x'.repeat(n), 3],
    ['text of two bytes each', n => `${'x'.repeat(n % 2)}${'é'.repeat(n >> 1)}`, 3],
    ['bytes', n => new Uint8Array(n), 3],
    ['small numbers', n => Array(n).fill(1), 3],
    ['a key', n => ({ ['x'.repeat(n)]: 1 }), 5],
    ['two texts', n => ['x'.repeat(n - 1000), 'y'.repeat(1000 - 6)], 1],
  ]
  for (const [name, make, header] of fits) {
    const most = MAX_DOCUMENT_BYTES - header
    t.equal(encode(make(most)), MAX_DOCUMENT_BYTES, name)
    t.strictSame(back(make(most)), make(most), name)
    for (const more of [1, 2, 1000, 60_000, 1_000_000])
      t.equal(encode(make(most + more)), ENCODED.tooLarge, `${name}, ${more} more`)
  }
  refused(t, 'DOCUMENT_TOO_LARGE', /Column 'a\.b'.*65536 bytes/, () =>
    encodeOrThrow('x'.repeat(70_000), () => "Column 'a.b'"),
  )
  const wide = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [i, 'é'.repeat(60_000)]))
  t.equal(encode(wide), ENCODED.tooLarge)
  t.equal(encode(Array(100_000).fill('é'.repeat(65_000))), ENCODED.tooLarge)
})

test('a key is never taken for another one whose characters are its bytes', async t => {
  // 'Ã©' has the characters C3 A9, which are the bytes of 'é'; enough of them that some meet in whatever is remembered.
  const wrong: string[] = []
  for (let low = 0x80; low < 0xc0; low++) {
    for (let n = 0; n < 64; n++) {
      const characters = `k${n}${String.fromCharCode(0xc3, low)}`
      const bytes = `k${n}${String.fromCharCode(low + 0x40)}`
      back({ [characters]: 1 })
      const [key] = Object.keys(back({ [bytes]: 1 }) as object)
      if (key !== bytes) wrong.push(`${bytes} read as ${key}`)
    }
  }
  t.strictSame(wrong, [])
})
