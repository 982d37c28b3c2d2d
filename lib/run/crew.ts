// A crew: the threads that step one simulation, or the main thread alone (the inline crew, the reference for the others).

import type { CapturePlan } from '../state/capture.js'
import type { HashPart, HashSums } from '../state/content-hash.js'
import type { StateImage } from '../state/image.js'
import type { RecordEntry } from '../state/journal.js'
import type { Batch, BatchEnd, Control } from './control.js'
import type { SetupResult } from './setup.js'

/** What a simulation asks of its crew. Each rejects with a PopulaceError; after a failed step a crew only closes. */
export interface Crew {
  readonly control: Control
  /** Fills the world. SETUP_FAILED. */
  setup(known: readonly RecordEntry[]): Promise<SetupResult>
  /** Fills the world from an image instead. SNAPSHOT_SCHEMA. */
  restore(image: StateImage): Promise<void>
  /** Calls the loader of a partition, between batches. LOADER_FAILED, LOADER_INVALID. */
  loadPartition(partition: number, tick: number): Promise<void>
  /** Binds the kernels. ENGINE_FAILED. */
  bind(): Promise<void>
  /** Steps until the batch ends. ENGINE_FAILED, WORKER_DIED, TICK_TIMEOUT and what kernels throw. */
  step(batch: Batch): Promise<BatchEnd>
  /** Block sums of the content hash, one share a thread. */
  hash(part: HashPart): Promise<HashSums[]>
  /** Copies the world into an image's memory, between batches; as many shares as the crew has threads. */
  capture(plan: CapturePlan, buffer: SharedArrayBuffer): Promise<void>
  /** Ends all threads; leaves no handle behind. */
  close(): Promise<void>
}
