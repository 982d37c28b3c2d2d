// Runs the built tests and prints `N passed, N failed, N skipped` as the last line, the totals of their assertions.
// Arguments: --long (sets POPULACE_LONG=1), --coverage (held against the thresholds of .c8rc.json); any other one is
// a part of a test file's path, to run only the files that contain it. The raw TAP is left in .tap/results.tap.
import { spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LONGEST } from './longest-tests.mjs'
import { countsOf, pointOf } from './tap-output.mjs'
import { runFiles } from './test-processes.mjs'

/** Seconds a test file may take, unless --long: a whole campaign takes the time it takes. */
const LIMIT_S = 900

const root = fileURLToPath(new URL('../', import.meta.url))
const args = process.argv.slice(2)
const wanted = args.filter(arg => !arg.startsWith('--'))
const unknown = args.filter(arg => arg.startsWith('--') && arg !== '--long' && arg !== '--coverage')
const coverage = args.includes('--coverage')

/** The longest first, so that none of them goes on alone at the end. */
function testFiles() {
  if (!existsSync(join(root, 'dist/test'))) return []
  const paths = readdirSync(join(root, 'dist/test'), { recursive: true }).map(path => `dist/test/${path}`)
  const tests = paths.map(path => path.replaceAll('\\', '/')).filter(path => path.endsWith('.test.js'))
  const longest = LONGEST.map(name => `dist/test/${name}.test.js`)
  const absent = longest.filter(path => !tests.includes(path))
  if (absent.length > 0) throw new Error(`scripts/longest-tests.mjs names files that are not there: ${absent}.`)
  const inOrder = [...longest, ...tests.filter(path => !longest.includes(path)).sort()]
  return inOrder.filter(path => wanted.length === 0 || wanted.some(part => path.includes(part)))
}

async function runTests(files) {
  mkdirSync(join(root, '.tap'), { recursive: true })
  const raw = createWriteStream(join(root, '.tap/results.tap'))
  raw.write(`TAP version 14\n1..${files.length}\n`)
  const long = args.includes('--long')
  const env = { ...process.env, ...(long ? { POPULACE_LONG: '1' } : {}) }
  if (coverage) {
    env.NODE_V8_COVERAGE = join(root, 'coverage/tmp')
    rmSync(env.NODE_V8_COVERAGE, { recursive: true, force: true })
  }
  // Positions in TypeScript cost each thread a seventh more to start: they are for who looks into some files.
  const flags = wanted.length > 0 ? ['--enable-source-maps'] : []
  const totals = { passed: 0, failed: 0, skipped: 0 }
  let ended = 0
  await runFiles(files, { cwd: root, env, flags, limitS: long ? 0 : LIMIT_S }, result => {
    const counts = countsOf(result)
    for (const name of Object.keys(totals)) totals[name] += counts[name]
    const { line, text } = pointOf(result, ++ended, counts.failed)
    raw.write(text)
    process.stdout.write(counts.failed > 0 ? text : `${line}\n`)
  })
  raw.end()
  return totals
}

function reportCoverage() {
  const c8 = join(dirname(createRequire(import.meta.url).resolve('c8/package.json')), 'bin/c8.js')
  const command = [c8, 'report', '--temp-directory=coverage/tmp']
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
  const totals = await runTests(files)
  const covered = coverage ? reportCoverage() : 0
  // A run in which nothing passed proves nothing.
  finish(totals, covered || Number(totals.failed > 0 || totals.passed === 0))
}

await main()
