import { test } from 'tap'
import { ticksToDelete } from '../../lib/state/retention.js'
import { checkpointRecord } from '../fixtures/store-samples.js'

const whole = (...ticks: number[]) => ticks.map(tick => checkpointRecord(tick, 1))

test('the newest are kept, whatever order they are given in', async t => {
  t.strictSame(ticksToDelete(whole(0, 10, 20, 30), { keepLast: 2 }), [0, 10])
  t.strictSame(ticksToDelete(whole(30, 0, 20, 10), { keepLast: 1 }), [0, 10, 20])
  t.strictSame(ticksToDelete(whole(0, 10), { keepLast: 5 }), [])
  t.strictSame(ticksToDelete([], { keepLast: 1 }), [])
})

test('of the older ones the first of each span of ticks is kept', async t => {
  const ticks = whole(0, 40, 90, 110, 150, 199, 200, 350, 360, 370)
  t.strictSame(ticksToDelete(ticks, { keepLast: 1, keepEveryTicks: 100 }), [40, 90, 150, 199, 360])
  t.strictSame(ticksToDelete(ticks, { keepLast: 3, keepEveryTicks: 1000 }), [40, 90, 110, 150, 199, 200])
})

test('a diff keeps its bases down to a whole one', async t => {
  const chain = [...whole(0, 5), checkpointRecord(10, 1, 0), checkpointRecord(20, 1, 10), checkpointRecord(30, 1, 20)]
  t.strictSame(ticksToDelete(chain, { keepLast: 1 }), [5])
  t.strictSame(ticksToDelete([...chain, ...whole(40)], { keepLast: 1 }), [0, 5, 10, 20, 30])
})

test('a policy that keeps nothing is a mistake', async t => {
  t.throws(() => ticksToDelete(whole(0), { keepLast: 0 }))
  t.throws(() => ticksToDelete(whole(0), { keepLast: 1, keepEveryTicks: 0 }))
})
