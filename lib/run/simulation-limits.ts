// What a host may limit of a simulation. Checked in core/options.ts; none of them changes a result.
import type { LimitPolicy, TickKind } from '../services/resource-options.js'

/** Policies of what is counted exactly: slowing down would not make it less. */
export type ExactPolicy = Exclude<LimitPolicy, 'throttle'>

/** Limits that sim.limits.set changes, too. Reaching one ends, holds or slows down the run, between two ticks. */
export interface AdjustableLimits {
  /** Agents of all populations together, or of some by name, asleep or not, after each tick. Default: any. */
  maxAgents?: number | Readonly<Record<string, number>>
  /** Births, messages that were sent, events that were emitted and asks in one tick, refused asks too. Default: any. */
  perTick?: { readonly [Kind in TickKind]?: number }
  /** Resident memory of the whole process in MiB, sampled once a second. Default: any. */
  maxProcessMemoryMb?: number
  /** CPU of the whole process, sampled once a second; 100 is one core. Default: any. */
  maxCpuPercent?: number
  /** What becomes of a run that reaches one: it ends with LIMIT_EXCEEDED ('throw', the default), or waits ('pause'). */
  policy?: ExactPolicy
  /** The same by limit; 'throttle', of memory and cpu alone, has it rest between ticks. */
  policies?: {
    readonly memory?: LimitPolicy
    readonly cpu?: LimitPolicy
    readonly agents?: ExactPolicy
    readonly births?: ExactPolicy
    readonly messages?: ExactPolicy
    readonly events?: ExactPolicy
    readonly asks?: ExactPolicy
  }
}

/** Options limits of Simulation.create; all may be left out. */
export interface SimulationLimits extends AdjustableLimits {
  /** Milliseconds that a tick may last before its crew is ended: needs workers of at least 1. Default: any. */
  tickTimeoutMs?: number
  /** Frames, which are blocks of rows, of active partitions and of frozen ones in memory together. Default: any. */
  residentFrames?: number
  /** MiB that the same may take; of the whole process: maxProcessMemoryMb. Default: any. */
  maxMemoryMb?: number
}
