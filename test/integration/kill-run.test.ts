// kill -9 of `populace run` at random instants, with a run kept in a folder: each goes on to the bits of a run that
// nobody touched.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { testKills } from '../fixtures/kill-campaign.js'

const folder = mkdtempSync(join(tmpdir(), 'populace-kill-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

testKills(t, 'towns', 20261124, round => `file:${join(folder, String(round))}`)
testKills(t, 'regions', 20261126, round => `file:${join(folder, `regions-${round}`)}`)
