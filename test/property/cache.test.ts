// A cache in memory and one on a real server do what a Map of plain values does, whatever is asked of them in whatever order.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t, { test } from 'tap'
import { RedisCache } from '../../lib/index.js'
import { ofCampaign } from '../fixtures/campaign.js'
import { closeSharedRedis, sharedRedis } from '../fixtures/redis-server.js'

const url = await sharedRedis()
t.teardown(closeSharedRedis)

const key = fc.constantFrom('a', 'a:1', 'a:2', 'b:1', '*', 'é')
const pattern = fc.constantFrom('*', 'a*', 'a:?', '[b-z]:1', '\\*', 'é', '[^a]*')
const plain = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, -1, 0.5, 2 ** 53 - 1),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z ]{0,3}$/), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

const step = fc.oneof(
  fc.record({ call: fc.constant('save' as const), key, value: plain }),
  fc.record({ call: fc.constantFrom('load' as const, 'remove' as const, 'exists' as const), key }),
  fc.record({ call: fc.constant('getOrCompute' as const), key, value: plain }),
  fc.record({ call: fc.constant('invalidatePattern' as const), pattern }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What the patterns above match, said in another way. */
const MATCHES: Record<string, RegExp> = {
  '*': /./,
  'a*': /^a/,
  'a:?': /^a:.$/,
  '[b-z]:1': /^[b-z]:1$/,
  '\\*': /^\*$/,
  é: /^é$/,
  '[^a]*': /^[^a]/,
}

function inModel(model: Map<string, unknown>, step: Step): unknown {
  switch (step.call) {
    case 'save':
      model.set(step.key, step.value)
      return true
    case 'load':
      return model.get(step.key)
    case 'remove':
      return model.delete(step.key)
    case 'exists':
      return model.has(step.key)
    case 'getOrCompute':
      if (!model.has(step.key)) model.set(step.key, step.value)
      return model.get(step.key)
    case 'invalidatePattern':
      return [...model.keys()].filter(key => MATCHES[step.pattern].test(key) && model.delete(key)).length
  }
}

function inCache(cache: RedisCache, step: Step): Promise<unknown> {
  switch (step.call) {
    case 'save':
      return cache.save(step.key, step.value)
    case 'getOrCompute':
      return cache.getOrCompute(step.key, () => step.value)
    case 'invalidatePattern':
      return cache.invalidatePattern(step.pattern)
    default:
      return cache[step.call](step.key)
  }
}

for (const [store, options] of Object.entries({ memory: {}, redis: { url } })) {
  test(`${store}: a cache does what a Map does`, async t => {
    const cache = new RedisCache({ ...options, namespace: `model-${process.pid}` })
    await cache.connect()
    t.teardown(() => cache.close())
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
        await cache.invalidatePattern('*')
        const model = new Map<string, unknown>()
        for (const step of steps) {
          const [found, expected] = [await inCache(cache, step), inModel(model, step)]
          if (!isDeepStrictEqual(found, expected))
            throw new Error(`${JSON.stringify(step)} gave ${JSON.stringify(found)}`)
        }
        await cache.invalidatePattern('*')
      }),
      { numRuns: ofCampaign(1000) },
    )
    const { calls, answered, failed } = cache.status()
    t.strictSame([answered, failed], [calls, 0])
  })
}
