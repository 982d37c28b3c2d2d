// What a browser loads with a mirror: no module of Node, no package, and not much.
import { readFileSync } from 'node:fs'
import { test } from 'tap'
import * as everything from '../../lib/mirror.js'
import { importsOf } from './tidy-rules.js'

/** Modules that one imports, itself included, as they were built: what is for types alone is gone. */
function graph(from: URL, found = new Map<string, readonly string[]>()): Map<string, readonly string[]> {
  if (found.has(from.href)) return found
  const specifiers = importsOf(readFileSync(from, 'utf8'))
  found.set(from.href, specifiers)
  for (const specifier of specifiers) if (specifier.startsWith('.')) graph(new URL(specifier, from), found)
  return found
}

test('the modules behind the mirror import each other and nothing else', async t => {
  const modules = graph(new URL('../../lib/mirror.js', import.meta.url))
  const others = [...modules].flatMap(([from, specifiers]) =>
    specifiers.filter(specifier => !/^\.\.?\/.*\.js$/.test(specifier)).map(specifier => `${from}: ${specifier}`),
  )
  t.strictSame(others, [])
  t.ok(modules.size > 10 && modules.size < 40, `${modules.size} modules`)
  for (const name of modules.keys())
    t.notMatch(readFileSync(new URL(name), 'utf8'), /\b(?:Buffer|process|require)\b[.(]/)
})

test('its entry has what a page needs', async t => {
  t.strictSame(Object.keys(everything).sort(), ['ERROR_CODES', 'Mirror', 'NONE', 'PopulaceError'])
})
