// What a call costs, by name: tokens of a limiter's buckets, amounts of a budget.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'

/**
 * Amounts by name. What is not named costs nothing, but for 'requests', which costs 1 where there is one. A number is the
 * cost where there is only one name.
 */
export type Cost = number | Readonly<Record<string, number>>

/** A cost by name; one of nothing is refused. `named`: those that there are. OPTION_INVALID, OPTION_UNKNOWN. */
export function resolveCost(given: unknown, named: readonly string[], what: string): ReadonlyMap<string, number> {
  const cost = resolveAmounts(given, named, what)
  if ([...cost.values()].some(amount => amount > 0)) return cost
  throw wrongCost(what, 'is nothing', named)
}

/** The same, where nothing will do. OPTION_INVALID, OPTION_UNKNOWN. */
export function resolveAmounts(given: unknown, named: readonly string[], what: string): ReadonlyMap<string, number> {
  const cost = new Map<string, number>(named.includes('requests') ? [['requests', 1]] : [])
  if (typeof given === 'number' && named.length === 1) cost.set(named[0], given)
  else if (typeof given === 'object' && given !== null) for (const entry of Object.entries(given)) cost.set(...entry)
  else if (given !== undefined) throw wrongCost(what, `is ${String(given)}`, named)
  for (const [name, amount] of cost) {
    if (!named.includes(name)) {
      throw new PopulaceError('OPTION_UNKNOWN', `The cost of ${what} names '${name}'`, hint(name, named))
    }
    if (!(amount >= 0 && amount <= Number.MAX_SAFE_INTEGER)) throw wrongCost(what, `has ${amount} of '${name}'`, named)
  }
  return cost
}

function wrongCost(what: string, why: string, named: readonly string[]): PopulaceError {
  return new PopulaceError(
    'OPTION_INVALID',
    `The cost of ${what} ${why}`,
    `Give numbers of at least 0, not all 0, by name: ${named.join(', ')}.`,
  )
}

/** What was saved names only what there is. OPTION_UNKNOWN. */
export function checkSavedNames(saved: object, named: readonly string[], what: string): void {
  for (const name of Object.keys(saved)) {
    if (!named.includes(name)) throw new PopulaceError('OPTION_UNKNOWN', `${what} has a '${name}'`, hint(name, named))
  }
}
