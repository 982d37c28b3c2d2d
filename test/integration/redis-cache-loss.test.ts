// The server dies, stands still or comes back under calls of the cache: each settles, by default as if nothing were cached,
// nothing piles up, and the cache is back as soon as the server is. An unhandled rejection would fail the file.
import { setImmediate } from 'node:timers/promises'
import t, { test } from 'tap'
import { type PopulaceError, RedisCache } from '../../lib/index.js'
import { cacheFor, until } from '../fixtures/caches.js'
import { asTimePasses, errorOf } from '../fixtures/database-pools.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { privateRedis } from '../fixtures/redis-server.js'
import { refusedLater } from '../fixtures/refused.js'

const server = await privateRedis()
t.teardown(() => server.close())
const { url } = server

/** Resolves when the cache has a connection again, while its pauses, but not its deadlines, go by. */
async function untilBack(cache: RedisCache, clock: FakeClock): Promise<void> {
  while (cache.status().state !== 'ready') {
    await setImmediate()
    if (cache.status().state === 'down') clock.advance(2000)
  }
}

const settled = ({ calls, answered, failed, pending, computing }: ReturnType<RedisCache['status']>) =>
  calls === answered + failed && pending === 0 && computing === 0

test('a server that dies is a cache in which nothing is, until it comes back', async t => {
  const cache = await cacheFor(t, { url })
  await cache.save('a', 1)
  await server.kill()
  await until(() => cache.status().state !== 'ready')
  t.equal(await cache.load('a'), undefined)
  t.equal(await cache.save('a', 2), false)
  t.equal(await cache.remove('a'), false)
  t.equal(await cache.exists('a'), false)
  t.equal(await cache.ttl('a'), undefined)
  t.equal(await cache.invalidatePattern('*'), 0)
  t.equal(await cache.getOrCompute('a', () => 3), 3)
  t.match(cache.status(), { calls: 9, answered: 1, failed: 8, connections: 1, lastError: /cannot be reached/ })
  await server.start()
  await until(() => cache.status().state === 'ready')
  t.equal(await cache.getOrCompute('a', () => 4), 4)
  t.equal(await cache.load('a'), 4)
  t.match(cache.status(), { connections: 2 })
})

test('where it is an error, every call says so', async t => {
  const cache = await cacheFor(t, { url, whenDown: 'error' })
  await server.kill()
  await until(() => cache.status().state !== 'ready')
  const calls = [
    () => cache.load('a'),
    () => cache.save('a', 1),
    () => cache.remove('a'),
    () => cache.exists('a'),
    () => cache.ttl('a'),
    () => cache.invalidatePattern('*'),
    () => cache.getOrCompute('a', () => 1),
    () => cache.connect(),
  ]
  for (const call of calls)
    await refusedLater(t, 'CACHE_UNAVAILABLE', /redis:\/\/127\.0\.0\.1.* cannot be reached/, call)
  await server.start()
  await until(() => cache.status().state === 'ready')
  t.equal(await cache.save('a', 1), true)
})

test('a server that is not there yet is found when it comes', async t => {
  await server.kill()
  const cache = await cacheFor(t, { url })
  t.match(cache.status(), { state: 'down', connections: 0 })
  t.equal(await cache.connect(), false, 'tried again at once')
  t.equal(await cache.load('a'), undefined)
  await server.start()
  await until(() => cache.status().state === 'ready')
  t.equal(await cache.connect(), true)
  t.equal(await cache.save('a', 1), true)
})

test('a server that stands still makes no call hang', async t => {
  const clock = new FakeClock()
  const cache = await cacheFor(t, { url, whenDown: 'error' }, clock)
  await cache.save('a', 1)
  server.freeze()
  t.teardown(() => server.thaw())
  const calls = ['a', 'b', 'c'].map(key => errorOf(cache.load(key)))
  const errors = await asTimePasses(clock, Promise.all(calls))
  t.match(errors[0], { code: 'CACHE_TIMEOUT', message: /load took longer than timeoutMs of 1000 ms/ })
  for (const error of errors) t.match(error?.code, /^CACHE_(TIMEOUT|UNAVAILABLE)$/)
  t.match(await asTimePasses(clock, errorOf(cache.connect())), {
    code: 'CACHE_UNAVAILABLE',
    message: /connectTimeoutMs of 5000 ms/,
  })
  server.thaw()
  await untilBack(cache, clock)
  t.equal(await cache.load('a'), 1)
  t.ok(settled(cache.status()))
})

test('a computation waits for a server that stands still no longer than for one command', async t => {
  const clock = new FakeClock()
  const cache = await cacheFor(t, { url }, clock)
  server.freeze()
  t.teardown(() => server.thaw())
  t.equal(
    await asTimePasses(
      clock,
      cache.getOrCompute('a', () => 5),
    ),
    5,
  )
  t.ok(settled(cache.status()))
  server.thaw()
  await untilBack(cache, clock)
})

test('a server that stands still does not hold up close', async t => {
  const clock = new FakeClock()
  const cache = await cacheFor(t, { url }, clock)
  server.freeze()
  t.teardown(() => server.thaw())
  const loading = cache.load('a')
  await asTimePasses(clock, cache.close())
  t.equal(await loading, undefined)
  const unborn = new RedisCache({ url }, clock)
  const connecting = errorOf(unborn.connect())
  await asTimePasses(clock, unborn.close())
  t.match(await connecting, { code: 'CACHE_CLOSED' })
  t.strictSame(clock.waiting, [], 'nothing is tried any more')
  server.thaw()
})

test('close waits for what is on its way', async t => {
  const cache = await cacheFor(t, { url, namespace: 'closing' })
  const saves = Array.from({ length: 100 }, (_, i) => cache.save(`k${i}`, i))
  await setImmediate()
  await cache.close()
  t.strictSame(new Set(await Promise.all(saves)), new Set([true]))
  const next = await cacheFor(t, { url, namespace: 'closing' })
  t.equal(await next.invalidatePattern('k*'), 100)
})

test('no more commands are on their way than allowed', async t => {
  const clock = new FakeClock()
  const cache = await cacheFor(t, { url, whenDown: 'error', maxPending: 10 }, clock)
  server.freeze()
  t.teardown(() => server.thaw())
  const calls = Array.from({ length: 1000 }, () => errorOf(cache.load('a')))
  t.equal(cache.status().pending, 10)
  const errors = await asTimePasses(clock, Promise.all(calls))
  t.equal(errors.filter(error => error?.code === 'CACHE_BUSY').length, 990)
  server.thaw()
  await untilBack(cache, clock)
  t.equal(await cache.load('a'), undefined)
  t.ok(settled(cache.status()))
})

test('no more bytes are on their way than allowed, but for a value that is larger alone', async t => {
  const clock = new FakeClock()
  const cache = await cacheFor(t, { url, whenDown: 'error', maxBytes: 1000 }, clock)
  t.equal(await cache.save('large', new Uint8Array(5000)), true)
  server.freeze()
  t.teardown(() => server.thaw())
  const calls = Array.from({ length: 100 }, (_, i) => errorOf(cache.save(`k${i}`, new Uint8Array(98))))
  t.match(cache.status(), { pending: 10, bytes: 1000 })
  const errors = await asTimePasses(clock, Promise.all(calls))
  t.equal(errors.filter(error => error?.code === 'CACHE_BUSY' && /maxBytes/.test(error.message)).length, 90)
  t.match(cache.status(), { pending: 0, bytes: 0 })
  server.thaw()
  await untilBack(cache, clock)
})

test('what the server refuses is told, and is no loss of the connection', async t => {
  const full = await privateRedis({ maxmemory: '1', 'maxmemory-policy': 'noeviction' })
  t.teardown(() => full.close())
  const cache = await cacheFor(t, { url: full.url, whenDown: 'error' })
  await refusedLater(t, 'CACHE_FAILED', /refused save: OOM/, () => cache.save('a', 1))
  t.match(cache.status(), { state: 'ready', connections: 1, failed: 1 })
  const quiet = await cacheFor(t, { url: full.url })
  t.equal(await quiet.save('a', 1), false)
  t.match(quiet.status(), { state: 'ready', lastError: /OOM/ })
})

test('what another program wrote is refused', async t => {
  const cache = await cacheFor(t, { url, namespace: 'foreign', whenDown: 'error' })
  await server.ask('SET foreign:a xyz')
  await server.ask('LPUSH foreign:b 1')
  await refusedLater(t, 'CACHE_FAILED', /for the key "a" was saved by no cache/, () => cache.load('a'))
  await refusedLater(t, 'CACHE_FAILED', /WRONGTYPE/, () => cache.load('b'))
  t.equal(await cache.ttl('a'), Number.POSITIVE_INFINITY)
  t.equal(await cache.invalidatePattern('*'), 2)
})

test('calls that go on while the server is killed, frozen and restarted are all accounted for', async t => {
  const cache = await cacheFor(t, { url, timeoutMs: 100, connectTimeoutMs: 100, maxPending: 50 })
  let going = true
  let wrong = 0
  let most = 0
  const client = async (number: number) => {
    for (let i = 0; going; i++) {
      const key = `${number}:${i % 10}`
      const value = await cache.getOrCompute(key, () => key)
      const loaded = await cache.load(key)
      if (value !== key || (loaded !== undefined && loaded !== key)) wrong++
      most = Math.max(most, cache.status().pending)
      if (cache.status().state !== 'ready') await setImmediate()
    }
  }
  const clients = Array.from({ length: 20 }, (_, number) => client(number))
  const grows = async (count: 'answered' | 'failed', by: number) => {
    const before = cache.status()[count]
    await until(() => cache.status()[count] >= before + by)
  }
  for (const fault of ['kill', 'freeze', 'restart', 'freeze', 'kill']) {
    await grows('answered', 500)
    if (fault === 'restart') {
      await server.restart()
    } else if (fault === 'kill') {
      await server.kill()
      await grows('failed', 100)
      await server.start()
    } else {
      server.freeze()
      await grows('failed', 100)
      server.thaw()
    }
  }
  await grows('answered', 500)
  going = false
  await Promise.all(clients)
  t.equal(wrong, 0)
  t.ok(most <= 50, `${most} on their way at once`)
  const status = cache.status()
  t.ok(settled(status), JSON.stringify(status))
  t.ok(status.connections >= 6, `${status.connections} connections`)
})

test('an error says what was the matter', async t => {
  const cache = new RedisCache({ url: 'redis://127.0.0.1:1', whenDown: 'error' })
  const error = (await errorOf(cache.connect())) as PopulaceError | undefined
  t.match(error, { code: 'CACHE_UNAVAILABLE', message: /ECONNREFUSED/ })
  await cache.close()
})
