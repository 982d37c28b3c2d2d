import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { test } from 'tap'
import { DatabasePool, loadConfig, RedisCache, ResourceLimiter } from '../../lib/index.js'
import { configVariables } from '../../lib/services/configuration.js'
import { refused } from '../fixtures/refused.js'

const SECRET = 'hunter2'
const DATABASE = `postgres://ann:${SECRET}@db.example:5433/game?options=${SECRET}`
const REDIS = `redis://:${SECRET}@cache.example:6380/2`

test('without a word there is no database, a cache in memory, no limit and no port', async t => {
  const { database, redis, limits, ports } = loadConfig({}, {})
  t.equal(database, undefined)
  t.match(redis, { namespace: 'populace', whenDown: 'miss', defaultTtl: 3_600_000 })
  t.equal(redis.url, undefined)
  t.strictSame(limits, { quotas: {}, perTick: {}, policy: 'throw', policies: {} })
  t.strictSame(ports, { host: '127.0.0.1' })
  t.match(loadConfig({ redis: undefined, ports: undefined }, {}).ports, { host: '127.0.0.1' })
})

test('an option goes before its variable, and that before the default', async t => {
  const env = {
    POPULACE_DATABASE_URL: DATABASE,
    POPULACE_DATABASE_POOL_SIZE: '8',
    POPULACE_DATABASE_PREPARE: 'false',
    POPULACE_REDIS_URL: ` ${REDIS} `,
    POPULACE_REDIS_WHEN_DOWN: 'error',
    POPULACE_LIMITS_MAX_MEMORY_MB: '512.5',
    POPULACE_LIMITS_PER_TICK_ASKS: '1e3',
    POPULACE_LIMITS_POLICIES_CPU: 'pause',
    POPULACE_PORTS_METRICS: '9464',
    POPULACE_PORTS_HTTP: '',
    POPULACE_LONG: '1',
    HOME: 'elsewhere',
  }
  const config = loadConfig({ database: { poolSize: 2 }, limits: { perTick: { births: 5 }, quotas: { wolf: 9 } } }, env)
  t.match(config.database, { connectionString: DATABASE, poolSize: 2, prepare: false, maxOverflow: 4 })
  t.match(config.redis, { url: REDIS, whenDown: 'error' })
  t.match(config.limits, {
    maxMemoryMb: 512.5,
    perTick: { births: 5, asks: 1000 },
    quotas: { wolf: 9 },
    policies: { cpu: 'pause' },
  })
  t.strictSame(config.ports, { host: '127.0.0.1', metrics: 9464 })
  t.equal(loadConfig({ redis: { url: 'redis://other' } }, env).redis.url, 'redis://other')
})

test('what was given is not changed', async t => {
  const options = { limits: { perTick: { births: 5 } }, redis: {} }
  loadConfig(options, { POPULACE_LIMITS_PER_TICK_ASKS: '1', POPULACE_REDIS_URL: REDIS })
  t.strictSame(options, { limits: { perTick: { births: 5 } }, redis: {} })
})

test('each section is what its component takes', async t => {
  const config = loadConfig({}, { POPULACE_DATABASE_URL: DATABASE, POPULACE_REDIS_URL: REDIS })
  t.ok(config.database)
  if (config.database)
    t.match(new DatabasePool(config.database).status(), { address: 'postgres://ann@db.example:5433/game' })
  t.match(new RedisCache(config.redis).status(), { address: 'redis://cache.example:6380/2' })
  t.equal(new ResourceLimiter(config.limits).judge().action, 'go')
})

test('a secret is shown nowhere', async t => {
  const config = loadConfig({ database: { connectionString: DATABASE } }, { POPULACE_REDIS_URL: REDIS })
  const { database, redis } = config
  const shown = [config, database, redis].flatMap(part => [
    inspect(part, { depth: 9 }),
    JSON.stringify(part),
    String(part),
    `${part}`,
  ])
  for (const text of shown) t.notOk(text.includes(SECRET), text)
  t.match(String(redis), /"url":"redis:\/\/cache\.example:6380\/2"/)
  t.match(inspect(config), /poolSize: 4/)
})

test('a variable that is wrong is named, and not shown', async t => {
  const wrong: [string, string, RegExp][] = [
    ['POPULACE_DATABASE_URL', `mysql://${SECRET}`, /no address/],
    ['POPULACE_REDIS_URL', SECRET, /no address/],
    ['POPULACE_REDIS_MAX_ENTRIES', SECRET, /expected a number/],
    ['POPULACE_REDIS_MAX_ENTRIES', '0', />=1/],
    ['POPULACE_REDIS_MAX_ENTRIES', '1.5', /int/],
    ['POPULACE_REDIS_WHEN_DOWN', SECRET, /"miss"/],
    ['POPULACE_DATABASE_PREPARE', 'yes', /'true' or 'false'/],
    ['POPULACE_PORTS_METRICS', '65536', /65535/],
    ['POPULACE_REDIS_URI', REDIS, /did you mean POPULACE_REDIS_URL\?/],
    ['POPULACE_LIMITS_PER_TICK_ASK', '1', /POPULACE_LIMITS_PER_TICK_ASKS/],
  ]
  for (const [name, value, words] of wrong) {
    const env = { POPULACE_DATABASE_URL: DATABASE, [name]: value }
    const load = () => loadConfig({}, env)
    refused(t, 'CONFIG_INVALID', new RegExp(`${name} is wrong`), load)
    refused(t, 'CONFIG_INVALID', words, load)
    refused(t, 'CONFIG_INVALID', /^((?!hunter2).)*$/s, load)
  }
})

test('an option that is wrong is refused by name, and no URL is shown', async t => {
  const quiet = /^((?!hunter2).)*$/s
  const text = (options: object) => () => loadConfig(options, {})
  refused(t, 'OPTION_UNKNOWN', /loadConfig has no option 'cache'/, text({ cache: {} }))
  refused(t, 'OPTION_UNKNOWN', /'redis\.uri'.*'url'/, text({ redis: { uri: REDIS } }))
  refused(t, 'OPTION_UNKNOWN', quiet, text({ redis: { uri: REDIS } }))
  refused(t, 'OPTION_INVALID', /'redis' of loadConfig is text/, text({ redis: REDIS }))
  refused(t, 'OPTION_INVALID', quiet, text({ database: DATABASE }))
  refused(t, 'OPTION_INVALID', quiet, text({ database: { connectionString: SECRET } }))
  refused(t, 'OPTION_INVALID', quiet, text({ redis: { url: SECRET } }))
  refused(t, 'OPTION_INVALID', /'limits\.perTick\.births'/, text({ limits: { perTick: { births: -1 } } }))
  refused(t, 'OPTION_INVALID', /'ports\.http'/, text({ ports: { http: 70_000 } }))
  refused(t, 'OPTION_INVALID', /'database\.connectionString'/, text({ database: { poolSize: 2 } }))
  refused(t, 'OPTION_INVALID', /'limits' of loadConfig is 5/, () =>
    loadConfig({ limits: 5 as unknown as object }, { POPULACE_LIMITS_MAX_AGENTS: '1' }),
  )
})

test('each variable is in docs/configuration.md, and no other', async t => {
  const page = readFileSync('docs/configuration.md', 'utf8')
  const listed = [...page.matchAll(/^\| `(POPULACE_\w+)` \| `([\w.]+)` \|/gm)].map(([, name, path]) => [name, path])
  t.strictSame(
    listed,
    configVariables().map(({ name, path }) => [name, path.join('.')]),
  )
})
