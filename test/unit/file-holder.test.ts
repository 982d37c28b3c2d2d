import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { LEASE_EXPIRY_MS } from '../../lib/core/limits.js'
import { giveSign, isAlive, removeSign, shownHolder, thisProcess } from '../../lib/state/file-holder.js'

function newFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'populace-holder-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Sets the last sign of life back. */
function age(folder: string, sign: string, milliseconds: number): void {
  const then = new Date(statSync(join(folder, sign)).mtimeMs - milliseconds)
  utimesSync(join(folder, sign), then, then)
}

const me = thisProcess('alive-me')
const other = { ...me, sign: 'alive-other' }
const elsewhere = { ...other, host: 'elsewhere', view: 'another boot' }

test('a process that runs and keeps its sign is alive, however old the sign', async t => {
  const folder = newFolder(t)
  giveSign(folder, other)
  if (me.view !== '') age(folder, other.sign, 100 * LEASE_EXPIRY_MS)
  t.equal(isAlive(folder, other, me), true)
  removeSign(folder, other.sign)
  t.equal(isAlive(folder, other, me), false, 'without its sign it has ended, or its thread has')
})

test('another process under the same id is not taken for it', async t => {
  const folder = newFolder(t)
  const earlier = { ...other, view: 'seen', start: '1' }
  giveSign(folder, earlier)
  t.equal(isAlive(folder, earlier, { ...me, view: 'seen' }), false)
})

test('a process that cannot be seen lives as long as its sign is young', async t => {
  const folder = newFolder(t)
  t.equal(isAlive(folder, elsewhere, me), false, 'it never gave one')
  giveSign(folder, elsewhere)
  t.equal(isAlive(folder, elsewhere, me), true)
  age(folder, elsewhere.sign, LEASE_EXPIRY_MS / 2)
  t.equal(isAlive(folder, elsewhere, me), true)
  age(folder, elsewhere.sign, LEASE_EXPIRY_MS)
  t.equal(isAlive(folder, elsewhere, me), false)
  giveSign(folder, elsewhere)
  t.equal(isAlive(folder, elsewhere, me), true, 'it was only slow')
  t.strictSame(readdirSync(folder).sort(), ['alive-me', 'alive-other'])
})

test('a holder is shown by what can be looked for', async t => {
  t.equal(shownHolder(me, me), 'another writer in this process')
  t.equal(shownHolder(other, me), `process ${process.pid}`)
  t.equal(shownHolder(elsewhere, me), `process ${process.pid} on elsewhere`)
})
