// The Postgres store against a real server: what every store promises, and what is special to this one.
import t, { test } from 'tap'
import { openPostgresStore } from '../../lib/run/open-postgres-store.js'
import { openStore } from '../../lib/state/open-store.js'
import type { PostgresStore } from '../../lib/state/postgres-store.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'
import { refusedLater } from '../fixtures/refused.js'
import { checkpointRecord, newRun, noise, runRecord } from '../fixtures/store-samples.js'
import { storeSuite } from '../fixtures/store-suite.js'

const server = await sharedServer()
t.teardown(closeSharedServer)

storeSuite('postgres', async () => {
  const url = await server.database()
  return {
    open: () => openPostgresStore(url),
    abandon: async (store, run) => (store as PostgresStore).abandon(run),
  }
})

test('a Postgres store is opened by its address, and shows no password', async t => {
  const url = new URL(await server.database())
  url.username = 'postgres'
  url.password = 'hunter2'
  const store = await openStore(url.href, { postgres: openPostgresStore })
  t.teardown(() => store.close())
  t.equal(store.url, `postgres://***@${url.host}${url.pathname}`)
  t.strictSame(await store.runs(), [])
})

test('an address that is none, and a server that is not there, are refused without the password', async t => {
  await refusedLater(t, 'STORE_INVALID', /^((?!hunter2).)*no address/s, () =>
    openPostgresStore('postgres://a:hunter2@h:x'),
  )
  await refusedLater(t, 'STORE_UNAVAILABLE', /^((?!hunter2).)*ECONNREFUSED/s, () =>
    openPostgresStore('postgres://a:hunter2@127.0.0.1:1/x'),
  )
})

test('a database of a newer version is refused and left alone', async t => {
  const url = await server.database()
  await (await openPostgresStore(url)).close()
  await server.admin("insert into populace.migrations values (2, '0002-newer', 'x')", url)
  await refusedLater(t, 'STORE_UNAVAILABLE', /'0002-newer', which this version does not know/, () =>
    openPostgresStore(url),
  )
})

test('a user who may not make tables can use those that are there', async t => {
  const url = new URL(await server.database())
  await (await openPostgresStore(url.href)).close()
  const role = `plain_${url.pathname.slice(1)}`
  await server.admin(`create role ${role} login password 'x'`, url.href)
  t.teardown(async () => {
    await server.admin(`drop owned by ${role}`, url.href)
    await server.admin(`drop role ${role}`, url.href)
  })
  await server.admin(`grant usage on schema populace to ${role}`, url.href)
  await server.admin(`grant select, insert, update, delete on all tables in schema populace to ${role}`, url.href)
  const theirs = new URL(url)
  theirs.username = role
  theirs.password = 'x'
  const store = await openPostgresStore(theirs.href)
  const writer = await newRun(store, 'a')
  await writer.putBlobs(new Map([['k', noise(3)]]))
  t.equal((await store.runs()).length, 1)
  await store.close()
})

test('parameters come back exactly, those that JSON cannot hold too', async t => {
  const store = await openPostgresStore(await server.database())
  t.teardown(() => store.close())
  const writer = await store.write('a')
  const params = {
    a: -0,
    b: Number.POSITIVE_INFINITY,
    c: 5e-324,
    d: 2 ** 53 + 2,
    e: '{"number":"1"}',
    f: false,
    g: 0.1,
  }
  await writer.create(runRecord('a', { params }), checkpointRecord(0, 0), [], [])
  const found = (await store.run('a'))?.params ?? {}
  t.ok(
    Object.entries(params).every(([name, value]) => Object.is(found[name], value)),
    JSON.stringify(found),
  )
})
