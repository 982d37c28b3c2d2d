// What a memory store holds: runs, and who writes them. Plain data in this process, shared by all handles of one name;
// it is gone with the process. MemoryStore reads it, MemoryWriter changes it, each call in one step of the event loop.
import type { CheckpointRecord, JournalRecord, RunRecord } from './store.js'

/** All that is stored of a run. */
export interface MemoryRun {
  readonly record: RunRecord
  readonly checkpoints: Map<number, { readonly record: CheckpointRecord; readonly bytes: Uint8Array }>
  readonly journal: JournalRecord[]
  readonly blobs: Map<string, Uint8Array>
}

/** Who holds a lease; compared by identity. */
export interface LeaseHolder {
  readonly token: number
}

/** The content of one memory store. */
export class MemoryRuns {
  readonly runs = new Map<string, MemoryRun>()
  readonly leases = new Map<string, LeaseHolder>()
  #tokens = 0

  /** Greater than every one before, of whatever run: so nothing need be kept of a run that is deleted. */
  nextToken(): number {
    return ++this.#tokens
  }
}

const named = new Map<string, MemoryRuns>()

/** The content under a name, which lasts as long as the process; under '' nobody else's. */
export function memoryRuns(name: string): MemoryRuns {
  if (name === '') return new MemoryRuns()
  const known = named.get(name) ?? new MemoryRuns()
  named.set(name, known)
  return known
}

/** A copy that shares nothing with `bytes`, whatever memory these lie in. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
