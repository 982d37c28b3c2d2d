import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import { RedisCache } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { freePort } from '../fixtures/free-port.js'

test('a server is tried again ever more slowly, for ever, and never after close', async t => {
  const clock = new FakeClock()
  const cache = new RedisCache({ url: `redis://127.0.0.1:${await freePort()}` }, clock)
  t.equal(await cache.connect(), false)
  for (let tries = 0; tries < 12; tries++) {
    const most = Math.min(50 * 2 ** tries, 2000)
    const [pause] = clock.waiting
    t.ok(pause >= most / 2 && pause <= most, `${pause} ms before try ${tries + 2}`)
    t.equal(cache.status().state, 'down')
    clock.advance(pause)
    t.equal(cache.status().state, 'connecting')
    while (cache.status().state === 'connecting') await setImmediate()
  }
  t.equal(clock.waiting.length, 1, 'nothing piles up')
  await cache.close()
  t.strictSame(clock.waiting, [])
})
