// Every example stands up to the sanitizer: with checks on, on several numbers of workers, tick by tick.
import t from 'tap'
import { verifyScenario } from '../../lib/run/verify.js'
import { EXAMPLES, plain } from '../fixtures/example-runs.js'

for (const example of EXAMPLES) {
  t.test(`${example.name} is deterministic in the eyes of the sanitizer`, async t => {
    const { params } = example
    const report = await verifyScenario(plain(example), { ticks: 6, seed: 7, params, workers: [0, 2] })
    t.match(report, { ok: true, difference: undefined, error: undefined })
    t.ok(report.runs.some(r => r.checks && r.workers === 0) && report.runs.some(r => r.checks && r.workers === 2))
  })
}
