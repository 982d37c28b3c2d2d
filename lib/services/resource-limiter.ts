// Limits on what a process takes and on what comes to pass in a world.
//
// Memory and CPU are sampled: no result of a simulation may depend on them, they may only slow it down, pause it or end it. Agents
// and what is counted in a tick are exact: the same figures give the same verdicts, on any machine.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import { processSampler, SampledProcess, type Sampler } from './process-sample.js'
import {
  type LimitName,
  type LimitPolicy,
  type ResolvedLimiterOptions,
  type ResourceLimiterOptions,
  resolveLimiterOptions,
  TICK_KINDS,
  type TickKind,
} from './resource-options.js'

/** A limit and what goes beyond it, in the limit's own unit. */
export interface LimitReached {
  readonly limit: LimitName
  /** Of a quota. */
  readonly population?: string
  readonly used: number
  readonly most: number
  readonly policy: LimitPolicy
}

/** LIMIT_EXCEEDED, with the limit. */
export class LimitError extends PopulaceError {
  readonly reached: LimitReached

  /** @param memoryOption - what the limit on memory is called where it was given. */
  constructor(reached: LimitReached, memoryOption?: string) {
    super('LIMIT_EXCEEDED', shownLimit(reached, memoryOption), 'Raise the limit, do less, or choose another policy.')
    this.reached = reached
  }
}

/** What is to be done now. */
export interface LimitVerdict {
  /** The most severe of all limits that were reached; 'go': none was. */
  readonly action: 'go' | LimitPolicy
  readonly reached: readonly LimitReached[]
  /** By how much to slow down, at least 1: a tick that took t ms is followed by t * (slowdown - 1) ms of rest. */
  readonly slowdown: number
}

/** What came to pass of one kind. */
export interface TickCount {
  /** In this tick. */
  readonly used: number
  /** In this tick, beyond the limit, where the policy is 'throttle'. */
  readonly refused: number
  /** Since the beginning. */
  readonly totalUsed: number
  readonly totalRefused: number
}

/** What is used at this moment. */
export interface ResourceUsage {
  /** In units of 2^20 bytes; undefined before the first sample. */
  readonly memoryMb: number | undefined
  /** 100 is one core; undefined before the first sample. */
  readonly cpuPercent: number | undefined
  readonly tick: number
  readonly agents: number
  readonly agentsOf: Readonly<Record<string, number>>
  readonly perTick: Readonly<Record<TickKind, TickCount>>
}

/** Usage, limits as they were given, and the verdict. */
export interface ResourceLimiterStatus extends LimitVerdict {
  readonly usage: ResourceUsage
  readonly limits: ResolvedLimiterOptions
}

const SEVERITY: readonly LimitVerdict['action'][] = ['go', 'throttle', 'pause', 'throw']

export class ResourceLimiter {
  #options: ResolvedLimiterOptions
  readonly #process: SampledProcess
  readonly #counts = new Map<TickKind, { -readonly [Part in keyof TickCount]: TickCount[Part] }>(
    TICK_KINDS.map(kind => [kind, { used: 0, refused: 0, totalUsed: 0, totalRefused: 0 }]),
  )
  #tick = 0
  #agentsOf = new Map<string, number>()
  #agents = 0

  /** OPTION_UNKNOWN, OPTION_INVALID. @param sampler, clock - for tests. */
  constructor(options: ResourceLimiterOptions = {}, sampler: Sampler = processSampler(), clock: Clock = systemClock) {
    this.#options = resolveLimiterOptions(options)
    this.#process = new SampledProcess(sampler, clock)
  }

  /** Begins to count anew. LIMIT_NOTE_INVALID. */
  beginTick(tick: number): void {
    this.#tick = checkCount(tick, 'The tick')
    for (const count of this.#counts.values()) count.used = count.refused = 0
  }

  /** The agents that there are now, by population. LIMIT_NOTE_INVALID. */
  noteAgents(agentsOf: Readonly<Record<string, number>>): void {
    const entries = Object.entries(agentsOf ?? {})
    for (const [population, count] of entries) checkCount(count, `The number of agents of '${population}'`)
    this.#agentsOf = new Map(entries)
    this.#agents = entries.reduce((sum, [, count]) => sum + count, 0)
  }

  /**
   * Counts what comes to pass in this tick, and gives how much of it may: all, or where a policy is 'throttle' what the limits
   * leave. Births count as agents too, of their population where it is named.
   * LIMIT_EXCEEDED: the policy is 'throw'; nothing of it was counted. LIMIT_NOTE_INVALID.
   */
  note(kind: TickKind, n = 1, population?: string): number {
    const count = this.#counts.get(kind)
    if (count === undefined) {
      throw new PopulaceError('LIMIT_NOTE_INVALID', `Nothing is counted as '${kind}'`, suggestion(kind))
    }
    checkCount(n, `The number of ${kind}`)
    let granted = this.#granted({ limit: kind, used: count.used + n, most: this.#options.perTick[kind] }, n)
    if (kind === 'births') {
      granted = this.#granted({ limit: 'agents', used: this.#agents + granted, most: this.#options.maxAgents }, granted)
      if (population !== undefined) {
        const used = this.#agentsIn(population) + granted
        granted = this.#granted({ limit: 'agents', population, used, most: this.#options.quotas[population] }, granted)
        this.#agentsOf.set(population, this.#agentsIn(population) + granted)
      }
      this.#agents += granted
    }
    count.used += granted
    count.totalUsed += granted
    count.refused += n - granted
    count.totalRefused += n - granted
    return granted
  }

  /**
   * Takes in a whole tick that is over, in place of beginTick, noteAgents and note: all of it came to pass, and what is beyond
   * a limit is for judge to say. LIMIT_NOTE_INVALID.
   */
  noteTick(
    tick: number,
    used: { readonly [Kind in TickKind]?: number },
    agentsOf: Readonly<Record<string, number>>,
  ): void {
    for (const kind of TICK_KINDS) checkCount(used[kind] ?? 0, `The number of ${kind}`)
    this.noteAgents(agentsOf)
    this.beginTick(tick)
    for (const [kind, count] of this.#counts) {
      count.used = used[kind] ?? 0
      count.totalUsed += count.used
    }
  }

  /** Goes by other limits from now on; what was counted stays. OPTION_UNKNOWN, OPTION_INVALID. */
  setLimits(options: ResourceLimiterOptions): void {
    this.#options = resolveLimiterOptions(options)
  }

  /** What is to be done, of the figures as they are; nothing is measured. */
  judge(): LimitVerdict {
    const reached = [...this.#reached()]
    const severity = Math.max(0, ...reached.map(({ policy }) => SEVERITY.indexOf(policy)))
    const throttled = reached.filter(({ policy }) => policy === 'throttle')
    // A limit of 0 can be kept by standing still alone: twice as slow at each look is on the way to it.
    const slowdown = Math.max(1, ...throttled.map(({ used, most }) => (most > 0 ? used / most : 2)))
    return { action: SEVERITY[severity], reached, slowdown }
  }

  /** Measures, where the last sample is a second old, and judges. LIMIT_EXCEEDED, LIMIT_NOT_MEASURED. */
  async checkLimits(): Promise<LimitVerdict> {
    const { maxMemoryMb, maxCpuPercent } = this.#options
    if (maxMemoryMb !== undefined || maxCpuPercent !== undefined) await this.#process.fresh()
    const verdict = this.judge()
    const thrown = verdict.reached.find(({ policy }) => policy === 'throw')
    if (thrown !== undefined) throw new LimitError(thrown)
    return verdict
  }

  /** Measures, where the last sample is a second old. LIMIT_NOT_MEASURED. */
  async getUsage(): Promise<ResourceUsage> {
    await this.#process.fresh()
    return this.#usage()
  }

  /** Everything as it is known now; nothing is measured. */
  status(): ResourceLimiterStatus {
    return { ...this.judge(), usage: this.#usage(), limits: this.#options }
  }

  #usage(): ResourceUsage {
    const { last } = this.#process
    return {
      memoryMb: last && last.memoryBytes / 2 ** 20,
      cpuPercent: last?.cpuPercent,
      tick: this.#tick,
      agents: this.#agents,
      agentsOf: Object.fromEntries(this.#agentsOf),
      perTick: Object.fromEntries([...this.#counts].map(([kind, count]) => [kind, { ...count }])) as Record<
        TickKind,
        TickCount
      >,
    }
  }

  *#reached(): Generator<LimitReached> {
    const { maxMemoryMb, maxCpuPercent, maxAgents, quotas, perTick } = this.#options
    const { last } = this.#process
    const figures: Figure[] = [
      { limit: 'memory', used: (last?.memoryBytes ?? 0) / 2 ** 20, most: maxMemoryMb },
      { limit: 'cpu', used: last?.cpuPercent ?? 0, most: maxCpuPercent },
      { limit: 'agents', used: this.#agents, most: maxAgents },
      ...Object.entries(quotas).map(([population, most]): Figure => {
        return { limit: 'agents', population, used: this.#agentsIn(population), most }
      }),
      ...[...this.#counts].map(([kind, { used }]): Figure => ({ limit: kind, used, most: perTick[kind] })),
    ]
    for (const figure of figures) if (isBeyond(figure)) yield { ...figure, policy: this.#policyOf(figure.limit) }
  }

  /** How many of n may be, where `used` is the figure with all of them. LIMIT_EXCEEDED. */
  #granted(figure: Figure, n: number): number {
    if (!isBeyond(figure)) return n
    const policy = this.#policyOf(figure.limit)
    if (policy === 'throw') throw new LimitError({ ...figure, policy })
    return policy === 'pause' ? n : Math.max(0, n - (figure.used - figure.most))
  }

  #agentsIn(population: string): number {
    return this.#agentsOf.get(population) ?? 0
  }

  #policyOf(limit: LimitName): LimitPolicy {
    return this.#options.policies[limit] ?? this.#options.policy
  }
}

interface Figure {
  readonly limit: LimitName
  readonly population?: string
  readonly used: number
  readonly most: number | undefined
}

function isBeyond(figure: Figure): figure is Figure & { readonly most: number } {
  return figure.most !== undefined && figure.used > figure.most
}

function suggestion(kind: unknown): string {
  const text = hint(String(kind), TICK_KINDS)
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

function checkCount(n: number, what: string): number {
  if (Number.isSafeInteger(n) && n >= 0) return n
  throw new PopulaceError('LIMIT_NOTE_INVALID', `${what} is ${String(n)}`, 'Give an integer of at least 0.')
}

/** What is beyond which limit, as a sentence without its end. */
export function shownLimit({ limit, population, used, most }: LimitReached, memoryOption = 'maxMemoryMb'): string {
  const shown = (n: number) => (Number.isInteger(n) ? String(n) : n.toFixed(1))
  if (limit === 'memory')
    return `The process takes ${shown(used)} MB of memory, more than ${memoryOption} of ${shown(most)}`
  if (limit === 'cpu') return `The process takes ${shown(used)}% of CPU, more than maxCpuPercent of ${shown(most)}`
  if (population !== undefined) return `${used} agents of '${population}' are more than their quota of ${most}`
  if (limit === 'agents') return `${used} agents are more than maxAgents of ${most}`
  return `${used} ${limit} in one tick are more than perTick.${limit} of ${most}`
}
