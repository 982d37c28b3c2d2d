// Pacing by a clock that the test holds.
import t from 'tap'
import { Pace } from '../../lib/run/real-time.js'

t.test('ticks on time come one a period, without drift', async t => {
  for (const overload of ['slow', 'skip', 'shed'] as const) {
    const pace = new Pace(10, overload, 1000)
    t.equal(pace.wait(1000), 0, 'the first at once')
    pace.done(1030)
    t.equal(pace.wait(1030), 70)
    pace.done(1199)
    t.equal(pace.wait(1199), 1)
    t.equal(pace.skipped, 0)
  }
})

t.test('slow: a late tick delays all that follow, and none is lost', async t => {
  const pace = new Pace(10, 'slow', 0)
  pace.done(350)
  t.equal(pace.wait(350), 0, 'the next begins at once')
  pace.done(360)
  t.equal(pace.wait(360), 90, 'a period after the one before it was due to begin')
  t.equal(pace.skipped, 0)
})

t.test('skip: ticks keep to the grid, and what was missed is left out and counted', async t => {
  const pace = new Pace(10, 'skip', 0)
  pace.done(350)
  t.equal(pace.skipped, 3, '100, 200 and 300 are past')
  t.equal(pace.wait(350), 50, 'the next is due at 400')
  pace.done(410)
  t.equal(pace.wait(410), 90)
})

t.test('a tick that ends when the next is due is not late', async t => {
  const pace = new Pace(10, 'skip', 0)
  pace.done(100)
  t.equal(pace.wait(100), 0)
  t.equal(pace.skipped, 0)
})

t.test('shed: late ticks follow at once until they have caught up', async t => {
  const pace = new Pace(10, 'shed', 0)
  pace.done(350)
  t.equal(pace.late(350), 250, 'the next was due at 100')
  for (const [now, late] of [
    [360, 160],
    [370, 70],
  ]) {
    t.equal(pace.wait(now), 0)
    pace.done(now)
    t.equal(pace.late(now), late)
  }
  pace.done(380)
  t.equal(pace.late(380), 0)
  t.equal(pace.wait(380), 20, 'back on the grid')
  t.equal(pace.skipped, 0)
})

t.test('shed: more than four periods are not caught up', async t => {
  const pace = new Pace(10, 'shed', 0)
  pace.done(2000)
  t.equal(pace.late(2000), 400)
})
