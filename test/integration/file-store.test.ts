import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { FileStore } from '../../lib/state/file-store.js'
import { storeSuite } from '../fixtures/store-suite.js'

function newFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'populace-store-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

storeSuite('file', async t => {
  const folder = newFolder(t)
  return {
    open: () => FileStore.open(folder),
    abandon: (store, run) => (store as FileStore).abandon(run),
  }
})
