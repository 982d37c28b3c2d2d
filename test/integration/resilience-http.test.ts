// A guard around fetch and a real server that misbehaves: it is slow, overloaded, broken, cut off. Waits of ours go by a
// fake clock, what the network does is real.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { test } from 'tap'
import { compose, ServiceGuard, type ServiceGuardOptions } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'

const turn = () => new Promise(resolve => setImmediate(resolve))

/** What the server does with the next requests, in order; then it answers 'well'. */
const acts: ((response: ServerResponse) => void)[] = []
let requests = 0
let hungUp = 0
const server = createServer((request, response) => {
  requests++
  response.on('close', () => {
    if (!response.writableFinished) hungUp++
  })
  request.resume()
  const act = acts.shift() ?? (r => r.end('well'))
  act(response)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
t.teardown(() => {
  server.closeAllConnections()
  server.close()
})
t.beforeEach(() => {
  requests = 0
  hungUp = 0
})

function client(options: ServiceGuardOptions) {
  const clock = new FakeClock()
  const guard = new ServiceGuard(options, clock)
  const get = compose(guard, async (path: string, { signal }) => {
    const response = await fetch(new URL(path, url), { signal })
    const text = await response.text()
    if (response.ok) return text
    throw Object.assign(new Error(`status ${response.status}`), { status: response.status, headers: response.headers })
  })
  /** Waits until something waits for the clock, for as long as `least` at least. */
  const dueIn = async (least: number) => {
    for (;;) {
      const ms = clock.waiting.find(wait => wait >= least)
      if (ms !== undefined) return ms
      await turn()
    }
  }
  return { clock, guard, get, dueIn }
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(code, headers).end()

test('an overloaded server is asked again no sooner than it says, in seconds or by date', async t => {
  const { clock, get, dueIn, guard } = client({ limiter: { requestsPerSecond: 100 }, retry: { jitter: 'none' } })
  acts.push(
    status(429, { 'retry-after': '7' }),
    status(503, { 'retry-after': new Date(Date.now() + 20_000).toUTCString() }),
  )
  const answer = get('busy')
  t.equal(await dueIn(1000), 7000)
  t.equal(guard.limiter?.status().pausedMs, 7000)
  clock.advance(7000)
  const wait = await dueIn(10_000)
  t.ok(wait > 15_000 && wait <= 20_000, `${wait} ms`)
  clock.advance(wait + 1000) // the limiter and the retries read the date one after the other
  t.equal(await answer, 'well')
  t.equal(requests, 3)
})

test('a server that never answers is hung up on, and after some tries left alone', async t => {
  const { clock, get, dueIn, guard } = client({ timeoutMs: 5000, breaker: { failureThreshold: 2, openMs: 60_000 } })
  for (let i = 0; i < 2; i++) {
    acts.push(() => {})
    const call = get('slow')
    await dueIn(5000)
    while (requests <= i) await turn()
    clock.advance(5000)
    await t.rejects(call, { code: 'CALL_TIMEOUT' })
  }
  while (hungUp < 2) await turn()
  await t.rejects(get('slow'), { code: 'CIRCUIT_OPEN', retryAfterMs: 60_000 })
  t.equal(requests, 2, 'it was not asked')
  clock.advance(60_000)
  t.equal(await get('slow'), 'well')
  t.equal(guard.breaker?.status().state, 'closed')
})

test('errors, cut connections and half answers are tried again', async t => {
  const { clock, get, dueIn, guard } = client({ retry: { attempts: 5, jitter: 'none' }, breaker: {} })
  acts.push(
    status(500),
    response => response.socket?.destroy(),
    response => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half')
      setImmediate(() => response.socket?.destroy())
    },
  )
  const answer = get('flaky')
  for (const ms of [100, 200, 400]) {
    t.equal(await dueIn(1), ms)
    clock.advance(ms)
  }
  t.equal(await answer, 'well')
  t.match(guard.status(), { tries: 4, succeeded: 1, breaker: { failures: 3, successes: 1 } })
})

test('what the server refuses for good is not tried again', async t => {
  const { get } = client({ retry: {} })
  acts.push(status(404))
  await t.rejects(get('nowhere'), { message: 'status 404' })
  t.equal(requests, 1)
})
