// Processes and servers that are killed in the middle of what a Postgres store does. A part of the campaign; the whole with
// POPULACE_LONG=1.
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import t, { type Test, test } from 'tap'
import { openPostgresStore } from '../../lib/run/open-postgres-store.js'
import { MemoryStore } from '../../lib/state/memory-store.js'
import type { StateStore } from '../../lib/state/store.js'
import { errorOf } from '../fixtures/database-pools.js'
import { privateServer } from '../fixtures/postgres-server.js'
import { StoreProcess } from '../fixtures/store-process.js'
import { checkpointRecord, contentOf, entries, journalOf, newRun, noise, runRecord } from '../fixtures/store-samples.js'
import { Scribe } from '../fixtures/store-scribe.js'

const KILLS = process.env.POPULACE_LONG === '1' ? 150 : 8
/** Writes that the child has under way at most. */
const UNDER_WAY = 2

const server = await privateServer()
t.teardown(() => server.close())

async function opened(t: Test, url: string): Promise<StateStore> {
  const store = await openPostgresStore(url, undefined, 0) // what fails is told at once
  t.teardown(() => store.close())
  return store
}

async function digest(store: StateStore): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify(await contentOf(store, 'a')))
    .digest('hex')
}

test('a writer that is killed loses nothing that was acknowledged, and leaves whole writes only', async t => {
  const url = await server.database()
  const model = new MemoryStore()
  const modelWriter = await model.write('a')
  const modelScribe = new Scribe()
  let random = 1
  const draw = (below: number) => ((random = (Math.imul(random, 1664525) + 1013904223) >>> 0) >>> 8) % below
  let beyond = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const child = new StoreProcess(t, ['scribe', url, String(modelScribe.count)])
    t.equal(await child.line(), 'ready', `the run is taken over after kill ${kill}`)
    let done = modelScribe.count
    for (let left = draw(25); left > 0; left--) done = Number(await child.line())
    for (let turns = draw(2000); turns > 0; turns--) await setImmediate()
    child.process.kill('SIGKILL')
    for (let line = await child.line(); line !== undefined; line = await child.line()) done = Number(line)
    await child.closed
    while (modelScribe.count < done) await modelScribe.write(modelWriter)
    // Taking the lease waits for what the killed process had under way.
    const store = await openPostgresStore(url)
    await (await store.write('a')).close()
    const found = await digest(store)
    await store.close()
    while (found !== (await digest(model)) && modelScribe.count < done + UNDER_WAY) {
      await modelScribe.write(modelWriter)
      beyond++
    }
    if (!t.equal(found, await digest(model), `kill ${kill}, ${done} writes acknowledged`)) return
  }
  t.comment(`${modelScribe.count} writes, ${KILLS} kills, ${beyond} whole writes that nobody had been told of`)
})

test('a second process is refused while the first lives, and takes over when it was killed', async t => {
  const url = await server.database()
  const store = await opened(t, url)
  const child = new StoreProcess(t, ['obey', url])
  await child.answer()
  const { value: token } = await child.ask('take')
  t.match(await child.ask('create'), { value: null })
  const busy = { code: 'STORE_RUN_BUSY', message: new RegExp(`process ${child.process.pid} on host `) }
  await t.rejects(store.write('a'), busy)
  t.match(await child.ask('append 0'), { value: null })
  await child.kill()
  const writer = await store.write('a')
  t.ok(writer.token > Number(token))
  await writer.appendJournal(entries(1, 2))
  t.strictSame(await journalOf(store, 'a'), entries(0, 2))
})

test('a holder that stands still is not taken over', async t => {
  const url = await server.database()
  const store = await opened(t, url)
  const child = new StoreProcess(t, ['obey', url])
  await child.answer()
  await child.ask('take')
  await child.ask('create')
  child.process.kill('SIGSTOP')
  await t.rejects(store.write('a'), { code: 'STORE_RUN_BUSY' })
  child.process.kill('SIGCONT')
  t.match(await child.ask('append 0'), { value: null })
  t.match(await child.ask('close'), { value: null })
  await (await store.write('a')).appendJournal(entries(1, 2))
})

test('a process that was taken over while its server was restarted is refused and learns of it', async t => {
  const url = await server.database()
  const store = await opened(t, url)
  const child = new StoreProcess(t, ['obey', url])
  await child.answer()
  await child.ask('take')
  await child.ask('create')
  child.process.kill('SIGSTOP')
  await server.restart()
  const writer = await store.write('a')
  await writer.appendJournal(entries(0, 2))
  child.process.kill('SIGCONT')
  // Its first call may find that its connections are gone; the next one finds a newer token.
  let answer = await child.ask('append 2')
  while (answer.code === 'STORE_UNAVAILABLE') answer = await child.ask('append 2')
  t.match(answer, { code: 'STORE_LEASE_LOST', lost: true })
  t.match(await child.ask('put 5'), { code: 'STORE_LEASE_LOST' })
  t.match(await child.ask('close'), { value: null })
  t.strictSame(await journalOf(store, 'a'), entries(0, 2))
  await writer.appendJournal(entries(2, 3))
})

test('a server that is killed in any call makes it fail whole, and the next one works again', async t => {
  const url = await server.database()
  const store = await opened(t, url)
  const writer = await newRun(store, 'a', entries(0, 40))
  await writer.putBlobs(new Map([['k', noise(100)]]))
  for (const tick of [8, 9]) await writer.putCheckpoint(checkpointRecord(tick, 5), [noise(5)])
  const many = new Map(Array.from({ length: 20 }, (_, i) => [`b${i}`, noise(1000, i + 1)]))
  /** Calls, each with the table that it waits for when the server dies. */
  const calls: [string, string, () => Promise<unknown>][] = [
    ['putCheckpoint, at first', 'leases', () => writer.putCheckpoint(checkpointRecord(10, 5), [noise(5)])],
    ['putCheckpoint', 'checkpoint_parts', () => writer.putCheckpoint(checkpointRecord(10, 5), [noise(5)])],
    ['deleteCheckpoints', 'checkpoints', () => writer.deleteCheckpoints([8])],
    ['appendJournal', 'journal', () => writer.appendJournal(entries(40, 41))],
    ['appendJournal of many', 'journal', () => writer.appendJournal(entries(40, 140))],
    ['cutJournal', 'journal', () => writer.cutJournal(3)],
    ['putBlobs', 'blob_parts', () => writer.putBlobs(many)],
    ['deleteBlobs', 'blobs', () => writer.deleteBlobs(['k'])],
    ['deleteRun', 'runs', () => writer.deleteRun()],
    ['runs', 'runs', () => store.runs()],
    ['run', 'runs', () => store.run('a')],
    ['checkpoints', 'checkpoints', () => store.checkpoints('a')],
    ['readCheckpoint', 'checkpoint_parts', () => store.readCheckpoint('a', 9)],
    ['journal', 'journal', () => journalOf(store, 'a')],
    ['blobs', 'blobs', () => store.blobs('a')],
    ['readBlob', 'blob_parts', () => store.readBlob('a', 'k')],
    ['write', 'leases', () => store.write('b')],
  ]
  const reads = new Set(['runs', 'run', 'checkpoints', 'readCheckpoint', 'journal', 'blobs', 'readBlob'])
  const before = await contentOf(store, 'a')
  const other = await server.holder(url)
  for (const [name, table, call] of calls) {
    await other.lock(`populace.${table}`, reads.has(name) ? 'access exclusive' : 'exclusive')
    const failing = errorOf(call())
    await other.untilSomebodyWaits()
    await server.kill()
    t.match(await failing, { code: 'STORE_UNAVAILABLE' }, name)
    await server.start()
    t.strictSame(await contentOf(store, 'a'), before, `${name} left nothing`)
    t.equal(writer.lost.aborted, false, `${name}: the lease is held on`)
  }
  // One of two that append the same entries, and what takes the run away after all others.
  const last = ['appendJournal', 'deleteRun']
  for (const [name, , call] of calls.filter(([name]) => !last.includes(name))) await t.resolves(call(), name)
  await writer.deleteRun()
  t.equal(await store.run('a'), undefined)
})

test('a run whose creation was cut off is not there, and can be created', async t => {
  const url = await server.database()
  const store = await opened(t, url)
  const writer = await store.write('a')
  const create = () => writer.create(runRecord('a'), checkpointRecord(0, 5), [noise(5)], entries(0, 50))
  const other = await server.holder(url)
  await other.lock('populace.journal', 'exclusive')
  const failing = errorOf(create())
  await other.untilSomebodyWaits()
  await server.kill()
  t.match(await failing, { code: 'STORE_UNAVAILABLE' })
  await server.start()
  t.strictSame(await store.runs(), [])
  await create()
  t.equal((await journalOf(store, 'a')).length, 50)
})
