import { test } from 'tap'
import { RedisCache } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'

async function cacheOf(options: ConstructorParameters<typeof RedisCache>[0], clock = new FakeClock()) {
  const cache = new RedisCache(options, clock)
  await cache.connect()
  return { cache, clock }
}

test('a value is kept for its time, to the millisecond', async t => {
  const { cache, clock } = await cacheOf({ defaultTtl: 100 })
  await cache.save('a', 1)
  await cache.save('b', 2, { ttl: 50 })
  clock.advance(49)
  t.strictSame([await cache.ttl('a'), await cache.ttl('b'), await cache.load('b')], [51, 1, 2])
  clock.advance(1)
  t.strictSame([await cache.ttl('b'), await cache.exists('b'), await cache.load('b')], [undefined, false, undefined])
  t.equal(await cache.remove('b'), false)
  t.match(cache.status(), { entries: 1 })
  clock.advance(50)
  t.equal(await cache.invalidatePattern('*'), 0)
  t.match(cache.status(), { entries: 0, bytes: 0 })
})

test('beyond its bounds what was used longest ago goes', async t => {
  const { cache } = await cacheOf({ maxEntries: 3 })
  for (const key of ['a', 'b', 'c']) await cache.save(key, key)
  await cache.load('a')
  await cache.save('d', 'd')
  t.equal(await cache.load('b'), undefined)
  for (const key of ['c', 'a', 'd']) t.equal(await cache.load(key), key)
  t.equal(cache.status().entries, 3)
})

test('bytes are bounded, and what is larger than all of them is not kept', async t => {
  const { cache } = await cacheOf({ maxBytes: 1000 })
  for (let i = 0; i < 100; i++) {
    await cache.save(`k${i}`, new Uint8Array(100))
    t.ok(cache.status().bytes <= 1000)
  }
  t.equal(cache.status().entries, 9)
  t.equal(await cache.save('k99', new Uint8Array(1000)), false)
  t.equal(await cache.load('k99'), undefined, 'nor is what it was to replace')
  await cache.save('k98', 1)
  await cache.invalidatePattern('*')
  t.match(cache.status(), { entries: 0, bytes: 0 })
})
