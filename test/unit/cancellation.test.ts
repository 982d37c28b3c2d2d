import { test } from 'tap'
import { CANCEL_AGAIN_MS } from '../../lib/core/limits.js'
import { Cancellation } from '../../lib/services/cancellation.js'
import { FakeClock } from '../fixtures/fake-clock.js'

/** A cancellation whose requests are dealt with when the test says so. */
function begun() {
  const clock = new FakeClock()
  const requests: { dealtWith(): void; stopped: boolean }[] = []
  const cancellation = new Cancellation(() => {
    const request = { dealtWith: () => {}, stopped: false }
    const done = new Promise<void>(resolve => {
      request.dealtWith = resolve
    })
    requests.push(request)
    return { done, stop: () => (request.stopped = true) }
  }, clock)
  return { clock, requests, cancellation }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('a request is sent at once, and again some time after it was dealt with', async t => {
  const { clock, requests } = begun()
  t.equal(requests.length, 1)
  clock.advance(10 * CANCEL_AGAIN_MS)
  t.equal(requests.length, 1, 'one at a time')
  requests[0].dealtWith()
  await turn()
  clock.advance(CANCEL_AGAIN_MS - 1)
  t.equal(requests.length, 1)
  clock.advance(1)
  t.equal(requests.length, 2)
})

test('it is over when the last request is dealt with, and none follows', async t => {
  const { clock, requests, cancellation } = begun()
  let over = false
  const ending = cancellation.end().then(() => {
    over = true
  })
  await turn()
  t.equal(over, false, 'it could still hit what runs next')
  requests[0].dealtWith()
  await ending
  clock.advance(10 * CANCEL_AGAIN_MS)
  t.equal(requests.length, 1)
  t.strictSame(clock.waiting, [])
})

test('an end between two requests needs to wait for nothing', async t => {
  const { clock, requests, cancellation } = begun()
  requests[0].dealtWith()
  await turn()
  await cancellation.end()
  t.strictSame(clock.waiting, [])
  t.equal(requests.length, 1)
})

test('when the connection is gone the request is given up', async t => {
  const { clock, requests, cancellation } = begun()
  cancellation.stop()
  t.equal(requests[0].stopped, true)
  requests[0].dealtWith()
  await turn()
  t.strictSame(clock.waiting, [])
})
