// Messages and the lists of numbers in them: held against another MessagePack, and against bytes that are none.
import { decode, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { test } from 'tap'
import {
  readIds,
  readPlaces,
  readRuns,
  VarintReader,
  VarintWriter,
  writeIds,
  writePlaces,
  writeRuns,
} from '../../lib/kernels/varints.js'
import { type Packed, PackWriter, unpack } from '../../lib/memory/message-pack.js'

const plain = fc.letrec<{ value: Packed }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.maxSafeNat(),
    fc.string({ maxLength: 400, unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 700, size: 'max' }),
    fc.array(tie('value'), { maxLength: 40 }),
    fc.dictionary(fc.string({ maxLength: 40, unit: 'grapheme' }), tie('value'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).value

const pack = (value: Packed) => {
  const writer = new PackWriter()
  writer.value(value)
  return writer.take()
}

test('what is written is read again, here and by another MessagePack', async t => {
  fc.assert(
    fc.property(plain, value => {
      const bytes = pack(value)
      t.strictSame(unpack(bytes), { value, end: bytes.length })
      t.strictSame(decode(bytes, { useBigInt64: false }), value)
    }),
    { numRuns: 50 },
  )
  t.strictSame(pack(Number.NaN), Uint8Array.of(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0))
  t.ok(Object.is(unpack(pack(-0)).value, -0))
})

test('messages of another MessagePack are read, as far as they use no more than this one', async t => {
  const value = {
    a: [1, 200, 70_000, 2 ** 40, 'x'.repeat(300)],
    b: new Uint8Array(300),
    c: { d: null, e: true, f: 0.5 },
  }
  t.strictSame(unpack(encode(value)).value, value)
})

test('lengths and integers take their shortest form', async t => {
  for (const [value, first] of [
    [127, 0x7f],
    [128, 0xcc],
    [256, 0xcd],
    [65_536, 0xce],
    [2 ** 32, 0xcf],
    ['x'.repeat(31), 0xbf],
    ['x'.repeat(32), 0xd9],
    ['x'.repeat(256), 0xda],
    ['x'.repeat(65_536), 0xdb],
    [new Uint8Array(255), 0xc4],
    [new Uint8Array(256), 0xc5],
    [new Uint8Array(65_536), 0xc6],
    [new Array(15).fill(0), 0x9f],
    [new Array(16).fill(0), 0xdc],
    [new Array(65_536).fill(0), 0xdd],
    [Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`${i}`, i])), 0xde],
    [Object.fromEntries(Array.from({ length: 65_536 }, (_, i) => [`${i}`, i])), 0xdf],
  ] as const) {
    const bytes = pack(value)
    t.equal(bytes[0], first)
    t.strictSame(unpack(bytes), { value, end: bytes.length })
  }
})

test('bytes that are no message are refused, whatever they say of their length', async t => {
  const refused = (...bytes: number[]) => t.throws(() => unpack(Uint8Array.from(bytes)), RangeError)
  refused()
  refused(0xc1)
  refused(0xc4, 5, 1, 2)
  refused(0xc6, 0xff, 0xff, 0xff, 0xff)
  refused(0xdd, 0xff, 0xff, 0xff, 0xff)
  refused(0xdf, 0xff, 0xff, 0xff, 0xff)
  refused(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
  refused(0x81, 1, 1)
  refused(...new Array(40).fill(0x91), 0)
  t.throws(() => unpack(Uint8Array.of(0xa2, 0xff, 0xfe)), TypeError, 'text that is no UTF-8')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      try {
        unpack(bytes)
      } catch (error) {
        return error instanceof RangeError || error instanceof TypeError
      }
      return true
    }),
  )
})

test('a key __proto__ is a key', async t => {
  const bytes = Uint8Array.of(0x81, 0xa9, ...new TextEncoder().encode('__proto__'), 1)
  const { value } = unpack(bytes)
  t.ok(Object.hasOwn(value as object, '__proto__'))
  t.equal(Object.getPrototypeOf(value), Object.prototype)
})

test('numbers of up to 53 bits go through seven at a time', async t => {
  const writer = new VarintWriter()
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), numbers => {
      for (const n of numbers) writer.put(n)
      const reader = new VarintReader(writer.take().slice())
      for (const n of numbers) if (reader.next(Number.MAX_SAFE_INTEGER) !== n) return false
      return reader.done
    }),
  )
  for (const n of [0, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    writer.put(n)
    t.equal(new VarintReader(writer.take()).next(Number.MAX_SAFE_INTEGER), n)
  }
  t.throws(() => new VarintReader(Uint8Array.of(0x80)).next(9), RangeError, 'it ends in the middle')
  t.throws(() => new VarintReader(Uint8Array.of(10)).next(9), RangeError, 'it is too large')
  t.throws(() => new VarintReader(new Uint8Array(12).fill(0x80)).next(9), RangeError, 'it has no end')
  t.throws(() => new VarintReader(new Uint8Array(0)).next(9), RangeError, 'there is none')
})

test('places, runs and ids are read as they were written', async t => {
  const writer = new VarintWriter()
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(5000)), places => {
      const sorted = Uint32Array.from(places).sort()
      writePlaces(writer, sorted, sorted.length)
      t.strictSame(readPlaces(writer.take(), 5001), sorted)
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.nat(3)), values => {
      writeRuns(writer, values, 0, values.length)
      t.strictSame(Array.from(readRuns(writer.take(), values.length, 4)), values)
    }),
  )
  const id = fc.tuple(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.nat(2 ** 21 - 1)).map(([s, g]) => g * 2 ** 32 + s)
  fc.assert(
    fc.property(fc.array(id), ids => {
      writeIds(writer, Float64Array.from(ids), 0, ids.length)
      t.strictSame(Array.from(readIds(writer.take(), ids.length)), ids)
    }),
  )
})

test('places beyond the rows, runs too short or too long, and ids of no slot are refused', async t => {
  t.throws(() => readPlaces(Uint8Array.of(3), 3), RangeError)
  t.throws(() => readPlaces(Uint8Array.of(2, 0), 3), RangeError, 'the second is row 3')
  t.throws(() => readRuns(Uint8Array.of(1, 2), 3, 4), RangeError)
  t.throws(() => readRuns(Uint8Array.of(1, 4), 3, 4), RangeError)
  t.throws(() => readRuns(Uint8Array.of(4, 3), 3, 4), RangeError, 'there is no such partition')
  t.throws(() => readIds(Uint8Array.of(0, 0), 1), RangeError, 'slot 0 is nobody')
  t.throws(() => readIds(Uint8Array.of(2, 0, 2, 0), 1), RangeError, 'one too many')
  t.throws(() => readIds(Uint8Array.of(2, 0), 2 ** 30), RangeError, 'nor is memory taken for them')
})
