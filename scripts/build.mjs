// Builds dist/ from the sources: tsc, then the files tsc leaves alone, then the removal of what no source stands
// for any more. dist/ is never emptied first, so a command that is running from it keeps finding its modules.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const folders = ['lib', 'workers', 'examples', 'test', 'bench']
const bin = join(root, 'dist/lib/cli/main.js')

function compile() {
  // The package holds no sources, so maps in it would point at nothing.
  const packing = process.env.npm_command === 'pack' || process.env.npm_command === 'publish'
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  const flags = ['--project', root, '--listEmittedFiles', '--sourceMap', String(!packing)]
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const emitted = new Set()
  for (const line of stdout.split('\n')) {
    if (line.startsWith('TSFILE: ')) emitted.add(resolve(root, line.slice('TSFILE: '.length).trim()))
    else if (line.trim() !== '') console.log(line)
  }
  if (status !== 0) process.exit(status || 1)
  return emitted
}

function filesUnder(folder) {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath ?? entry.path, entry.name))
}

const built = compile()

for (const folder of folders) {
  for (const from of filesUnder(join(root, folder))) {
    if (from.endsWith('.ts') && !from.endsWith('.d.ts')) continue
    const to = join(root, 'dist', relative(root, from))
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(from, to)
    built.add(to)
  }
}

for (const file of filesUnder(join(root, 'dist'))) if (!built.has(file)) rmSync(file)

if (existsSync(bin)) chmodSync(bin, 0o755)
