// The example of docs/events-and-tasks.md, run as a user would run it, and its tables of options held against the code.
import { execFile } from 'node:child_process'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'
import { resolveBusOptions } from '../../lib/services/event-bus-options.js'
import { resolveEnqueueOptions, resolveQueueOptions } from '../../lib/services/task-options.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const page = await readFile(join(ROOT, 'docs/events-and-tasks.md'), 'utf8')
const node = promisify(execFile)

test('the example runs', async t => {
  const folder = t.testdir({ node_modules: {}, 'package.json': '{ "type": "module" }' })
  await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
  for (const [, name, code] of page.matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g))
    await writeFile(join(folder, name), code)
  const { stdout } = await node(process.execPath, ['host.js'], { cwd: folder })
  t.strictSame(stdout.trim().split('\n').sort(), ['2 2', 'npc.7.said wonderful', 'npc.8.said night'])
})

test('the tables of options have the defaults of the code', async t => {
  const [bus, queue] = page.split('## The task queue')
  const { logger: _, ...ofBus } = resolveBusOptions({})
  const { maxWorkers: __, ...ofQueue } = resolveQueueOptions({})
  for (const [part, defaults] of [
    [bus, ofBus],
    [queue, ofQueue],
  ] as const) {
    for (const [name, value] of Object.entries(defaults)) {
      const row = part.match(new RegExp(`^\\| \`${name}\` \\|[^|]*\\|([^|]*)\\|`, 'm'))
      t.equal(row?.[1].trim().replaceAll(/[,`']/g, ''), String(value), name)
    }
  }
  for (const [name, value] of Object.entries(resolveEnqueueOptions({}))) {
    const row = queue.match(new RegExp(`^\\| \`${name}\` \\|[^|]*\\|([^|]*)\\|`, 'm'))
    t.equal(row?.[1].trim(), Array.isArray(value) ? 'none' : String(value), name)
  }
})
