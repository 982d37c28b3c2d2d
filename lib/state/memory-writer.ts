// Writes one run of a memory store. Each call does its work before it returns, so calls are done in their order and are
// seen whole or not at all; whatever can be refused is checked before anything is changed.
import { invariant } from '../core/invariant.js'
import { type LeaseHolder, type MemoryRun, type MemoryRuns, ownBytes } from './memory-runs.js'
import type { CheckpointRecord, JournalRecord, RunRecord, RunWriter } from './store.js'
import {
  checkBlobKey,
  checkEntries,
  checkParts,
  checkSomeKept,
  leaseLost,
  runExists,
  runUnknown,
  writerClosed,
} from './store-rules.js'

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let end = 0
  for (const part of parts) {
    bytes.set(part, end)
    end += part.length
  }
  return bytes
}

export class MemoryWriter implements RunWriter, LeaseHolder {
  readonly run: string
  readonly token: number
  readonly lost: AbortSignal
  readonly #lose = new AbortController()
  readonly #content: MemoryRuns
  readonly #ended: () => void
  #closed = false

  /** Takes the lease, which must be free. @param ended - called when it was closed. */
  constructor(content: MemoryRuns, run: string, ended: () => void) {
    this.run = run
    this.token = content.nextToken()
    this.lost = this.#lose.signal
    this.#content = content
    this.#ended = ended
    content.leases.set(run, this)
  }

  /** The run, if it is created; STORE_CLOSED, STORE_LEASE_LOST. */
  #held(): MemoryRun | undefined {
    if (this.#closed) throw writerClosed(this.run)
    if (this.#content.leases.get(this.run) !== this) {
      if (!this.lost.aborted) this.#lose.abort(leaseLost(this.run))
      throw this.lost.reason
    }
    return this.#content.runs.get(this.run)
  }

  #known(): MemoryRun {
    const run = this.#held()
    if (run === undefined) throw runUnknown(this.run)
    return run
  }

  async create(
    record: RunRecord,
    checkpoint: CheckpointRecord,
    parts: readonly Uint8Array[],
    journal: readonly JournalRecord[],
  ): Promise<void> {
    if (this.#held() !== undefined) throw runExists(this.run)
    invariant(record.run === this.run, `the writer of '${this.run}' was told to create '${record.run}'`)
    checkParts(checkpoint, parts)
    checkEntries(this.run, journal, 0, 0)
    this.#content.runs.set(this.run, {
      record: structuredClone(record),
      checkpoints: new Map([[checkpoint.tick, { record: { ...checkpoint }, bytes: joined(parts) }]]),
      journal: journal.map(entry => ({ ...entry, bytes: ownBytes(entry.bytes) })),
      blobs: new Map(),
    })
  }

  async putCheckpoint(checkpoint: CheckpointRecord, parts: readonly Uint8Array[]): Promise<void> {
    const run = this.#known()
    checkParts(checkpoint, parts)
    run.checkpoints.set(checkpoint.tick, { record: { ...checkpoint }, bytes: joined(parts) })
  }

  async deleteCheckpoints(ticks: readonly number[]): Promise<void> {
    const run = this.#held()
    if (run === undefined) return
    checkSomeKept(this.run, run.checkpoints.keys(), ticks)
    for (const tick of ticks) run.checkpoints.delete(tick)
  }

  async appendJournal(entries: readonly JournalRecord[]): Promise<void> {
    const { journal } = this.#known()
    checkEntries(this.run, entries, journal.length, journal.at(-1)?.tick ?? 0)
    for (const entry of entries) journal.push({ ...entry, bytes: ownBytes(entry.bytes) })
  }

  async cutJournal(number: number): Promise<void> {
    const journal = this.#held()?.journal
    if (journal !== undefined && number < journal.length) journal.length = number
  }

  async putBlobs(blobs: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const run = this.#known()
    for (const key of blobs.keys()) checkBlobKey(key)
    for (const [key, bytes] of blobs) run.blobs.set(key, ownBytes(bytes))
  }

  async deleteBlobs(keys: readonly string[]): Promise<void> {
    const run = this.#held()
    for (const key of keys) checkBlobKey(key)
    for (const key of keys) run?.blobs.delete(key)
  }

  async deleteRun(): Promise<void> {
    this.#held()
    this.#content.runs.delete(this.run)
    this.#content.leases.delete(this.run)
    this.#lose.abort(leaseLost(this.run, 'it was deleted'))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#content.leases.get(this.run) === this) this.#content.leases.delete(this.run)
    this.#ended()
  }
}
