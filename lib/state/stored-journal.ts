// The journal of a run in a store: MessagePack entries, numbered. What is appended is written at the next flush, all that
// waits at once; while one write is under way the next gathers. In memory are only entries that a run might go back to.
import { Packr } from 'msgpackr'
import { PopulaceError } from '../core/errors.js'
import { type Journal, type JournalEntry, MemoryJournal, type RecordEntry } from './journal.js'
import type { JournalRecord, RunWriter, StateStore } from './store.js'

const packr = new Packr({ useRecords: false, variableMapSize: true })

const FIELDS: Readonly<Record<JournalEntry['kind'], Readonly<Record<string, string>>>> = {
  command: { tick: 'number', sequence: 'number', name: 'string' },
  refused: { tick: 'number', sequence: 'number', reason: 'string' },
  record: { tick: 'number', owner: 'string', key: 'string' },
  shed: { tick: 'number', engine: 'string', level: 'number' },
  answer: { tick: 'number', ask: 'string', number: 'number', status: 'number' },
}

function broken(number: number, what: string, cause?: unknown): PopulaceError {
  return new PopulaceError(
    'JOURNAL_INVALID',
    `Entry ${number} of the journal ${what}`,
    'It was altered or is of a newer version: read it with the version that wrote it, or go back before that tick.',
    cause,
  )
}

/** An entry from its bytes. JOURNAL_INVALID. */
export function readEntry({ number, tick, bytes }: JournalRecord): JournalEntry {
  let entry: JournalEntry
  try {
    entry = packr.unpack(bytes)
  } catch (error) {
    throw broken(number, 'cannot be read', error)
  }
  const fields = FIELDS[entry?.kind]
  if (!fields) throw broken(number, 'is of no known kind')
  for (const [field, type] of Object.entries(fields))
    if (typeof (entry as unknown as Record<string, unknown>)[field] !== type) throw broken(number, `has no ${field}`)
  if (entry.tick !== tick) throw broken(number, `is of tick ${entry.tick}, and stands at tick ${tick}`)
  return entry
}

/** The entries of a run of tick `tick` and later, each with its number. JOURNAL_INVALID. */
export async function readJournal(store: StateStore, run: string, tick = 0): Promise<[number, JournalEntry][]> {
  const found: [number, JournalEntry][] = []
  let next = 0
  let last = 0
  for await (const records of store.journal(run)) {
    for (const record of records) {
      if (record.number !== next++) throw broken(record.number, `stands where entry ${next - 1} should`)
      if (record.tick < last) throw broken(record.number, `is of tick ${record.tick}, after one of tick ${last}`)
      last = record.tick
      if (record.tick >= tick) found.push([record.number, readEntry(record)])
    }
  }
  return found
}

export class StoredJournal implements Journal {
  readonly #memory = new MemoryJournal(Number.POSITIVE_INFINITY)
  /** Numbers of the entries in memory, as many. */
  #numbers: number[] = []
  #writer: RunWriter | undefined
  #waiting: JournalRecord[] = []
  #next = 0
  #lastTick = 0
  #writing: Promise<void> = Promise.resolve()

  /** Starts to write: what was appended before comes with the run's creation, see `take`. */
  attach(writer: RunWriter): void {
    this.#writer = writer
  }

  /** Goes on from entries that are stored, in place of those in memory. `next`: the number of the next one. */
  load(entries: readonly [number, JournalEntry][], next: number): void {
    this.#memory.forget(Number.POSITIVE_INFINITY)
    this.#numbers = []
    for (const [number, entry] of entries) {
      this.#numbers.push(number)
      this.#memory.append(entry)
      this.#lastTick = entry.tick
    }
    this.#next = next
  }

  /** Takes what waits to be written. */
  take(): readonly JournalRecord[] {
    return this.#waiting.splice(0)
  }

  append(entry: JournalEntry): void {
    if (entry.kind === 'refused' && this.#isKnown(entry.sequence)) return // said when the tick was stepped before
    if (entry.tick < this.#lastTick)
      throw new PopulaceError(
        'JOURNAL_INVALID',
        `Tick ${entry.tick} asks for what its record does not have (${entry.kind}), and the record goes on to tick ${this.#lastTick}`,
        'The scenario has changed since: fork the run, or go on with the code that made it.',
      )
    const number = this.#next++
    this.#lastTick = entry.tick
    this.#numbers.push(number)
    this.#memory.append(entry)
    this.#waiting.push({ number, tick: entry.tick, bytes: new Uint8Array(packr.pack(entry)) })
  }

  #isKnown(sequence: number): boolean {
    return this.#memory.entries().some(e => e.kind === 'refused' && e.sequence === sequence)
  }

  async flush(): Promise<void> {
    if (this.#waiting.length > 0 && this.#writer) this.#writing = this.#write(this.#writing, this.#writer)
    await this.#writing
  }

  async #write(before: Promise<void>, writer: RunWriter): Promise<void> {
    await before // in the order of their numbers; a failure is for ever
    const entries = this.take()
    if (entries.length > 0) await writer.appendJournal(entries)
  }

  recorded(owner: string, tick: number, key: string): RecordEntry | undefined {
    return this.#memory.recorded(owner, tick, key)
  }

  setupRecords(): readonly RecordEntry[] {
    return this.#memory.setupRecords()
  }

  from(tick: number): readonly JournalEntry[] {
    return this.#memory.from(tick)
  }

  async cut(tick: number): Promise<void> {
    await this.flush()
    const entries = this.#memory.entries()
    const at = entries.findIndex(e => e.tick >= tick)
    if (at < 0) return
    this.#next = this.#numbers[at]
    this.#numbers = this.#numbers.slice(0, at)
    await this.#memory.cut(tick)
    this.#lastTick = tick
    await this.#writer?.cutJournal(this.#next)
  }

  forget(tick: number): void {
    this.#memory.forget(tick)
    this.#numbers = this.#numbers.slice(this.#numbers.length - this.#memory.entries().length)
  }
}
