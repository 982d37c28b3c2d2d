// Every public method of the pool against a real server, with each refusal by its code. COPY and batches, deadlines
// and signals, and what happens when the server dies have files of their own.
import t, { test } from 'tap'
import { type DatabaseError, DatabasePool, type DatabaseSession } from '../../lib/index.js'
import { errorOf, newTable, poolFor, rowsIn } from '../fixtures/database-pools.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'
import { refusedLater } from '../fixtures/refused.js'

const server = await sharedServer()
const connectionString = await server.database()
t.teardown(closeSharedServer)

test('values of many types go there and come back', async t => {
  const pool = await poolFor(t, connectionString)
  const at = new Date('2026-01-02T03:04:05.678Z')
  const [row] = await pool.query(
    `select $1::bool as a, $2::int2 as b, $3::int4 as c, $4::int8 as d, $5::int8 as e, $6::float8 as f, $7::text as g,
      $8::bytea as h, $9::jsonb as i, $10::timestamptz as j, $11::int4[] as k, $12::text[] as l, $13::numeric as m,
      $14::text as n, $15::bytea[] as o, $16::json as p`,
    [
      false,
      -5,
      2 ** 31 - 1,
      2 ** 53 - 1,
      -(2n ** 63n),
      0.1,
      `it's "é"\n`,
      Uint8Array.of(0, 255),
      { a: [1, 'x'] },
      at,
      [
        [1, null],
        [3, 4],
      ],
      ['a,b', '"', '\\', '{}', '', 'NULL', null],
      '12345678901234567890.5',
      null,
      [Uint8Array.of(1)],
      '[1]',
    ],
  )
  t.strictSame(row, {
    a: false,
    b: -5,
    c: 2 ** 31 - 1,
    d: 2 ** 53 - 1,
    e: -(2n ** 63n),
    f: 0.1,
    g: `it's "é"\n`,
    h: Buffer.of(0, 255),
    i: { a: [1, 'x'] },
    j: at,
    k: [
      [1, null],
      [3, 4],
    ],
    l: ['a,b', '"', '\\', '{}', '', 'NULL', null],
    m: '12345678901234567890.5',
    n: null,
    o: [Buffer.of(1)],
    p: [1],
  })
})

test('a value that no parameter can be is refused by its place', async t => {
  const pool = await poolFor(t, connectionString)
  class Thing {}
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const wrong: [unknown, RegExp][] = [
    [undefined, /\$1 .* is undefined/],
    [[1, undefined], /\$1 .*element 2.* is undefined/],
    [() => 1, /a function/],
    [Symbol('x'), /a symbol/],
    ['\uDC00', /half of a surrogate pair/],
    [new Thing(), /instance of Thing/],
    [new Date(Number.NaN), /no date/],
    [circle, /cannot be written as JSON/],
  ]
  for (const [value, words] of wrong) {
    await refusedLater(t, 'DATABASE_VALUE_INVALID', words, () => pool.query('select $1', [value]))
  }
  const many = Array.from({ length: 70_000 }, () => 1)
  await refusedLater(t, 'DATABASE_VALUE_INVALID', /70000 parameters/, () => pool.query('select 1', many))
  await refusedLater(t, 'DATABASE_VALUE_INVALID', /no array/, () => pool.query('select $1', 'x' as unknown as string[]))
  for (const text of ['', ' ', 7 as unknown as string, 'select \0']) {
    await refusedLater(t, 'DATABASE_VALUE_INVALID', /A statement/, () => pool.query(text))
  }
  t.strictSame(await pool.query('select 1 as one'), [{ one: 1 }], 'nothing was harmed')
})

test('a statement that the server refuses is DATABASE_FAILED with its SQLSTATE', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8 primary key')
  t.equal(await pool.execute(`insert into ${name} values (1), (2)`), 2)
  const states: [string, unknown[], string, RegExp][] = [
    ['selec 1', [], '42601', /syntax error/],
    [`insert into ${name} values ($1)`, [1], '23505', /constraint 't\d+_pkey'/],
    ['select 1; select 2', [], '42601', /multiple commands/],
    ['select $1::int4', ['x'], '22P02', /invalid input syntax/],
    ['select $1, $2', [1], '08P01', /parameters/],
    ['select * from nowhere', [], '42P01', /nowhere/],
  ]
  for (const [text, values, sqlState, words] of states) {
    const failing = pool.execute(text, values)
    await refusedLater(t, 'DATABASE_FAILED', words, () => failing)
    t.equal((await errorOf(failing))?.sqlState, sqlState)
  }
  for (const text of [`copy ${name} from stdin`, `/* a */ copy ${name} from stdin`, `copy ${name} to stdout`]) {
    t.equal((await errorOf(pool.query(text)))?.name, 'PopulaceError', text)
  }
  t.equal(await rowsIn(pool, name), 2)
})

test('a pool is initialized once, before everything else', async t => {
  const pool = new DatabasePool({ connectionString, poolSize: 2 })
  await refusedLater(t, 'DATABASE_NOT_READY', /before initialize/, () => pool.query('select 1'))
  await refusedLater(t, 'DATABASE_NOT_READY', /before initialize/, () => pool.getSession())
  t.equal(pool.status().state, 'new')
  await pool.initialize()
  t.match(pool.status(), { state: 'ready', size: 2, idle: 2, poolSize: 2, opened: 2 })
  await refusedLater(t, 'DATABASE_NOT_READY', /initialized twice/, () => pool.initialize())
  await pool.close()
  await pool.close()
  t.match(pool.status(), { state: 'closed', size: 0 })
  await refusedLater(t, 'DATABASE_CLOSED', /after close/, () => pool.query('select 1'))
  await refusedLater(t, 'DATABASE_CLOSED', /after close/, () => pool.initialize())
  const never = new DatabasePool({ connectionString })
  await never.close()
  await refusedLater(t, 'DATABASE_CLOSED', /after close/, () => never.initialize())
})

test('a pool that is closed while it is initialized keeps nothing', async t => {
  let kept: DatabasePool
  {
    await using pool = new DatabasePool({ connectionString, poolSize: 2 })
    kept = pool
    const starting = errorOf(pool.initialize())
    await pool.close()
    t.equal((await starting)?.code, 'DATABASE_CLOSED')
  }
  t.match(kept.status(), { state: 'closed', size: 0, inUse: 0 })
})

test('a script runs several statements, all or none', async t => {
  const pool = await poolFor(t, connectionString)
  await using session = await pool.getSession()
  const name = 'scripted'
  await session.execute(`create table ${name} (id int8)`)
  await session.script(`insert into ${name} values (1); insert into ${name} values (2)`)
  await refusedLater(t, 'DATABASE_FAILED', /a script: division by zero/, () =>
    session.script(`insert into ${name} values (3); select 1 / 0`),
  )
  t.strictSame(await session.query(`select count(*) as n from ${name}`), [{ n: 2 }])
})

test('where nobody is let in initialize says why, and may be tried again', async t => {
  const url = new URL(connectionString)
  url.pathname = `${url.pathname}_later`
  const pool = new DatabasePool({ connectionString: url.href, poolSize: 2 })
  const failing = pool.initialize()
  await refusedLater(t, 'DATABASE_UNAVAILABLE', /_later" does not exist/, () => failing)
  t.equal((await errorOf(failing))?.sqlState, '3D000')
  t.match(pool.status(), { state: 'new', size: 0 })
  const later = url.pathname.slice(1)
  await server.admin(`create database ${later}`)
  await pool.initialize()
  await pool.close()
  await server.admin(`drop database ${later}`)
  const nobody = new DatabasePool({ connectionString: 'postgres://ann:hunter2@127.0.0.1:1/x' })
  await refusedLater(t, 'DATABASE_UNAVAILABLE', /^((?!hunter2).)*ECONNREFUSED/s, () => nobody.initialize())
})

test('a session is one connection, until it is released', async t => {
  const pool = await poolFor(t, connectionString)
  let kept: DatabaseSession
  {
    await using session = await pool.getSession()
    kept = session
    const [{ pid }] = await session.query('select pg_backend_pid() as pid')
    t.equal(pid, session.pid)
    t.match(pool.status(), { inUse: 1, idle: 0 })
  }
  t.match(pool.status(), { inUse: 0, idle: 1 })
  await refusedLater(t, 'DATABASE_CLOSED', /after its release/, () => kept.query('select 1'))
  await refusedLater(t, 'DATABASE_CLOSED', /after its release/, () => kept.transaction(async () => 1))
  await kept.release()
  t.match(pool.status(), { inUse: 0, idle: 1 }, 'releasing twice is fine')
})

test('what a session changed in the server is undone before another gets its connection', async t => {
  const pool = await poolFor(t, connectionString)
  const first = await pool.getSession()
  await first.execute("set statement_timeout = '1234ms'")
  await first.query('select pg_advisory_lock(77)')
  await first.execute('create temporary table mine (a int4)')
  await first.query('select $1::int4 as prepared', [1])
  await first.execute('begin')
  await first.release()
  const second = await pool.getSession()
  t.equal(second.pid, first.pid)
  t.strictSame(await second.query('show statement_timeout'), [{ statement_timeout: '0' }])
  t.strictSame(await second.query('select $1::int4 as prepared', [2]), [{ prepared: 2 }], 'it is still prepared')
  t.strictSame(
    await second.query("select count(*) as n from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"),
    [{ n: 0 }],
  )
  await refusedLater(t, 'DATABASE_FAILED', /mine/, () => second.query('select * from mine'))
  await second.release()
  await pool.execute('set statement_timeout = 1')
  t.strictSame(
    await pool.query('show statement_timeout'),
    [{ statement_timeout: '0' }],
    'the same of a call of the pool',
  )
  await pool.transaction(transaction => transaction.script("set statement_timeout = 9999; set search_path = ''"))
  t.strictSame(await pool.query('show statement_timeout'), [{ statement_timeout: '0' }], 'and of a transaction')
  await pool.execute('begin')
  const [a, b] = [await pool.query('select txid_current() as id'), await pool.query('select txid_current() as id')]
  t.notSame(a, b, 'no transaction is left open')
})

test('a session releases only when what runs in it has ended', async t => {
  const pool = await poolFor(t, connectionString)
  const session = await pool.getSession()
  const running = session.query('select pg_sleep(0.05), 7 as seven')
  await session.release()
  t.match(await running, [{ seven: 7 }])
})

test('all connections in use make calls wait, and overflow helps', async t => {
  const pool = await poolFor(t, connectionString, { poolSize: 1, maxOverflow: 1, overflowIdleMs: 0, maxWaiting: 1 })
  const [a, b] = [await pool.getSession(), await pool.getSession()]
  t.match(pool.status(), { size: 2, inUse: 2, overflow: 1, waiting: 0 })
  const waits = pool.query('select 1 as one')
  t.equal(pool.status().waiting, 1)
  await refusedLater(t, 'DATABASE_BUSY', /maxWaiting of 1/, () => pool.query('select 1'))
  await b.release()
  t.strictSame(await waits, [{ one: 1 }])
  t.match(pool.status(), { size: 1, overflow: 0 }, 'overflow is closed when nobody uses it')
  await a.release()
  t.equal(pool.status().waits.count, 3)
})

test('a transaction is committed when its function resolves, and rolled back when it rejects', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8')
  const given = await pool.transaction(async tx => {
    t.equal(await tx.execute(`insert into ${name} values ($1)`, [1]), 1)
    t.equal(await tx.copyInto(name, ['id'], [[2], [3]]), 2)
    t.equal(await tx.executeBatch(`insert into ${name} values ($1)`, [[4], [5]]), 2)
    return tx.query<{ id: number }>(`select sum(id)::int8 as id from ${name}`)
  })
  t.strictSame(given, [{ id: 15 }])
  const mine = new Error('mine')
  const failing = pool.transaction(async tx => {
    await tx.execute(`delete from ${name}`)
    throw mine
  })
  t.equal(await failing.catch(error => error), mine, 'the error is the one that was thrown')
  t.equal(await rowsIn(pool, name), 5)
})

test('a transaction whose statement failed is rolled back, though its error was caught', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8')
  const failing = pool.transaction(async tx => {
    await tx.execute(`insert into ${name} values (1)`)
    await tx.query('select 1 / 0').catch(error => t.equal(error.sqlState, '22012'))
  })
  await refusedLater(t, 'DATABASE_FAILED', /its error was caught/, () => failing)
  t.equal(await rowsIn(pool, name), 0)
})

test('a transaction is of no use outside of its function', async t => {
  const pool = await poolFor(t, connectionString)
  const out = await pool.transaction(async tx => tx)
  await refusedLater(t, 'DATABASE_CLOSED', /after its end/, () => out.query('select 1'))
  await refusedLater(t, 'DATABASE_CLOSED', /after its end/, () => out.copyInto('x', ['a'], []))
  await using session = await pool.getSession()
  const nested = session.transaction(() => session.transaction(async () => 1))
  await refusedLater(t, 'DATABASE_FAILED', /begun in a session that is in one/, () => nested)
})

test('a transaction is isolated and read only as it is told', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8')
  const shown = await pool.transaction(tx => tx.query('show transaction_isolation'), { isolation: 'serializable' })
  t.strictSame(shown, [{ transaction_isolation: 'serializable' }])
  const writing = pool.transaction(tx => tx.execute(`insert into ${name} values (1)`), { readOnly: true })
  await refusedLater(t, 'DATABASE_FAILED', /read-only/, () => writing)
  const wrong = pool.transaction(async () => 1, { isolation: 'full' } as never)
  await refusedLater(t, 'OPTION_INVALID', /'isolation' of transaction/, () => wrong)
})

test('a session that is released in the middle of its transaction loses it', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8')
  const session = await pool.getSession()
  const inserted = new Promise<{ error: Promise<DatabaseError | undefined> }>(resolve => {
    const running = session.transaction(async tx => {
      await tx.execute(`insert into ${name} values (1)`)
      resolve({ error: errorOf(running) })
      await new Promise(() => undefined) // it does not notice
    })
  })
  const { error } = await inserted
  await session.release()
  t.match(await error, { code: 'DATABASE_LOST', fate: 'rolled back' })
  t.equal(await rowsIn(pool, name), 0)
})

test('many calls at once are all answered, each with its own', async t => {
  const pool = await poolFor(t, connectionString, { poolSize: 3, maxOverflow: 2 })
  const answers = await Promise.all(
    Array.from({ length: 500 }, async (_, i) => (await pool.query<{ x: number }>('select $1::int4 as x', [i]))[0].x),
  )
  t.strictSame(
    answers,
    answers.map((_, i) => i),
  )
  t.match(pool.status(), { inUse: 0, waiting: 0, timedOut: 0, refused: 0 })
})

test('texts made up without end leave no more than 256 prepared', async t => {
  const pool = await poolFor(t, connectionString)
  for (let i = 0; i < 300; i++) await pool.query(`select ${i}, $1::int4`, [i])
  const [{ n }] = await pool.query<{ n: number }>('select count(*) as n from pg_prepared_statements')
  t.ok(n <= 257, `${n}`)
  const plain = await poolFor(t, connectionString, { prepare: false })
  await plain.query('select $1::int4', [1])
  t.strictSame(await plain.query('select count(*) as n from pg_prepared_statements'), [{ n: 0 }])
})
