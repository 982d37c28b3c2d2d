// The guide's example of a mirror, run as a user would run it: a file in an empty folder beside an installed populace.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const node = promisify(execFile)

t.test("the guide's mirror comes to the hash of the world", async t => {
  const folder = await mkdtemp(join(tmpdir(), 'populace-guide-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'node_modules'))
  await symlink(ROOT, join(folder, 'node_modules', 'populace'), 'dir')
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const guide = await readFile(join(ROOT, 'docs/guide.md'), 'utf8')
  const [, code] = guide.match(/```js\n\/\/ follow\.js\n([\s\S]*?)```/) as RegExpMatchArray
  await writeFile(join(folder, 'follow.js'), code)
  const { stdout } = await node(process.execPath, ['follow.js'], { cwd: folder })
  t.match(stdout, /^48 \d+ true\n$/)
})
