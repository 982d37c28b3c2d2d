// Writes one run of a folder's store. Calls wait for each other, so they are carried out in their order though bytes are
// copied over several turns; the thread carries out each in one transaction that also checks the token.
import { PopulaceError } from '../core/errors.js'
import { invariant } from '../core/invariant.js'
import { copiedParts } from './copied-parts.js'
import type { FileThread } from './file-thread.js'
import { packEntries } from './packed-entries.js'
import type { CheckpointRecord, JournalRecord, RunRecord, RunWriter } from './store.js'
import { checkBlobKey, checkParts, leaseLost, writerClosed } from './store-rules.js'

export class FileWriter implements RunWriter {
  readonly run: string
  readonly token: number
  readonly lost: AbortSignal
  readonly #lose = new AbortController()
  readonly #thread: FileThread
  readonly #ended: () => void
  #last: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  /** @param ended - called when it was closed. */
  constructor(thread: FileThread, run: string, token: number, ended: () => void) {
    this.run = run
    this.token = token
    this.lost = this.#lose.signal
    this.#thread = thread
    this.#ended = ended
  }

  /** Does `work` when all before it is done, whatever became of that. STORE_CLOSED, STORE_LEASE_LOST. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(writerClosed(this.run))
    const done = this.#last.then(async () => {
      if (this.lost.aborted) throw this.lost.reason
      try {
        await work()
      } catch (error) {
        if (error instanceof PopulaceError && error.code === 'STORE_LEASE_LOST') this.#lose.abort(error)
        throw error
      }
    })
    this.#last = done.then(null, () => undefined) // its own caller is told; the next call is another matter
    return done
  }

  create(
    record: RunRecord,
    checkpoint: CheckpointRecord,
    parts: readonly Uint8Array[],
    journal: readonly JournalRecord[],
  ): Promise<void> {
    return this.#inTurn(async () => {
      invariant(record.run === this.run, `the writer of '${this.run}' was told to create '${record.run}'`)
      checkParts(checkpoint, parts)
      const packed = packEntries(journal)
      const bytes = await copiedParts([...parts, ...journal.map(entry => entry.bytes)])
      await this.#thread.ask('create', this.run, this.token, record, checkpoint, packed, bytes)
    })
  }

  putCheckpoint(checkpoint: CheckpointRecord, parts: readonly Uint8Array[]): Promise<void> {
    return this.#inTurn(async () => {
      checkParts(checkpoint, parts)
      await this.#thread.ask('putCheckpoint', this.run, this.token, checkpoint, await copiedParts(parts))
    })
  }

  deleteCheckpoints(ticks: readonly number[]): Promise<void> {
    return this.#inTurn(() => this.#thread.ask('deleteCheckpoints', this.run, this.token, ticks))
  }

  appendJournal(entries: readonly JournalRecord[]): Promise<void> {
    return this.#inTurn(async () => {
      const bytes = await copiedParts(entries.map(entry => entry.bytes))
      await this.#thread.ask('appendJournal', this.run, this.token, packEntries(entries), bytes)
    })
  }

  cutJournal(number: number): Promise<void> {
    return this.#inTurn(() => this.#thread.ask('cutJournal', this.run, this.token, number))
  }

  putBlobs(blobs: ReadonlyMap<string, Uint8Array>): Promise<void> {
    return this.#inTurn(async () => {
      const keys = [...blobs.keys()]
      const values = [...blobs.values()]
      for (const key of keys) checkBlobKey(key)
      const lengths = values.map(bytes => bytes.length)
      await this.#thread.ask('putBlobs', this.run, this.token, keys, lengths, await copiedParts(values))
    })
  }

  deleteBlobs(keys: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const key of keys) checkBlobKey(key)
      await this.#thread.ask('deleteBlobs', this.run, this.token, keys)
    })
  }

  deleteRun(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#thread.ask('deleteRun', this.run, this.token)
      this.#lose.abort(leaseLost(this.run, 'it was deleted'))
    })
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end()
    await this.#closing
  }

  async #end(): Promise<void> {
    await this.#last
    this.#ended()
    if (!this.lost.aborted) await this.#thread.ask('give', this.run, this.token)
  }
}
