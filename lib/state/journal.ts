// The journal: all that reaches a run from outside, by tick. What is journaled here can be given again, so a run can be
// repeated with the same bits. This one is in memory and bounded; a store makes one that lasts.
import type { Json } from '../memory/column-types.js'

/** One thing from outside. */
export type JournalEntry =
  | {
      readonly kind: 'command'
      readonly tick: number
      readonly sequence: number
      readonly name: string
      readonly payload: Json
    }
  | { readonly kind: 'refused'; readonly tick: number; readonly sequence: number; readonly reason: string }
  | {
      readonly kind: 'record'
      readonly tick: number
      readonly owner: string
      readonly key: string
      readonly value: Json
    }
  | { readonly kind: 'shed'; readonly tick: number; readonly engine: string; readonly level: number }
  | {
      readonly kind: 'answer'
      readonly tick: number
      readonly ask: string
      readonly number: number
      readonly status: number
      readonly value?: Json
    }

/** A command. */
export type CommandEntry = Extract<JournalEntry, { kind: 'command' }>

/** A value that record() learned. `owner` is the engine, or '' for setup. */
export type RecordEntry = Extract<JournalEntry, { kind: 'record' }>

/** An engine that has 2^level times fewer turns from `tick` on. */
export type ShedEntry = Extract<JournalEntry, { kind: 'shed' }>

/** What became of an ask before `tick` began: by its number among those of its kind, with an answer where the status is ok. */
export type AnswerEntry = Extract<JournalEntry, { kind: 'answer' }>

/** Where a run journals. Entries come in the order of their ticks. */
export interface Journal {
  append(entry: JournalEntry): void
  /** Resolves when what was appended would survive; to be awaited before its effects can be seen outside. */
  flush(): Promise<void>
  /** What was recorded under this name before; undefined: nothing. */
  recorded(owner: string, tick: number, key: string): RecordEntry | undefined
  /** All that setup recorded, for it runs in another thread. */
  setupRecords(): readonly RecordEntry[]
  /** What is known of tick `tick` and later, to be given again by a run that goes back there. */
  from(tick: number): readonly JournalEntry[]
  /** Takes away all of tick `tick` and later, for good: that future does not come. */
  cut(tick: number): Promise<void>
  /** Nobody will go back before tick `tick`. */
  forget(tick: number): void
}

/** The name of a recorded value. */
export function recordName(owner: string, tick: number, key: string): string {
  return JSON.stringify([owner, tick, key])
}

/** A journal in memory: the newest `limit` entries at least. */
export class MemoryJournal implements Journal {
  readonly #limit: number
  #entries: JournalEntry[] = []
  readonly #records = new Map<string, RecordEntry>()

  constructor(limit: number) {
    this.#limit = limit
  }

  append(entry: JournalEntry): void {
    this.#entries.push(entry)
    if (entry.kind === 'record') this.#records.set(recordName(entry.owner, entry.tick, entry.key), entry)
    if (this.#entries.length >= this.#limit * 2) this.#keep(this.#entries.slice(this.#limit))
  }

  #keep(entries: JournalEntry[]): void {
    if (this.#records.size > 0) {
      const kept = new Set(entries)
      for (const old of this.#entries)
        if (old.kind === 'record' && !kept.has(old)) this.#records.delete(recordName(old.owner, old.tick, old.key))
    }
    this.#entries = entries
  }

  async flush(): Promise<void> {}

  recorded(owner: string, tick: number, key: string): RecordEntry | undefined {
    return this.#records.get(recordName(owner, tick, key))
  }

  setupRecords(): readonly RecordEntry[] {
    return [...this.#records.values()].filter(r => r.owner === '')
  }

  from(tick: number): readonly JournalEntry[] {
    return this.#entries.filter(e => e.tick >= tick)
  }

  async cut(tick: number): Promise<void> {
    this.#keep(this.#entries.filter(e => e.tick < tick))
  }

  forget(tick: number): void {
    this.#keep(this.#entries.filter(e => e.tick >= tick))
  }

  /** Everything kept, oldest first. */
  entries(): readonly JournalEntry[] {
    return this.#entries
  }
}
