// What hosts give Simulation: types alone. core/options.ts checks them, and says what is the default.
import type { Logger, Progress } from '../core/options.js'
import type { Params, ParamValues } from '../memory/params.js'
import type { MetricsCollector } from '../observe/metrics-collector.js'
import type { DatabasePool } from '../services/database-pool.js'
import type { EventBus } from '../services/event-bus.js'
import type { RedisCache } from '../services/redis-cache.js'
import type { TaskQueue } from '../services/task-queue.js'
import type { StateImage } from '../state/image.js'
import type { AnswerEntry, Journal, ShedEntry } from '../state/journal.js'
import type { PartitionStore } from '../state/partition-store.js'
import type { Service } from './service.js'
import type { SimulationLimits } from './simulation-limits.js'

/** Options that a new simulation and one that goes on have in common; all may be left out. */
export interface CrewOptions {
  /** Threads that step the world: 'auto' (default) is one less than the cores, at least 1; 0 steps on the main thread. */
  workers?: number | 'auto'
  /** Runs each block twice and refuses what would make results differ. Slow; default false. */
  checks?: boolean
  limits?: SimulationLimits
  /** Name of the run in the store; the scenario's by default. */
  run?: string
  /**
   * everyTicks: ticks from checkpoint to checkpoint, 1,000 by default where there is a store. inMemory: the newest is
   * kept in memory where there is none, so that a tick that fails or a worker that dies does not end the simulation.
   * Of those in a store the newest keepLast (128) stay, and of the older ones one each keepEveryTicks (none).
   */
  checkpoint?: { everyTicks?: number; inMemory?: boolean; keepLast?: number; keepEveryTicks?: number }
  /** Who collects metrics of it: the collector of the process (true), one of your own, or nobody (default). */
  metrics?: boolean | MetricsCollector
  /** Who answers what agents ask, by name; where none is given the scenario's stand-in does. See docs/services.md. */
  services?: Readonly<Record<string, Service>>
  /** Is told its events, ticks, refusals, failures and checkpoints, as NAME.event.KIND and so on; is its owner's to stop. */
  eventBus?: EventBus
  /** The pool that the store 'postgres:' is in; observed by `metrics`. It is its owner's to close. */
  database?: DatabasePool
  /** A cache that is observed by `metrics`. It is its owner's to close. */
  cache?: RedisCache
  /** Its threads code checkpoints, instead of threads of the simulation's own; observed by `metrics`. Is its owner's to start and stop. */
  tasks?: TaskQueue
  /** Is told of what should be known and need not be acted on; warnings of the process by default. */
  logger?: Logger
}

/** Options of Simulation.create; all may be left out. */
export interface SimulationOptions<P extends Params = Params> extends CrewOptions {
  /** An integer from 0 (default) to 2^53 - 1. */
  seed?: number
  /** Parameters that differ from their defaults. */
  params?: Partial<ParamValues<P>>
  /** Where the run lasts: 'file:folder', 'postgres://…', 'postgres:' (in `database`) or 'memory:name'; nowhere by default. */
  store?: string
}

/** Options of Simulation.resume. */
export interface ResumeOptions extends CrewOptions {
  store: string
  /** The tick to go on from; that of the newest checkpoint by default. */
  tick?: number
  /** Refuses to go on with code other than that which made the run; false (default): warns. */
  strict?: boolean
}

/** Options of Simulation.fork. */
export interface ForkOptions extends ResumeOptions {
  /** Name of the new run. */
  as: string
}

/** Options of run: ticks to do; a signal that ends it at the next boundary; a report about 20 times a second. */
export interface RunOptions {
  ticks: number
  signal?: AbortSignal
  onProgress?(p: Progress): void
}

/** @internal What tests and the sanitizer add to the options. */
export interface Internals {
  /** The state to begin with, in place of setup. */
  readonly image?: StateImage
  readonly journal?: Journal
  /** Sheddings of another run, made again at the same ticks. */
  readonly sheddings?: readonly ShedEntry[]
  /** What became of asks in another run, again in the same ticks; no service is asked then. */
  readonly answers?: readonly AnswerEntry[]
  /** Where frozen partitions go that leave memory, where there is no store. */
  readonly partitionStore?: PartitionStore
  /** false: each engine is a stage of its own. */
  readonly fuse?: boolean
}
