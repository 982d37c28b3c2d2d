// The examples of docs/cache.md, limits.md and configuration.md, run as a user would run them, and the cache's table of options
// held against the code.
import { execFile } from 'node:child_process'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { test } from 'tap'
import { resolveCacheOptions } from '../../lib/services/cache-options.js'
import { closeSharedRedis, sharedRedis } from '../fixtures/redis-server.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const node = promisify(execFile)
const url = await sharedRedis()
t.teardown(closeSharedRedis)

const CACHE = `{ name: 'Ada', portrait: Uint8Array(3) [ 1, 2, 3 ] }
Set(1) { 'Born in a small town.' } 1
2 false
`

/** What each page's example prints. */
const PAGES: Record<string, RegExp> = {
  'cache.md': new RegExp(`^${CACHE.replaceAll(/[[\](){}.]/g, '\\$&')}$`),
  'limits.md': /^10 2\ngo 1 \{ used: 10, refused: 15, totalUsed: 10, totalRefused: 15 \}\n$/,
  'configuration.md':
    /^redis:\/\/cache\.example:6379\/1 4096 undefined\n\{"url":"redis:\/\/cache\.example:6379\/1",[^\n]*"defaultTtl":60000[^\n]*\}\n$/,
}

for (const [page, printed] of Object.entries(PAGES)) {
  test(`the example of ${page} runs`, async t => {
    const text = await readFile(join(ROOT, 'docs', page), 'utf8')
    const [, name, code] = text.match(/```js\n\/\/ (\S+)\n([\s\S]*?)```/) as RegExpMatchArray
    const folder = t.testdir({ node_modules: {}, 'package.json': '{ "type": "module" }' })
    await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
    await writeFile(join(folder, name), code)
    const env = { ...process.env, REDIS_URL: url, POPULACE_REDIS_URL: 'redis://:hunter2@cache.example:6379/1' }
    const { stdout } = await node(process.execPath, [name], { cwd: folder, env })
    t.match(stdout, printed)
  })
}

test('the table of options has the defaults of the code', async t => {
  const page = await readFile(join(ROOT, 'docs/cache.md'), 'utf8')
  for (const [name, value] of Object.entries(resolveCacheOptions({}))) {
    const row = page.match(new RegExp(`^\\| \`${name}\` \\|[^|]*\\|([^|]*)\\|`, 'm'))
    t.equal(row?.[1].trim().replaceAll(/[,`']/g, ''), String(value), name)
  }
})
