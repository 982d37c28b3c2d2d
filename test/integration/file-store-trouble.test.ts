// Folders and disks that a store cannot use, or no longer: what is said, and that what was there is whole.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { pack } from 'msgpackr'
import { type Test, test } from 'tap'
import { FileStore } from '../../lib/state/file-store.js'
import { StoreProcess } from '../fixtures/store-process.js'
import { checkpointRecord, contentOf, entries, newRun, noise } from '../fixtures/store-samples.js'

const MEGABYTE = 2 ** 20
const unavailable = (message: RegExp) => ({ code: 'STORE_UNAVAILABLE', message })

function newFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'populace-store-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function opened(t: Test, folder: string, options = {}): Promise<FileStore> {
  const store = await FileStore.open(folder, options)
  t.teardown(() => store.close())
  return store
}

/** A folder that holds a store with a run in it, closed. */
async function usedFolder(t: Test): Promise<string> {
  const folder = newFolder(t)
  const store = await FileStore.open(folder)
  const writer = await newRun(store, 'a', entries(0, 9))
  await writer.putCheckpoint(checkpointRecord(1, 3 * MEGABYTE), [noise(3 * MEGABYTE)])
  await store.close()
  return folder
}

test('a folder is made where there is none, and a path may be relative or a URL', async t => {
  const folder = newFolder(t)
  const store = await opened(t, join(folder, 'a b', 'ü'))
  await newRun(store, 'a')
  const url = new URL(`file://${folder}/a%20b/${encodeURIComponent('ü')}`).href.slice('file:'.length)
  const other = await opened(t, url)
  t.equal((await other.runs()).length, 1)
  t.equal(other.url, `file:${url}`)
})

test('two ways to one folder are one store', async t => {
  const folder = newFolder(t)
  const store = await opened(t, folder)
  const writer = await newRun(store, 'a')
  const other = await opened(t, join(folder, '..', folder.slice(folder.lastIndexOf('/') + 1), '.'))
  await t.rejects(other.write('a'), { code: 'STORE_RUN_BUSY', message: /another writer in this process/ })
  await store.close()
  t.ok((await other.write('a')).token > writer.token)
})

test('a folder may be opened again while it is still being closed', async t => {
  const folder = newFolder(t)
  let store = await FileStore.open(folder)
  let writer = await newRun(store, 'a')
  for (let i = 0; i < 10; i++) {
    const last = writer.appendJournal(entries(i, i + 1))
    const closing = store.close()
    const again = await FileStore.open(folder)
    await Promise.all([closing, last])
    t.equal((await contentOf(again, 'a')).journal.length, i + 1)
    store = again
    writer = await store.write('a')
  }
  await store.close()
})

test('a closed store leaves nothing but its database behind', async t => {
  const folder = await usedFolder(t)
  t.strictSame(readdirSync(folder).sort(), ['data.mdb', 'lock.mdb'])
})

test('a path that is a file, or leads through one, is refused', async t => {
  const file = join(newFolder(t), 'file')
  writeFileSync(file, 'text')
  await t.rejects(FileStore.open(file), unavailable(/names a file/))
  await t.rejects(FileStore.open(join(file, 'below')), unavailable(/names a file/))
})

test('a folder with another database or a damaged one is refused and left as it is', async t => {
  const noise1 = newFolder(t)
  writeFileSync(join(noise1, 'data.mdb'), noise(50_000))
  await t.rejects(FileStore.open(noise1), unavailable(/no database, or damaged/))
  const short = newFolder(t)
  writeFileSync(join(short, 'data.mdb'), 'short')
  await t.rejects(FileStore.open(short), unavailable(/no database, or damaged/))
  t.equal(statSync(join(short, 'data.mdb')).size, 5)

  const foreign = newFolder(t)
  const database = open<string, string>({ path: foreign, noSubdir: false })
  await database.put('theirs', 'value')
  await database.close()
  await t.rejects(FileStore.open(foreign), unavailable(/holds another database/))
  const again = open<string, string>({ path: foreign, noSubdir: false })
  t.equal(again.get('theirs'), 'value')
  t.equal(again.getCount(), 1)
  await again.close()
})

test('a database that was cut short is refused, not read beyond its end', async t => {
  const folder = await usedFolder(t)
  const whole = statSync(join(folder, 'data.mdb')).size
  for (const left of [2 * MEGABYTE, MEGABYTE, 8192]) {
    const copy = newFolder(t)
    cpSync(folder, copy, { recursive: true })
    truncateSync(join(copy, 'data.mdb'), left)
    await t.rejects(FileStore.open(copy), unavailable(/cut short/), `${left} of ${whole} bytes`)
  }
})

test('a store of a newer format is refused', async t => {
  const folder = newFolder(t)
  const database = open<Buffer, Buffer>({ path: folder, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' })
  await database.put(Buffer.from('f'), pack({ format: 2 }))
  await database.close()
  await t.rejects(FileStore.open(folder), unavailable(/newer populace \(format 2; this one knows 1\)/))
})

test('a folder that may not be written to is refused', async t => {
  const folder = await usedFolder(t)
  chmodSync(folder, 0o555)
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444)
  t.teardown(() => chmodSync(folder, 0o755))
  // What the test runner adds to children would write files of its own.
  const child = new StoreProcess(t, ['unprivileged', folder], 'unset NODE_OPTIONS NODE_V8_COVERAGE')
  t.equal(await child.line(), '["STORE_UNAVAILABLE","STORE_UNAVAILABLE"]')
})

test('options that are none are refused', async t => {
  const invalid = (message: RegExp) => ({ code: 'STORE_INVALID', message })
  for (const maxBytes of [0, 2 ** 20 - 1, 2 ** 46, 1.5, Number.NaN, '1' as unknown as number]) {
    await t.rejects(FileStore.open('never-made', { maxBytes }), invalid(/maxBytes/))
  }
  await t.rejects(FileStore.open('never-made', { maxByte: 1 } as object), invalid(/did you mean 'maxBytes'/))
  const folder = newFolder(t)
  await opened(t, folder, { maxBytes: 2 ** 21 })
  await t.rejects(FileStore.open(folder), invalid(/open in this process with maxBytes 2097152/))
})

test('a store that is full says so, keeps what it has, and takes in more once there is room', async t => {
  const store = await opened(t, newFolder(t), { maxBytes: 2 * MEGABYTE })
  const writer = await newRun(store, 'a')
  await writer.putCheckpoint(checkpointRecord(1, MEGABYTE), [noise(MEGABYTE)])
  const before = await contentOf(store, 'a')
  const full = { code: 'STORE_FAILED', message: /its limit is 2097152\. Delete/ }
  await t.rejects(writer.putCheckpoint(checkpointRecord(2, MEGABYTE), [noise(MEGABYTE)]), full)
  await t.rejects(writer.putBlobs(new Map([['k', noise(MEGABYTE)]])), full)
  t.strictSame(await contentOf(store, 'a'), before)
  await writer.deleteCheckpoints([1])
  await writer.putCheckpoint(checkpointRecord(2, MEGABYTE), [noise(MEGABYTE)])
})

/** Fills what there is room for, sees that all is whole, makes room and goes on. */
async function fillAndGoOn(t: Test, start: () => StoreProcess): Promise<void> {
  let child = start()
  t.match(await child.answer(), { value: 'ready' })
  await child.ask('take')
  t.match(await child.ask('create'), { value: null })
  t.match(await child.ask('append 0'), { value: null })
  const done: number[] = []
  let refused = await child.ask('put 400000')
  while (refused.code === undefined && done.length < 40) {
    done.push(400_000 + done.length)
    refused = await child.ask(`put ${400_000 + done.length}`)
  }
  t.match(refused, { code: 'STORE_FAILED', cause: true, message: /could not be written.*Make room/, lost: false })
  t.ok(done.length > 4, `${done.length} checkpoints had room`)
  t.match(await child.ask('ticks'), { value: [0, ...done] })
  for (const tick of done) t.match(await child.ask(`read ${tick}`), { value: true })
  let entry = 1
  while ((await child.ask(`pad ${entry}`)).code === undefined && entry < 4000) entry++
  t.ok(entry < 4000, `${entry} entries had room, then not the smallest`)
  t.match(await child.ask('journal'), { value: entry })
  t.match(await child.ask('close'), { value: null })
  child = start()
  await child.answer()
  t.match(await child.ask('take'), { code: undefined }, 'another process can take the run over')
  for (const tick of done.slice(0, 4)) t.match(await child.ask(`drop ${tick}`), { value: null }, 'room is made')
  t.match(await child.ask(`append ${entry}`), { value: null })
  t.match(await child.ask('put 300000'), { value: null }, 'and used')
  t.match(await child.ask('read 300000'), { value: true })
  t.match(await child.ask('close'), { value: null })
}

test('where files may not grow, a store says so, keeps what it has and goes on when there is room', async t => {
  const folder = newFolder(t)
  // The test runner listens to SIGXFSZ, which Node ignores, and ends the process.
  const limited = 'unset NODE_OPTIONS; ulimit -f 16000' // of 512 or 1,024 bytes
  await fillAndGoOn(t, () => new StoreProcess(t, ['obey', folder], limited))
  const store = await opened(t, folder)
  const writer = await store.write('a')
  await writer.putCheckpoint(checkpointRecord(9, 9 * MEGABYTE), [noise(9 * MEGABYTE)])
  t.equal(Buffer.compare(await store.readCheckpoint('a', 300_000), noise(300_000, 300_000)), 0)
})

test('on a disk that is full a store says so, keeps what it has and goes on when there is room', async t => {
  const folder = newFolder(t)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]).status === 0
  if (!mounted) return t.comment('no disk can be mounted here: the limit on the size of files stands for it')
  t.teardown(() => spawnSync('umount', ['-l', folder]))
  chownSync(folder, process.getuid?.() ?? 0, process.getgid?.() ?? 0)
  mkdirSync(join(folder, 'runs'))
  await fillAndGoOn(t, () => new StoreProcess(t, ['obey', join(folder, 'runs')]))
  t.equal(spawnSync('mount', ['-o', 'remount,size=32m', folder]).status, 0)
  const store = await opened(t, join(folder, 'runs'))
  const writer = await store.write('a')
  await writer.putCheckpoint(checkpointRecord(9, 9 * MEGABYTE), [noise(9 * MEGABYTE)])
  await store.close()
})

test('where there is no room for a new store it is not opened, and is once there is', async t => {
  const folder = newFolder(t)
  // 64 or 128 blocks of 512 bytes: enough for the two files, not for what is kept behind them.
  const child = new StoreProcess(t, ['obey', folder], 'unset NODE_OPTIONS; ulimit -f 64')
  t.match(await child.answer(), { code: 'STORE_FAILED', message: /Make room/ })
  await child.closed
  await newRun(await opened(t, folder), 'a')
})

test('what is deleted leaves room for what comes', async t => {
  const folder = newFolder(t)
  const store = await opened(t, folder)
  const writer = await newRun(store, 'a')
  const size = () => statSync(join(folder, 'data.mdb')).size
  const bytes = noise(600_000)
  let early = 0
  for (let i = 1; i <= 1000; i++) {
    const length = 1 + ((Math.imul(i, 0x9e3779b1) >>> 0) % bytes.length)
    const put = writer.putCheckpoint(checkpointRecord(i, length), [bytes.subarray(0, length)])
    if (i > 3) void writer.deleteCheckpoints([i - 3])
    await put
    if (i === 100) early = size()
  }
  await writer.appendJournal([])
  t.comment(`${early} bytes after 100 rounds, ${size()} after 1,000`)
  t.ok(size() < 1.5 * early && size() < 12_000_000, `${size()} bytes for four checkpoints of 600,000 at most`)
})
