// What a simulation says of itself when it is asked, as plain data. lib/run fills it; simulation-metrics.ts makes metrics
// of it. Counts are those since the crew was made: after a recovery they begin anew, which Prometheus knows from restarts.
import type { HistogramFigures } from './histogram-counts.js'

export type SimulationState = 'idle' | 'running' | 'failed'

/** An engine. Durations are those of the thread that took longest; of a main engine, until its promise resolved. */
export interface EngineFigures {
  readonly name: string
  readonly durations: HistogramFigures
  readonly shedLevel: number
}

/** Seconds that a thread of the crew spent. */
export interface ThreadFigures {
  /** In kernels. */
  readonly kernels: number
  /** In all else of a tick: sorting, copying, merging, births and deaths, measures. */
  readonly exchange: number
  /** At barriers, until the others had come. */
  readonly waiting: number
}

export interface PopulationFigures {
  readonly name: string
  /** undefined: a permanent one, which is as large as it ever is. */
  readonly capacity: number | undefined
  readonly active: number
  /** In frozen partitions. */
  readonly frozen: number
  readonly born: number
  readonly died: number
  readonly moved: number
  readonly refusedBirths: number
  readonly refusedMoves: number
}

export interface MessageFigures {
  readonly name: string
  readonly sent: number
  readonly delivered: number
  readonly dropped: number
  readonly refused: number
  readonly waiting: number
}

/** Asks of one kind. */
export interface AskFigures {
  readonly name: string
  readonly asked: number
  readonly ok: number
  readonly late: number
  readonly failed: number
  readonly refused: number
  /** Answers to the dead. */
  readonly dropped: number
  /** Unanswered. */
  readonly open: number
  /** Answered and not heard yet. */
  readonly waiting: number
}

/** Checkpoints since the simulation was made. */
export interface CheckpointFigures {
  /** Ticks done of the state in the newest one. */
  readonly tick: number
  readonly taken: number
  /** Seconds that the run was held up for. */
  readonly held: number
  /** Seconds of coding and writing, beside the ticks. */
  readonly written: number
  /** As they are stored. */
  readonly bytes: number
  /** Times that the world was put back to one. */
  readonly recoveries: number
}

/** Deltas since the simulation was made. */
export interface DeltaFigures {
  readonly deltas: number
  readonly keyframes: number
  readonly bytes: number
  /** Seconds from the copy to the message. */
  readonly encoding: number
  readonly subscribers: number
  /** Deltas that wait for subscribers. */
  readonly waiting: number
}

/** Where the partitions are. */
export interface PartitionFigures {
  readonly active: number
  /** Frozen, in memory. */
  readonly frozen: number
  /** Frozen, out of memory. */
  readonly stored: number
  /** Never asked for: their loader has not made them. */
  readonly unloaded: number
}

/** All of it. */
export interface SimulationFigures {
  readonly state: SimulationState
  /** Ticks done since the world began. */
  readonly tick: number
  /** Ticks stepped by this crew. */
  readonly steppedTicks: number
  readonly tickDurations: HistogramFigures
  /** By tick, what the thread that worked longest worked longer than the one that worked shortest. */
  readonly skews: HistogramFigures
  readonly threads: readonly ThreadFigures[]
  readonly engines: readonly EngineFigures[]
  readonly populations: readonly PopulationFigures[]
  readonly messages: readonly MessageFigures[]
  readonly asks: readonly AskFigures[]
  /** Events emitted by kind. */
  readonly events: Readonly<Record<string, number>>
  readonly refusedEvents: number
  readonly partitions: PartitionFigures
  readonly commandsWaiting: number
  /** undefined: there are none. */
  readonly checkpoints: CheckpointFigures | undefined
  readonly deltas: DeltaFigures
  readonly measures: Readonly<Record<string, number | readonly number[]>>
}
