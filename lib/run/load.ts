// Loads a scenario module. Each inline simulation of a process loads a copy of its own (a query on the URL makes it
// one): V8 folds the typed arrays of a kernel into constants only for the first closure of its literal in a thread.
// Modules are never freed, so the number of copies is bounded; beyond it they are shared, and slower.
import { PopulaceError } from '../core/errors.js'
import { MAX_MODULE_COPIES } from '../core/limits.js'
import { importWithLoaders } from './loaders.js'
import { type ScenarioData, scenarioData } from './scenario.js'

let copies = 0

/** The URL of a copy that no other simulation of this thread uses, while there are any left. */
export function freshUrl(url: string): string {
  copies = (copies % MAX_MODULE_COPIES) + 1
  const fresh = new URL(url)
  fresh.searchParams.set('populace', String(copies))
  return fresh.href
}

/** Imports a scenario, with the loaders that its module registers. SCENARIO_NOT_LOADABLE. */
export async function loadScenario(url: string): Promise<ScenarioData> {
  const { value: module, loaders } = await importWithLoaders(shown(url), async () => {
    try {
      return (await import(url)) as { default?: unknown }
    } catch (error) {
      throw notLoadable(url, error)
    }
  })
  const data = scenarioData(module.default)
  if (!data) {
    throw new PopulaceError(
      'SCENARIO_NOT_LOADABLE',
      `${shown(url)} exports no scenario by default`,
      'Write export default defineScenario({ … }) in it.',
    )
  }
  return { ...data, loaders }
}

function shown(url: string): string {
  return url.replace(/[?&]populace=\d+$/, '')
}

function notLoadable(url: string, error: unknown): PopulaceError {
  if (error instanceof PopulaceError) return error // a define…() in the module said what is wrong
  const { code, message } = error as { code?: string; message?: string }
  const name = shown(url)
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return new PopulaceError(
      'SCENARIO_NOT_LOADABLE',
      `This Node (${process.version}) does not run ${name}`,
      'Build it to JavaScript, or use Node 22.18 or newer.',
      error,
    )
  }
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return new PopulaceError(
      'SCENARIO_NOT_LOADABLE',
      `${name} or something it imports does not exist: ${message}`,
      'Check the path.',
      error,
    )
  }
  return new PopulaceError(
    'SCENARIO_NOT_LOADABLE',
    `${name} threw when it was imported: ${message ?? String(error)}`,
    'Mend the module.',
    error,
  )
}
