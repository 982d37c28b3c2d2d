// Checks mode catches a kernel that writes to what it is given to read: inboxes, answers, outcomes, ids and partitions.
import { test } from 'tap'
import { PopulaceError, Simulation } from '../../lib/index.js'

const SPOILERS = new URL('../fixtures/spoilers.js', import.meta.url)

async function run(spoils: string, workers: number): Promise<void> {
  await using sim = await Simulation.create(SPOILERS, { workers, checks: true, params: { spoils } })
  await sim.run({ ticks: 3 })
}

const SPOILT: readonly (readonly [string, RegExp])[] = [
  ['first', /'first' of the inbox of 'note'/],
  ['from', /'from' of the inbox of 'note'/],
  ['price', /'price' of the inbox of 'note'/],
  ['heard', /'first' of the inbox of 'doubt'/],
  ['status', /'status' of the inbox of 'doubt'/],
  ['token', /'token' of the inbox of 'doubt'/],
  ['won', /'won' of claim 'seat', which it only senses \(agent \d+\)/],
  ['target', /'target' of claim 'seat'/],
  ['winner', /'winner' of claim 'seat'/],
  ['id', /the ids of 'person', which it only senses \(agent \d+\)/],
  ['partition', /the partitions of 'person'/],
]

for (const [spoils, named] of SPOILT)
  test(`it is caught: a kernel that writes to ${spoils}`, async t => {
    for (const workers of [0, 2]) {
      const error = await run(spoils, workers).catch(error => error)
      t.ok(error instanceof PopulaceError, String(error))
      t.equal(error.code, 'CHECK_FAILED')
      t.match(error.message, named)
      t.match(error.message, /Engine 'spoil', population 'person', tick 1/)
    }
  })

test('a kernel that spoils nothing passes', async t => {
  for (const workers of [0, 2]) await t.resolves(run('nothing', workers))
})
