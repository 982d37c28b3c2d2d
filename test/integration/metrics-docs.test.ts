// docs/metrics.md held against the code: its example runs, its table is that of the registry, and a run shows all of it.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'
import { MetricsCollector, Simulation } from '../../lib/index.js'
import { COMPONENT_METRICS } from '../../lib/observe/components.js'
import { OWN_METRICS } from '../../lib/observe/metrics-collector.js'
import { SIMULATION_METRICS } from '../../lib/observe/simulation-metrics.js'
import { namesIn, scraped } from '../fixtures/scraped.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const OBSERVED = new URL('../fixtures/observed-world.js', import.meta.url)
const METRICS = [...SIMULATION_METRICS, ...COMPONENT_METRICS, ...OWN_METRICS]
const page = await readFile(join(ROOT, 'docs/metrics.md'), 'utf8')
const node = promisify(execFile)

test('the example runs', async t => {
  const [, name, code] = page.match(/```js\n\/\/ (\S+)\n([\s\S]*?)```/) as RegExpMatchArray
  const folder = t.testdir({ node_modules: {}, 'package.json': '{ "type": "module" }' })
  await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
  await writeFile(join(folder, name), code)
  const { stdout } = await node(process.execPath, [name], { cwd: folder })
  t.strictSame(stdout.split('\n').sort(), [
    '',
    'goods_sold_total{city="Rome",region="north"} 3',
    'populace_events_total{kind="visit",region="north"} 1',
    'populace_tick{simulation="random-walk",region="north"} 100',
  ])
})

test('the table has a row for each metric, and nothing else', async t => {
  const rows = [...page.matchAll(/^\| `(populace_\w+)` \| (\w+) \| ([^|]+) \| ([^|]*) \| ([^|]+) \|$/gm)]
  t.strictSame(
    rows.map(([, name, type, unit, labels, help]) => ({
      ...{ name, type, unit, help },
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
    })),
    METRICS.map(({ name, type, unit, help, labels }) => ({ name, type, unit, help, labels: [...labels] })),
  )
})

test('a run shows each of them, with these labels, and nothing else', async t => {
  const metrics = new MetricsCollector()
  const store = `memory:${randomUUID()}`
  await using sim = await Simulation.create(OBSERVED, { workers: 2, metrics, store, params: { people: 400 } })
  metrics.recordEvent('visit')
  metrics.observe('breaker', () => ({ state: 'closed', calls: 3 }))
  await sim.run({ ticks: 20 })
  const text = await metrics.text()
  const scrape = scraped(text)
  t.strictSame([...namesIn(scrape)].sort(), METRICS.map(({ name }) => name).sort())
  for (const { name, labels, type } of METRICS) {
    t.match(text, `# TYPE ${name} ${type}\n`)
    const allowed = new Set([...labels, ...(type === 'histogram' ? ['le'] : [])])
    for (const line of scrape.keys()) {
      if (!new RegExp(`^${name}(_bucket|_sum|_count)?[{]`).test(line)) continue
      const strange = [...line.matchAll(/(\w+)="/g)].map(([, label]) => label).filter(label => !allowed.has(label))
      t.strictSame(strange, [], line)
    }
  }
})
