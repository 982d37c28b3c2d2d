import { test } from 'tap'
import { RedisCache } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refusedLater } from '../fixtures/refused.js'

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

/** A clock on which every look takes a millisecond: slices of work are over after a few. */
class HastyClock extends FakeClock {
  override now(): number {
    this.advance(1)
    return super.now()
  }
}

test('a pattern holds at once for all who ask, and is taken away in turns of the event loop', async t => {
  const { cache } = await cacheOf({ maxEntries: 3000, defaultTtl: 1e9 }, new HastyClock())
  for (let i = 0; i < 2000; i++) await cache.save(`${i % 2 === 0 ? 'even' : 'odd'}:${i}`, i)
  let turned = false
  setImmediate(() => {
    turned = true
  })
  const removing = cache.invalidatePattern('even:*')
  t.equal(await cache.load('even:1998'), undefined, 'the last that would be come to')
  t.equal(await cache.exists('even:1996'), false)
  t.equal(await cache.remove('even:1994'), false)
  t.equal(await cache.load('odd:1'), 1)
  await cache.save('even:1992', 'new')
  t.notOk(turned)
  t.ok(cache.status().entries > 1500, 'most are there yet')
  t.equal(await removing, 1000)
  t.ok(turned)
  t.equal(cache.status().entries, 1001)
  t.equal(await cache.load('even:1992'), 'new', 'saved after the call')
})

test('two patterns at once count what each took away, and none is counted twice', async t => {
  const { cache } = await cacheOf({ maxEntries: 3000, defaultTtl: 1e9 }, new HastyClock())
  for (let i = 0; i < 2000; i++) await cache.save(`n:${i}`, i)
  const counts = await Promise.all([cache.invalidatePattern('n:1*'), cache.invalidatePattern('n:*')])
  t.equal(counts[0] + counts[1], 2000)
  t.ok(counts[0] > 0 && counts[1] > 0)
  t.match(cache.status(), { entries: 0, bytes: 0 })
})

test('a pattern that is given up leaves what it did not come to', async t => {
  const { cache } = await cacheOf({ maxEntries: 3000, defaultTtl: 1e9 }, new HastyClock())
  for (let i = 0; i < 2000; i++) await cache.save(`n:${i}`, i)
  const ending = new AbortController()
  const removing = cache.invalidatePattern('n:*', { signal: ending.signal })
  ending.abort()
  await refusedLater(t, 'ABORTED', /invalidatePattern/, () => removing)
  t.ok(cache.status().entries > 1000)
  t.equal(await cache.load('n:1999'), 1999)
})
