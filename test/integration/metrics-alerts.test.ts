// Each alert of ops/prometheus/alerts.yml, judged by Prometheus itself: it fires where it should, and not where all is well.
// That of breakers is judged of a real one too, in a service that agents ask.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { CircuitBreaker, compose, MetricsCollector, Simulation } from '../../lib/index.js'
import { prometheusProgram } from '../fixtures/prometheus-server.js'
import { scraped } from '../fixtures/scraped.js'

const ALERTS = join(process.cwd(), 'ops/prometheus/alerts.yml')

/** Series by name and labels: values minute by minute in promtool's notation, where something is wrong. */
const WRONG: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  PopulaceDown: { 'up{job="populace"}': '0x40' },
  PopulaceSimulationFailed: { 'populace_simulation_state{state="failed"}': '1x40' },
  PopulaceSimulationStalled: { 'populace_simulation_state{state="running"}': '1x40', populace_ticks_total: '7x40' },
  PopulaceTicksSlow: {
    'populace_tick_duration_seconds_bucket{le="1"}': '0x40',
    'populace_tick_duration_seconds_bucket{le="5"}': '0+10x40',
    'populace_tick_duration_seconds_bucket{le="+Inf"}': '0+10x40',
  },
  PopulaceWorkersUneven: {
    'populace_barrier_wait_seconds_total{thread="0"}': '0+40x40',
    'populace_barrier_wait_seconds_total{thread="1"}': '0+40x40',
    'populace_thread_busy_seconds_total{thread="0",work="kernels"}': '0+20x40',
    'populace_thread_busy_seconds_total{thread="1",work="exchange"}': '0+20x40',
  },
  PopulacePopulationNearlyFull: {
    'populace_agents{population="p",state="active"}': '90x40',
    'populace_agents{population="p",state="frozen"}': '6x40',
    'populace_agents_capacity{population="p"}': '100x40',
  },
  PopulaceRefusals: { 'populace_refusals_total{of="birth"}': '0+1x40' },
  PopulaceMessagesRefused: { 'populace_messages_total{outcome="refused"}': '0+1x40' },
  PopulaceEventsRefused: { populace_refused_events_total: '0+1x40' },
  PopulaceCheckpointsBehind: {
    'populace_simulation_state{state="running"}': '1x40',
    populace_checkpoints_total: '4x40',
  },
  PopulaceRecovered: { populace_recoveries_total: '0+1x40' },
  PopulaceBreakerOpen: { 'populace_component_state{component="b",figure="state",state="open"}': '1x40' },
  PopulaceComponentSilent: { 'populace_observe_failures_total{component="c"}': '0+1x40' },
  PopulaceLabelsOverflow: { 'populace_metric_overflows_total{metric="m"}': '0+1x40' },
  PopulaceEventLoopHeldUp: { nodejs_eventloop_lag_p99_seconds: '0.2x40' },
}

/** The same where all is well. */
const WELL: Readonly<Record<string, string>> = {
  'up{job="populace"}': '1x40',
  'populace_simulation_state{state="failed"}': '0x40',
  'populace_simulation_state{state="running"}': '1x40',
  populace_ticks_total: '0+100x40',
  'populace_tick_duration_seconds_bucket{le="1"}': '0+10x40',
  'populace_tick_duration_seconds_bucket{le="5"}': '0+10x40',
  'populace_tick_duration_seconds_bucket{le="+Inf"}': '0+10x40',
  'populace_barrier_wait_seconds_total{thread="0"}': '0+5x40',
  'populace_thread_busy_seconds_total{thread="0",work="kernels"}': '0+50x40',
  'populace_agents{population="p",state="active"}': '90x40',
  'populace_agents_capacity{population="p"}': '100x40',
  'populace_refusals_total{of="birth"}': '3x40',
  'populace_messages_total{outcome="refused"}': '3x40',
  'populace_messages_total{outcome="sent"}': '0+9x40',
  populace_refused_events_total: '3x40',
  populace_checkpoints_total: '0+1x40',
  populace_recoveries_total: '1x40',
  'populace_component_state{component="b",figure="state",state="closed"}': '1x40',
  'populace_observe_failures_total{component="c"}': '2x40',
  'populace_metric_overflows_total{metric="m"}': '2x40',
  nodejs_eventloop_lag_p99_seconds: '0.01x40',
}

const names = [...readFileSync(ALERTS, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name)

/** A test in promtool's form, which is YAML, as JSON is. */
function judged(series: Readonly<Record<string, string>>, firing: readonly string[]) {
  const input = Object.entries(series).map(([series, values]) => ({ series, values }))
  const expected = (name: string) => ({
    expr: `count(ALERTS{alertname="${name}",alertstate="firing"}) or vector(0)`,
    name,
  })
  return {
    interval: '1m',
    input_series: input,
    promql_expr_test: names.map(expected).map(({ expr, name }) => ({
      expr,
      eval_time: '35m',
      exp_samples: [{ labels: '{}', value: firing.includes(name) ? 1 : 0 }],
    })),
  }
}

/** What Prometheus says of tests in that form. */
function judge(t: Test, tests: readonly ReturnType<typeof judged>[]) {
  const folder = t.testdir({ 'rules.json': JSON.stringify({ rule_files: [ALERTS], evaluation_interval: '1m', tests }) })
  const o = { encoding: 'utf8' } as const
  return spawnSync(prometheusProgram('promtool'), ['test', 'rules', join(folder, 'rules.json')], o)
}

test('each alert fires alone where it should, and none where all is well', async t => {
  t.strictSame(Object.keys(WRONG), names)
  const tests = [judged(WELL, []), ...names.map(name => judged(WRONG[name], [name]))]
  const { status, stdout, stderr } = judge(t, tests)
  t.equal(status, 0, `${stdout}${stderr}`)
})

/** What components of a run say of their states, whose agents ask a service behind `breaker` for some ticks. */
async function statesWith(breaker: CircuitBreaker, answers: boolean): Promise<Record<string, string>> {
  const metrics = new MetricsCollector()
  const teacher = compose({ breaker }, async () => {
    if (!answers) throw new Error('no connection')
    return { text: 'yes', mark: 1 }
  })
  const pupils = new URL('../fixtures/pupils.js', import.meta.url)
  await using sim = await Simulation.create(pupils, { workers: 0, metrics, services: { teacher } })
  await sim.run({ ticks: 20 })
  const states = [...scraped(await metrics.text())].filter(([line]) => line.startsWith('populace_component_state{'))
  return Object.fromEntries(states.map(([line, value]) => [line, `${value}x40`]))
}

test('a breaker that is open has its alert fire, and one that is closed does not', async t => {
  const breaker = () => new CircuitBreaker({ failureThreshold: 3, openMs: 3_600_000 })
  const [open, closed] = [await statesWith(breaker(), false), await statesWith(breaker(), true)]
  t.ok(Object.keys(open).length > 0 && Object.keys(closed).length > 0)
  const { status, stdout, stderr } = judge(t, [judged(open, ['PopulaceBreakerOpen']), judged(closed, [])])
  t.equal(status, 0, `${stdout}${stderr}`)
})
