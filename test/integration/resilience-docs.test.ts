// The example of docs/resilience.md, run as a user would run it, and its tables of options held against the code.
import { execFile } from 'node:child_process'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'
import { resolveBatchOptions } from '../../lib/services/batch-options.js'
import { resolveBreakerOptions } from '../../lib/services/circuit-breaker-options.js'
import { resolveLimiterOptions } from '../../lib/services/rate-limiter-options.js'
import { resolveRetryOptions } from '../../lib/services/retry-options.js'
import { resolveGuardOptions } from '../../lib/services/service-guard-options.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const page = await readFile(join(ROOT, 'docs/resilience.md'), 'utf8')
const node = promisify(execFile)

test('the example runs', async t => {
  const [, name, code] = page.match(/```js\n\/\/ (\S+)\n([\s\S]*?)```/) as RegExpMatchArray
  const folder = t.testdir({ node_modules: {}, 'package.json': '{ "type": "module" }' })
  await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
  await writeFile(join(folder, name), code)
  const { stdout } = await node(process.execPath, [name], { cwd: folder })
  t.equal(stdout, '12 3 closed\n120\n[ 1, 2, 3, 4 ] [ [ 1, 2, 3 ], [ 4 ] ]\n')
})

test('the tables of options have the defaults of the code', async t => {
  const processor = () => {}
  const { random: _, retryIf: __, backoff, ...retrying } = resolveRetryOptions({})
  const { failureThreshold, failureRatio: ___, ...breaker } = resolveBreakerOptions({})
  const { rates: ____, ...limiter } = resolveLimiterOptions({ requestsPerSecond: 1 })
  const {
    items: _____,
    processor: ______,
    ...batch
  } = resolveBatchOptions({ items: [], processor }) as Record<string, unknown>
  const defaults = {
    ...resolveGuardOptions({}),
    ...limiter,
    ...breaker,
    ...retrying,
    ...batch,
    failureThreshold: `${failureThreshold}, or none with failureRatio`,
    backoff: `${backoff.initialMs}, ${backoff.factor}, ${backoff.maxMs}`,
  }
  for (const [name, value] of Object.entries(defaults)) {
    const rows = [...page.matchAll(new RegExp(`^\\| \`${name}\` \\|[^|]*\\|([^|]*)\\|`, 'gm'))]
    const found = rows.map(row => row[1].trim().replaceAll(/(?<=\d),(?=\d)|[`']/g, ''))
    t.ok(found.includes(String(value)), `${name}: ${value}, found ${found.join('; ')}`)
  }
})
