// The cache on a Redis server of its own: what another client feels while a pattern is removed that a million keys match, and
// what a load costs in memory and in Redis.
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createClient } from '@keyv/redis'
import { RedisCache } from '../../lib/index.js'
import { privateRedis } from '../../test/fixtures/redis-server.js'
import { type BenchCase, median, milliseconds, quantile, quotients } from '../harness.js'

/** Saves so many keys from the number in ARGV[2] on, in the server itself, so that it takes no time to come there. */
const FILL = `for i = ARGV[2], ARGV[2] + ARGV[3] - 1 do redis.call('set', ARGV[1] .. i, 'x') end`
const AT_ONCE = 10_000

const p99 = (samples: number[]) =>
  quantile(
    [...samples].sort((a, b) => a - b),
    0.99,
  )

/** The p99 of pings while something goes on. */
async function pingsDuring(pings: Worker, work: () => Promise<unknown>): Promise<number> {
  pings.postMessage('begin')
  await work()
  pings.postMessage('end')
  const [took] = await once(pings, 'message')
  return p99(took)
}

export const cache: BenchCase = {
  name: 'cache',
  about:
    'Redis on this machine: PING of another client before and during invalidatePattern; 1,000 loads in milliseconds',
  rounds: 5,
  async run({ smoke, rounds }) {
    const keys = smoke ? 100_000 : 1_000_000
    const loads = smoke ? 200 : 2000
    const server = await privateRedis()
    const client = createClient({ url: server.url })
    await client.connect()
    const pings = new Worker(new URL('../redis-pings.js', import.meta.url), {
      workerData: Number(new URL(server.url).port),
    })
    await using redis = new RedisCache({ url: server.url, namespace: 'bench' })
    await using memory = new RedisCache()
    const before: number[] = []
    const during: number[] = []
    const inRedis: number[] = []
    const inMemory: number[] = []
    let removed = 0
    let computed = 0
    for (const each of [redis, memory]) {
      await each.connect()
      await each.save('city:1', { name: 'Ada', mood: 0.5 })
      await Promise.all(Array.from({ length: 1000 }, () => each.getOrCompute('cold', () => ++computed)))
    }
    const load = (each: RedisCache) =>
      milliseconds(async () => {
        for (let i = 0; i < loads; i++) await each.load('city:1')
      })
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < keys; i += AT_ONCE) {
        await client.eval(FILL, { arguments: ['bench:npc:', String(i), String(AT_ONCE)] })
      }
      before.push(await pingsDuring(pings, () => setTimeout(smoke ? 50 : 1000)))
      during.push(
        await pingsDuring(pings, async () => {
          removed += await redis.invalidatePattern('npc:*')
        }),
      )
      inRedis.push((await load(redis)) / (loads / 1000))
      inMemory.push((await load(memory)) / (loads / 1000))
    }
    const kept = await redis.exists('city:1')
    await pings.terminate()
    client.destroy()
    await redis.close()
    await server.close()
    const figure = median(quotients(during, before))
    return {
      lines: [
        { name: 'PING p99 before', unit: 'ms', samples: before },
        { name: `PING p99 during invalidatePattern, ${keys} keys`, unit: 'ms', samples: during },
        { name: 'loads from Redis', unit: 'ms', samples: inRedis },
        { name: 'loads from memory', unit: 'ms', samples: inMemory },
      ],
      targets: [
        { claim: 'PING p99 during invalidatePattern below 5 times that before', figure, unit: 'x', holds: figure < 5 },
      ],
      work: [
        { what: 'keys removed', found: String(removed), expected: String(keys * rounds) },
        { what: 'what the pattern does not match is kept', found: String(kept), expected: 'true' },
        { what: 'computations for 1,000 callers of a cold key, twice', found: String(computed), expected: '2' },
      ],
    }
  },
}
