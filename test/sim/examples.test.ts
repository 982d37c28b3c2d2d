// Every example comes to the same bits on any number of workers.
import t from 'tap'
import { EXAMPLES, plain, run } from '../fixtures/example-runs.js'

for (const example of EXAMPLES) {
  t.test(`${example.name} comes to the same bits on 0, 1, 2 and 3 workers`, async t => {
    const inline = await run(example, plain(example), { workers: 0 })
    for (const workers of [1, 2, 3]) {
      t.strictSame(await run(example, plain(example), { workers }), inline, `${workers} workers`)
    }
    const other = await run(example, plain(example), { workers: 0, seed: 8 })
    t.not(other.whole, inline.whole, 'the hash tells one seed from another')
  })
}
