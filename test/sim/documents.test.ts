import { test } from 'tap'
import { Simulation } from '../../lib/index.js'
import { verifyScenario } from '../../lib/run/verify.js'
import type scenario from '../fixtures/diaries.js'

const url = new URL('../fixtures/diaries.js', import.meta.url)
const TICKS = 25

async function played(o: { workers: number; checks?: boolean }) {
  await using sim = await Simulation.create<typeof scenario>(url, o)
  await sim.run({ ticks: 5 })
  await sim.command('tell', { who: 3, text: 'tea' })
  await sim.command('tell', { who: 4, text: 'lost', fail: true })
  await sim.run({ ticks: TICKS - 5 })
  return { hash: await sim.hash(), tick: sim.tick }
}

test('documents that kernels, commands and main engines write are the same on any number of workers', async t => {
  const wanted = await played({ workers: 0 })
  for (const workers of [1, 2, 3]) t.strictSame(await played({ workers }), wanted, `${workers} workers`)
  for (const workers of [0, 2])
    t.strictSame(await played({ workers, checks: true }), wanted, `checked, ${workers} workers`)
})

test('the sanitizer finds nothing in a world of documents', async t => {
  const report = await verifyScenario(url, { ticks: 12 })
  t.equal(report.error, undefined)
  t.equal(report.difference, undefined)
  t.ok(report.ok)
  t.equal(report.runs.length, 6)
})
