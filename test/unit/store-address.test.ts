import { join, resolve } from 'node:path'
import { test } from 'tap'
import { folderOf } from '../../lib/state/file-store.js'
import { MemoryStore } from '../../lib/state/memory-store.js'
import { openStore, shownAddress } from '../../lib/state/open-store.js'
import { newRun } from '../fixtures/store-samples.js'

const invalid = (message: RegExp) => ({ code: 'STORE_INVALID', message })

test('memory: opens a store of its own, memory:name one that is shared', async t => {
  const alone = await openStore('memory:')
  t.type(alone, MemoryStore)
  await newRun(alone, 'a')
  t.strictSame(await (await openStore('memory:')).runs(), [])
  await newRun(await openStore('memory:addresses'), 'a')
  t.equal((await (await openStore('MEMORY:addresses')).runs()).length, 1)
})

test('an address without a scheme is refused with what may have been meant', async t => {
  await t.rejects(openStore('runs'), invalid(/'runs', has no scheme.*Did you mean 'file:runs'\?/))
  await t.rejects(openStore('./a:b'), invalid(/Did you mean 'file:\.\/a:b'/))
  await t.rejects(openStore('C:\\runs'), invalid(/Did you mean 'file:C:\\runs'/))
  await t.rejects(openStore(''), invalid(/is empty/))
  await t.rejects(openStore(undefined as unknown as string), invalid(/no string/))
})

test('an unknown scheme is refused with the nearest known one', async t => {
  await t.rejects(openStore('flie:runs'), invalid(/'flie:'.*Did you mean 'file:'\?/))
  await t.rejects(openStore('memry:'), invalid(/Did you mean 'memory:'/))
  await t.rejects(openStore('s3://bucket'), invalid(/Known: 'file:', 'memory:'/))
  await t.rejects(openStore('constructor:x'), invalid(/'constructor:'/))
  const openers = { postgres: async () => new MemoryStore() }
  await t.rejects(openStore('postgers://h/d', openers), invalid(/Did you mean 'postgres:'/))
})

test('a scheme that is brought along is opened by its opener with the whole address', async t => {
  const given: string[] = []
  const postgres = async (address: string) => {
    given.push(address)
    return new MemoryStore()
  }
  await openStore('postgres://u:p@h/d?x=1', { postgres })
  await openStore('POSTGRES://H/d', { postgres })
  t.strictSame(given, ['postgres://u:p@h/d?x=1', 'postgres://H/d'])
})

test('an address is shown without what is secret', async t => {
  t.equal(shownAddress('postgres://ann:secret@host:5432/db?password=secret'), 'postgres://***@host:5432/db?***')
  t.equal(shownAddress('postgres://host/db'), 'postgres://host/db')
  t.notMatch(shownAddress('postgres://ann:se/cret@host/db'), /cret|ann/)
  t.notMatch(shownAddress('postgres://ann:se@cret@host/db'), /cret|ann/)
  t.notMatch(shownAddress('postgres://ann:se#cret@host/db'), /cret/)
  t.equal(shownAddress('file:///a/b'), 'file:///a/b')
  t.equal(shownAddress('memory:a@b'), 'memory:a@b')
  await t.rejects(openStore('mysql://ann:secret@host/db'), { message: /^(?!.*secret)/ })
})

test('file: names a folder from the current one, or by a URL', async t => {
  t.equal(folderOf('runs'), resolve('runs'))
  t.equal(folderOf('./a b/c'), join(process.cwd(), 'a b', 'c'))
  t.equal(folderOf('///a/b%20c'), resolve('/a/b c'))
  t.equal(folderOf('/a/b%20c'), resolve('/a/b%20c'), 'a path is taken as it is')
  for (const wrong of ['', 'a\0b', '//elsewhere/a', '///a%2Fb']) {
    t.throws(() => folderOf(wrong), { code: 'STORE_INVALID' }, JSON.stringify(wrong))
  }
})
