// The statistics and judgements of the benchmark harness, and the table of its report.
import t from 'tap'
import {
  fasterBy,
  interleave,
  median,
  quantile,
  quotients,
  samplesOf,
  spread,
  workIsRight,
} from '../../bench/harness.js'
import { describe, table } from '../../bench/report.js'

t.test('quantiles lie on the straight line between neighbours', async t => {
  t.equal(quantile([1, 2, 3, 4], 0), 1)
  t.equal(quantile([1, 2, 3, 4], 0.5), 2.5)
  t.equal(quantile([1, 2, 3, 4], 0.25), 1.75)
  t.equal(quantile([1, 2, 3, 4], 1), 4)
  t.equal(quantile([7], 0.75), 7)
  t.ok(Number.isNaN(quantile([], 0.5)))
})

t.test('a spread sorts by number, not by text, and leaves its samples as they were', async t => {
  const samples = [10, 9, 100, 1, 2]
  t.strictSame(spread(samples), { min: 1, q1: 2, median: 9, q3: 10, max: 100, n: 5 })
  t.strictSame(samples, [10, 9, 100, 1, 2])
})

t.test('quotients pair the rounds, so that noise of a round falls out', async t => {
  const noise = [1, 5, 2, 9]
  const subject = noise.map(x => x * 2)
  const peer = noise.map(x => x * 6)
  t.strictSame(quotients(peer, subject), [3, 3, 3, 3])
  t.throws(() => quotients([1, 2], [1]), /2 and 1/)
})

t.test('a target holds from its bound on', async t => {
  const samples = new Map([
    ['ours', [1, 2, 4]],
    ['theirs', [3, 6, 11]],
  ])
  t.match(fasterBy(samples, 'ours', 'theirs', 3), { figure: 3, holds: true })
  t.match(fasterBy(samples, 'ours', 'theirs', 3.01), { figure: 3, holds: false })
  t.throws(() => fasterBy(samples, 'ours', 'nobody', 1), /nobody/)
})

t.test('each contender runs once a round, another one first each time, and warm-up is not counted', async t => {
  const order: string[] = []
  const contender = (name: string) => ({
    name,
    round() {
      order.push(name)
      return order.length
    },
  })
  const samples = await interleave(['a', 'b', 'c'].map(contender), 2, 1)
  t.equal(order.join(''), 'abcbcacab')
  t.strictSame(samplesOf(samples, 'a'), [6, 8])
  t.strictSame(samplesOf(samples, 'b'), [4, 9])
  t.equal(median(samplesOf(samples, 'c')), 6)
})

t.test('work is right when there is some and all of it is as expected', async t => {
  t.equal(workIsRight([]), false, 'a case that checks nothing proves nothing')
  t.equal(workIsRight([{ what: 'hash', found: 'a', expected: 'a' }]), true)
  t.equal(
    workIsRight([
      { what: 'hash', found: 'a', expected: 'a' },
      { what: 'hash', found: 'a', expected: 'b' },
    ]),
    false,
  )
})

t.test('the report tells wrong work and missed targets, but judges no smoke run', async t => {
  const outcome = {
    lines: [{ name: 'ours', unit: 'ms', samples: [1, 2, 3] }],
    targets: [{ claim: 'fast enough', figure: 0.5, unit: 'x', holds: false }],
    work: [{ what: 'hash', found: 'a', expected: 'b' }],
  }
  const text = describe('case', 'a case', outcome, false)
  t.match(text, /MISSED {2}fast enough: 0\.500 x/)
  t.match(text, /WRONG WORK {2}hash: a, not b/)
  t.match(text, /ours +1\.00 +1\.50 +2\.00 +2\.50 +3\.00 +3 +ms/)
  t.notMatch(describe('case', 'a case', outcome, true), /fast enough/)
})

t.test('the columns of a table are as wide as their widest cell', async t => {
  t.equal(
    table([
      ['', 'n'],
      ['long', '1'],
    ]),
    '      n\nlong  1',
  )
})
