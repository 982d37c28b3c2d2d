import { test } from 'tap'
import { type PopulaceError, RedisCache } from '../../lib/index.js'
import { FakeClock } from '../fixtures/fake-clock.js'
import { refusedLater } from '../fixtures/refused.js'

async function cacheOf(clock = new FakeClock()) {
  const cache = new RedisCache({ computeTimeoutMs: 500 }, clock)
  await cache.connect()
  return { cache, clock }
}

const turn = () => new Promise(resolve => setImmediate(resolve))
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: PopulaceError) => error.code,
  )

test('an error goes to all who wait, and is not kept', async t => {
  const { cache } = await cacheOf()
  const failure = new Error('no such NPC')
  let tries = 0
  const compute = () => {
    tries++
    throw failure
  }
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => cache.getOrCompute('a', compute)))
  for (const outcome of outcomes) t.equal((outcome as PromiseRejectedResult).reason, failure)
  t.equal(tries, 1)
  t.equal(await cache.getOrCompute('a', () => 7), 7)
})

test('a caller may leave while the others go on', async t => {
  const { cache } = await cacheOf()
  const controller = new AbortController()
  let finish: (value: number) => void = () => undefined
  let ended = false
  const compute = (signal: AbortSignal) => {
    signal.addEventListener('abort', () => (ended = true))
    return new Promise<number>(resolve => (finish = resolve))
  }
  const leaving = codeOf(cache.getOrCompute('a', compute, { signal: controller.signal }))
  const staying = cache.getOrCompute('a', compute)
  await turn()
  controller.abort()
  t.equal(await leaving, 'ABORTED')
  t.equal(ended, false)
  finish(5)
  t.equal(await staying, 5)
  t.equal(await cache.load('a'), 5)
  t.equal(ended, false, 'what is done is not ended')
})

test('when all have left the computation is ended, and the next caller begins anew', async t => {
  const { cache } = await cacheOf()
  const controllers = [new AbortController(), new AbortController()]
  let ended = false
  const compute = (signal: AbortSignal) =>
    new Promise<number>((_, reject) => {
      signal.addEventListener('abort', () => {
        ended = true
        reject(new Error('ended'))
      })
    })
  const calls = controllers.map(({ signal }) => codeOf(cache.getOrCompute('a', compute, { signal })))
  await turn()
  for (const controller of controllers) controller.abort()
  t.strictSame(await Promise.all(calls), ['ABORTED', 'ABORTED'])
  t.equal(ended, true)
  t.equal(cache.status().computing, 0)
  t.equal(await cache.getOrCompute('a', () => 6), 6)
  const gone = AbortSignal.abort()
  await refusedLater(t, 'ABORTED', /getOrCompute/, () => cache.getOrCompute('b', () => 1, { signal: gone }))
  t.equal(cache.status().computed, 2)
})

test('a computation that never ends is given up, and what it gives later is not kept', async t => {
  const { cache, clock } = await cacheOf()
  let finish: (value: number) => void = () => undefined
  let ended = false
  const late = cache.getOrCompute('a', signal => {
    signal.addEventListener('abort', () => (ended = true))
    return new Promise<number>(resolve => (finish = resolve))
  })
  const refusal = refusedLater(t, 'CACHE_TIMEOUT', /"a" took longer than computeTimeoutMs of 500 ms/, () => late)
  await turn()
  clock.advance(500)
  await refusal
  t.equal(ended, true)
  t.match(cache.status(), { computing: 0 })
  finish(1)
  await turn()
  t.equal(await cache.load('a'), undefined)
  t.strictSame(clock.waiting, [])
})
