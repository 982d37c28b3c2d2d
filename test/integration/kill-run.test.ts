// kill -9 of `populace run` at random instants, with a run kept in a folder: each goes on to the bits of a run that
// nobody touched.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { killCampaign } from '../fixtures/kill-campaign.js'

const REGIONS = fileURLToPath(new URL('../fixtures/regions.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'populace-kill-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

t.test('a run that is killed again and again comes to the same hash', { timeout: 0 }, async t => {
  const found = await killCampaign({
    scenario: ['town', '--set', 'people=1500', '--set', 'cities=20'],
    ticks: 2000,
    everyTicks: 50,
    kills: process.env.POPULACE_LONG === '1' ? 100 : 10,
    seed: 20261124,
    address: round => `file:${join(folder, String(round))}`,
  })
  t.strictSame([...found.hashes], [found.expected])
  t.ok(
    found.from.some(tick => tick > 0),
    `some went on from a checkpoint: ${found.from.join(', ')}`,
  )
  t.comment(`${found.kills} kills in ${found.rounds} runs`)
})

t.test('and so does one whose partitions freeze and thaw all the time', { timeout: 0 }, async t => {
  const found = await killCampaign({
    scenario: [REGIONS, '--set', 'regions=60', '--set', 'restless=0.3', '--set', 'social=0.02'],
    ticks: 600,
    everyTicks: 20,
    kills: process.env.POPULACE_LONG === '1' ? 50 : 5,
    seed: 20261126,
    address: round => `file:${join(folder, `regions-${round}`)}`,
  })
  t.strictSame([...found.hashes], [found.expected])
  t.ok(
    found.from.some(tick => tick > 0),
    `some went on from a checkpoint: ${found.from.join(', ')}`,
  )
  t.comment(`${found.kills} kills in ${found.rounds} runs`)
})
