// Who answers what the agents of a scenario ask: what the host gives, else the stand-in that the scenario names.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import type { ScenarioData } from './scenario.js'
import type { ServiceOptions, TickService } from './service.js'

/** By name. */
export type Services = ReadonlyMap<string, Required<ServiceOptions> | TickService>

/** SERVICE_MISSING, SERVICE_UNKNOWN, OPTION_UNKNOWN, OPTION_INVALID. */
export async function servicesOf(
  { name: scenario, asks, services }: ScenarioData,
  given: Readonly<Record<string, unknown>>,
): Promise<Services> {
  const names = [...new Set([...asks.values()].map(a => a.service))]
  for (const name of Object.keys(given))
    if (!names.includes(name))
      throw new PopulaceError(
        'SERVICE_UNKNOWN',
        `Service '${name}' is given, and nothing in scenario '${scenario}' asks it`,
        hint(name, names),
      )
  if (names.length === 0) return new Map()
  const { resolveService } = await import('../core/options.js') // with zod, of which no worker has any use
  const found = names.map(name => {
    const service = Object.hasOwn(given, name) ? given[name] : services.get(name)
    if (service !== undefined) return [name, resolveService(name, service)] as const
    throw new PopulaceError(
      'SERVICE_MISSING',
      `Scenario '${scenario}' asks service '${name}', which nobody gives`,
      `Give services: { ${name}: async question => answer }, or let the scenario name a stand-in.`,
    )
  })
  return new Map(found) as Services // their functions are given what their types say
}
