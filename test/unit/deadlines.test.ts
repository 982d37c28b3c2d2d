import { test } from 'tap'
import { Deadlines } from '../../lib/services/deadlines.js'
import { FakeClock } from '../fixtures/fake-clock.js'

function deadlines() {
  const clock = new FakeClock()
  const late: string[] = []
  return { clock, late, all: new Deadlines<string>(clock, item => late.push(`${item} ${clock.now()}`)) }
}

test('each item is late at its own time, though all with one limit share a timer', async t => {
  const { clock, late, all } = deadlines()
  all.add('a', 100)
  clock.advance(30)
  all.add('b', 100)
  all.add('c', 50)
  t.strictSame(clock.waiting, [50, 70])
  clock.advance(70)
  t.strictSame(late, ['c 80', 'a 100'])
  clock.advance(30)
  t.strictSame(late, ['c 80', 'a 100', 'b 130'])
  t.strictSame(clock.waiting, [])
})

test('what is taken out in time is never late, and the last one takes the timer with it', async t => {
  const { clock, late, all } = deadlines()
  for (const item of ['a', 'b', 'c']) all.add(item, 100)
  t.equal(all.delete('a', 100), true)
  t.equal(all.delete('a', 100), false)
  t.equal(all.delete('b', 100), true)
  t.strictSame(clock.waiting, [100])
  t.equal(all.delete('c', 100), true)
  t.strictSame(clock.waiting, [])
  t.equal(all.delete('c', 100), false)
  clock.advance(1000)
  t.strictSame(late, [])
})

test('a limit that begins while others are told of theirs is kept', async t => {
  const clock = new FakeClock()
  const late: number[] = []
  const all = new Deadlines<number>(clock, item => {
    late.push(item)
    if (item < 3) all.add(item + 1, 10)
  })
  all.add(1, 10)
  all.add(7, 10)
  clock.advance(100)
  t.strictSame(late, [1, 7, 2, 3])
  t.strictSame(clock.waiting, [])
})

test('all can be taken out at once', async t => {
  const { clock, all } = deadlines()
  all.add('a', 10)
  all.add('b', 20)
  t.strictSame(all.take(), ['a', 'b'])
  t.strictSame([all.take(), clock.waiting], [[], []])
})
