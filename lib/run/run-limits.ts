// The limits of a simulation at work. Agents and what comes to pass in a tick are counted where a tick has ended, exactly, so
// the same tick reaches them on any number of workers; the memory and CPU of the process are sampled beside the ticks. A limit
// that is reached ends the run, holds it or slows it down between two ticks: no result depends on any.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { MAX_SLOWDOWN_REST_MS, RESOURCE_SAMPLE_MS } from '../core/limits.js'
import { hint } from '../core/suggest.js'
import { processSampler, type Sampler } from '../services/process-sample.js'
import {
  LimitError,
  type LimitVerdict,
  ResourceLimiter,
  type ResourceLimiterStatus,
  shownLimit,
} from '../services/resource-limiter.js'
import { type ResourceLimiterOptions, TICK_KINDS, type TickKind } from '../services/resource-options.js'
import type { Counters } from './counters.js'
import { Gate } from './gate.js'
import type { AdjustableLimits } from './simulation-limits.js'

/** What the limits of a simulation are of, and what they may do to it. */
export interface Limited {
  readonly populations: readonly string[]
  counters(): Counters
  /** Asks for the next boundary. */
  interrupt(): void
  /** Keeps the state before a run is ended. */
  save(): Promise<void>
  /** Says that a run waits, and why. */
  warn(message: string): void
  /** Checks what a host gives. OPTION_UNKNOWN, OPTION_INVALID. */
  check(limits: AdjustableLimits): AdjustableLimits
}

const MEMORY_OPTION = 'maxProcessMemoryMb'

/** What has come to pass since the world began. */
interface Totals extends Readonly<Record<TickKind, number>> {
  readonly agentsOf: Readonly<Record<string, number>>
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0)

function totalsOf({ populations, messages, events, asks }: Counters): Totals {
  return {
    births: sum(Object.values(populations).map(({ born }) => born)),
    messages: sum(Object.values(messages).map(({ sent }) => sent)),
    events: sum(Object.values(events.emitted)),
    asks: sum(Object.values(asks).map(({ asked }) => asked)),
    agentsOf: Object.fromEntries(Object.entries(populations).map(([name, { born, died }]) => [name, born - died])),
  }
}

function limiterOptions({ maxAgents, maxProcessMemoryMb, ...rest }: AdjustableLimits): ResourceLimiterOptions {
  return {
    ...rest,
    ...(maxProcessMemoryMb === undefined ? {} : { maxMemoryMb: maxProcessMemoryMb }),
    ...(typeof maxAgents === 'number' ? { maxAgents } : maxAgents === undefined ? {} : { quotas: maxAgents }),
  }
}

export class RunLimits {
  readonly #limited: Limited
  readonly #clock: Clock
  readonly #limiter: ResourceLimiter
  readonly #gate: Gate
  #given: AdjustableLimits
  #tick = -1
  #totals: Totals | undefined
  #sampledAt = Number.NEGATIVE_INFINITY
  #notMeasured: unknown
  #workingSince: number
  #restUntil: number | undefined
  #isPaused = false

  /** POPULATION_UNKNOWN. @param sampler, clock - for tests. */
  constructor(
    given: AdjustableLimits,
    limited: Limited,
    sampler: Sampler = processSampler(),
    clock: Clock = systemClock,
  ) {
    this.#given = given
    this.#limited = limited
    this.#checkQuotas(given)
    this.#clock = clock
    this.#gate = new Gate(clock)
    this.#limiter = new ResourceLimiter(limiterOptions(given), sampler, clock)
    this.#workingSince = clock.now()
  }

  /**
   * Usage, limits and verdict as they are known now; nothing is measured. `limits.maxMemoryMb` is maxProcessMemoryMb here, and
   * totals are those since the world began: they are part of its state.
   */
  status(): ResourceLimiterStatus {
    const { usage, ...rest } = this.#limiter.status()
    const totals = this.#totals
    if (!totals) return { usage, ...rest }
    const counts = TICK_KINDS.map(kind => [kind, { ...usage.perTick[kind], totalUsed: totals[kind] }] as const)
    return { usage: { ...usage, perTick: Object.fromEntries(counts) as typeof usage.perTick }, ...rest } // of all kinds
  }

  /** Changes the limits that are given, and none of the others; a run that waits looks again. OPTION_*, POPULATION_UNKNOWN. */
  set(limits: AdjustableLimits): void {
    const all = this.#limited.check({ ...this.#given, ...this.#limited.check(limits) })
    this.#checkQuotas(all)
    this.#limiter.setLimits(limiterOptions(all))
    this.#given = all
    this.#limited.interrupt()
  }

  /** @internal Counts from here on. */
  begin(tick: number): void {
    this.#count(tick)
  }

  /** @internal The next tick that has to be looked at. */
  nextTick(tick: number): number {
    return this.#isExact ? tick + 1 : Number.POSITIVE_INFINITY
  }

  /** @internal To be called between two ticks. LIMIT_EXCEEDED, with the state kept. LIMIT_NOT_MEASURED. */
  async boundary(tick: number): Promise<void> {
    this.#count(tick)
    if (!this.#isExact && !this.#isSampled) return
    this.watch()
    const thrown = this.#limiter.judge().reached.find(({ policy }) => policy === 'throw')
    if (!thrown && !this.#notMeasured) return
    await this.#limited.save()
    const notMeasured = this.#notMeasured
    this.#notMeasured = undefined
    throw thrown ? new LimitError(thrown, MEMORY_OPTION) : notMeasured
  }

  /** @internal Waits where a policy says so, until somebody asks for the boundary, or time is over. Whether it waited. */
  async held(): Promise<boolean> {
    if (!this.#isExact && !this.#isSampled) return false
    const { action, reached, slowdown } = this.#limiter.judge()
    if (action === 'pause') {
      if (!this.#isPaused) this.#warn(reached)
      this.#isPaused = true
      await this.#gate.wait()
      return true
    }
    this.#isPaused = false
    return this.#rest(slowdown)
  }

  /** @internal Ends a wait. */
  wake(): void {
    this.#gate.open()
  }

  /** @internal Samples beside the ticks, where the last sample is a second old, and asks for the boundary where it matters. */
  watch(): void {
    if (!this.#isSampled) return
    if (this.#limiter.judge().action === 'throttle') this.#limited.interrupt() // so that rests are short and many
    const now = this.#clock.now()
    if (now - this.#sampledAt < RESOURCE_SAMPLE_MS) return
    this.#sampledAt = now
    this.#limiter
      .getUsage()
      .catch(error => (this.#notMeasured = error))
      .finally(
        () =>
          (this.#isPaused || this.#limiter.judge().action !== 'go' || this.#notMeasured) && this.#limited.interrupt(),
      )
  }

  /** Rests for as long as the work since the last rest asks for; then lets it go on. Whether it rested. */
  async #rest(slowdown: number): Promise<boolean> {
    const now = this.#clock.now()
    this.#restUntil ??= now + Math.min(MAX_SLOWDOWN_REST_MS, (now - this.#workingSince) * (slowdown - 1))
    if (now < this.#restUntil) {
      await this.#gate.wait(this.#restUntil - now)
      return true
    }
    this.#restUntil = undefined
    this.#workingSince = now
    return false
  }

  /** Takes in the tick that has ended; after a step back, or where nothing was counted, there is none. */
  #count(tick: number): void {
    const before = this.#totals
    const now = totalsOf(this.#limited.counters())
    this.#totals = now
    if (tick === this.#tick && before) return // what a host or a visitor did belongs to no tick
    const used =
      before && tick === this.#tick + 1
        ? Object.fromEntries(TICK_KINDS.map(kind => [kind, now[kind] - before[kind]]))
        : {}
    this.#tick = tick
    this.#limiter.noteTick(tick, used, now.agentsOf)
  }

  get #isExact(): boolean {
    return this.#given.maxAgents !== undefined || Object.keys(this.#given.perTick ?? {}).length > 0
  }

  get #isSampled(): boolean {
    return this.#given.maxProcessMemoryMb !== undefined || this.#given.maxCpuPercent !== undefined
  }

  #warn(reached: LimitVerdict['reached']): void {
    const why = reached.filter(({ policy }) => policy === 'pause').map(each => shownLimit(each, MEMORY_OPTION))
    this.#limited.warn(
      `The run waits at tick ${this.#tick}: ${why.join('; ')}. It goes on below that, or when limits are raised.`,
    )
  }

  #checkQuotas({ maxAgents }: AdjustableLimits): void {
    if (typeof maxAgents !== 'object') return
    const { populations } = this.#limited
    const unknown = Object.keys(maxAgents).find(name => !populations.includes(name))
    if (unknown !== undefined)
      throw new PopulaceError(
        'POPULATION_UNKNOWN',
        `limits.maxAgents names a population '${unknown}' that there is not`,
        hint(unknown, populations),
      )
  }
}
