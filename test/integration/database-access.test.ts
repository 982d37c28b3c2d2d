// Passwords and encryption against a server that asks for them: who is let in, who is not, and that no error tells a password.
import { inspect } from 'node:util'
import t, { test } from 'tap'
import { DatabasePool } from '../../lib/index.js'
import { errorOf, poolFor } from '../fixtures/database-pools.js'
import { privateServer } from '../fixtures/postgres-server.js'
import { refusedLater } from '../fixtures/refused.js'

const server = await privateServer({ tls: true, passwords: ['shy'], maxConnections: 6 })
t.teardown(() => server.close())
await server.admin("create role shy login password 'right:/@word'")

function urlOf(host: string, user = 'postgres', password = ''): string {
  const url = new URL(server.url)
  url.hostname = host
  url.username = user
  url.password = encodeURIComponent(password)
  return url.href
}

const ENCRYPTED = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'

test('a password lets in, another does not and is told to nobody', async t => {
  const pool = await poolFor(t, urlOf('127.0.0.1', 'shy', 'right:/@word'))
  t.strictSame(await pool.query('select current_user::text as who'), [{ who: 'shy' }])
  for (const password of ['hunter2', '']) {
    const wrong = new DatabasePool({ connectionString: urlOf('127.0.0.1', 'shy', password) })
    const error = await errorOf(wrong.initialize())
    t.equal(error?.code, 'DATABASE_UNAVAILABLE')
    const shown = inspect(error, { depth: 9, showHidden: true }) + inspect(wrong.status())
    t.notOk(shown.includes('hunter2'), shown)
    await wrong.close()
  }
})

test('connections are encrypted as tls or sslmode say', async t => {
  const plain = await poolFor(t, urlOf('127.0.0.1'))
  t.strictSame(await plain.query(ENCRYPTED), [{ ssl: false }])
  const required = await poolFor(t, urlOf('127.0.0.1'), { tls: 'require' })
  t.strictSame(await required.query(ENCRYPTED), [{ ssl: true }])
  await required.close()
  const preferred = await poolFor(t, `${urlOf('127.0.0.1')}?sslmode=prefer`)
  t.strictSame(await preferred.query(ENCRYPTED), [{ ssl: true }])
  await preferred.close()
  const without = await poolFor(t, `${urlOf('127.0.0.1')}?sslmode=require`, { tls: 'disable' })
  t.strictSame(await without.query(ENCRYPTED), [{ ssl: false }])
})

test('a certificate that nobody vouches for is refused when it is to be verified', async t => {
  const pool = new DatabasePool({ connectionString: urlOf('localhost'), tls: 'verify-full' })
  await refusedLater(t, 'DATABASE_UNAVAILABLE', /self-signed certificate/, () => pool.initialize())
  await pool.close()
})

test('an encrypted connection is cancelled, timed out and lost like any other', async t => {
  const pool = await poolFor(t, urlOf('127.0.0.1'), { tls: 'require' })
  const session = await pool.getSession()
  const asleep = session.query('select pg_sleep(600)', [], { timeoutMs: 50 })
  await refusedLater(t, 'DATABASE_TIMEOUT', /50 ms/, () => asleep)
  t.strictSame(await session.query(ENCRYPTED), [{ ssl: true }], 'its connection goes on')
  const running = errorOf(session.query('select pg_sleep(600)'))
  await server.kill()
  t.match(await running, { code: 'DATABASE_LOST' })
  await session.release()
  await server.start()
  t.strictSame(await pool.query(ENCRYPTED), [{ ssl: true }])
})

test('a server that has no connection left says so, and serves again when one is free', async t => {
  const all = await poolFor(t, urlOf('127.0.0.1', 'shy', 'right:/@word'), { poolSize: 2, maxOverflow: 8 })
  const sessions = []
  let refused: unknown
  while (refused === undefined) {
    try {
      sessions.push(await all.getSession())
    } catch (error) {
      refused = error
    }
  }
  t.match(refused, { code: 'DATABASE_UNAVAILABLE', sqlState: '53300' })
  for (const session of sessions) await session.release()
  t.strictSame(await all.query('select 1 as one'), [{ one: 1 }])
})
