import { test } from 'tap'
import { MemoryStore } from '../../lib/state/memory-store.js'
import { newRun } from '../fixtures/store-samples.js'
import { storeSuite } from '../fixtures/store-suite.js'

let places = 0
storeSuite('memory', async () => {
  const name = `suite ${++places}`
  return {
    open: async () => new MemoryStore(name),
    abandon: async (store, run) => (store as MemoryStore).abandon(run),
  }
})

test('handles of one name share what is stored, those without a name do not', async t => {
  await newRun(new MemoryStore('shared'), 'a')
  t.equal((await new MemoryStore('shared').runs()).length, 1)
  t.equal((await new MemoryStore('other').runs()).length, 0)
  await newRun(new MemoryStore(), 'a')
  t.equal((await new MemoryStore().runs()).length, 0)
})

test('what a name holds outlives the handle', async t => {
  const store = new MemoryStore('lasting')
  await newRun(store, 'a')
  await store.close()
  t.equal((await new MemoryStore('lasting').runs()).length, 1)
})

test('a memory store says its address', async t => {
  t.equal(new MemoryStore().url, 'memory:')
  t.equal(new MemoryStore('a b').url, 'memory:a b')
})
