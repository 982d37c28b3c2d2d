// Every public method of the cache, in memory and on a real Redis server alike, with each refusal by its code. What happens when
// the server goes has a file of its own.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import t, { test } from 'tap'
import { RedisCache, type RedisCacheOptions } from '../../lib/index.js'
import { cacheFor } from '../fixtures/caches.js'
import { freePort } from '../fixtures/free-port.js'
import { CERTIFICATE, certificateKey } from '../fixtures/localhost-certificate.js'
import { closeSharedRedis, privateRedis, sharedRedis } from '../fixtures/redis-server.js'
import { refused, refusedLater } from '../fixtures/refused.js'

const node = promisify(execFile)
const url = await sharedRedis()
t.teardown(closeSharedRedis)

const STORES: Record<string, RedisCacheOptions> = { memory: {}, redis: { url } }

for (const [store, options] of Object.entries(STORES)) {
  test(`${store}: values come back as they were`, async t => {
    const cache = await cacheFor(t, options)
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const values: unknown[] = [
      null,
      false,
      -0.5,
      2 ** 53 - 1,
      Number.NaN,
      '',
      'é\0 \u{1F98A}',
      bytes,
      new Uint8Array(0),
      [],
      [1, [bytes, 'x']],
      {},
      { 'a b': { c: bytes }, d: [null] },
    ]
    for (const [i, value] of values.entries()) {
      t.equal(await cache.save(`value:${i}`, value), true)
      t.strictSame(await cache.load(`value:${i}`), value)
    }
    const loaded = await cache.load<Uint8Array>('value:7')
    t.equal(loaded?.constructor, Uint8Array)
    loaded?.fill(0)
    t.strictSame(await cache.load('value:7'), bytes, 'what was loaded is nobody else’s')
  })

  test(`${store}: a key is there until it is removed or its time is over`, async t => {
    const cache = await cacheFor(t, { ...options, defaultTtl: 60_000 })
    t.equal(await cache.load('a'), undefined)
    t.equal(await cache.exists('a'), false)
    t.equal(await cache.ttl('a'), undefined)
    t.equal(await cache.remove('a'), false)
    await cache.save('a', 1)
    await cache.save('b', 2, { ttl: 1_000_000 })
    t.equal(await cache.exists('a'), true)
    const [a, b] = [await cache.ttl('a'), await cache.ttl('b')]
    t.ok(a !== undefined && a > 0 && a <= 60_000, `${a}`)
    t.ok(b !== undefined && b > 60_000 && b <= 1_000_000, `${b}`)
    t.equal(await cache.remove('a'), true)
    t.equal(await cache.load('a'), undefined)
    await cache.save('short', 1, { ttl: 1 })
    while (await cache.exists('short'));
    t.equal(await cache.load('short'), undefined)
    t.match(cache.status(), { state: 'ready', hits: 0, misses: 3, failed: 0, pending: 0, computing: 0 })
    t.equal(cache.status().calls, cache.status().answered)
  })

  test(`${store}: a pattern removes what it matches, and says how much`, async t => {
    const cache = await cacheFor(t, options)
    const keys = Array.from({ length: 350 }, (_, i) => [`npc:${i}`, `city:${i}`, `npc*${i}`]).flat()
    await Promise.all(keys.map(key => cache.save(key, 1)))
    t.equal(await cache.invalidatePattern('npc:*'), 350)
    t.equal(await cache.exists('npc:7'), false)
    t.equal(await cache.exists('npc*7'), true)
    t.equal(await cache.invalidatePattern('npc\\*[0-4]'), 5)
    t.equal(await cache.invalidatePattern('nobody:*'), 0)
    t.equal(await cache.invalidatePattern('*'), 695)
  })

  test(`${store}: a thousand callers of one cold key compute it once`, async t => {
    const cache = await cacheFor(t, options)
    let computed = 0
    const compute = async () => {
      computed++
      await new Promise(resolve => setImmediate(resolve))
      return { mood: 0.5 }
    }
    const answers = await Promise.all(Array.from({ length: 1000 }, () => cache.getOrCompute('npc:1', compute)))
    t.equal(computed, 1)
    t.strictSame(new Set(answers.map(answer => answer.mood)), new Set([0.5]))
    t.strictSame(await cache.getOrCompute('npc:1', compute), { mood: 0.5 })
    t.equal(computed, 1)
    t.match(cache.status(), { computed: 1, computing: 0, hits: 1, misses: 1 })
  })

  test(`${store}: that there is nothing is kept as long as asked`, async t => {
    const cache = await cacheFor(t, options)
    let computed = 0
    const nothing = (): undefined => void computed++
    t.equal(await cache.getOrCompute('a', nothing), undefined)
    t.equal(await cache.getOrCompute('a', nothing), undefined)
    t.equal(computed, 2, 'not at all by default')
    t.equal(await cache.getOrCompute('a', nothing, { negativeTtl: 60_000 }), undefined)
    t.equal(await cache.getOrCompute('a', nothing, { negativeTtl: 60_000 }), undefined)
    t.equal(computed, 3)
    t.equal(await cache.load('a'), undefined)
    t.equal(await cache.exists('a'), true)
    const left = await cache.ttl('a')
    t.ok(left !== undefined && left <= 60_000)
    await cache.save('a', 5)
    t.equal(await cache.getOrCompute<number | undefined>('a', nothing), 5)
  })

  test(`${store}: what changes while it is computed is not overwritten`, async t => {
    const cache = await cacheFor(t, options)
    const changes: Record<string, () => Promise<unknown>> = {
      save: () => cache.save('npc:1', 'newer'),
      remove: () => cache.remove('npc:1'),
      invalidatePattern: () => cache.invalidatePattern('npc:*'),
    }
    for (const [name, change] of Object.entries(changes)) {
      await cache.remove('npc:1')
      let finish: (value: string) => void = () => undefined
      let begun: () => void = () => undefined
      const started = new Promise<void>(resolve => (begun = resolve))
      const computing = cache.getOrCompute('npc:1', () => {
        begun()
        return new Promise<string>(resolve => (finish = resolve))
      })
      await started
      await change()
      finish('older')
      t.equal(await computing, 'older', 'who asked before gets what was begun')
      t.equal(await cache.load('npc:1'), name === 'save' ? 'newer' : undefined, name)
    }
  })

  test(`${store}: namespaces do not see each other`, async t => {
    const [a, b] = [
      await cacheFor(t, { ...options, namespace: 'x*' }),
      await cacheFor(t, { ...options, namespace: 'xy' }),
    ]
    await a.save('k', 'a')
    await b.save('k', 'b')
    t.equal(await a.load('k'), 'a')
    t.equal(await a.invalidatePattern('*'), 1)
    t.equal(await b.load('k'), 'b')
  })

  test(`${store}: bad input is refused, and changes nothing`, async t => {
    const cache = await cacheFor(t, options)
    class Thing {}
    const circle: unknown[] = []
    circle.push(circle)
    for (const key of ['', 'x'.repeat(1025), '\uD800', 7 as unknown as string]) {
      const calls = [
        () => cache.load(key),
        () => cache.save(key, 1),
        () => cache.remove(key),
        () => cache.exists(key),
        () => cache.ttl(key),
        () => cache.getOrCompute(key, () => 1),
        () => cache.invalidatePattern(key),
      ]
      for (const call of calls) await refusedLater(t, 'CACHE_KEY_INVALID', /of a cache is/, call)
    }
    const wrong: [unknown, RegExp][] = [
      [undefined, /undefined/],
      [() => 1, /function/],
      [1n, /bigint/],
      [{ a: [new Thing()] }, /it\.a\[0\] is an instance of Thing/],
      [circle, /contains itself/],
      ['x'.repeat(2 ** 24), /over 16 MiB/],
    ]
    for (const [value, words] of wrong) {
      await refusedLater(t, 'CACHE_VALUE_INVALID', words, () => cache.save('k', value))
      if (value === undefined) continue
      await refusedLater(t, 'CACHE_VALUE_INVALID', words, () => cache.getOrCompute('k', () => value))
    }
    t.equal(await cache.exists('k'), false)
    for (const ttl of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await refusedLater(t, 'OPTION_INVALID', /'ttl' of save/, () => cache.save('k', 1, { ttl }))
    }
    const misspelt = { negativeTTL: 1 } as object
    await refusedLater(t, 'OPTION_UNKNOWN', /'negativeTtl'/, () => cache.getOrCompute('k', () => 1, misspelt))
    await refusedLater(t, 'OPTION_INVALID', /no function/, () => cache.getOrCompute('k', 1 as unknown as () => number))
    await refusedLater(t, 'OPTION_INVALID', /'signal' of invalidatePattern/, () =>
      cache.invalidatePattern('*', { signal: 1 as unknown as AbortSignal }),
    )
    t.equal(await cache.exists('k'), false)
  })

  test(`${store}: a cache is connected once, and closed for good`, async t => {
    let kept: RedisCache
    {
      await using cache = new RedisCache(options)
      kept = cache
      t.equal(cache.status().state, 'new')
      await refusedLater(t, 'CACHE_NOT_READY', /before connect/, () => cache.load('a'))
      t.equal(await cache.connect(), true)
      t.equal(await cache.connect(), true)
      t.equal(cache.status().state, 'ready')
    }
    t.equal(kept.status().state, 'closed')
    await kept.close()
    await refusedLater(t, 'CACHE_CLOSED', /after close/, () => kept.load('a'))
    await refusedLater(t, 'CACHE_CLOSED', /after close/, () => kept.invalidatePattern('*'))
    await refusedLater(t, 'CACHE_CLOSED', /after close/, () => kept.connect())
  })

  test(`${store}: an invalidation that is aborted says so`, async t => {
    const cache = await cacheFor(t, options)
    await cache.save('a', 1)
    const signal = AbortSignal.abort()
    await refusedLater(t, 'ABORTED', /invalidatePattern/, () => cache.invalidatePattern('*', { signal }))
    t.equal(await cache.exists('a'), true)
  })
}

test('options that are wrong are refused by name, and no URL is shown', async t => {
  const secret = 'hunter2'
  for (const address of [
    '',
    'db',
    `http://a:${secret}@h`,
    `redis://a:${secret}@h:port`,
    `redis://:${secret}@h/x`,
    `redis://:${secret}%zz@h`,
  ]) {
    const make = () => new RedisCache({ url: address })
    refused(t, 'OPTION_INVALID', /^((?!hunter2).)*$/s, make)
    refused(t, 'OPTION_INVALID', /'url' of RedisCache is no address/, make)
  }
  refused(t, 'OPTION_INVALID', /^((?!hunter2).)*$/s, () => new RedisCache(`redis://:${secret}@h` as unknown as object))
  refused(t, 'OPTION_UNKNOWN', /'defaultTTL'.*'defaultTtl'/, () => new RedisCache({ defaultTTL: 1 } as object))
  const wrong: Record<string, unknown[]> = {
    namespace: ['', 'a:b', 'a\n', 7],
    defaultTtl: [0, 1.5, '1'],
    whenDown: ['ignore'],
    timeoutMs: [0, 2 ** 31],
    connectTimeoutMs: [0],
    computeTimeoutMs: [0],
    maxPending: [0],
    maxEntries: [0],
    maxBytes: [0],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      refused(t, 'OPTION_INVALID', new RegExp(`'${name}' of RedisCache`), () => new RedisCache({ [name]: value }))
    }
  }
  const cache = new RedisCache({ url: `rediss://ann:${secret}@db.example:6380/2?x=${secret}` })
  t.equal(cache.status().address, 'rediss://ann@db.example:6380/2')
  const shown = inspect(cache, { depth: 9, showHidden: true }) + JSON.stringify(cache) + JSON.stringify(cache.status())
  t.notOk(shown.includes(secret), shown)
})

test('TLS is spoken to a server whose certificate is trusted, and to no other', async t => {
  const folder = t.testdir({ 'server.crt': CERTIFICATE, 'server.key': certificateKey() })
  const [cert, key] = [join(folder, 'server.crt'), join(folder, 'server.key')]
  const port = String(await freePort())
  const tls = { 'tls-port': port, 'tls-cert-file': cert, 'tls-key-file': key, 'tls-auth-clients': 'no' }
  const server = await privateRedis(tls)
  t.teardown(() => server.close())
  const address = `rediss://localhost:${port}`
  await using distrustful = new RedisCache({ url: address, whenDown: 'error' })
  await refusedLater(t, 'CACHE_UNAVAILABLE', /certificate/, () => distrustful.connect())
  const program = `import { RedisCache } from '${new URL('../../lib/index.js', import.meta.url)}'
    const cache = new RedisCache({ url: '${address}', whenDown: 'error' })
    console.log(await cache.connect(), await cache.save('a', 1), await cache.load('a'))
    await cache.close()`
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: cert }
  const { stdout } = await node(process.execPath, ['--input-type=module', '--eval', program], { env })
  t.equal(stdout, 'true true 1\n')
})

test('a password lets in, and a wrong one is told', async t => {
  const server = await privateRedis({ requirepass: 'hunter2' })
  t.teardown(() => server.close())
  const with_ = (password: string) => server.url.replace('//', `//:${password}@`)
  const cache = await cacheFor(t, { url: with_('hunter2') })
  t.equal(await cache.save('a', 1), true)
  await using other = new RedisCache({ url: with_('hunter3'), whenDown: 'error' })
  await refusedLater(t, 'CACHE_UNAVAILABLE', /^((?!hunter3).)*WRONGPASS/s, () => other.connect())
  await using quiet = new RedisCache({ url: with_('hunter3') })
  t.equal(await quiet.connect(), false)
  t.match(quiet.status(), { state: 'down', lastError: /WRONGPASS/ })
})
