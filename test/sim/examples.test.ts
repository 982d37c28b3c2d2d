// Every example comes to the same bits on any number of workers, and with strangers about.
import t from 'tap'
import { Simulation } from '../../lib/index.js'
import { verifyScenario } from '../../lib/run/verify.js'

/** Each with small sizes, the ticks to do, and its populations. */
const EXAMPLES = [
  {
    name: 'epidemic',
    params: { people: 10_000, cities: 4000, seeds: 200, beta: 1 },
    ticks: 12,
    populations: ['city', 'person'],
  },
  { name: 'life', params: { width: 150, height: 90, pattern: 'random' }, ticks: 15, populations: ['cell'] },
  { name: 'random-walk', params: { walkers: 5000 }, ticks: 15, populations: ['walker'] },
]
type Example = (typeof EXAMPLES)[number]

const plain = ({ name }: Example) => new URL(`../../examples/${name}.js`, import.meta.url)
const withStranger = ({ name }: Example) => new URL(`../fixtures/with-stranger.js?example=${name}`, import.meta.url)

interface Options {
  readonly workers: number
  readonly seed?: number
}

async function run({ params, ticks, populations }: Example, scenario: URL, { workers, seed = 7 }: Options) {
  await using sim = await Simulation.create(scenario, { workers, seed, params })
  const before = await sim.hash({ populations })
  await sim.run({ ticks })
  const parts = await Promise.all(populations.map(p => sim.hash({ populations: [p] })))
  return { before, whole: await sim.hash(), parts, measures: sim.measures }
}

for (const example of EXAMPLES) {
  t.test(`${example.name} comes to the same bits on 0, 1, 2 and 3 workers`, async t => {
    const inline = await run(example, plain(example), { workers: 0 })
    for (const workers of [1, 2, 3]) {
      t.strictSame(await run(example, plain(example), { workers }), inline, `${workers} workers`)
    }
    const other = await run(example, plain(example), { workers: 0, seed: 8 })
    t.not(other.whole, inline.whole, 'the hash tells one seed from another')
    t.not(inline.parts.join(), inline.before, 'and a world that ran from one that did not')
  })

  t.test(`${example.name} is deterministic in the eyes of the sanitizer`, async t => {
    const { params } = example
    const report = await verifyScenario(plain(example), { ticks: 6, seed: 7, params, workers: [0, 2] })
    t.match(report, { ok: true, difference: undefined, error: undefined })
    t.ok(report.runs.some(r => r.checks && r.workers === 0) && report.runs.some(r => r.checks && r.workers === 2))
  })

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
