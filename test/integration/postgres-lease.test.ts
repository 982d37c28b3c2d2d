// The lease of a run in Postgres when connections go: taken again, lost to another, given up; and a write whose commit was
// done but never answered.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t, { type Test, test } from 'tap'
import { LEASE_RETRY_MS } from '../../lib/core/limits.js'
import { DatabasePool } from '../../lib/index.js'
import { openPostgresStore } from '../../lib/run/open-postgres-store.js'
import { PostgresStore } from '../../lib/state/postgres-store.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { privateServer } from '../fixtures/postgres-server.js'
import { entries, journalOf, newRun } from '../fixtures/store-samples.js'

const server = await privateServer()
t.teardown(() => server.close())

async function opened(t: Test, url: string, clock?: FakeClock): Promise<PostgresStore> {
  const store = await openPostgresStore(url, clock)
  t.teardown(() => store.close())
  return store
}

/** The backends that hold an advisory lock in a database. */
async function holders(url: string): Promise<number[]> {
  const text = `select pid from pg_locks where locktype = 'advisory' and granted
    and database = (select oid from pg_database where datname = current_database())`
  return (await server.admin(text, url)).map(row => row.pid as number)
}

test('a lease whose connection goes is taken again', async t => {
  const url = await server.database()
  const [store, other] = [await opened(t, url), await opened(t, url)]
  const writer = await newRun(store, 'a')
  const [pid] = await holders(url)
  await server.admin(`select pg_terminate_backend(${pid})`, url)
  await writer.appendJournal(entries(0, 1))
  let now: number[] = []
  while (now.length === 0 || now[0] === pid) now = await holders(url)
  await t.rejects(other.write('a'), { code: 'STORE_RUN_BUSY' })
  await writer.appendJournal(entries(1, 2))
  t.equal(writer.lost.aborted, false)
  await writer.close()
  t.strictSame(await holders(url), [], 'nothing is held after close')
  t.ok((await other.write('a')).token > writer.token)
})

test('who was taken over while its connection was gone learns of it without a write', async t => {
  const url = await server.database()
  const clock = new FakeClock()
  const [store, other] = [await opened(t, url, clock), await opened(t, url)]
  const writer = await newRun(store, 'a')
  const lost = once(writer.lost, 'abort')
  await server.kill()
  while (!clock.waiting.includes(LEASE_RETRY_MS)) await setImmediate() // it tried in vain, and waits to try again
  await server.start()
  const taker = await other.write('a')
  clock.advance(LEASE_RETRY_MS)
  await lost
  t.match(writer.lost.reason, { code: 'STORE_LEASE_LOST' })
  await t.rejects(writer.appendJournal(entries(0, 1)), { code: 'STORE_LEASE_LOST' })
  await taker.appendJournal(entries(0, 1))
  t.equal(taker.lost.aborted, false)
})

test('a lease that cannot be taken again is given up after some time', async t => {
  const url = await server.database()
  const clock = new FakeClock()
  const store = await opened(t, url, clock)
  const writer = await newRun(store, 'a')
  await server.kill()
  while (!writer.lost.aborted) {
    await setImmediate()
    clock.advance(LEASE_RETRY_MS)
  }
  t.match(writer.lost.reason, { code: 'STORE_LEASE_LOST', message: /could not be made again/ })
  await writer.close()
  await server.start()
})

/** Stands between a pool and its server; cuts a connection when the answer to the next commit after `arm` comes. */
async function cuttingProxy(t: Test, url: string) {
  const target = new URL(url)
  const port = Number(target.port)
  const open = new Set<Socket>()
  let armed = false
  let cuts = 0
  const proxy = createServer(client => {
    const upstream = connect(port, target.hostname)
    let asked = false
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.once('close', () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
      socket.on('error', error => t.comment(error.message)) // 'close' follows
    }
    client.on('data', data => {
      if (armed && data.includes('commit')) [armed, asked] = [false, true]
      upstream.write(data)
    })
    upstream.on('data', data => {
      if (asked) client.destroy()
      else client.write(data)
      cuts += Number(asked)
      asked = false
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    proxy.close()
  })
  target.port = String((proxy.address() as { port: number }).port)
  return { url: target.href, cuts: () => cuts, arm: () => (armed = true) }
}

test('a write whose commit was done but never answered is found out to be done', async t => {
  const url = await server.database()
  const reader = await opened(t, url)
  const proxy = await cuttingProxy(t, url)
  const pool = new DatabasePool({ connectionString: proxy.url, prepare: false })
  await pool.initialize()
  const store = new PostgresStore(pool, 'postgres://proxy')
  t.teardown(() => store.close())
  const writer = await newRun(store, 'a')
  for (let i = 0; i < 3; i++) {
    proxy.arm()
    await writer.appendJournal(entries(i, i + 1))
  }
  t.equal(proxy.cuts(), 3, 'each answer was cut off')
  t.strictSame(await journalOf(reader, 'a'), entries(0, 3), 'nothing is missing, nothing is there twice')
  t.equal(writer.lost.aborted, false)
})
