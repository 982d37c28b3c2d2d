import { test } from 'tap'
import { METER_SHARE } from '../../lib/core/limits.js'
import { Meter, Meters } from '../../lib/run/meters.js'

/** Threads whose clocks are moved by hand, each its own. */
function crew(threads: number, engines: number) {
  const meters = new Meters(threads, engines)
  const clocks = Array.from({ length: threads }, () => ({ now: 0, reads: 0 }))
  const members = clocks.map((clock, thread) => {
    const own = new Meters(threads, engines, meters.shared) // as a worker sees it
    const read = () => {
      clock.reads++
      return clock.now
    }
    return new Meter(own, thread, read)
  })
  return { meters, clocks, members }
}

const near = (a: number, b: number) => Math.abs(a - b) < 1e-9

test('time is told apart by engine, other work and waiting, and ticks by the busiest thread', async t => {
  const { meters, clocks, members } = crew(2, 2)
  for (const member of members) member.beginTick()
  const [a, b] = members
  a.enter(0)
  clocks[0].now += 30
  a.enter(1)
  clocks[0].now += 20
  a.arrive()
  b.enter(1)
  clocks[1].now += 10
  b.arrive()
  clocks[1].now += 40
  for (const member of members) member.leave()
  for (const clock of clocks) clock.now += 5
  for (const member of members) member.arrive()
  b.endTick()
  for (const member of members) member.leave()
  const [first, second] = meters.spent
  t.ok(near(first.kernels, 0.05) && near(first.exchange, 0.005) && near(first.waiting, 0))
  t.ok(near(second.kernels, 0.01) && near(second.exchange, 0.005) && near(second.waiting, 0.04))
  t.ok(near(meters.skews.figures().sum, 0.04))
  t.ok(near(meters.ticks.figures().sum, 0.055))
  const [zero, one] = meters.engineDurations
  t.ok(near(zero.sum, 0.03) && near(one.sum, 0.02), 'of the thread that took longest')
  t.equal(meters.ticksDone, 1)
})

test('short ticks are measured now and then and stand for the others', async t => {
  const { meters, clocks, members } = crew(1, 1)
  const [clock] = clocks
  const [member] = members
  const ticks = 100_000
  for (let tick = 0; tick < ticks; tick++) {
    member.beginTick()
    member.enter(0)
    clock.now += 0.01
    member.arrive()
    member.leave()
    member.endTick()
  }
  t.equal(meters.ticksDone, ticks)
  const { counts, sum } = meters.ticks.figures()
  const counted = counts.reduce((a, b) => a + b, 0)
  t.ok(Math.abs(counted - ticks) < 200, `${counted} ticks are stood for`)
  t.ok(Math.abs(sum - ticks * 0.00001) < 0.01, `${sum} s`)
  const cost = clock.reads * 0.0001
  t.ok(cost < METER_SHARE * 1.1 * ticks * 0.01, `${clock.reads} readings`)
})

test('an engine that runs every n-th tick is met as often as it runs, whatever n', async t => {
  for (const every of [2, 3, 7, 10]) {
    const { meters, clocks, members } = crew(1, 1)
    const ticks = 200_000
    for (let tick = 0; tick < ticks; tick++) {
      members[0].beginTick()
      clocks[0].now += 0.01
      if (tick % every === 0) {
        members[0].enter(0)
        clocks[0].now += 0.001
      }
      members[0].arrive()
      members[0].leave()
      members[0].endTick()
    }
    const [{ counts }] = meters.engineDurations
    const found = counts.reduce((a, b) => a + b, 0)
    t.ok(Math.abs(found * every - ticks) < ticks * 0.15, `${found} of ${ticks / every}`)
  }
})

test('what a thread does between ticks is in none', async t => {
  const { meters, clocks, members } = crew(1, 1)
  const [member] = members
  member.beginTick()
  clocks[0].now += 1
  member.arrive()
  member.leave()
  member.rest()
  clocks[0].now += 1000
  member.arrive() // a batch that only measures
  member.leave()
  member.resume()
  member.enter(0)
  clocks[0].now += 2
  member.arrive()
  member.endTick()
  member.leave()
  const [{ kernels, exchange, waiting }] = meters.spent
  t.ok(near(kernels, 0.002) && near(exchange, 0.001) && near(waiting, 0))
})
