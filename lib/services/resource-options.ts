// Options of the resource limiter, checked once at the edge.
import type { z as Zod } from 'zod'
import { lazily } from '../core/lazy-zod.js'
import { check } from '../core/option-check.js'

/** What is counted in each tick. */
export const TICK_KINDS = ['births', 'messages', 'events', 'asks'] as const
export type TickKind = (typeof TICK_KINDS)[number]

/** What a limit can be of. */
export const LIMIT_NAMES = ['memory', 'cpu', 'agents', ...TICK_KINDS] as const
export type LimitName = (typeof LIMIT_NAMES)[number]

/** What becomes of whoever goes beyond a limit. */
export type LimitPolicy = 'throw' | 'throttle' | 'pause'

const schemas = lazily(z => {
  const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
  const policy = z.enum(['throw', 'throttle', 'pause'])
  const eachOf = <Name extends string, T extends Zod.ZodType>(names: readonly Name[], type: T) =>
    z.strictObject(Object.fromEntries(names.map(name => [name, type.optional()])) as Record<Name, Zod.ZodOptional<T>>)

  const limiter = z.strictObject({
    maxMemoryMb: z.number().positive().optional(),
    maxCpuPercent: z.number().positive().optional(),
    maxAgents: count.optional(),
    quotas: z.record(z.string(), count).default({}),
    perTick: eachOf(TICK_KINDS, count).default({}),
    policy: policy.default('throw'),
    policies: eachOf(LIMIT_NAMES, policy).default({}),
  })
  return { limiter }
})

/** Options of ResourceLimiter. What is left out has no limit. */
export interface ResourceLimiterOptions {
  /** Resident memory of the process, in units of 2^20 bytes. */
  readonly maxMemoryMb?: number
  /** CPU of the process, over about a second; 100 is one core. */
  readonly maxCpuPercent?: number
  /** Agents of all populations together. */
  readonly maxAgents?: number
  /** Agents of each population, by its name. */
  readonly quotas?: Readonly<Record<string, number>>
  /** What may come to pass in one tick. */
  readonly perTick?: { readonly [Kind in TickKind]?: number }
  /** What becomes of what goes beyond: 'throw' by default. */
  readonly policy?: LimitPolicy
  /** The same for single limits; those of quotas are of 'agents'. */
  readonly policies?: { readonly [Name in LimitName]?: LimitPolicy }
}

export type ResolvedLimiterOptions = Zod.infer<ReturnType<typeof schemas>['limiter']>

/** The options of a limiter as a part of a larger schema. */
export const limiterSchema = () => schemas().limiter

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveLimiterOptions(given: unknown): ResolvedLimiterOptions {
  return check(schemas().limiter, given ?? {}, 'ResourceLimiter')
}
