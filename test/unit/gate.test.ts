// The gate between two ticks: it is opened once a call, also by who calls before anybody waits.
import t from 'tap'
import { Gate } from '../../lib/run/gate.js'
import { FakeClock } from '../fixtures/fake-clock.js'

/** Whether a promise is settled when all that could settle it by now has. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(() => (settled = true))
  await new Promise(resolve => setImmediate(resolve))
  return settled
}

t.test('a wait ends when the gate is opened, or when its time is over', async t => {
  const clock = new FakeClock()
  const gate = new Gate(clock)
  const opened = gate.wait()
  t.notOk(await isSettled(opened))
  gate.open()
  t.ok(await isSettled(opened))
  const timed = gate.wait(50)
  clock.advance(49)
  t.notOk(await isSettled(timed))
  clock.advance(1)
  t.ok(await isSettled(timed))
  const early = gate.wait(50)
  gate.open()
  t.ok(await isSettled(early))
  t.strictSame(clock.waiting, [], 'no timer is left')
})

t.test('a gate that was opened before anybody waits lets one through, and one only', async t => {
  const gate = new Gate(new FakeClock())
  gate.open()
  gate.open()
  t.ok(await isSettled(gate.wait()))
  const second = gate.wait()
  t.notOk(await isSettled(second))
  gate.open()
  t.ok(await isSettled(second))
})
