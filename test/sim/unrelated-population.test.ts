// A population that has nothing to do with the others changes none of their bits, though it comes first in every order.
import t from 'tap'
import { EXAMPLES, plain, run, withStranger } from '../fixtures/example-runs.js'

for (const example of EXAMPLES) {
  t.test(`an unrelated population and engine leave the bits of ${example.name} as they were`, async t => {
    const alone = await run(example, plain(example), { workers: 0 })
    for (const workers of [0, 2]) {
      const visited = await run(example, withStranger(example), { workers })
      t.strictSame(visited.parts, alone.parts, `${workers} workers`)
      t.strictSame(visited.measures, alone.measures)
      t.not(visited.whole, alone.whole, 'the stranger is in the hash of the whole')
    }
  })
}
