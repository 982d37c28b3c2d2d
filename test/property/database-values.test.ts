// Whatever values go to a real server come back as they were: by binary COPY, as parameters, in arrays.
import fc from 'fast-check'
import t, { test } from 'tap'
import { newTable, poolFor } from '../fixtures/database-pools.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'

const server = await sharedServer()
const connectionString = await server.database()
t.teardown(closeSharedServer)

const text = fc.string({ unit: 'binary', maxLength: 40 }).map(value => value.replaceAll('\0', ''))
const int8 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const int4 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const bytes = fc.uint8Array({ maxLength: 300 })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 8 })
const row = fc.tuple(maybe(int8), maybe(text), maybe(bytes), maybe(fc.double()), maybe(fc.boolean()), maybe(int4))
/** Always among what is tried: text has a way of its own for each. */
const ODD_NUMBERS = [-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 1e308]
const ODD_ROWS = ODD_NUMBERS.map((f): [null, null, null, number, null, null] => [null, null, null, f, null, null])
const NAMES = ['i', 't', 'b', 'f', 'o', 'n']

/** A value as the pool gives it back: an int8 that fits is a number, bytes are a Buffer. */
function returned(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

const plain = (value: unknown) => (Buffer.isBuffer(value) ? value.toString('hex') : value)
const same = (found: unknown, wanted: unknown) => Object.is(plain(found), returned(wanted))

test('rows that COPY and inserts store are read back as they were', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'nth int4, i int8, t text, b bytea, f float8, o bool, n int4')
  const places = ['nth', ...NAMES].map((_, i) => `$${i + 1}`).join(', ')
  const ways = {
    COPY: (rows: unknown[][]) => pool.copyInto(name, ['nth', ...NAMES], rows),
    batch: (rows: unknown[][]) => pool.executeBatch(`insert into ${name} values (${places})`, rows),
  }
  for (const [way, store] of Object.entries(ways)) {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), async rows => {
        await pool.execute(`delete from ${name}`)
        const stored = await store(rows.map((values, nth) => [nth, ...values]))
        if (stored !== rows.length) return false
        const found = await pool.query<Record<string, unknown>>(`select * from ${name} order by nth`)
        return rows.every((values, nth) => values.every((value, at) => same(found[nth][NAMES[at]], value)))
      }),
      { numRuns: 40, examples: [[ODD_ROWS]] },
    )
    t.pass(way)
  }
})

test('arrays of any shape are read back as they were', async t => {
  const pool = await poolFor(t, connectionString)
  const matrix = fc
    .integer({ min: 1, max: 4 })
    .chain(width =>
      fc.array(fc.array(maybe(text), { minLength: width, maxLength: width }), { minLength: 1, maxLength: 4 }),
    )
  const arrays = fc.record({
    texts: fc.array(maybe(text)),
    matrix,
    ints: fc.array(maybe(int8)),
    blobs: fc.array(bytes),
  })
  await fc.assert(
    fc.asyncProperty(arrays, async ({ texts, matrix, ints, blobs }) => {
      const [found] = await pool.query<{ a: unknown[]; b: unknown[][]; c: unknown[]; d: unknown[] }>(
        'select $1::text[] as a, $2::text[] as b, $3::int8[] as c, $4::bytea[] as d',
        [texts, matrix, ints, blobs],
      )
      const flat = (values: unknown[]) => values.every((value, i) => same(found.c[i], value))
      return (
        JSON.stringify([found.a, found.b]) === JSON.stringify([texts, matrix]) &&
        flat(ints) &&
        found.c.length === ints.length &&
        found.d.length === blobs.length &&
        blobs.every((value, i) => same(found.d[i], value))
      )
    }),
    { numRuns: 100 },
  )
  t.pass('100 shapes')
})
