import { test } from 'tap'
import { COPY_PIECE_BYTES } from '../../lib/core/limits.js'
import { type CopyColumn, CopyPieces } from '../../lib/services/binary-copy.js'
import { refused } from '../fixtures/refused.js'

const TYPES = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, float4: 700, float8: 701, jsonb: 3802 }
type TypeName = keyof typeof TYPES | 'timestamptz'

const columns = (...names: TypeName[]): CopyColumn[] =>
  names.map((name, i) => ({ name: `c${i}`, type: name === 'timestamptz' ? 1184 : TYPES[name] }))

function encoded(types: TypeName[], ...rows: unknown[][]): Buffer {
  const pieces = new CopyPieces(columns(...types))
  const all: Buffer[] = []
  rows.forEach((row, i) => {
    pieces.add(row, i + 1)
    all.push(...pieces.take())
  })
  return Buffer.concat([...all, ...pieces.finish()])
}

/** The fields of the rows, read by the words of the manual. */
function fields(bytes: Buffer): (Buffer | null)[][] {
  let at = 19
  const rows: (Buffer | null)[][] = []
  for (let count = bytes.readInt16BE(at); count >= 0; count = bytes.readInt16BE(at)) {
    at += 2
    const row: (Buffer | null)[] = []
    for (let i = 0; i < count; i++) {
      const size = bytes.readInt32BE(at)
      row.push(size < 0 ? null : bytes.subarray(at + 4, at + 4 + size))
      at += 4 + Math.max(0, size)
    }
    rows.push(row)
  }
  if (at + 2 !== bytes.length) throw new Error(`${bytes.length - at} bytes after the trailer`)
  return rows
}

test('without rows there is a header and a trailer', async t => {
  t.equal(encoded(['int4']).toString('hex'), `5047434f50590aff0d0a00${'00'.repeat(8)}ffff`)
})

test('values are written with their lengths, null with none', async t => {
  const types: TypeName[] = [
    'bool',
    'bytea',
    'int8',
    'int2',
    'int4',
    'text',
    'float4',
    'float8',
    'jsonb',
    'timestamptz',
  ]
  const row = [true, Uint8Array.of(1, 255), -2n, -3, 2 ** 31 - 1, 'aé', 0.5, -0.1, '[1]', new Date(946_684_800_001)]
  const [[...found], nothing] = fields(
    encoded(
      types,
      row,
      types.map(() => null),
    ),
  )
  t.strictSame(
    found.map(field => field?.toString('hex')),
    [
      '01',
      '01ff',
      'fffffffffffffffe',
      'fffd',
      '7fffffff',
      '61c3a9',
      '3f000000',
      'bfb999999999999a',
      '015b315d',
      '00000000000003e8',
    ],
  )
  t.ok(nothing.every(field => field === null))
})

test('pieces are of bounded size, and values of any size come out whole', async t => {
  const sizes = [0, 1, 100, COPY_PIECE_BYTES / 2, COPY_PIECE_BYTES / 2 + 1, COPY_PIECE_BYTES, 3 * COPY_PIECE_BYTES + 7]
  const rows = Array.from({ length: 400 }, (_, i) => {
    const size = i % 50 < sizes.length ? sizes[i % 50] : i
    return [i, Buffer.alloc(size, i), 'é'.repeat(i % 60 === 0 ? size : i)]
  })
  const pieces = new CopyPieces(columns('int8', 'bytea', 'text'))
  const all: Buffer[] = []
  rows.forEach((row, i) => {
    pieces.add(row, i + 1)
    if (pieces.ready) all.push(...pieces.take())
  })
  all.push(...pieces.finish())
  t.ok(all.every(piece => piece.length <= 6 * COPY_PIECE_BYTES + 14 && piece.length > 0))
  const found = fields(Buffer.concat(all))
  t.equal(found.length, rows.length)
  rows.forEach(([number, bytes, text], i) => {
    const [a, b, c] = found[i] as Buffer[]
    const same = a.readBigInt64BE() === BigInt(number as number) && b.equals(bytes as Buffer) && c.toString() === text
    if (!same) t.fail(`row ${i} came out otherwise`)
  })
})

test('bytes may lie in shared memory', async t => {
  const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3).fill(7)
  t.strictSame(fields(encoded(['bytea'], [shared])), [[Buffer.of(7, 7, 7)]])
})

test('a value that does not fit is refused by row and column', async t => {
  const wrong: [TypeName, unknown, RegExp][] = [
    ['bool', 1, /no boolean/],
    ['bytea', 'x', /no Uint8Array/],
    ['int8', 1.5, /no safe integer/],
    ['int8', 2 ** 53, /no safe integer; give a bigint/],
    ['int8', 2n ** 63n, /out of 64 bits/],
    ['int8', '1', /no integer/],
    ['int2', 32_768, /out of -32768 to 32767/],
    ['int4', 2 ** 31, /out of -2147483648 to 2147483647/],
    ['int4', Number.NaN, /no integer/],
    ['text', 1, /no text/],
    ['text', 'a\0b', /code 0/],
    ['text', 'a\uD800', /half of a surrogate pair/],
    ['float8', '1', /no number/],
    ['jsonb', {}, /no text/],
    ['timestamptz', new Date(Number.NaN), /no Date/],
    ['timestamptz', 0, /no Date/],
    ['int4', undefined, /no integer/],
  ]
  for (const [type, value, words] of wrong) {
    const named = new RegExp(`Row 1 of the COPY, column 'c0'.*${words.source}`)
    refused(t, 'DATABASE_VALUE_INVALID', named, () => encoded([type], [value]))
  }
  refused(t, 'DATABASE_VALUE_INVALID', /Row 1 .* 1 values for 2 columns/, () => encoded(['int4', 'int4'], [1]))
  refused(t, 'DATABASE_VALUE_INVALID', /Row 1 .* no array/, () => encoded(['int4'], 7 as unknown as unknown[]))
})

test('a column of another type is refused by name', async t => {
  const odd = () => new CopyPieces([{ name: 'place', type: 600 }])
  refused(t, 'DATABASE_VALUE_INVALID', /'place'.*bool, bytea/, odd)
})
