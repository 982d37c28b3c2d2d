import { test } from 'tap'
import { MAX_COMPONENT_FIGURES, MAX_COMPONENTS, MAX_LABEL_LENGTH, METRIC_SERIES } from '../../lib/core/limits.js'
import { getMetricsCollector, MetricsCollector } from '../../lib/observe/metrics-collector.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refused } from '../fixtures/refused.js'

/** The lines of a scrape that begin with a name. */
async function linesOf(metrics: MetricsCollector, name: string): Promise<string[]> {
  return (await metrics.text()).split('\n').filter(line => line.startsWith(name))
}

test('what a host declares is shown with its labels and those of the collector', async t => {
  const metrics = new MetricsCollector({ labels: { host: 'a' } })
  const sold = metrics.counter('sold_total', { help: 'Goods sold.', labels: ['city', 'ok'] })
  const depth = metrics.gauge('depth', { help: 'How deep.' })
  const prices = metrics.histogram('price', { help: 'Prices.', buckets: [1, 10], labels: ['city'] })
  sold.add(2, { city: 'Rome', ok: true })
  sold.add(3, { city: 'Rome', ok: true })
  depth.set(7)
  depth.set(-1)
  for (const price of [0.5, 5, 50]) prices.observe(price, { city: 'Rome' })
  t.strictSame(await linesOf(metrics, 'sold_total'), ['sold_total{city="Rome",ok="true",host="a"} 5'])
  t.strictSame(await linesOf(metrics, 'depth'), ['depth{host="a"} -1'])
  t.strictSame(await linesOf(metrics, 'price'), [
    'price_bucket{le="1",host="a",city="Rome"} 1',
    'price_bucket{le="10",host="a",city="Rome"} 2',
    'price_bucket{le="+Inf",host="a",city="Rome"} 3',
    'price_sum{host="a",city="Rome"} 55.5',
    'price_count{host="a",city="Rome"} 3',
  ])
  t.match(metrics.contentType, 'text/plain; version=0.0.4')
})

test('label sets beyond the bound go to other and are counted', async t => {
  const metrics = new MetricsCollector()
  const visits = metrics.counter('visits_total', { help: 'Visits.', labels: ['page'], maxSeries: 2 })
  for (const page of ['a', 'b', 'c', 'd', 'a', 'x'.repeat(MAX_LABEL_LENGTH + 1)]) visits.add(1, { page })
  t.strictSame(await linesOf(metrics, 'visits_total'), [
    'visits_total{page="a"} 2',
    'visits_total{page="b"} 1',
    'visits_total{page="other"} 3',
  ])
  t.equal(visits.overflows, 3)
  t.strictSame(await linesOf(metrics, 'populace_metric_overflows_total{metric="visits_total"}'), [
    'populace_metric_overflows_total{metric="visits_total"} 3',
  ])
})

test('events are counted by kind, within a bound', async t => {
  const metrics = new MetricsCollector()
  metrics.recordEvent('trade')
  metrics.recordEvent('trade', 4)
  for (let n = 0; n < METRIC_SERIES + 9; n++) metrics.recordEvent(`kind ${n}`, 1)
  const lines = await linesOf(metrics, 'populace_events_total')
  t.ok(lines.includes('populace_events_total{kind="trade"} 5'))
  t.ok(lines.includes('populace_events_total{kind="other"} 10'))
  t.equal(lines.length, METRIC_SERIES + 1)
})

test('ticks and engines are timed by disposables, each once', async t => {
  const clock = new FakeClock()
  const metrics = new MetricsCollector({}, clock)
  {
    using _tick = metrics.measureTick()
    {
      using _engine = metrics.measureEngine('trade')
      clock.advance(125)
    }
    clock.advance(125)
  }
  const twice = metrics.measureTick()
  clock.advance(500)
  twice[Symbol.dispose]()
  clock.advance(500)
  twice[Symbol.dispose]()
  const text = await metrics.text()
  t.match(text, 'populace_tick_duration_seconds_sum 0.75\n')
  t.match(text, 'populace_tick_duration_seconds_count 2\n')
  t.match(text, 'populace_tick_duration_seconds_bucket{le="0.2"} 0\n')
  t.match(text, 'populace_tick_duration_seconds_bucket{le="0.5"} 2\n')
  t.match(text, 'populace_engine_duration_seconds_sum{engine="trade"} 0.125\n')
})

test('the status of a component is shown: its numbers by path, durations in seconds, and its state', async t => {
  const metrics = new MetricsCollector()
  const status = {
    state: 'half-open',
    address: 'postgres://somewhere',
    inUse: 3,
    full: true,
    waits: { totalMs: 1500, p95Ms: 20 },
    list: [1, 2],
    none: null,
  }
  const end = metrics.observe('pool', async () => status)
  t.strictSame(await linesOf(metrics, 'populace_component{'), [
    'populace_component{component="pool",figure="in_use"} 3',
    'populace_component{component="pool",figure="full"} 1',
    'populace_component{component="pool",figure="waits_total_seconds"} 1.5',
    'populace_component{component="pool",figure="waits_p95_seconds"} 0.02',
  ])
  t.strictSame(await linesOf(metrics, 'populace_component_state{'), [
    'populace_component_state{component="pool",figure="state",state="half-open"} 1',
  ])
  end()
  t.strictSame(await linesOf(metrics, 'populace_component{'), [])
})

test('a status with more numbers than there is room for, or that holds itself, is cut short', async t => {
  const metrics = new MetricsCollector()
  const many: Record<string, unknown> = Object.fromEntries(
    Array.from({ length: MAX_COMPONENT_FIGURES + 5 }, (_, i) => [`n${i}`, i]),
  )
  many.self = many
  metrics.observe('many', () => many)
  metrics.observe('text', () => 'fine')
  t.equal((await linesOf(metrics, 'populace_component{')).length, MAX_COMPONENT_FIGURES)
  t.strictSame(await linesOf(metrics, 'populace_metric_overflows_total{metric="populace_component"}'), [
    'populace_metric_overflows_total{metric="populace_component"} 10',
  ])
})

test('components that throw or never answer are counted and hide nobody', async t => {
  const clock = new FakeClock()
  const metrics = new MetricsCollector({}, clock)
  metrics.observe('broken', () => {
    throw new Error('no')
  })
  metrics.observe('silent', () => new Promise(() => {}))
  metrics.observe('well', () => ({ size: 1 }))
  const text = metrics.text()
  while (clock.waiting.length !== 1) await new Promise(setImmediate) // all but the silent one have answered
  clock.advance(60_000)
  t.match(await text, 'populace_component{component="well",figure="size"} 1')
  t.match(await text, 'populace_observe_failures_total{component="broken"} 1')
  t.match(await text, 'populace_observe_failures_total{component="silent"} 1')
  t.match(await text, 'populace_observe_failures_total{component="well"} 0')
  t.match(await metrics.text(), 'populace_observe_failures_total{component="silent"} 2')
  t.strictSame(clock.waiting, [], 'one that has not answered is not asked again')
})

test('whoever asks while a scrape is made is given the same', async t => {
  const metrics = new MetricsCollector()
  let asked = 0
  metrics.observe('pool', () => ({ asked: ++asked }))
  const [a, b] = await Promise.all([metrics.text(), metrics.text()])
  t.equal(a, b)
  t.equal(asked, 1)
  await metrics.text()
  t.equal(asked, 2)
})

test('two collectors do not clash, nor do simulations of one name in one', async t => {
  const [one, two] = [new MetricsCollector(), new MetricsCollector({ process: true })]
  one.counter('a_total', { help: 'A.' }).add(1)
  two.counter('a_total', { help: 'A.' }).add(2)
  t.strictSame(await linesOf(two, 'a_total'), ['a_total 2'])
  t.equal((await linesOf(two, 'process_resident_memory_bytes')).length, 1)
  t.equal((await linesOf(one, 'process_')).length, 0)
  const source = (size: number) =>
    ({ state: 'idle', components: { store: () => ({ size }) }, read: () => Promise.reject(new Error('gone')) }) as const
  const ends = [1, 2, 3].map(size => one.attach('town', source(size)))
  t.strictSame(one.simulations, { town: 'idle', 'town-2': 'idle', 'town-3': 'idle' })
  ends[1]()
  ends[1]()
  t.strictSame(Object.keys(one.simulations), ['town', 'town-3'])
  await t.rejects(one.text(), /gone/)
  ends[0]()
  ends[2]()
  one.attach('town', { ...source(4), read: () => new Promise(() => {}) })()
  t.strictSame(await linesOf(one, 'populace_component'), [])
  t.equal(getMetricsCollector(), getMetricsCollector())
})

test('wrong options and declarations are refused by name', async t => {
  const make = (options: unknown) => () => new MetricsCollector(options as object)
  refused(t, 'OPTION_UNKNOWN', /MetricsCollector has no option 'label'.*'labels'/, make({ label: {} }))
  refused(t, 'OPTION_INVALID', /'labels.le' of MetricsCollector/, make({ labels: { le: 'x' } }))
  refused(t, 'OPTION_INVALID', /'process'/, make({ process: 1 }))
  refused(t, 'OPTION_INVALID', /options of MetricsCollector are 7/, make(7))
  const metrics = new MetricsCollector()
  const declare = (name: unknown, options: unknown) => () =>
    metrics.counter(name as string, options as { help: string })
  for (const name of ['', '1a', 'a-b', 7]) refused(t, 'METRIC_INVALID', /cannot be named/, declare(name, { help: 'x' }))
  for (const name of ['populace_x', 'process_x', 'nodejs_x'])
    refused(t, 'METRIC_INVALID', /what the collector has itself/, declare(name, { help: 'x' }))
  refused(t, 'OPTION_INVALID', /'help' of metric 'a'/, declare('a', {}))
  refused(t, 'OPTION_UNKNOWN', /no option 'lables'.*'labels'/, declare('a', { help: 'x', lables: [] }))
  for (const label of ['__x', 'a-b', 'simulation', 'le'])
    refused(t, 'OPTION_INVALID', /'labels.0' of metric 'a'/, declare('a', { help: 'x', labels: [label] }))
  for (const maxSeries of [0, 1.5, 10_001])
    refused(t, 'OPTION_INVALID', /'maxSeries'/, declare('a', { help: 'x', maxSeries }))
  for (const buckets of [[], [2, 1], [1, 1], 'x'])
    refused(t, 'OPTION_INVALID', /'buckets' of histogram 'h'/, () =>
      metrics.histogram('h', { help: 'x', buckets: buckets as number[] }),
    )
  metrics.gauge('a', { help: 'x' })
  refused(t, 'DUPLICATE_NAME', /'a' is declared already/, declare('a', { help: 'x' }))
})

test('wrong values are refused and change nothing', async t => {
  const metrics = new MetricsCollector()
  const counter = metrics.counter('a_total', { help: 'A.', labels: ['city'] })
  for (const n of [Number.NaN, Number.POSITIVE_INFINITY, '1' as never])
    refused(t, 'METRIC_INVALID', /'a_total' was given/, () => counter.add(n, { city: 'x' }))
  refused(t, 'METRIC_INVALID', /was to go down by 1/, () => counter.add(-1, { city: 'x' }))
  refused(t, 'METRIC_INVALID', /has no label 'town'.*'city'/, () => counter.add(1, { town: 'x' } as never))
  refused(t, 'METRIC_INVALID', /Label 'city'.*is undefined/, () => counter.add(1, {} as never))
  refused(t, 'METRIC_INVALID', /Label 'city'.*is undefined/, () => (counter.add as (n: number) => void)(1))
  for (const n of [-1, Number.NaN, '2' as never])
    refused(t, 'METRIC_INVALID', /recordEvent\('x'\)/, () => metrics.recordEvent('x', n))
  for (const name of ['', 7 as never]) {
    refused(t, 'METRIC_INVALID', /recordEvent/, () => metrics.recordEvent(name))
    refused(t, 'METRIC_INVALID', /measureEngine/, () => metrics.measureEngine(name))
    refused(t, 'METRIC_INVALID', /has no name/, () => metrics.observe(name, () => ({})))
  }
  refused(t, 'METRIC_INVALID', /'x' cannot be asked/, () => metrics.observe('x', {} as never))
  metrics.observe('x', () => ({}))
  refused(t, 'DUPLICATE_NAME', /'x' is observed already/, () => metrics.observe('x', () => ({})))
  for (let n = 1; n < MAX_COMPONENTS; n++) metrics.observe(`c${n}`, () => ({}))
  refused(t, 'METRIC_INVALID', /100 components/, () => metrics.observe('more', () => ({})))
  t.strictSame(await linesOf(metrics, 'a_total'), [])
  t.strictSame(await linesOf(metrics, 'populace_events_total'), [])
})
