// docs/services.md held against the code: its example runs as a user would run it, its lists of codes and its table of
// options are those of the code.
import { execFile } from 'node:child_process'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'
import { resolveService } from '../../lib/core/options.js'
import { replyOf } from '../../lib/run/service.js'
import { resolveChatOptions } from '../../lib/services/chat-completions-options.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const page = await readFile(join(ROOT, 'docs/services.md'), 'utf8')
const node = promisify(execFile)

test('the example runs, with a host and from the command line', async t => {
  const examples = [...page.matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  const folder = t.testdir({ node_modules: {}, 'package.json': '{ "type": "module" }' })
  await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
  for (const [, name, code] of examples) await writeFile(join(folder, name), code)
  const { stdout } = await node(process.execPath, ['host.js'], { cwd: folder })
  t.equal(stdout, 'true 0 0\n')
  const guarded = await node(process.execPath, ['guarded.js'], { cwd: folder })
  t.equal(guarded.stdout, 'true 0 true\n')
  const main = join(ROOT, 'dist/lib/cli/main.js')
  const ran = await node(process.execPath, [main, 'run', 'talk.js', '--ticks', '40', '--json'], { cwd: folder })
  const { measures } = JSON.parse(ran.stdout) as { measures: { mood: number; hurt: number } }
  t.ok(measures.mood > 50)
  const proved = await node(process.execPath, [main, 'verify', 'talk.js', '--ticks', '10', '--quiet'], { cwd: folder })
  t.equal(proved.stderr, '')
})

test('the codes of errors say what the page says', async t => {
  for (const outcome of ['late', 'refused'] as const) {
    const [, row] = page.match(new RegExp(`^\\| ${outcome} \\| (.*) \\|$`, 'm')) as RegExpMatchArray
    const codes = row.match(/\b[A-Z]+_?[A-Z]+\b/g) ?? []
    t.ok(codes.length > 2)
    for (const code of codes) t.equal(replyOf({ code, message: '' }).outcome, outcome, code)
  }
})

test('the defaults are those of the code', async t => {
  const { fields: _, ...defaults } = resolveChatOptions({ url: 'http://h', model: 'm', messages: String })
  for (const name of ['timeoutMs', 'maxResponseBytes'] as const) {
    const row = page.match(new RegExp(`^\\| \`${name}\` \\| (\\d+) \\|`, 'm'))
    t.equal(row?.[1], String(defaults[name]), name)
  }
  t.match(
    resolveService('llm', async () => 1),
    { maxConcurrent: 16, timeoutMs: 30_000 },
  )
})
