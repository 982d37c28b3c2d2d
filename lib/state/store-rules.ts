// What every store refuses, and in which words: errors and checks that memory, folders and Postgres share, so that a host
// meets the same code whatever it stores in. Pure: nothing here reads or writes.
import { PopulaceError } from '../core/errors.js'
import { invariant } from '../core/invariant.js'
import { MAX_BLOB_KEY_LENGTH, MAX_NAME_LENGTH } from '../core/limits.js'
import type { CheckpointRecord, JournalRecord } from './store.js'

// NUL and lone surrogates cannot be written down everywhere: Postgres refuses the one, UTF-8 loses the other.
const UNWRITABLE = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

function checkText(text: string, most: number, what: string): void {
  if (typeof text === 'string' && text !== '' && text.length <= most && !UNWRITABLE.test(text)) return
  const shown = typeof text === 'string' && text.length > most ? `${text.slice(0, 40)}…` : text
  throw new PopulaceError(
    'NAME_INVALID',
    `${what} is ${JSON.stringify(shown) ?? String(shown)}`,
    `Give a string of 1 to ${most} characters without NUL and lone surrogates.`,
  )
}

/** NAME_INVALID. */
export function checkRunName(run: string): void {
  checkText(run, MAX_NAME_LENGTH, 'The name of a run')
}

/** NAME_INVALID. */
export function checkBlobKey(key: string): void {
  checkText(key, MAX_BLOB_KEY_LENGTH, 'The key of a blob')
}

/** That entries go on where a journal ended: at number `next`, and not before `tick`. STORE_FAILED. */
export function checkEntries(run: string, entries: readonly JournalRecord[], next: number, tick: number): void {
  for (const entry of entries) {
    if (entry.number !== next || entry.tick < tick) {
      throw new PopulaceError(
        'STORE_FAILED',
        entry.number === next
          ? `Journal entry ${next} of run '${run}' belongs to tick ${entry.tick}, the one before it to ${tick}`
          : `Journal entry ${entry.number} of run '${run}' was given where ${next} is the next`,
        'Give entries in the order of their numbers and ticks, without a gap.',
      )
    }
    next++
    tick = entry.tick
  }
}

/** That a record says what is stored with it: a mistake there would be found only when a run is restored. */
export function checkParts(checkpoint: CheckpointRecord, parts: readonly Uint8Array[]): void {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0)
  invariant(bytes === checkpoint.bytes, `a checkpoint of ${checkpoint.bytes} bytes was given ${bytes}`)
}

/** That a checkpoint is left when those at `gone` are taken away. STORE_FAILED. */
export function checkSomeKept(run: string, ticks: Iterable<number>, gone: readonly number[]): void {
  const taken = new Set(gone)
  for (const tick of ticks) if (!taken.has(tick)) return
  throw new PopulaceError(
    'STORE_FAILED',
    `All checkpoints of run '${run}' were to be taken away`,
    'Keep one, or delete the run.',
  )
}

export function storeClosed(url: string): PopulaceError {
  return new PopulaceError('STORE_CLOSED', `The store '${url}' is closed`, 'Open it again, or close it later.')
}

export function writerClosed(run: string): PopulaceError {
  return new PopulaceError('STORE_CLOSED', `The writer of run '${run}' is closed`, 'Close it last, or make a new one.')
}

/** @param holder - who holds the lease, such as 'process 123 on host a'. */
export function runBusy(run: string, holder: string): PopulaceError {
  return new PopulaceError(
    'STORE_RUN_BUSY',
    `Run '${run}' is being written by ${holder}`,
    'Wait for it or end it, or write to a run of another name.',
  )
}

export function leaseLost(run: string, why = 'another has taken over'): PopulaceError {
  return new PopulaceError(
    'STORE_LEASE_LOST',
    `Run '${run}' can no longer be written from here: ${why}`,
    'Stop writing; open the run again to go on from where it is now.',
  )
}

export function runExists(run: string): PopulaceError {
  return new PopulaceError(
    'STORE_RUN_EXISTS',
    `There is a run '${run}' already`,
    'Resume it, delete it, or choose another name.',
  )
}

export function runUnknown(run: string): PopulaceError {
  return new PopulaceError('STORE_RUN_UNKNOWN', `There is no run '${run}' to add to`, 'Create it first.')
}

/** @param ticks - of the checkpoints that there are. */
export function checkpointUnknown(run: string, tick: number, ticks: Iterable<number>): PopulaceError {
  const all = [...ticks].sort((a, b) => a - b)
  if (all.length === 0) {
    return new PopulaceError('CHECKPOINT_UNKNOWN', `Run '${run}' has no checkpoints`, 'Check the name of the run.')
  }
  const before = all.filter(known => known < tick).at(-1)
  return new PopulaceError(
    'CHECKPOINT_UNKNOWN',
    `Run '${run}' has no checkpoint at tick ${tick}`,
    before === undefined ? `The first is at ${all[0]}.` : `The nearest before it is at ${before}.`,
  )
}

/** A read or write that failed below; `cause` is the system's own error. */
export function storeFailed(url: string, what: string, remedy: string, cause: unknown): PopulaceError {
  return new PopulaceError('STORE_FAILED', `The store '${url}' ${what}`, remedy, cause)
}

/** @param why - what stands in the way, to follow 'cannot be opened: '. */
export function storeUnavailable(url: string, why: string, remedy: string, cause?: unknown): PopulaceError {
  return new PopulaceError('STORE_UNAVAILABLE', `The store '${url}' cannot be opened: ${why}`, remedy, cause)
}

/** @param why - what is wrong with the address or an option. */
export function storeInvalid(why: string, remedy: string): PopulaceError {
  return new PopulaceError('STORE_INVALID', why, remedy)
}
