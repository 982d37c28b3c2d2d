// Options and saved state of a budget, checked once at the edge.
import { PopulaceError } from '../core/errors.js'
import { integer, lazily } from '../core/lazy-zod.js'
import { MAX_BUCKETS, MAX_NAME_LENGTH } from '../core/limits.js'
import { check } from '../core/option-check.js'
import { checkSavedNames } from './cost.js'

/** How much may be spent of something. */
export interface BudgetAmount {
  /** In whatever unit costs are given. Sums are exact where all are integers, so give money in its smallest unit. */
  readonly limit: number
  /** Milliseconds of a period, the first of which begins when the budget is made: in all, without periods, by default. */
  readonly perMs?: number
}

/** Amounts by name, such as { requests: { limit: 10_000 }, tokens: { limit: 2_000_000, perMs: 86_400_000 } }. */
export type BudgetOptions = Readonly<Record<string, BudgetAmount>>

/** A budget as plain data: what was spent of each amount, calls under way included, and how old its period is. */
export type BudgetState = Readonly<Record<string, { readonly spent: number; readonly periodAgeMs: number }>>

const schemas = lazily(z => {
  const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
  const name = z.string().min(1).max(MAX_NAME_LENGTH)
  return {
    budget: z.record(name, z.strictObject({ limit: amount, perMs: integer(z, 1, Number.MAX_SAFE_INTEGER).optional() })),
    state: z.record(name, z.strictObject({ spent: amount, periodAgeMs: amount })),
  }
})

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveBudgetOptions(
  given: unknown,
): Map<string, { readonly limit: number; readonly perMs?: number | undefined }> {
  const amounts = new Map(Object.entries(check(schemas().budget, given, 'Budget')))
  if (amounts.size > 0 && amounts.size <= MAX_BUCKETS) return amounts
  throw new PopulaceError('OPTION_INVALID', `Budget has ${amounts.size} amounts`, `Give 1 to ${MAX_BUCKETS} by name.`)
}

/** OPTION_UNKNOWN, OPTION_INVALID. @param names - of the amounts that there are. */
export function resolveBudgetState(given: unknown, names: readonly string[]): BudgetState {
  const state = check(schemas().state, given, 'a saved Budget')
  checkSavedNames(state, names, 'A saved Budget')
  return state
}
