// Migrations against a real server: in order, once, whole or not at all, also in races and when somebody is killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import t, { type Test, test } from 'tap'
import { type DatabasePool, migrateDown, migrateUp, migrationStatus } from '../../lib/index.js'
import { errorOf, poolFor } from '../fixtures/database-pools.js'
import { privateServer } from '../fixtures/postgres-server.js'
import { refusedLater } from '../fixtures/refused.js'

const server = await privateServer()
t.teardown(() => server.close())

/** A folder of migrations; each makes a table of its name, unless its text says otherwise. */
function folderOf(t: Test, texts: Record<string, string | undefined>): URL {
  const files = Object.entries(texts).flatMap(([name, up]) => [
    [`${name}.up.sql`, up ?? `create table ${name.slice(5)} (a int4);`],
    [`${name}.down.sql`, `drop table ${name.slice(5)};`],
  ])
  return new URL(`${pathToFileURL(t.testdir(Object.fromEntries(files))).href}/`)
}

async function tables(pool: DatabasePool, schema = 'public'): Promise<string[]> {
  const rows = await pool.query<{ name: string }>(
    'select tablename as name from pg_tables where schemaname = $1 order by 1',
    [schema],
  )
  return rows.map(row => row.name)
}

function migrating(url: string, folder: URL): { child: ChildProcess; said: Promise<string> } {
  const child = spawn(process.execPath, ['dist/test/fixtures/migrate-process.js', url, folder.href], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return { child, said: once(child, 'close').then(() => text) }
}

/** Resolves when so many backends wait for an advisory lock. */
async function untilWaiting(pool: DatabasePool, backends: number): Promise<void> {
  const text = "select count(*) as n from pg_locks where locktype = 'advisory' and not granted"
  while ((await pool.query<{ n: number }>(text))[0].n !== backends);
}

test('the migrations of this package go up, down and up again', async t => {
  const pool = await poolFor(t, await server.database())
  const [first] = await migrationStatus(pool)
  t.match(first, { number: 1, name: '0001-state-store', applied: undefined })
  t.strictSame(await tables(pool, 'populace'), [], 'looking changes nothing')
  t.strictSame(await migrateUp(pool), ['0001-state-store'])
  const made = ['blob_parts', 'blobs', 'checkpoint_parts', 'checkpoints', 'journal', 'leases', 'migrations', 'runs']
  t.strictSame(await tables(pool, 'populace'), made)
  t.type((await migrationStatus(pool))[0].applied, Date)
  t.strictSame(await migrateUp(pool), [], 'a second time there is nothing to do')
  t.strictSame(await migrateDown(pool, 5), ['0001-state-store'])
  t.strictSame(await tables(pool, 'populace'), ['migrations'])
  t.strictSame(await migrateUp(pool), ['0001-state-store'])
})

test('migrations are applied in the order of their numbers and taken back from the newest', async t => {
  const pool = await poolFor(t, await server.database())
  const folder = folderOf(t, {
    '0002-b': 'create table b as select * from a;',
    '0001-a': undefined,
    '0003-c': undefined,
  })
  t.strictSame(await migrateUp(pool, { folder }), ['0001-a', '0002-b', '0003-c'])
  t.strictSame(await migrateDown(pool, 2, { folder }), ['0003-c', '0002-b'])
  t.strictSame(
    (await migrationStatus(pool, { folder })).map(each => each.applied !== undefined),
    [true, false, false],
  )
  t.strictSame(await tables(pool), ['a'])
})

test('a migration that fails leaves nothing, and those before it stay', async t => {
  const pool = await poolFor(t, await server.database())
  const texts = { '0001-a': undefined, '0002-b': 'create table b (a int4); select 1 / 0;', '0003-c': undefined }
  const folder = folderOf(t, texts)
  await refusedLater(t, 'MIGRATION_FAILED', /'0002-b' could not be applied up.*division by zero/, () =>
    migrateUp(pool, { folder }),
  )
  t.strictSame(await tables(pool), ['a'])
  t.equal((await migrationStatus(pool, { folder }))[1].applied, undefined)
})

test('a migration that ends its transaction is refused', async t => {
  const pool = await poolFor(t, await server.database())
  const folder = folderOf(t, { '0001-a': 'create table a (b int4); commit; begin;' })
  await refusedLater(t, 'MIGRATION_INVALID', /'0001-a' ends its transaction/, () => migrateUp(pool, { folder }))
})

test('files that are named wrongly, missing, changed or unknown are refused', async t => {
  const pool = await poolFor(t, await server.database())
  const plain = { 'a.txt': 'not ours' }
  const cases: [Record<string, string>, RegExp][] = [
    [{ ...plain, '1-a.up.sql': '' }, /'1-a.up.sql' is named wrongly/],
    [{ '0002-a.up.sql': '', '0002-a.down.sql': '' }, /'0002-a' stands where number 1/],
    [{ '0001-a.up.sql': 'select 1' }, /no file 0001-a.down.sql/],
  ]
  for (const [files, words] of cases) {
    const folder = new URL(`${pathToFileURL(t.testdir(files)).href}/`)
    await refusedLater(t, 'MIGRATION_INVALID', words, () => migrationStatus(pool, { folder }))
  }
  const nowhere = new URL('nowhere/', import.meta.url)
  await refusedLater(t, 'MIGRATION_INVALID', /cannot be read/, () => migrateUp(pool, { folder: nowhere }))
  await migrateUp(pool, { folder: folderOf(t, { '0001-a': undefined, '0002-b': undefined }) })
  const changed = folderOf(t, { '0001-a': 'create table a (a int8);', '0002-b': undefined })
  await refusedLater(t, 'MIGRATION_INVALID', /'0001-a' is another/, () => migrateUp(pool, { folder: changed }))
  const fewer = folderOf(t, { '0001-a': undefined })
  await refusedLater(t, 'MIGRATION_INVALID', /'0002-b', which this version does not know/, () =>
    migrateDown(pool, 1, { folder: fewer }),
  )
})

test('a database that lacks a migration in between is refused', async t => {
  const pool = await poolFor(t, await server.database())
  const folder = folderOf(t, { '0001-a': undefined, '0002-b': undefined })
  await migrateUp(pool, { folder })
  await pool.execute('delete from populace.migrations where number = 1')
  await refusedLater(t, 'MIGRATION_INVALID', /lacks migration 1 of those before '0002-b'/, () =>
    migrateUp(pool, { folder }),
  )
})

test('wrong options of migrations are refused', async t => {
  const pool = await poolFor(t, await server.database())
  for (const steps of [0, -1, 1.5, '1']) {
    await refusedLater(t, 'OPTION_INVALID', /'steps' of migrateDown/, () => migrateDown(pool, steps as number))
  }
  await refusedLater(t, 'OPTION_UNKNOWN', /'floder'.*'folder'/, () => migrateUp(pool, { floder: 1 } as never))
  await refusedLater(t, 'OPTION_INVALID', /'folder'/, () => migrateUp(pool, { folder: 'x' } as never))
})

test('of processes that migrate at once each migration is done by one', async t => {
  const url = await server.database()
  const pool = await poolFor(t, url)
  const names = ['0001-a', '0002-b', '0003-c', '0004-d']
  const folder = folderOf(t, Object.fromEntries(names.map(name => [name, undefined])))
  await using holder = await pool.getSession()
  await holder.query('select pg_advisory_lock($1)', [0x706f70756c616365n])
  const watch = await poolFor(t, url)
  const processes = [1, 2, 3].map(() => migrating(url, folder))
  await untilWaiting(watch, 3)
  await holder.query('select pg_advisory_unlock($1)', [0x706f70756c616365n])
  const done = (await Promise.all(processes.map(each => each.said))).flatMap(text => JSON.parse(text) as string[])
  t.strictSame(done.sort(), names)
  t.strictSame(await tables(watch), ['a', 'b', 'c', 'd'])
})

test('a process that is killed in the middle of a migration leaves nothing, and holds up nobody', async t => {
  const url = await server.database()
  const pool = await poolFor(t, url)
  const waiting = 'create table b (a int4); select pg_advisory_xact_lock(5);'
  const folder = folderOf(t, { '0001-a': undefined, '0002-b': waiting })
  await using holder = await pool.getSession()
  await holder.query('select pg_advisory_lock(5)')
  const watch = await poolFor(t, url)
  const { child } = migrating(url, folder)
  await untilWaiting(watch, 1)
  child.kill('SIGKILL')
  await once(child, 'close')
  await holder.query('select pg_advisory_unlock(5)')
  t.strictSame(await migrateUp(watch, { folder }), ['0002-b'])
  t.strictSame(await tables(watch), ['a', 'b'])
})

test('a server that is killed in the middle of a migration keeps nothing of it', async t => {
  const url = await server.database()
  const pool = await poolFor(t, url)
  const folder = folderOf(t, {
    '0001-a': undefined,
    '0002-b': 'create table b (a int4); select pg_advisory_xact_lock(5);',
  })
  const holder = await pool.getSession()
  await holder.query('select pg_advisory_lock(5)')
  const other = await poolFor(t, url)
  const running = errorOf(migrateUp(other, { folder }))
  const watch = await poolFor(t, url)
  await untilWaiting(watch, 1)
  await server.kill()
  t.match(await running, { code: 'DATABASE_LOST', fate: 'rolled back' })
  await holder.release()
  await server.start()
  t.strictSame(await tables(pool), ['a'])
  t.strictSame(await migrateUp(pool, { folder }), ['0002-b'])
})
