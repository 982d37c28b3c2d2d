// What a host may limit of a simulation. Checked in core/options.ts; none of them changes a result.

/** Options limits of Simulation.create; all may be left out. */
export interface SimulationLimits {
  /** Milliseconds that a tick may last before its crew is ended: needs workers of at least 1. Default: any. */
  tickTimeoutMs?: number
  /** Frames, which are blocks of rows, of active partitions and of frozen ones in memory together. Default: any. */
  residentFrames?: number
  /** MiB that the same may take. Default: any. */
  maxMemoryMb?: number
}
