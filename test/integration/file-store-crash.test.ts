// Processes that are killed, stopped or outrun while they write to a folder's store. A tenth of the campaign; the whole
// with POPULACE_LONG=1.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { FileStore } from '../../lib/state/file-store.js'
import { MemoryStore } from '../../lib/state/memory-store.js'
import type { StateStore } from '../../lib/state/store.js'
import { StoreProcess } from '../fixtures/store-process.js'
import { contentOf, entries, journalOf, newRun } from '../fixtures/store-samples.js'
import { Scribe } from '../fixtures/store-scribe.js'

const KILLS = process.env.POPULACE_LONG === '1' ? 150 : 15
/** Writes that the child has under way at most. */
const UNDER_WAY = 2

function newFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'populace-store-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function opened(t: Test, folder: string): Promise<FileStore> {
  const store = await FileStore.open(folder)
  t.teardown(() => store.close())
  return store
}

async function digest(store: StateStore): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify(await contentOf(store, 'a')))
    .digest('hex')
}

test('a writer that is killed loses nothing that was acknowledged, and leaves whole writes only', async t => {
  const folder = newFolder(t)
  const model = new MemoryStore()
  const modelWriter = await model.write('a')
  const modelScribe = new Scribe()
  let random = 1
  const draw = (below: number) => ((random = (Math.imul(random, 1664525) + 1013904223) >>> 0) >>> 8) % below
  let beyond = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const child = new StoreProcess(t, ['scribe', folder, String(modelScribe.count)])
    t.equal(await child.line(), 'ready', `the run is taken over after kill ${kill}`)
    let done = modelScribe.count
    for (let left = draw(25); left > 0; left--) done = Number(await child.line())
    for (let turns = draw(2000); turns > 0; turns--) await setImmediate()
    child.process.kill('SIGKILL')
    for (let line = await child.line(); line !== undefined; line = await child.line()) done = Number(line)
    await child.closed
    while (modelScribe.count < done) await modelScribe.write(modelWriter)
    const store = await FileStore.open(folder)
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
  const folder = newFolder(t)
  const store = await opened(t, folder)
  const child = new StoreProcess(t, ['obey', folder])
  await child.answer()
  const { value: token } = await child.ask('take')
  t.match(await child.ask('create'), { value: null })
  const busy = { code: 'STORE_RUN_BUSY', message: new RegExp(`process ${child.process.pid}\\.`) }
  await t.rejects(store.write('a'), busy)
  t.match(await child.ask('append 0'), { value: null })
  await child.kill()
  const writer = await store.write('a')
  t.ok(writer.token > Number(token))
  await writer.appendJournal(entries(1, 2))
  t.strictSame(await journalOf(store, 'a'), entries(0, 2))
})

test('a holder that stands still is not taken over', async t => {
  const folder = newFolder(t)
  const store = await opened(t, folder)
  const child = new StoreProcess(t, ['obey', folder])
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

test('a process that was taken over is refused and learns of it', async t => {
  const folder = newFolder(t)
  const store = await opened(t, folder)
  const child = new StoreProcess(t, ['obey', folder])
  await child.answer()
  await child.ask('take')
  await child.ask('create')
  child.process.kill('SIGSTOP')
  await store.abandon('a')
  const writer = await store.write('a')
  await writer.appendJournal(entries(0, 2))
  child.process.kill('SIGCONT')
  t.match(await child.ask('append 2'), { code: 'STORE_LEASE_LOST', lost: true })
  t.match(await child.ask('put 5'), { code: 'STORE_LEASE_LOST' })
  t.match(await child.ask('close'), { value: null })
  t.strictSame(await journalOf(store, 'a'), entries(0, 2))
  await writer.appendJournal(entries(2, 3))
})

test('what one process writes another one sees at once', async t => {
  const folder = newFolder(t)
  const store = await opened(t, folder)
  const writer = await newRun(store, 'a')
  const child = new StoreProcess(t, ['obey', folder])
  await child.answer()
  for (let i = 0; i < 10; i++) {
    await writer.appendJournal(entries(i, i + 1))
    t.match(await child.ask('journal'), { value: i + 1 })
  }
})
