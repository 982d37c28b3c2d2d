// Where runs last: one interface over memory, a folder (LMDB) and Postgres. A store keeps bytes and knows nothing of what
// they mean; what is written when is decided in lib/run. All that a writer does is durable when it resolves, and whole
// or not there at all: a process that is killed in the middle of a write leaves what was there before.
//
// Two processes may open one store; one of them writes a run. Its writer holds a lease with a number that grows each time
// the lease is given (a fencing token): whoever holds an older one is refused, however late its write arrives.
//
// Names of runs have 1 to 128 characters, keys of blobs 1 to 512, both without NUL and lone surrogates (NAME_INVALID).
import type { Scalar } from '../memory/params.js'

/** What a run was made from. Written once, with its first checkpoint. */
export interface RunRecord {
  /** Its name in the store. */
  readonly run: string
  /** Unique among all runs of all stores: part of the identity of its events and asks. */
  readonly id: string
  /** The scenario's name, and where its module was; '' when it was given itself. */
  readonly scenario: string
  readonly url: string
  readonly seed: number
  readonly params: Readonly<Record<string, Scalar>>
  /** Hashes of the declarations and of the module's files; see docs/state.md. */
  readonly schema: string
  readonly code: string
  /** process.version and process.arch. */
  readonly node: string
  readonly arch: string
  /** ISO 8601. */
  readonly created: string
  /** Where it was forked from. */
  readonly fork?: { readonly run: string; readonly tick: number }
}

/** A stored snapshot, or a stored diff of the checkpoint at `base`. At most one a tick and run. */
export interface CheckpointRecord {
  readonly tick: number
  /** The tick of the checkpoint that this one is a diff of; undefined: it is whole. */
  readonly base?: number
  /** The name of the state, which says what is in it: WorldState.id. */
  readonly hash: string
  /** Bytes stored. */
  readonly bytes: number
  /** ISO 8601. */
  readonly created: string
}

/** One entry of a journal as it is stored: numbered from 0 without a gap. */
export interface JournalRecord {
  readonly number: number
  /** The tick that it belongs to; never less than that of the entry before. */
  readonly tick: number
  readonly bytes: Uint8Array
}

/**
 * Reads, by anybody, at any time. Each rejects with STORE_UNAVAILABLE, STORE_FAILED, STORE_CLOSED or NAME_INVALID.
 * Of a run that is not there nothing is found: no checkpoints, no entries, no blobs. Bytes read are the caller's own.
 */
export interface StateStore {
  /** As it was named, without what is secret. */
  readonly url: string
  /** All runs, in the order of their names by code units. Each has a checkpoint. */
  runs(): Promise<RunRecord[]>
  /** A run; undefined: there is none of that name. */
  run(name: string): Promise<RunRecord | undefined>
  /** In the order of their ticks. */
  checkpoints(run: string): Promise<CheckpointRecord[]>
  /** The bytes of a checkpoint. CHECKPOINT_UNKNOWN. */
  readCheckpoint(run: string, tick: number): Promise<Uint8Array>
  /** Entries from `number` on, in order, in portions bounded by JOURNAL_PORTION_ENTRIES and JOURNAL_PORTION_BYTES. */
  journal(run: string, number?: number): AsyncIterable<readonly JournalRecord[]>
  /** Keys of the blobs of a run, sorted by code units, with their sizes in bytes. */
  blobs(run: string): Promise<{ readonly key: string; readonly bytes: number }[]>
  /** A blob; undefined: there is none of that key. */
  readBlob(run: string, key: string): Promise<Uint8Array | undefined>
  /** Takes the lease of a run, which need not exist. STORE_RUN_BUSY: another process that lives holds it. */
  write(run: string): Promise<RunWriter>
  /** What its connections are doing, where it has any. */
  status?(): object
  /** Ends all its writers and whatever it holds open. Closing twice is fine. */
  close(): Promise<void>
}

/**
 * Writes one run. Calls are done in the order in which they are made, also where nobody waits for the one before; each
 * is done whole or not at all. Bytes given may be changed by the caller once the call has settled. Each call rejects
 * with STORE_LEASE_LOST once another has taken over, and with what reads reject with; what adds something rejects with
 * STORE_RUN_UNKNOWN where the run is not created yet, and what takes something away then finds nothing to take.
 */
export interface RunWriter {
  readonly run: string
  /** The fencing token: greater than that of every lease given before for this run, also where it was deleted between. */
  readonly token: number
  /** Aborted when the lease was lost, with the error as its reason. */
  readonly lost: AbortSignal
  /** Creates the run with its first checkpoint and what it journaled so far, from number 0. STORE_RUN_EXISTS. */
  create(
    record: RunRecord,
    checkpoint: CheckpointRecord,
    parts: readonly Uint8Array[],
    journal: readonly JournalRecord[],
  ): Promise<void>
  /** Adds a checkpoint, given in parts that are joined; one of the same tick is replaced. */
  putCheckpoint(checkpoint: CheckpointRecord, parts: readonly Uint8Array[]): Promise<void>
  /** Takes checkpoints away, but not all of them: STORE_FAILED, for a run is taken away by deleteRun. */
  deleteCheckpoints(ticks: readonly number[]): Promise<void>
  /** Appends entries whose numbers go on where the last ended, as their ticks do. STORE_FAILED where they do not. */
  appendJournal(entries: readonly JournalRecord[]): Promise<void>
  /** Takes away all entries from `number` on. */
  cutJournal(number: number): Promise<void>
  /** Puts blobs, each whole, all or none of them. */
  putBlobs(blobs: ReadonlyMap<string, Uint8Array>): Promise<void>
  deleteBlobs(keys: readonly string[]): Promise<void>
  /** Takes the whole run away and gives the lease back; what follows is STORE_LEASE_LOST. */
  deleteRun(): Promise<void>
  /** Gives the lease back, once all calls before it have settled. Closing twice is fine; other calls: STORE_CLOSED. */
  close(): Promise<void>
}
