// Which module a scenario's name or path stands for. A name without a slash or ending is a built-in example; anything
// else is a path from the current directory. Nothing is imported to find out.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { PopulaceError } from '../core/errors.js'
import { hint, nearest } from '../core/suggest.js'

const EXAMPLES = new URL('../../examples/', import.meta.url)
const MODULE = /\.(js|mjs|ts|mts)$/

/** Names of the built-in examples: the modules beside the library that export a scenario by default. */
export function exampleNames(folder: URL = EXAMPLES): string[] {
  const path = fileURLToPath(folder)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter(file => file.endsWith('.js') && /^export default /m.test(readFileSync(resolve(path, file), 'utf8')))
    .map(file => file.slice(0, -'.js'.length))
    .sort()
}

function nothingAt(scenario: string, path: string): PopulaceError {
  const folder = dirname(path)
  const files = existsSync(folder) ? readdirSync(folder).filter(file => MODULE.test(file)) : []
  const close = nearest(basename(path), files)
  return new PopulaceError(
    'SCENARIO_NOT_LOADABLE',
    `There is no module '${scenario}'`,
    close ? `Did you mean '${close}' there?` : 'Check the path: it is taken from the current directory.',
  )
}

/** The address of a scenario's module. SCENARIO_NOT_LOADABLE. */
export function scenarioUrl(scenario: string, examples: URL = EXAMPLES): URL {
  if (/[\\/]/.test(scenario) || MODULE.test(scenario)) {
    const path = resolve(scenario)
    if (!existsSync(path)) throw nothingAt(scenario, path)
    if (statSync(path).isDirectory())
      throw new PopulaceError('SCENARIO_NOT_LOADABLE', `'${scenario}' is a folder`, 'Name the module in it.')
    return pathToFileURL(path)
  }
  const names = exampleNames(examples)
  if (names.includes(scenario)) return new URL(`${scenario}.js`, examples)
  const close = hint(scenario, names)
  throw new PopulaceError(
    'SCENARIO_NOT_LOADABLE',
    `There is no built-in example '${scenario}'`,
    `Check the spelling; ${close}${close.endsWith('?') ? '' : '.'} A module is named by its path, such as ./${scenario}.js.`,
  )
}
