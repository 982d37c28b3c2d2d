// Patterns in memory are Redis's patterns: the oracle is a real server.
import { createClient } from '@keyv/redis'
import fc from 'fast-check'
import t, { test } from 'tap'
import { escapeGlob, globMatcher } from '../../lib/services/glob.js'
import { closeSharedRedis, sharedRedis } from '../fixtures/redis-server.js'

const url = await sharedRedis()
t.teardown(closeSharedRedis)

const letters = fc.constantFrom('a', 'b', 'c', 'é', '*', '?', '[', ']', '^', '-', '\\')
/** Whether a byte beyond ASCII is greater than another goes with the machine that Redis runs on. */
const UNSURE = /-é|é-/

const text = (maxLength: number) => fc.string({ unit: letters, minLength: 1, maxLength })

test('a pattern matches what it matches in Redis', async t => {
  const client = createClient({ url })
  await client.connect()
  t.teardown(() => client.close())
  const prefix = `glob-${process.pid}:`
  const texts = fc.array(text(6), { minLength: 20, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(texts, fc.array(text(7), { minLength: 10, maxLength: 40 }), async (names, patterns) => {
      const all = [...new Set(names)]
      const keys = all.map(name => prefix + name)
      await client.mSet(keys.flatMap(key => [key, '1']))
      const wrong: string[] = []
      for (const pattern of patterns.filter(p => !UNSURE.test(p))) {
        const query = { MATCH: escapeGlob(prefix) + pattern, COUNT: 1000 }
        const there = new Set<string>()
        for await (const batch of client.scanIterator(query)) for (const key of batch) there.add(key)
        const here = new Set(keys.filter((_, i) => globMatcher(pattern)(all[i])))
        if (String([...here].sort()) !== String([...there].sort()))
          wrong.push(`${pattern}: ${[...here]}, and in Redis ${[...there]}`)
      }
      await client.unlink(keys)
      if (wrong.length > 0) throw new Error(wrong.join('\n'))
    }),
    { numRuns: 50 },
  )
})

test('what is escaped matches itself alone', async t => {
  fc.assert(
    fc.property(
      text(8),
      text(8),
      (a, b) => globMatcher(escapeGlob(a))(b) === (a === b) && globMatcher(escapeGlob(a))(a),
    ),
  )
  t.pass()
})

test('a pattern of many stars takes no time to fail', async t => {
  t.equal(globMatcher(`${'a*'.repeat(500)}b`)('a'.repeat(1000)), false)
})
