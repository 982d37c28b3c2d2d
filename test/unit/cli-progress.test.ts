import { PassThrough } from 'node:stream'
import t from 'tap'
import { bytes, clock, compact, measured, median, seconds } from '../../lib/cli/numbers.js'
import { Progress, progressBar, progressLine, showStatus } from '../../lib/cli/progress.js'

const half = { done: 500, total: 1000, seconds: 10, agentUpdates: 4e9 }

t.test('a bar tells share, ticks, rates and time left, and fits the terminal', async t => {
  for (const width of [90, 100, 200]) {
    const bar = progressBar('epidemic', half, width)
    t.match(bar, /^epidemic {2}50% (█+)(░+) {2}500\/1,000 {2}50 ticks\/s {2}400M agent-updates\/s {2}0:10 left$/)
    t.ok(bar.length < width)
    const [full, empty] = ['█', '░'].map(c => bar.split(c).length)
    t.ok(Math.abs(full - empty) <= 1)
  }
  t.notMatch(progressBar('epidemic', half, 70), '█', 'no room for a bar')
  t.ok(progressBar('epidemic', half, 30).length < 30)
})

t.test('before the first tick no rate is made up, and a run of no ticks is done', async t => {
  t.match(
    progressLine('a', { ...half, done: 0, seconds: 0, agentUpdates: 0 }),
    '0/1,000  0 ticks/s  0 agent-updates/s  -:-- left',
  )
  t.match(progressBar('a', { done: 0, total: 0, seconds: 0, agentUpdates: 0 }, 100), '100%')
})

t.test('without a terminal a line is written every ten seconds, and none in a short run', async t => {
  const stream = new PassThrough({ encoding: 'utf8' })
  let now = 0
  const progress = new Progress('a', 1000, stream, () => now)
  for (now = 0; now < 25_000; now += 100) progress.update(half)
  progress.stop()
  const text = String(stream.read())
  t.equal(text.split('\n').length - 1, 2)
  t.match(text, /^a: 500\/1,000/)
})

t.test('on a terminal the bar is drawn and taken away', async t => {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), {
    isTTY: true,
    columns: 100,
    cursorTo: () => true,
    clearLine: () => true,
    clearScreenDown: () => true,
    moveCursor: () => true,
  })
  const progress = new Progress('town', 1000, stream)
  progress.update(half)
  progress.stop()
  t.match(String(stream.read()), 'town')
  const clear = showStatus('town: setting up…', stream)
  clear()
  t.equal(String(stream.read()), 'town: setting up…\r\u001b[K')
})

t.test('numbers read the same everywhere', async t => {
  t.strictSame([0, 999, 1234, 45_600_000, Number.NaN].map(compact), ['0', '999', '1.23K', '45.6M', 'none'])
  t.strictSame([1234567, 0.123456789, Number.NaN].map(measured), ['1,234,567', '0.123457', 'none'])
  t.strictSame([0, 59.2, 60, 3725].map(clock), ['0:00', '1:00', '1:00', '1:02:05'])
  t.strictSame([0.5, 12.34, 125].map(seconds), ['0.50 s', '12.3 s', '2:05'])
  t.strictSame([5, 2048, 3 * 2 ** 20, 2 ** 32].map(bytes), ['5 B', '2.0 KiB', '3.0 MiB', '4.0 GiB'])
  t.strictSame(
    [
      [3, 1, 2],
      [4, 1, 2, 3],
    ].map(median),
    [2, 2.5],
  )
})
