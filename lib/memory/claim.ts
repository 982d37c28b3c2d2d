// Claims as declared: who contests rows of what. No memory here; exchange/claims.ts settles them.
import { PopulaceError } from '../core/errors.js'
import { type AnyPopulation, checkKeys, checkName, type Population, populationData } from './population.js'

/** A contest: agents of `By` claim rows of `On`. */
export interface Claim<By extends string, On extends string> {
  readonly by: By
  readonly on: On
}

/** What is behind a Claim. */
export interface ClaimData {
  readonly kind: 'claim'
  readonly name: string
  readonly by: string
  readonly on: string
}

const DATA = Symbol.for('populace.claim')

/**
 * Declares a contest. In an engine that `claims` it, each agent of `by` may claim one row of `on`; the lowest rank wins
 * (an unsigned 32-bit integer, drawn at random when none is given), then the lowest id. It is settled when the claiming
 * engine ends, and empty again when the next tick begins. NAME_INVALID, OPTION_UNKNOWN, POPULATION_UNKNOWN.
 */
export function defineClaim<By extends string, On extends string>(
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: the columns play no part in a claim, and their types are invariant
  o: { by: Population<By, any>; on: Population<On, any> },
): Claim<By, On> {
  checkName(name, 'A claim')
  checkKeys(o, ['by', 'on'], `defineClaim('${name}')`)
  const by = populationData(o.by as AnyPopulation, `The population by which '${name}' claims`).name
  const on = populationData(o.on as AnyPopulation, `The population on which '${name}' claims`).name
  const data: ClaimData = { kind: 'claim', name, by, on }
  const claim = { name, by, on }
  Object.defineProperty(claim, DATA, { value: Object.freeze(data) })
  return Object.freeze(claim) as unknown as Claim<By, On> // by and on are the names that the types say
}

/** The description behind a claim. CLAIM_INVALID for anything else. */
export function claimData(given: unknown, where: string): ClaimData {
  const data = (given as { [DATA]?: ClaimData } | null | undefined)?.[DATA]
  if (data !== undefined) return data
  throw new PopulaceError('CLAIM_INVALID', `${where} is not a claim`, 'Make it with defineClaim.')
}
