// Runs the built tests with tap and prints `N passed, N failed, N skipped` as the last line, from tap's own totals.
// Arguments: --long (sets POPULACE_LONG=1), --coverage (held against the thresholds of .c8rc.json); any other one is
// a part of a test file's path, to run only the files that contain it. The raw TAP is left in .tap/results.tap.
import { spawn, spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { tapOutput } from './tap-output.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const args = process.argv.slice(2)
const wanted = args.filter(arg => !arg.startsWith('--'))
const unknown = args.filter(arg => arg.startsWith('--') && arg !== '--long' && arg !== '--coverage')
const coverage = args.includes('--coverage')

/** The script behind a package's command, so that it starts without a shell on any system. */
function commandOf(name) {
  let folder = dirname(createRequire(import.meta.url).resolve(name))
  const manifest = () => join(folder, 'package.json')
  while (!existsSync(manifest()) || JSON.parse(readFileSync(manifest(), 'utf8')).name !== name) {
    if (dirname(folder) === folder) throw new Error(`The package '${name}' has no package.json; run npm ci.`)
    folder = dirname(folder)
  }
  const { bin } = JSON.parse(readFileSync(manifest(), 'utf8'))
  return join(folder, typeof bin === 'string' ? bin : bin[name])
}

function testFiles() {
  if (!existsSync(join(root, 'dist/test'))) return []
  const paths = readdirSync(join(root, 'dist/test'), { recursive: true }).map(path => `dist/test/${path}`)
  const tests = paths.map(path => path.replaceAll('\\', '/')).filter(path => path.endsWith('.test.js'))
  return tests.filter(path => wanted.length === 0 || wanted.some(part => path.includes(part))).sort()
}

// tap rebuilds itself on its first run with other plugins than it shipped with, but fails that run: the test
// processes are still given the old plugin, which cannot load TypeScript 7. So it is rebuilt before the first run.
function preparePlugins() {
  const ask = "import { t } from 'tap'; process.exit(t.pluginSignature.includes('@tapjs/typescript') ? 7 : 0)"
  const options = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] }
  const asked = spawnSync(process.execPath, ['--input-type=module', '--eval', ask], options)
  if (asked.status !== 7) return
  const { status } = spawnSync(process.execPath, [commandOf('tap'), 'build'], options)
  if (status !== 0) throw new Error('tap could not be built with the plugins of .taprc.')
}

async function runTap(files) {
  mkdirSync(join(root, '.tap'), { recursive: true })
  const raw = createWriteStream(join(root, '.tap/results.tap'))
  const output = tapOutput()
  const env = { ...process.env }
  if (args.includes('--long')) env.POPULACE_LONG = '1'
  if (coverage) {
    env.NODE_V8_COVERAGE = join(root, 'coverage/tmp')
    rmSync(env.NODE_V8_COVERAGE, { recursive: true, force: true })
  }
  const limit = args.includes('--long') ? ['--timeout=0'] : [] // a whole campaign takes the time it takes
  const tap = spawn(process.execPath, [commandOf('tap'), '--reporter=tap', '--no-color', ...limit, ...files], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise(resolve => tap.once('close', (code, signal) => resolve(signal === null ? code : 1)))
  for await (const line of createInterface({ input: tap.stdout })) {
    raw.write(`${line}\n`)
    for (const shown of output.read(line)) console.log(shown)
  }
  raw.end()
  return { code: await ended, counts: output.counts() }
}

function reportCoverage() {
  const command = [commandOf('c8'), 'report', '--temp-directory=coverage/tmp']
  return spawnSync(process.execPath, command, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1
}

function finish({ passed, failed, skipped }, code) {
  process.exitCode = code
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
}

async function main() {
  const files = testFiles()
  if (unknown.length > 0 || files.length === 0) {
    console.error(unknown.length > 0 ? `Unknown flag ${unknown.join(' ')}.` : 'No test file matches; nothing was run.')
    return finish({ passed: 0, failed: 0, skipped: 0 }, 1)
  }
  preparePlugins()
  const { code, counts } = await runTap(files)
  const covered = coverage ? reportCoverage() : 0
  if (counts === undefined) {
    console.error('tap ended before it wrote its totals.')
    return finish({ passed: 0, failed: 1, skipped: 0 }, code || 1)
  }
  // A run in which nothing passed proves nothing, whatever tap thinks of it.
  finish(counts, code || covered || Number(counts.failed > 0 || counts.passed === 0))
}

await main()
