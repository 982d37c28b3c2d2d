import t from 'tap'
import { chartsOf, drawChart, resample } from '../../lib/cli/chart.js'
import { History, MAX_POINTS } from '../../lib/cli/history.js'
import { count, mean } from '../../lib/index.js'
import { u32 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import type { MeasureData } from '../../lib/run/measures.js'

const plain = { width: 60, colours: false }
const agent = definePopulation('agent', { capacity: 1, columns: { a: u32() } })
const other = definePopulation('other', { capacity: 1, columns: { a: u32() } })
const data = (measure: unknown) => measure as MeasureData // what is behind a Measure

const series = (name: string, values: readonly number[]) => ({ name, ticks: values.map((_, i) => i), values })

t.test('resampling keeps the ends, and goes straight between the ticks that are known', async t => {
  t.strictSame(resample(series('a', [0, 10]), 5), [0, 2.5, 5, 7.5, 10])
  t.strictSame(resample(series('a', [1, 5, 3, 9]), 2), [1, 9])
  t.strictSame(resample({ ticks: [0, 8, 10], values: [0, 8, 18] }, 6), [0, 2, 4, 6, 8, 18])
  t.strictSame(resample(series('a', [4]), 3), [4, 4, 4])
})

t.test('a history of any length keeps a bounded number of evenly spaced ticks, and the last', async t => {
  const history = new History(['a', 'b'])
  let grown = 0
  for (let tick = 0; tick <= 10_001; tick++) if (history.add(tick, { a: tick, b: -tick, c: 7 })) grown++
  history.end(10_001, { a: 10_001, b: -10_001 })
  const [a, b] = history.series
  t.equal(history.every, 2 ** grown)
  t.ok(a.ticks.length <= MAX_POINTS && a.ticks.length > MAX_POINTS / 2)
  t.strictSame(a.ticks.slice(0, 3), [0, history.every, 2 * history.every])
  t.equal(a.ticks.at(-1), 10_001)
  t.strictSame([a.values, b.values], [a.ticks, a.ticks.map(tick => 0 - tick)])
  history.end(10_001, {})
  t.equal(history.series[0].ticks.length, a.ticks.length, 'the end is kept once')
})

t.test('counts of one population share a chart, other numbers have their own, and gaps are not drawn', async t => {
  const measures = new Map(
    Object.entries({ S: count(agent), I: count(agent), far: count(other), a: mean(agent, 'a'), b: mean(agent, 'a') }),
  ) as unknown as Map<string, MeasureData>
  const values = [1, 2, 3]
  const charts = chartsOf(measures, [
    series('S', values),
    series('I', values),
    series('far', values),
    series('a', values),
    series('b', [1, Number.NaN, 3]),
    series('unknown', values),
  ])
  t.strictSame(
    charts.map(chart => [chart.title, chart.series.map(s => s.name)]),
    [
      ['agent', ['S', 'I']],
      ['other', ['far']],
      ['a', ['a']],
    ],
  )
  t.strictSame(chartsOf(new Map([['S', data(count(agent))]]), [series('S', [1])]), [], 'one point is no line')
})

t.test('no line of a chart is wider than it may be, and each series is drawn with its letter', async t => {
  const values = Array.from({ length: MAX_POINTS }, (_, i) => i * 1000)
  const both = [series('up', values), series('under', [...values].reverse())]
  for (const width of [40, 60, 120]) {
    const text = drawChart({ title: 'agent', series: both }, { width, colours: false })
    const lines = text.split('\n')
    t.ok(Math.max(...lines.map(line => line.length)) <= width, `${width}`)
    t.equal(lines[0], 'agent:  u up  n under')
    t.equal(lines.length, 1 + 13 + 1)
    t.match(lines[1], /399K +.n+u+$|399K +.+u+$/, 'what grows ends at the top')
    t.match(lines[13], /^ +0 +.+n$/, 'what falls ends at the bottom')
    t.match(lines[14], /^ +tick 0 +399$/)
  }
})

t.test('a single series has no letters, and a flat one is a line', async t => {
  const text = drawChart({ title: 'a', series: [series('a', [5, 5, 5])] }, plain)
  t.match(text, /^a\n +5 +┼─+\n +tick 0 +2$/)
})

t.test('the axis stands in one column, however long the numbers are', async t => {
  for (const values of [
    [-0.000648, 0.00213],
    [-1.234e-9, 0],
    [0, 4.5e15],
    [-123456, 1],
  ]) {
    const lines = drawChart({ title: 'a', series: [series('a', values)] }, plain)
      .split('\n')
      .slice(1, -1)
    t.strictSame([...new Set(lines.map(line => line.search(/[┤┼]/)))], [10], String(values))
    t.notOk(lines.some(line => line.includes('-0 ')))
  }
})

t.test('with colours the lines are drawn in them', async t => {
  const both = [series('S', [1, 2]), series('I', [2, 1])]
  const text = drawChart({ title: 'agent', series: both }, { width: 60, colours: true })
  t.match(text, '\u001b[34m')
  t.match(text, '\u001b[31m')
})
