// The server dies, stands still or comes back in every call of the pool: each gives a PopulaceError, none hangs, none ends
// the process, and the next call works as soon as there is a server. An unhandled rejection would fail the file.
import t, { test } from 'tap'
import { DatabasePool } from '../../lib/index.js'
import { asTimePasses, errorOf, newTable, poolFor, rowsIn } from '../fixtures/database-pools.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { privateServer } from '../fixtures/postgres-server.js'
import { refusedLater } from '../fixtures/refused.js'

const server = await privateServer()
t.teardown(() => server.close())
const connectionString = await server.database()

const ID = 'id int8 primary key, label text'

/** Rows, with the death of the server after so many. */
async function* rowsUntilDeath(at: number, end: () => Promise<void>): AsyncGenerator<[number, string]> {
  for (let i = 0; i < 2 * at; i++) {
    if (i === at) await end()
    yield [i, 'x'.repeat(100)]
  }
}

let dying: Promise<void> | undefined

/** The ways in which a server goes; a call may learn of it before it is gone for good. */
const DEATHS = {
  kill: () => (dying = server.kill()),
  stop: () => (dying = server.stop()),
}

async function revive(): Promise<void> {
  await dying
  await server.start()
}

for (const [death, end] of Object.entries(DEATHS)) {
  test(`${death}: a statement that runs is lost, and the next call connects anew`, async t => {
    const pool = await poolFor(t, connectionString)
    const session = await pool.getSession()
    const running = errorOf(session.query('select pg_sleep(600)'))
    await end()
    t.match(await running, { code: 'DATABASE_LOST', fate: 'unknown' })
    t.ok(session.lost.aborted)
    t.match(await errorOf(session.query('select 1')), { code: 'DATABASE_LOST', fate: 'rolled back' })
    await session.release()
    await refusedLater(t, 'DATABASE_UNAVAILABLE', /can be made/, () => pool.query('select 1'))
    await refusedLater(t, 'DATABASE_UNAVAILABLE', /can be made/, () => pool.getSession())
    await revive()
    t.strictSame(await pool.query('select 1 as one'), [{ one: 1 }])
    t.match(pool.status(), { state: 'ready', size: 1, opened: 2, failed: 2, lost: 1 })
  })

  test(`${death}: a transaction is rolled back, whatever it did at that moment`, async t => {
    const pool = await poolFor(t, connectionString)
    const name = await newTable(pool, ID)
    const insert = `insert into ${name} values ($1, 'a')`
    const moments: Record<string, Parameters<DatabasePool['transaction']>[0]> = {
      'between two statements': async tx => {
        await tx.execute(insert, [1])
        await end()
        await tx.execute(insert, [2])
      },
      'in a statement': async tx => {
        await tx.execute(insert, [1])
        const running = tx.query('select pg_sleep(600)')
        await Promise.all([running, end()])
      },
      'in a COPY': tx => tx.copyInto(name, ['id', 'label'], rowsUntilDeath(5000, end)),
      'in a batch': tx => tx.executeBatch(`insert into ${name} values ($1, $2)`, rowsUntilDeath(500, end)),
      'while it waits for something else': async tx => {
        await tx.execute(insert, [1])
        await end()
        await new Promise(() => undefined)
      },
      'when its error was caught': async tx => {
        await tx.execute(insert, [1])
        await end()
        await tx.execute(insert, [2]).catch(error => t.equal(error.code, 'DATABASE_LOST'))
      },
      'before its first statement': async tx => {
        await end()
        await tx.execute(insert, [1])
      },
    }
    for (const [moment, work] of Object.entries(moments)) {
      const error = await errorOf(pool.transaction(work))
      t.match(error, { name: 'PopulaceError', code: 'DATABASE_LOST', fate: 'rolled back' }, moment)
      await revive()
      t.equal(await rowsIn(pool, name), 0, moment)
    }
  })

  test(`${death}: a batch and a COPY of the pool are lost, and leave nothing`, async t => {
    const pool = await poolFor(t, connectionString)
    const name = await newTable(pool, ID)
    const calls = {
      batch: () => pool.executeBatch(`insert into ${name} values ($1, $2)`, rowsUntilDeath(500, end)),
      'COPY, early': () => pool.copyInto(name, ['id', 'label'], rowsUntilDeath(1, end)),
      'COPY, in the middle': () => pool.copyInto(name, ['id', 'label'], rowsUntilDeath(50_000, end)),
    }
    for (const [call, work] of Object.entries(calls)) {
      t.match(await errorOf(work()), { code: 'DATABASE_LOST' }, call)
      await revive()
      t.equal(await rowsIn(pool, name), 0, call)
    }
  })

  test(`${death}: who waits for a connection is told, or served when there is a server again`, async t => {
    const pool = await poolFor(t, connectionString)
    const session = await pool.getSession()
    const waits = [1, 2, 3].map(() => errorOf(pool.query('select 1')))
    await end()
    for (const error of await Promise.all(waits)) t.match(error, { code: 'DATABASE_UNAVAILABLE' })
    await session.release()
    await revive()
    t.strictSame(await pool.query('select 1 as one'), [{ one: 1 }])
  })

  test(`${death}: connections that nobody used are replaced`, async t => {
    const pool = await poolFor(t, connectionString, { poolSize: 3 })
    t.equal(pool.status().idle, 3)
    await end()
    await revive()
    await Promise.all([1, 2, 3].map(() => errorOf(pool.query('select 1')).then(() => undefined)))
    t.strictSame(await pool.query('select 1 as one'), [{ one: 1 }])
    await pool.close()
    t.equal(pool.status().state, 'closed')
  })

  test(`${death}: close ends though nobody takes leave`, async t => {
    const pool = await poolFor(t, connectionString, { poolSize: 2 })
    const session = await pool.getSession()
    await end()
    await session.release()
    await pool.close()
    await revive()
    t.equal(pool.status().state, 'closed')
  })
}

test('a commit that is not answered may have happened, and says so', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, ID)
  await pool.execute(`create function hold() returns trigger language plpgsql as
    'begin perform pg_sleep(600); return null; end'`)
  await pool.execute(`create constraint trigger holds after insert on ${name} deferrable initially deferred
    for each row execute function hold()`)
  const session = await pool.getSession()
  const committing = errorOf(session.transaction(tx => tx.execute(`insert into ${name} values (1, 'a')`)))
  const other = new DatabasePool({ connectionString, poolSize: 1 })
  await other.initialize()
  const asleep = "select 1 from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'"
  while ((await other.query(asleep, [session.pid])).length === 0) t.notOk(session.lost.aborted)
  await server.kill()
  t.match(await committing, { code: 'DATABASE_LOST', fate: 'unknown', message: /commit/ })
  await session.release()
  await server.start()
  t.equal(await rowsIn(pool, name), 0)
  await other.close()
})

test('one connection that is ended by an administrator is replaced, the others go on', async t => {
  const pool = await poolFor(t, connectionString, { poolSize: 2 })
  const [a, b] = [await pool.getSession(), await pool.getSession()]
  const running = errorOf(a.query('select pg_sleep(600)'))
  await b.query('select pg_terminate_backend($1)', [a.pid])
  t.match(await running, { code: 'DATABASE_LOST' })
  t.strictSame(await b.query('select 1 as one'), [{ one: 1 }])
  await a.release()
  await b.release()
  t.match(pool.status(), { size: 1, lost: 1 })
  await Promise.all([pool.query('select 1'), pool.query('select 1')])
})

test('a server that stands still makes no call hang', async t => {
  const clock = new FakeClock()
  const pool = await poolFor(t, connectionString, { poolSize: 2 }, clock)
  const name = await newTable(pool, ID)
  const session = await pool.getSession()
  server.freeze()
  t.teardown(() => server.thaw())
  const told = (work: Promise<unknown>) => asTimePasses(clock, errorOf(work))
  t.match(await told(session.query('select 1')), {
    code: 'DATABASE_TIMEOUT',
    message: /"select 1" .* limit of 60000 ms/,
  })
  t.ok(session.lost.aborted, 'its connection was cut: the server would have answered at some time')
  await session.release()
  const big = 'x'.repeat(1_000_000)
  const rows = Array.from({ length: 50 }, (_, i) => [i, big])
  t.match(await told(pool.copyInto(name, ['id', 'label'], rows)), { code: 'DATABASE_TIMEOUT' })
  t.match(await told(pool.query('select 1')), { code: 'DATABASE_UNAVAILABLE', message: /connectTimeoutMs of 10000 ms/ })
  const other = new DatabasePool({ connectionString }, clock)
  t.match(await told(other.initialize()), { code: 'DATABASE_UNAVAILABLE' })
  server.thaw()
  t.equal(await rowsIn(pool, name), 0)
})

test('a transaction that waits for something else ends in time though the server stands still', async t => {
  const clock = new FakeClock()
  const pool = await poolFor(t, connectionString, {}, clock)
  t.teardown(() => server.thaw())
  let isFrozen = false
  const ending = errorOf(
    pool.transaction(
      async tx => {
        await tx.query('select 1')
        server.freeze()
        isFrozen = true
        await new Promise(() => undefined)
      },
      { timeoutMs: 1000 },
    ),
  )
  while (!isFrozen) await new Promise(setImmediate)
  t.match(await asTimePasses(clock, ending), { code: 'DATABASE_TIMEOUT', message: /timeoutMs of 1000 ms/ })
  t.ok(clock.now() < 10_000, `after ${clock.now()} ms`)
})

test('a server that stands still does not hold up release and close', async t => {
  const clock = new FakeClock()
  const pool = await poolFor(t, connectionString, { poolSize: 2 }, clock)
  const session = await pool.getSession()
  server.freeze()
  t.teardown(() => server.thaw())
  await asTimePasses(clock, session.release())
  t.match(pool.status(), { inUse: 0, idle: 1, lost: 1 }, 'a connection that could not be reset is given to nobody')
  await asTimePasses(clock, pool.close())
  t.equal(pool.status().state, 'closed')
  server.thaw()
})

test('calls that go on through restarts are all answered, rightly or with an error', async t => {
  const pool = await poolFor(t, connectionString, { poolSize: 3, maxOverflow: 2 })
  const name = await newTable(pool, ID)
  let going = true
  const outcomes = { right: 0, error: 0 }
  const codes = new Set<string>()
  const client = async (number: number) => {
    for (let i = 0; going; i++) {
      const id = number * 1e6 + i
      const work = pool.transaction(async tx => {
        await tx.execute(`insert into ${name} values ($1, 'a')`, [2 * id])
        await tx.execute(`insert into ${name} values ($1, 'b')`, [2 * id + 1])
        return id
      })
      const error = await errorOf(work)
      if (error === undefined) outcomes.right++
      else outcomes.error++
      if (error !== undefined) codes.add(error.code)
      if (error?.code === 'DATABASE_UNAVAILABLE') await new Promise(resolve => setImmediate(resolve))
    }
  }
  const clients = [1, 2, 3, 4, 5, 6].map(client)
  for (const end of [server.kill, server.stop, server.kill]) {
    const before = outcomes.right
    while (outcomes.right < before + 20) await new Promise(resolve => setImmediate(resolve))
    await end.call(server)
    await server.start()
  }
  const before = outcomes.right
  while (outcomes.right < before + 20) await new Promise(resolve => setImmediate(resolve))
  going = false
  await Promise.all(clients)
  t.ok(outcomes.error > 0)
  const known = ['DATABASE_LOST', 'DATABASE_UNAVAILABLE']
  t.ok(
    [...codes].every(code => known.includes(code)),
    [...codes].join(),
  )
  const [{ odd, n }] = await pool.query<{ odd: number; n: number }>(
    `select count(*) as n, (select count(*) from (select id / 2 from ${name} group by id / 2 having count(*) <> 2) x) as odd
     from ${name}`,
  )
  t.equal(odd, 0, 'each transaction is there whole or not at all')
  t.ok(n >= 2 * outcomes.right, `${n} rows of ${outcomes.right} transactions that were told to be right`)
})
