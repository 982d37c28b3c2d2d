// COPY and batches against a real server: what arrives, what is refused and leaves nothing, what is read no faster than it
// is taken.
import t, { test } from 'tap'
import type { ErrorCode } from '../../lib/index.js'
import { newTable, poolFor, rowsIn } from '../fixtures/database-pools.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'
import { refusedLater } from '../fixtures/refused.js'

const server = await sharedServer()
const connectionString = await server.database()
t.teardown(closeSharedServer)

test('a batch runs its statement for each row, all or none, and names the row that failed', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8 primary key, label text')
  const insert = `insert into ${name} values ($1, $2)`
  async function* later() {
    for (let i = 0; i < 500; i++) yield [i, `label ${i}`]
  }
  t.equal(await pool.executeBatch(insert, later()), 500)
  t.equal(
    await pool.executeBatch(`update ${name} set label = $2 where id < $1`, [
      [3, 'a'],
      [1, 'b'],
    ]),
    4,
  )
  t.equal(await pool.executeBatch(insert, []), 0)
  const rows = Array.from({ length: 1000 }, (_, i) => [i === 700 ? 7 : 1000 + i, 'x'])
  const failing = pool.executeBatch(insert, rows)
  await refusedLater(t, 'DATABASE_FAILED', /row 701 of .*duplicate key/, () => failing)
  await refusedLater(t, 'DATABASE_VALUE_INVALID', /\$2 of row 2/, () =>
    pool.executeBatch(insert, [
      [9001, 'x'],
      [9002, undefined],
    ]),
  )
  await refusedLater(t, 'DATABASE_VALUE_INVALID', /neither iterable/, () => pool.executeBatch(insert, 7 as never))
  t.equal(await rowsIn(pool, name), 500)
})

test('an error of the source of rows ends batch and COPY, and comes out as it is', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8')
  const broken = Object.assign(new Error('the file is gone'), { code: 'ENOENT' })
  let ended = 0
  async function* source(): AsyncGenerator<[number]> {
    try {
      for (let i = 0; i < 300; i++) yield [i]
      throw broken
    } finally {
      ended++
    }
  }
  t.equal(await pool.copyInto(name, ['id'], source()).catch(error => error), broken)
  t.equal(await pool.executeBatch(`insert into ${name} values ($1)`, source()).catch(error => error), broken)
  t.equal(ended, 2)
  t.equal(await rowsIn(pool, name), 0)
  t.equal(pool.status().opened, 1, 'the connection was of use all the time')
})

test('COPY takes rows from arrays, iterables and async iterables', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'a int8, "B c" text, d bytea, e float8, f bool, g int4')
  const columns = ['a', 'B c', 'd', 'e', 'f', 'g']
  const row = (i: number) => [i, i % 3 === 0 ? null : `é${i}`, Buffer.alloc(i % 300, i), i / 3, i % 2 === 0, -i]
  function* now() {
    for (let i = 0; i < 1000; i++) yield row(i)
  }
  async function* later() {
    for (let i = 1000; i < 2000; i++) yield row(i)
  }
  t.equal(await pool.copyInto(name, columns, now()), 1000)
  t.equal(await pool.copyInto(['public', name], columns, later()), 1000)
  t.equal(await pool.copyInto(`public.${name}`, columns, [row(2000), row(2001)]), 2)
  t.equal(await pool.copyInto(name, ['a'], []), 0)
  const found = await pool.query<Record<string, unknown>>(`select * from ${name} order by a`)
  t.equal(found.length, 2002)
  found.forEach((each, i) => {
    const wanted = row(i)
    const same = columns.every((column, at) =>
      at === 2 ? (wanted[2] as Buffer).equals(each.d as Buffer) : each[column] === wanted[at],
    )
    if (!same) t.fail(`row ${i} came out otherwise`)
  })
})

test('a COPY that is refused says why, and nothing of it stays', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8 primary key, label text not null, place point')
  await pool.copyInto(name, ['id', 'label'], [[1, 'a']])
  const refusals: [readonly string[], unknown[][], string, RegExp][] = [
    [
      ['id', 'label'],
      [
        [2, 'b'],
        [1, 'c'],
      ],
      'DATABASE_FAILED',
      /duplicate key/,
    ],
    [['id', 'label'], [[2, null]], 'DATABASE_FAILED', /null value/],
    [
      ['id', 'label'],
      [
        [2, 'b'],
        [3, 4],
      ],
      'DATABASE_VALUE_INVALID',
      /Row 2 .*'label'.* no text/,
    ],
    [['id', 'label'], [[2]], 'DATABASE_VALUE_INVALID', /1 values for 2 columns/],
    [['id', 'nothing'], [[2, 'b']], 'DATABASE_VALUE_INVALID', /no column 'nothing'/],
    [['id', 'place'], [[2, 'b']], 'DATABASE_VALUE_INVALID', /'place'/],
    [[], [], 'DATABASE_VALUE_INVALID', /list of names/],
  ]
  for (const [columns, rows, code, words] of refusals) {
    await refusedLater(t, code as ErrorCode, words, () => pool.copyInto(name, columns, rows))
  }
  await refusedLater(t, 'DATABASE_FAILED', /nowhere/, () => pool.copyInto('nowhere', ['a'], [[1]]))
  for (const wrong of ['', 'a.b.c', ['a', ''], 7]) {
    await refusedLater(t, 'DATABASE_VALUE_INVALID', /table of copyInto/, () =>
      pool.copyInto(wrong as string, ['a'], []),
    )
  }
  await refusedLater(t, 'DATABASE_VALUE_INVALID', /neither iterable/, () =>
    pool.copyInto(name, ['id'], 'rows' as never),
  )
  const late = Array.from({ length: 50_000 }, (_, i) => [i + 1, 'x'.repeat(50)])
  await refusedLater(t, 'DATABASE_FAILED', /duplicate key/, () => pool.copyInto(name, ['id', 'label'], late))
  t.equal(await rowsIn(pool, name), 1)
  t.equal(pool.status().opened, 1, 'one connection went through it all')
})

test('COPY reads its source no faster than the server takes rows', async t => {
  const pool = await poolFor(t, connectionString, { poolSize: 2 })
  const name = await newTable(pool, 'id int8 primary key, data bytea')
  await pool.execute(`create function wait_${name}() returns trigger language plpgsql as
    'begin if new.id = 10 then perform pg_advisory_xact_lock(99); end if; return new; end'`)
  await pool.execute(`create trigger waits before insert on ${name} for each row execute function wait_${name}()`)
  const data = Buffer.alloc(2 ** 16, 1)
  const rows = 600
  await using holder = await pool.getSession()
  await using session = await pool.getSession()
  let read = 0
  function* source() {
    for (; read < rows; read++) yield [read, data]
  }
  await holder.query('select pg_advisory_lock(99)')
  const copying = session.copyInto(name, ['id', 'data'], source())
  const blocked = "select 1 from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'"
  while ((await holder.query(blocked, [session.pid])).length === 0) t.ok(read < rows)
  for (let before = -1; before !== read; ) {
    before = read
    for (let i = 0; i < 20; i++) await holder.query('select 1')
  }
  t.ok(read >= 10 && read < rows, `${read} rows of 64 KiB fill what the system buffers`)
  await holder.query('select pg_advisory_unlock(99)')
  t.equal(await copying, rows)
})

test('COPY and batch end with their signal, also while their source gives nothing', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8')
  for (const call of ['copy', 'batch']) {
    const end = new AbortController()
    async function* source() {
      for (let i = 0; i < 10; i++) yield [i]
      end.abort()
      await new Promise(() => undefined)
    }
    const { signal } = end
    const running =
      call === 'copy'
        ? pool.copyInto(name, ['id'], source(), { signal })
        : pool.executeBatch(`insert into ${name} values ($1)`, source(), { signal })
    await refusedLater(t, 'ABORTED', /the (COPY|statement)/, () => running)
  }
  const slow = pool.copyInto(
    name,
    ['id'],
    (async function* () {
      yield [1]
      await new Promise(() => undefined)
    })(),
    { timeoutMs: 700 },
  )
  await refusedLater(t, 'DATABASE_TIMEOUT', /COPY .* 700 ms/, () => slow)
  t.equal(await rowsIn(pool, name), 0)
  t.equal(pool.status().opened, 1)
})
