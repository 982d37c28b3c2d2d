import { inspect } from 'node:util'
import { test } from 'tap'
import { shownAddress } from '../../lib/services/database-address.js'
import { named } from '../../lib/services/database-error.js'
import {
  resolveCallOptions,
  resolvePoolOptions,
  resolveTransactionOptions,
} from '../../lib/services/database-options.js'
import { DatabasePool } from '../../lib/services/database-pool.js'
import { WaitTimes } from '../../lib/services/wait-times.js'
import { refused } from '../fixtures/refused.js'

const SECRET = 'hunter2'
const connectionString = `postgres://ann:${SECRET}@db.example:5433/game?sslmode=require&options=${SECRET}`
const pool = (options: object) => () => new DatabasePool({ connectionString, ...options })

test('what is left out has its default', async t => {
  t.strictSame(resolvePoolOptions({ connectionString }), {
    connectionString,
    poolSize: 4,
    maxOverflow: 4,
    maxWaiting: 1000,
    overflowIdleMs: 1000,
    acquireTimeoutMs: 30_000,
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 60_000,
    closeTimeoutMs: 10_000,
    prepare: true,
    applicationName: 'populace',
  })
  t.strictSame(resolveCallOptions(undefined, 'query'), {})
  t.strictSame(resolveTransactionOptions(undefined), { readOnly: false })
})

test('an unknown option is refused with the nearest known one', async t => {
  refused(t, 'OPTION_UNKNOWN', /DatabasePool has no option 'poolsize'.*'poolSize'/, pool({ poolsize: 1 }))
  refused(t, 'OPTION_UNKNOWN', /query has no option 'timeout'.*'timeoutMs'/, () =>
    resolveCallOptions({ timeout: 1 }, 'query'),
  )
  refused(t, 'OPTION_UNKNOWN', /transaction has no option 'readonly'.*'readOnly'/, () =>
    resolveTransactionOptions({ readonly: true }),
  )
})

test('an option out of its bounds is refused by name', async t => {
  const wrong: Record<string, unknown[]> = {
    poolSize: [0, 1001, 1.5, '4', Number.NaN],
    maxOverflow: [-1, 1001],
    maxWaiting: [-1, 1_000_001],
    overflowIdleMs: [-1, 2 ** 31],
    acquireTimeoutMs: [0, 2 ** 31, Number.POSITIVE_INFINITY],
    connectTimeoutMs: [0],
    statementTimeoutMs: [0],
    closeTimeoutMs: [0],
    tls: ['on', true],
    prepare: [1],
    applicationName: ['', 'x'.repeat(64)],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values)
      refused(t, 'OPTION_INVALID', new RegExp(`'${name}' of DatabasePool`), pool({ [name]: value }))
  }
  refused(t, 'OPTION_INVALID', /'signal' of query/, () => resolveCallOptions({ signal: 1 }, 'query'))
  refused(t, 'OPTION_INVALID', /'timeoutMs' of query/, () => resolveCallOptions({ timeoutMs: 0 }, 'query'))
  refused(t, 'OPTION_INVALID', /'isolation' of transaction/, () => resolveTransactionOptions({ isolation: 'full' }))
})

test('a connection string that is none is refused, and not shown', async t => {
  for (const text of [
    '',
    'db',
    `mysql://a:${SECRET}@h/d`,
    `postgres://a:${SECRET}@h:port/d`,
    `postgres://a:${SECRET}@ /d`,
  ]) {
    refused(t, 'OPTION_INVALID', /'connectionString' of DatabasePool is no address/, pool({ connectionString: text }))
    t.throws(pool({ connectionString: text }), { message: new RegExp(`^((?!${SECRET}).)*$`, 's') })
  }
  const text = connectionString as unknown as { connectionString: string }
  refused(t, 'OPTION_INVALID', /^((?!hunter2).)*$/s, () => new DatabasePool(text))
  refused(t, 'OPTION_INVALID', /'connectionString'/, pool({ connectionString: undefined }))
})

test('a password is shown nowhere', async t => {
  t.equal(shownAddress(connectionString), 'postgres://ann@db.example:5433/game')
  const made = new DatabasePool({ connectionString })
  const shown = inspect(made, { depth: 9, showHidden: true }) + JSON.stringify(made) + JSON.stringify(made.status())
  t.notOk(shown.includes(SECRET), shown)
})

test('a statement is named by its beginning, up to the first literal', async t => {
  t.equal(named('select  *\n from t'), 'the statement "select * from t"')
  t.equal(named("alter role ann password 'x'"), 'the statement "alter role ann password …"')
  t.equal(named('do $$ x $$'), 'the statement "do …"')
  t.equal(named('select $1, $2'), 'the statement "select $1, $2"')
  t.equal(named('x'.repeat(70)), `the statement "${'x'.repeat(60)}…"`)
})

test('waits are summed over all, their quantiles taken of the newest 1,024', async t => {
  const waits = new WaitTimes()
  t.strictSame(waits.summary(), { count: 0, totalMs: 0, maxMs: 0, medianMs: 0, p95Ms: 0 })
  for (let i = 1; i <= 100; i++) waits.add(i)
  t.strictSame(waits.summary(), { count: 100, totalMs: 5050, maxMs: 100, medianMs: 50, p95Ms: 95 })
  for (let i = 0; i < 1024; i++) waits.add(1)
  t.strictSame(waits.summary(), { count: 1124, totalMs: 6074, maxMs: 100, medianMs: 1, p95Ms: 1 })
})
