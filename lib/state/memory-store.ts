// A state store in the memory of this process: for tests, and for hosts that only want to travel in time. Nothing of it
// survives the process. Handles of one name share what is in it; one without a name is alone.
import { JOURNAL_PORTION_BYTES, JOURNAL_PORTION_ENTRIES } from '../core/limits.js'
import { type MemoryRun, type MemoryRuns, memoryRuns, ownBytes } from './memory-runs.js'
import { MemoryWriter } from './memory-writer.js'
import type { CheckpointRecord, JournalRecord, RunRecord, RunWriter, StateStore } from './store.js'
import { checkBlobKey, checkpointUnknown, checkRunName, runBusy, storeClosed } from './store-rules.js'

const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

export class MemoryStore implements StateStore {
  readonly url: string
  readonly #content: MemoryRuns
  readonly #writers = new Set<MemoryWriter>()
  #closed = false

  /** @param name - handles of one name share their content; '': nobody shares it. */
  constructor(name = '') {
    this.url = `memory:${name}`
    this.#content = memoryRuns(name)
  }

  #find(run: string): MemoryRun | undefined {
    if (this.#closed) throw storeClosed(this.url)
    checkRunName(run)
    return this.#content.runs.get(run)
  }

  async runs(): Promise<RunRecord[]> {
    if (this.#closed) throw storeClosed(this.url)
    const records = [...this.#content.runs.values()].map(run => structuredClone(run.record))
    return records.sort((a, b) => byCodeUnits(a.run, b.run))
  }

  async run(name: string): Promise<RunRecord | undefined> {
    return structuredClone(this.#find(name)?.record)
  }

  async checkpoints(run: string): Promise<CheckpointRecord[]> {
    const records = [...(this.#find(run)?.checkpoints.values() ?? [])].map(each => ({ ...each.record }))
    return records.sort((a, b) => a.tick - b.tick)
  }

  async readCheckpoint(run: string, tick: number): Promise<Uint8Array> {
    const checkpoints = this.#find(run)?.checkpoints
    const found = checkpoints?.get(tick)
    if (found === undefined) throw checkpointUnknown(run, tick, checkpoints?.keys() ?? [])
    return ownBytes(found.bytes)
  }

  async *journal(run: string, number = 0): AsyncGenerator<readonly JournalRecord[]> {
    for (let next = number; ; ) {
      const entries = this.#find(run)?.journal ?? []
      const portion: JournalRecord[] = []
      let bytes = 0
      while (next < entries.length && portion.length < JOURNAL_PORTION_ENTRIES) {
        const entry = entries[next]
        bytes += entry.bytes.length
        if (portion.length > 0 && bytes > JOURNAL_PORTION_BYTES) break
        portion.push({ ...entry, bytes: ownBytes(entry.bytes) })
        next++
      }
      if (portion.length === 0) return
      yield portion
    }
  }

  async blobs(run: string): Promise<{ key: string; bytes: number }[]> {
    const blobs = [...(this.#find(run)?.blobs ?? [])].map(([key, bytes]) => ({ key, bytes: bytes.length }))
    return blobs.sort((a, b) => byCodeUnits(a.key, b.key))
  }

  async readBlob(run: string, key: string): Promise<Uint8Array | undefined> {
    const blobs = this.#find(run)?.blobs
    checkBlobKey(key)
    const found = blobs?.get(key)
    return found && ownBytes(found)
  }

  async write(run: string): Promise<RunWriter> {
    this.#find(run)
    if (this.#content.leases.has(run)) throw runBusy(run, 'another writer in this process')
    const writer = new MemoryWriter(this.#content, run, () => this.#writers.delete(writer))
    this.#writers.add(writer)
    return writer
  }

  /** Leaves the lease of a run as a process does that dies: its writer does not learn of it, the next one takes over. */
  abandon(run: string): void {
    this.#content.leases.delete(run)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#writers].map(writer => writer.close()))
  }
}
