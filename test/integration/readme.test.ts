// The README's example, run as a user would run it: two files in an empty folder beside an installed populace.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const node = promisify(execFile)

/** The code blocks of the README that begin with a file's name, by that name. */
async function examples(): Promise<Map<string, string>> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  return new Map(blocks.map(([, name, code]) => [name, code]))
}

t.test("the README's example runs and gives the hash of every other number of workers", async t => {
  const folder = await mkdtemp(join(tmpdir(), 'populace-readme-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'node_modules'))
  await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const files = await examples()
  t.same([...files.keys()], ['sir.js', 'main.js'])
  for (const [name, code] of files) await writeFile(join(folder, name), code)
  const outputs = []
  for (const workers of ["'auto'", '0', '2']) {
    await writeFile(join(folder, 'main.js'), (files.get('main.js') as string).replace("'auto'", workers))
    outputs.push((await node(process.execPath, ['main.js'], { cwd: folder })).stdout)
  }
  t.match(outputs[0], /^100 \{ S: \d+, I: \d+, R: \d+ \} [0-9a-f]{16}\n$/)
  t.same(outputs, [outputs[0], outputs[0], outputs[0]])
  const [, susceptible] = outputs[0].match(/S: (\d+)/) as RegExpMatchArray
  t.ok(Number(susceptible) < 20_000, 'an epidemic with R0 = 3 reached most people')
})
