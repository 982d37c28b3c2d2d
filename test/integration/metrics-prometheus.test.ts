// A run with everything in it, scraped by a real Prometheus: it has nothing to complain of, each query of the dashboard
// finds something, and each alert is of what is there.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { test } from 'tap'
import { MetricsCollector, MetricsServer, Simulation } from '../../lib/index.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'
import { PrometheusServer, prometheusProgram } from '../fixtures/prometheus-server.js'

const OBSERVED = new URL('../fixtures/observed-world.js', import.meta.url)
const ALERTS = join(process.cwd(), 'ops/prometheus/alerts.yml')

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly type: string; readonly query: string | { readonly query: string } }[]
  }
}

const dashboard = JSON.parse(readFileSync('ops/grafana/dashboards/populace.json', 'utf8')) as Dashboard

/** As Grafana fills them in. */
const filled = (expr: string) => expr.replaceAll('$__rate_interval', '4s').replaceAll('$simulation', '.+')

const postgres = await sharedServer()
const metrics = new MetricsCollector({ labels: { host: 'test' }, process: true })
const server = await MetricsServer.listen(metrics, { port: 0 })
const prometheus = await PrometheusServer.start(new URL(server.url).host, ALERTS)
const sim = await Simulation.create(OBSERVED, {
  workers: 2,
  metrics,
  store: await postgres.database(),
  checkpoint: { everyTicks: 100 },
})
const subscription = sim.subscribe({ backpressure: 'merge', maxQueue: 2 })
metrics.observe('language model', () => ({ state: 'open', asks: { answered: ++asks, refused: asks } }))
let asks = 0
const stop = new AbortController()
const running = sim.run({ ticks: Number.MAX_SAFE_INTEGER - 1, signal: stop.signal }).catch(error => error as Error)
await sim.command('freeze' as never, 'east' as never)
await sim.command('freeze' as never, 'north' as never)
metrics.recordEvent('visit', 3)

t.teardown(async () => {
  stop.abort()
  await running
  subscription.close()
  await sim.close()
  await prometheus.close()
  await server.close()
  await closeSharedServer()
})

const seen = 'min(count_over_time(populace_tick[1m])) >= 4 and on () sum(populace_partitions{state="frozen"}) >= 2'
await prometheus.until('it has scraped the run', async () => (await prometheus.query(seen)).length > 0)

test('each query of the dashboard finds something', async t => {
  const queries = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
  t.ok(queries.length > 40, `${queries.length} queries`)
  for (const { title, expr } of queries) {
    // A rate finds something once two scrapes have: on a busy machine that may be later.
    const isFound = async () =>
      (await prometheus.query(filled(expr))).some(({ value }) => Number.isFinite(Number(value[1])))
    await t.resolves(prometheus.until(`${title} has a number`, isFound), `${title}: ${expr}`)
  }
})

test('each variable of the dashboard has values', async t => {
  const variables = dashboard.templating.list.filter(({ type }) => type === 'query')
  t.ok(variables.length > 0)
  for (const { query } of variables) {
    const [, metric, label] =
      /^label_values\((.+), (\w+)\)$/.exec(typeof query === 'string' ? query : query.query) ?? []
    const found = await prometheus.query(metric)
    t.ok(found.length > 0 && found.every(({ metric: labels }) => labels[label] !== undefined), `${metric}: ${label}`)
  }
})

test('each alert is judged, and of what is there', async t => {
  await prometheus.until('it has judged all rules', async () =>
    (await prometheus.rules()).every(r => r.health === 'ok'),
  )
  const rules = await prometheus.rules()
  t.ok(rules.length > 10)
  for (const { name, query } of rules) {
    // Compared with `bool`, nothing is left out for being as it should: 0 is an answer, too.
    const judged = query.replaceAll(/ (==|>|<) /g, ' $1 bool ')
    const found = await prometheus.query(judged)
    t.ok(found.length > 0, `${name}: ${judged}`)
  }
})

test('Prometheus has nothing to complain of', async t => {
  const targets = await prometheus.targets()
  t.strictSame(
    targets.map(({ health, lastError }) => [health, lastError]),
    [['up', '']],
  )
  t.strictSame(prometheus.complaints, [])
  const blocks = (await metrics.text()).split('\n\n')
  const ours = blocks.filter(block => !block.startsWith('# HELP nodejs_')) // prom-client has its own ideas of names there
  const input = `${ours.join('\n\n').trimEnd()}\n`
  const check = spawnSync(prometheusProgram('promtool'), ['check', 'metrics'], { input, encoding: 'utf8' })
  t.strictSame([check.status, check.stdout, check.stderr], [0, '', ''])
})
