// record(key, work): runs the work and journals what it gives, or gives what the journal has and runs nothing.
import { PopulaceError } from '../core/errors.js'
import { copyJson } from '../core/json.js'
import type { Json } from '../memory/column-types.js'
import type { Recorder } from '../schedule/engine.js'
import type { RecordEntry } from '../state/journal.js'
import { free } from './forbidden.js'

/** What a recorder needs of the journal. */
export interface RecordStore {
  append(entry: RecordEntry): void
  recorded(owner: string, tick: number, key: string): RecordEntry | undefined
}

/** A recorder for one call of `owner` ('' for setup) in `tick`. RECORD_INVALID for a key used twice or no plain data. */
export function makeRecorder(store: RecordStore, owner: string, tick: number, signal: AbortSignal): Recorder {
  const used = new Set<string>()
  return async <T extends Json>(key: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const where = owner === '' ? 'setup' : `engine '${owner}'`
    if (typeof key !== 'string' || typeof work !== 'function')
      throw new PopulaceError(
        'RECORD_INVALID',
        `record() in ${where} was given no key or no work`,
        "Write await record('name', async signal => …).",
      )
    if (used.has(key))
      throw new PopulaceError(
        'RECORD_INVALID',
        `record('${key}') stands twice in one call of ${where}`,
        'Give each its own key.',
      )
    used.add(key)
    const known = store.recorded(owner, tick, key)
    if (known) return structuredClone(known.value) as T // journaled by the same key, so of the same type
    const value = copyJson(await free(() => work(signal)), `what record('${key}') in ${where} gave`, 'RECORD_INVALID')
    store.append({ kind: 'record', tick, owner, key, value })
    return structuredClone(value)
  }
}
