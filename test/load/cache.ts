// The cache with a key for each of many NPCs, in a Redis server of its own and in memory: many callers at once save, load,
// remove, and ask for what is computed once for all.
import { grouped } from '../../lib/cli/numbers.js'
import { RedisCache } from '../../lib/index.js'
import { privateRedis } from '../fixtures/redis-server.js'
import { CacheCaller, SharedKeys } from './cache-caller.js'
import { Account, type Effort, type Load, type LoadOutcome, OwnWatch, type Row, Stopwatch } from './harness.js'

const CALLERS = 64
/** Of them so many begin by removing a part of their keys by a pattern, while the others go on. */
const INVALIDATING = 4
/** Room enough that nothing has to go, and time enough that no call fails on a busy machine. */
const OPTIONS = { maxEntries: 10_000_000, maxBytes: 2 ** 34, timeoutMs: 120_000, whenDown: 'error' } as const

/** A number among what Redis tells of itself. */
const numberIn = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? Number.NaN)

async function callsOf(cache: RedisCache, where: string, npcs: number, seconds: number) {
  const shared = new SharedKeys()
  const callers = Array.from({ length: CALLERS }, (_, number) => {
    const keys = Math.floor(npcs / CALLERS) + (number < npcs % CALLERS ? 1 : 0)
    return new CacheCaller(cache, number, keys, shared)
  })
  const own = new OwnWatch()
  const filling = new Stopwatch()
  await Promise.all(callers.map(caller => caller.fill()))
  const fillSeconds = filling.seconds
  const filled = shared.latencies.save.summary()
  shared.latencies.reset()
  const watch = new Stopwatch()
  const act = (caller: CacheCaller, i: number) => caller.act(i < INVALIDATING, () => watch.seconds >= seconds)
  await Promise.all(callers.map(act))
  const took = watch.seconds
  const besides = await own.end()
  const name = (what: string) => `${where}, ${grouped(npcs)} NPCs: ${what}`
  const rows: Row[] = [{ name: name('fill'), count: npcs, seconds: fillSeconds, latency: filled, besides }]
  for (const [kind, latencies] of Object.entries(shared.latencies.all)) {
    const latency = latencies.summary()
    rows.push({ name: name(kind), count: latency.count, seconds: took, latency })
  }
  return { callers, shared, rows }
}

/** Held to what callers remember; `kept` is what the store says that it has. */
function accountOf(part: string, cache: RedisCache, callers: readonly CacheCaller[], shared: SharedKeys, kept: number) {
  const sum = (of: (caller: CacheCaller) => number) => callers.reduce((all, caller) => all + of(caller), 0)
  const status = cache.status()
  const account = new Account(part)
  account.add('answers that are not what the caller remembers', sum(({ wrong }) => wrong) + shared.wrong, 0)
  account.add('keys kept = those that callers remember, and computed ones', kept, sum(c => c.kept) + shared.keys)
  account.add('computations = keys that were computed', status.computed, shared.keys)
  account.add('computations that callers saw begin', shared.computations, shared.keys)
  account.add('misses = loads of nothing, and computations', status.misses, sum(c => c.absent) + shared.keys)
  account.add('calls = answered', status.calls, status.answered)
  account.add('failed, computing and on their way', status.failed + status.computing + status.pending, 0)
  return account.entries
}

async function inRedis(npcs: number, seconds: number): Promise<LoadOutcome> {
  const server = await privateRedis()
  const cache = new RedisCache({ ...OPTIONS, url: server.url, namespace: 'load' })
  try {
    await cache.connect()
    const { callers, shared, rows } = await callsOf(cache, 'Redis', npcs, seconds)
    const kept = numberIn(await server.ask('DBSIZE'), /^:(\d+)/)
    const peak = numberIn(await server.ask('INFO memory'), /used_memory_peak:(\d+)/)
    const [fill, ...others] = rows
    const withPeak = { ...fill, besides: { ...fill.besides, redisMb: Math.round(peak / 2 ** 20) } }
    const account = accountOf(`Redis, ${grouped(npcs)} NPCs`, cache, callers, shared, kept)
    return { rows: [withPeak, ...others], account }
  } finally {
    await cache.close()
    await server.close()
  }
}

async function inMemory(npcs: number, seconds: number): Promise<LoadOutcome> {
  await using cache = new RedisCache(OPTIONS)
  await cache.connect()
  const { callers, shared, rows } = await callsOf(cache, 'memory', npcs, seconds)
  return { rows, account: accountOf(`memory, ${grouped(npcs)} NPCs`, cache, callers, shared, cache.status().entries) }
}

export const cache: Load = {
  name: 'cache',
  about: `a RedisCache with a key for each NPC and ${CALLERS} callers at once, in Redis on this machine and in memory`,
  npcs: [1000, 100_000, 1_000_000],
  smokeNpcs: [20_000],
  async run({ npcs, seconds }: Effort): Promise<LoadOutcome> {
    const parts: LoadOutcome[] = []
    for (const count of npcs) parts.push(await inRedis(count, seconds), await inMemory(count, seconds))
    return { rows: parts.flatMap(({ rows }) => rows), account: parts.flatMap(({ account }) => account) }
  },
}
