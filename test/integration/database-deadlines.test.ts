// Deadlines and signals of calls against a real server: each ends what it is given to, in the server too, and no more.
import t, { test } from 'tap'
import { DatabasePool } from '../../lib/index.js'
import { errorOf, newTable, poolFor, rowsIn } from '../fixtures/database-pools.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'
import { refusedLater } from '../fixtures/refused.js'

const server = await sharedServer()
const connectionString = await server.database()
t.teardown(closeSharedServer)

/** Resolves when the server says that a backend waits, for a lock or for its client. */
async function untilWaiting(pool: DatabasePool, pid: number, state: string): Promise<void> {
  for (;;) {
    const [row] = await pool.query<{ type: string | null; event: string | null }>(
      'select wait_event_type as type, wait_event as event from pg_stat_activity where pid = $1',
      [pid],
    )
    if (row?.type === state || row?.event === state) return
  }
}

test('a statement ends with its limit or its signal, and its connection goes on', async t => {
  const pool = await poolFor(t, connectionString, { poolSize: 2 })
  await using session = await pool.getSession()
  const { pid } = session
  await refusedLater(t, 'DATABASE_TIMEOUT', /"select pg_sleep\(600\)" took longer than the limit of 50 ms/, () =>
    session.query('select pg_sleep(600)', [], { timeoutMs: 50 }),
  )
  const end = new AbortController()
  const running = session.query('select pg_sleep(600)', [], { signal: end.signal })
  await untilWaiting(pool, pid, 'PgSleep')
  end.abort()
  await refusedLater(t, 'ABORTED', /"select pg_sleep\(600\)"/, () => running)
  await refusedLater(t, 'ABORTED', /"select 1"/, () => session.query('select 1', [], { signal: end.signal }))
  await refusedLater(t, 'ABORTED', /wait for a connection/, () => pool.query('select 1', [], { signal: end.signal }))
  t.strictSame(await session.query('select pg_backend_pid() as pid'), [{ pid }])
})

test('a call that waits for its turn in a session hears its signal at once, and is not run', async t => {
  const pool = await poolFor(t, connectionString, { poolSize: 2 })
  const name = await newTable(pool, 'id int8')
  await using session = await pool.getSession()
  const stop = new AbortController()
  const first = errorOf(session.query('select pg_sleep(600)', [], { signal: stop.signal }))
  const end = new AbortController()
  const second = session.execute(`insert into ${name} values (1)`, [], { signal: end.signal })
  end.abort()
  await refusedLater(t, 'ABORTED', /"insert into/, () => second)
  stop.abort()
  t.equal((await first)?.code, 'ABORTED')
  await session.query('select 1')
  t.equal(await rowsIn(pool, name), 0)
})

test('a wait for a session ends with its limit', async t => {
  const pool = await poolFor(t, connectionString)
  await using session = await pool.getSession()
  const waiting = pool.getSession({ timeoutMs: 50 })
  await refusedLater(t, 'DATABASE_TIMEOUT', /longer than timeoutMs of 50 ms, with 1 in use/, () => waiting)
  t.equal(session.lost.aborted, false)
  t.equal(pool.status().timedOut, 1)
})

test('a transaction ends with its limit or its signal, also while its function waits for something else', async t => {
  const pool = await poolFor(t, connectionString)
  const name = await newTable(pool, 'id int8')
  const never = new Promise<never>(() => undefined)
  const late = pool.transaction(
    async tx => {
      await tx.execute(`insert into ${name} values (1)`)
      await never
    },
    { timeoutMs: 100 },
  )
  await refusedLater(t, 'DATABASE_TIMEOUT', /A transaction took longer than timeoutMs of 100 ms/, () => late)
  const end = new AbortController()
  const ended = pool.transaction(
    async tx => {
      await tx.execute(`insert into ${name} values (1)`)
      end.abort()
      await never
    },
    { signal: end.signal },
  )
  await refusedLater(t, 'ABORTED', /a transaction/, () => ended)
  t.equal(await rowsIn(pool, name), 0)
  t.equal(pool.status().opened, 1)
})

test('close waits for what is in use, and cuts off what does not end', async t => {
  const pool = await poolFor(t, connectionString, { closeTimeoutMs: 60_000 })
  const session = await pool.getSession()
  const closing = pool.close()
  t.equal(pool.status().state, 'closing')
  t.strictSame(await session.query('select 1 as one'), [{ one: 1 }], 'what is in use goes on')
  await session.release()
  await closing
  const other = new DatabasePool({ connectionString, poolSize: 1, closeTimeoutMs: 50 })
  await other.initialize()
  const running = other.query('select pg_sleep(600)')
  const lost = errorOf(running)
  await refusedLater(t, 'DATABASE_TIMEOUT', /1 session was cut off after closeTimeoutMs of 50 ms/, () => other.close())
  t.equal((await lost)?.code, 'DATABASE_LOST')
  t.equal(other.status().state, 'closed')
})
