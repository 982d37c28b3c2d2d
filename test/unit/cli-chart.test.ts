import t from 'tap'
import { chartsOf, drawChart, MAX_POINTS, resample } from '../../lib/cli/chart.js'
import { count, mean } from '../../lib/index.js'
import { u32 } from '../../lib/memory/columns.js'
import { definePopulation } from '../../lib/memory/population.js'
import type { MeasureData } from '../../lib/run/measures.js'

const plain = { width: 60, colours: false }
const agent = definePopulation('agent', { capacity: 1, columns: { a: u32() } })
const other = definePopulation('other', { capacity: 1, columns: { a: u32() } })
const data = (measure: unknown) => measure as MeasureData // what is behind a Measure

t.test('resampling keeps the ends and goes straight between points', async t => {
  t.strictSame(resample([0, 10], 5), [0, 2.5, 5, 7.5, 10])
  t.strictSame(resample([1, 5, 3, 9], 2), [1, 9])
  t.strictSame(resample([4], 3), [4, 4, 4])
  t.equal(resample([1, 2, 3], 1).length, 1)
})

t.test('counts of one population share a chart, other numbers have their own, and gaps are not drawn', async t => {
  const measures = new Map(
    Object.entries({ S: count(agent), I: count(agent), far: count(other), a: mean(agent, 'a'), b: mean(agent, 'a') }),
  ) as unknown as Map<string, MeasureData>
  const values = [1, 2, 3]
  const charts = chartsOf(measures, [
    { name: 'S', values },
    { name: 'I', values },
    { name: 'far', values },
    { name: 'a', values },
    { name: 'b', values: [1, Number.NaN, 3] },
    { name: 'unknown', values },
  ])
  t.strictSame(
    charts.map(chart => [chart.title, chart.series.map(s => s.name)]),
    [
      ['agent', ['S', 'I']],
      ['other', ['far']],
      ['a', ['a']],
    ],
  )
  t.strictSame(chartsOf(new Map([['S', data(count(agent))]]), [{ name: 'S', values: [1] }]), [], 'one point is no line')
})

t.test('no line of a chart is wider than it may be, and each series is drawn with its letter', async t => {
  const values = Array.from({ length: MAX_POINTS }, (_, i) => i * 1000)
  const series = [
    { name: 'up', values },
    { name: 'under', values: [...values].reverse() },
  ]
  for (const width of [40, 60, 120]) {
    const text = drawChart({ title: 'agent', series }, 0, 400, { width, colours: false })
    const lines = text.split('\n')
    t.ok(Math.max(...lines.map(line => line.length)) <= width, `${width}`)
    t.equal(lines[0], 'agent:  u up  n under')
    t.equal(lines.length, 1 + 13 + 1)
    t.match(lines[1], /399K +.n+u+$|399K +.+u+$/, 'what grows ends at the top')
    t.match(lines[13], /^ +0 +.+n$/, 'what falls ends at the bottom')
    t.match(lines[14], /^ +tick 0 +400$/)
  }
})

t.test('a single series has no letters, and a flat one is a line', async t => {
  const text = drawChart({ title: 'a', series: [{ name: 'a', values: [5, 5, 5] }] }, 0, 2, plain)
  t.match(text, /^a\n +5 +┼─+\n +tick 0 +2$/)
})

t.test('with colours the lines are drawn in them', async t => {
  const series = [
    { name: 'S', values: [1, 2] },
    { name: 'I', values: [2, 1] },
  ]
  const text = drawChart({ title: 'agent', series }, 0, 1, { width: 60, colours: true })
  t.match(text, '\u001b[34m')
  t.match(text, '\u001b[31m')
})
