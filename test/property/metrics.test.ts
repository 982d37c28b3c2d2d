// Histograms and bounded labels against prom-client and a plain model.
import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { test } from 'tap'
import { BoundedLabels, OTHER } from '../../lib/observe/bounded-labels.js'
import { DURATION_BOUNDS, HISTOGRAM_WORDS, HistogramCounts } from '../../lib/observe/histogram-counts.js'
import { histogramLines } from '../../lib/observe/metric-lines.js'

const seconds = fc.oneof(fc.constantFrom(...DURATION_BOUNDS), fc.double({ min: 0, max: 20, noNaN: true }))

test('a histogram shows what one of prom-client shows of the same durations', async t => {
  const lines = (values: readonly { metricName?: string; labels: object; value: number }[]) =>
    values.map(({ metricName, labels, value }) => [metricName, Object.values(labels).map(String), value])
  await fc.assert(
    fc.asyncProperty(fc.array(seconds, { minLength: 1 }), async values => {
      const theirs = new Histogram({ name: 'h', help: 'H', buckets: [...DURATION_BOUNDS], registers: [new Registry()] })
      const words = new Float64Array(new SharedArrayBuffer(HISTOGRAM_WORDS * 8))
      const ours = new HistogramCounts(words)
      for (const value of values) {
        theirs.observe(value)
        ours.observe(value)
      }
      const shown = lines(histogramLines('h', ours.figures()))
      t.strictSame(shown, lines((await theirs.get()).values))
    }),
  )
})

test('an observation of weight n is n of weight 1', async t => {
  fc.assert(
    fc.property(seconds, fc.integer({ min: 1, max: 50 }), (value, weight) => {
      const [once, often] = [new HistogramCounts(), new HistogramCounts()]
      once.observe(value, weight)
      for (let n = 0; n < weight; n++) often.observe(value)
      const [a, b] = [once.figures(), often.figures()]
      t.strictSame(a.counts, b.counts)
      t.ok(Math.abs(a.sum - b.sum) <= 1e-9 * Math.max(1, b.sum))
    }),
    { numRuns: 50 },
  )
})

test('label sets have series of their own in the order in which they come, as many as there is room for', async t => {
  const sets = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y', 'z')))
  fc.assert(
    fc.property(sets, fc.integer({ min: 1, max: 9 }), (given, most) => {
      const bounded = new BoundedLabels(['one', 'two'], most)
      const known: string[] = []
      let overflows = 0
      for (const [one, two] of given) {
        if (!known.includes(one + two) && known.length < most) known.push(one + two)
        const isKnown = known.includes(one + two)
        if (!isKnown) overflows++
        t.strictSame(bounded.admit([one, two]), isKnown ? { one, two } : { one: OTHER, two: OTHER })
      }
      t.equal(bounded.overflows, overflows)
    }),
  )
})
