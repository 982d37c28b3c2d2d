// The laws of keys in a folder's database, of entries that are packed and of the room that values take.
import fc from 'fast-check'
import { test } from 'tap'
import { copiedParts } from '../../lib/state/copied-parts.js'
import { key, keyAfter, numberAt, textAt } from '../../lib/state/file-keys.js'
import { pagesFor } from '../../lib/state/file-room.js'
import { packEntries, unpackEntries } from '../../lib/state/packed-entries.js'

const numbers = fc.maxSafeNat()
const texts = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
const sign = Math.sign

test('keys of numbers are in the order of the numbers, and give them back', async t => {
  fc.assert(
    fc.property(numbers, numbers, numbers, (run, a, b) => {
      const [first, second] = [key('entry', run, a), key('entry', run, b)]
      return (
        sign(Buffer.compare(first, second)) === sign(a - b) && numberAt(first, 1) === run && numberAt(first, 9) === a
      )
    }),
  )
  t.pass()
})

test('keys of texts are in the order of code units, and give them back', async t => {
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      const order = a < b ? -1 : a > b ? 1 : 0
      return sign(Buffer.compare(key('blob', 1, a), key('blob', 1, b))) === order && textAt(key('blob', 1, a), 9) === a
    }),
  )
  t.pass()
})

test('what begins with a prefix lies between it and the key after it, nothing else does', async t => {
  fc.assert(
    fc.property(numbers, numbers, texts, (run, other, text) => {
      const inside = key('blob', other, text)
      const from = Buffer.compare(inside, key('blob', run)) >= 0
      return (from && Buffer.compare(inside, keyAfter(key('blob', run))) < 0) === (run === other)
    }),
  )
  t.ok(Buffer.compare(key('blob', 255), keyAfter(key('blob', 255))) < 0, 'also where a byte is at its end')
})

test('entries come out as they were packed', async t => {
  const entry = fc.record({ number: numbers, tick: numbers, bytes: fc.uint8Array({ maxLength: 40 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(entry), fc.uint8Array({ maxLength: 9 }), async (entries, before) => {
      const bytes = await copiedParts([before, ...entries.map(each => each.bytes)])
      const again = unpackEntries(packEntries(entries), bytes, before.length)
      return (
        again.length === entries.length &&
        again.every(
          (each, i) =>
            each.number === entries[i].number &&
            each.tick === entries[i].tick &&
            Buffer.compare(each.bytes, entries[i].bytes) === 0,
        )
      )
    }),
  )
  t.pass()
})

test('the pages that values take hold their bytes, and not many more', async t => {
  fc.assert(
    fc.property(fc.array(fc.nat(20_000)), fc.constantFrom(4096, 16_384), (lengths, pageSize) => {
      const bytes = lengths.reduce((sum, length) => sum + length, 0)
      const held = pagesFor(lengths, pageSize) * pageSize
      return held >= bytes && held <= 2 * bytes + lengths.length * (pageSize + 300) + pageSize
    }),
  )
  t.pass()
})
