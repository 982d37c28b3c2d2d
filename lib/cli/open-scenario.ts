// A scenario as a command names it: found, imported on this thread for its declarations, its parameters set.
import type { Scalar } from '../memory/params.js'
import { loadScenario } from '../run/load.js'
import type { ScenarioData } from '../run/scenario.js'
import type { Arguments } from './arguments.js'
import { scenarioUrl } from './scenario-source.js'
import { parseSettings } from './settings.js'

/** A scenario with the parameters that were set. */
export interface NamedScenario {
  readonly url: URL
  readonly data: ScenarioData
  readonly params: Readonly<Record<string, Scalar>>
}

/** USAGE, SCENARIO_NOT_LOADABLE, PARAM_UNKNOWN, PARAM_INVALID. */
export async function openScenario(given: Arguments): Promise<NamedScenario> {
  const url = scenarioUrl(given.scenario)
  const data = await loadScenario(url.href)
  return { url, data, params: parseSettings(data.params, given.texts('set')) }
}
