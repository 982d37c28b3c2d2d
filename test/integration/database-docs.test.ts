// The example of docs/database.md, run as a user would run it, and its table of options held against the code.
import { execFile } from 'node:child_process'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'
import { resolvePoolOptions } from '../../lib/services/database-options.js'
import { closeSharedServer, sharedServer } from '../fixtures/postgres-server.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const page = await readFile(join(ROOT, 'docs/database.md'), 'utf8')
const node = promisify(execFile)

test('the example runs', async t => {
  const server = await sharedServer()
  t.teardown(closeSharedServer)
  const [, name, code] = page.match(/```js\n\/\/ (\S+)\n([\s\S]*?)```/) as RegExpMatchArray
  const folder = t.testdir({ node_modules: {}, 'package.json': '{ "type": "module" }' })
  await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
  await writeFile(join(folder, name), code)
  const env = { ...process.env, DATABASE_URL: await server.database() }
  const { stdout } = await node(process.execPath, [name], { cwd: folder, env })
  t.equal(stdout, '10000\n[ { id: 1, mood: 0.9 }, { id: 2, mood: 0.6 }, { id: 4, mood: 0.7 } ]\n')
})

test('the table of options has the defaults of the code', async t => {
  const { connectionString: _, ...defaults } = resolvePoolOptions({ connectionString: 'postgres://h/d' })
  for (const [name, value] of Object.entries(defaults)) {
    const row = page.match(new RegExp(`^\\| \`${name}\` \\|[^|]*\\|([^|]*)\\|`, 'm'))
    t.equal(row?.[1].trim().replaceAll(/[,`']/g, ''), String(value), name)
  }
})
