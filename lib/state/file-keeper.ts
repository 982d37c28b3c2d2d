// What a folder's store can be asked, carried out on its database, one call after another: the far side of FileStore, in
// a thread of its own. Each call that writes checks the lease in the transaction in which it writes, so whoever lost it
// changes nothing. Arguments and results can cross threads; names and keys were checked on the near side.
import { pack, unpack } from 'msgpackr'
import { JOURNAL_PORTION_BYTES, JOURNAL_PORTION_ENTRIES, LEASE_BEAT_MS } from '../core/limits.js'
import { putContent, readContent, removeContent, removePrefix, removeRange, valuesOf } from './file-contents.js'
import { type DatabaseOptions, FileDatabase } from './file-database.js'
import { giveSign, type Holder, isAlive, removeSign, shownHolder, thisProcess } from './file-holder.js'
import { key, keyAfter, numberAt, numberBytes, textAt } from './file-keys.js'
import { type PackedEntries, packEntries, unpackEntries } from './packed-entries.js'
import type { CheckpointRecord, JournalRecord, RunRecord } from './store.js'
import {
  checkEntries,
  checkpointUnknown,
  checkSomeKept,
  leaseLost,
  runBusy,
  runExists,
  runUnknown,
  storeFailed,
} from './store-rules.js'

interface StoredRun {
  readonly number: number
  readonly record: RunRecord
}
interface StoredCheckpoint {
  readonly record: CheckpointRecord
  readonly content: number
}
interface StoredBlob {
  readonly content: number
  readonly bytes: number
}
interface StoredLease {
  readonly token: number
  readonly holder: Holder
}

export class FileKeeper {
  readonly #options: DatabaseOptions
  readonly #database: FileDatabase
  readonly #me: Holder
  readonly #held = new Set<number>()
  #beat: NodeJS.Timeout | undefined

  /** @param sign - unique among all that ever wrote to the folder. STORE_UNAVAILABLE. */
  constructor(options: DatabaseOptions, sign: string) {
    this.#options = options
    this.#database = new FileDatabase(options)
    this.#me = thisProcess(sign)
  }

  /** Does nothing: whoever asks learns whether the store could be opened. */
  open(): void {}

  #find(run: string): StoredRun | undefined {
    return this.#unpack(this.#database.get(key('run', run)))
  }

  #unpack<T>(bytes: Buffer | undefined): T | undefined {
    return bytes && (unpack(bytes) as T)
  }

  #all<T>(prefix: Buffer): { key: Buffer; value: T }[] {
    const found = this.#database.range(prefix, keyAfter(prefix), Number.POSITIVE_INFINITY)
    return found.map(each => ({ key: each.key, value: unpack(each.value) as T }))
  }

  runs(): RunRecord[] {
    return this.#database.read(() => this.#all<StoredRun>(key('run')).map(each => each.value.record))
  }

  run(run: string): RunRecord | undefined {
    return this.#database.read(() => this.#find(run)?.record)
  }

  #checkpoints(run: string): StoredCheckpoint[] {
    const found = this.#find(run)
    if (found === undefined) return []
    return this.#all<StoredCheckpoint>(key('checkpoint', found.number)).map(each => each.value)
  }

  checkpoints(run: string): CheckpointRecord[] {
    return this.#database.read(() => this.#checkpoints(run).map(each => each.record))
  }

  readCheckpoint(run: string, tick: number): Uint8Array {
    return this.#database.read(() => {
      const known = this.#find(run)
      const found = known && this.#unpack<StoredCheckpoint>(this.#database.get(key('checkpoint', known.number, tick)))
      if (found !== undefined) {
        return readContent(this.#database, this.#options.url, found.content, found.record.bytes)
      }
      const ticks = this.#checkpoints(run).map(each => each.record.tick)
      throw checkpointUnknown(run, tick, ticks)
    })
  }

  /** One portion of entries from `number` on; none where the journal ends. */
  journal(run: string, number: number): { packed: PackedEntries; bytes: Uint8Array } {
    return this.#database.read(() => {
      const found = this.#find(run)
      const portion: JournalRecord[] = []
      let bytes = 0
      while (found !== undefined && portion.length < JOURNAL_PORTION_ENTRIES) {
        const next = number + portion.length
        const stored = this.#database.get(key('entry', found.number, next))
        if (stored === undefined) break
        bytes += stored.length - 8
        if (portion.length > 0 && bytes > JOURNAL_PORTION_BYTES) break
        portion.push({ number: next, tick: numberAt(stored, 0), bytes: stored.subarray(8) })
      }
      const joined = new Uint8Array(portion.reduce((sum, entry) => sum + entry.bytes.length, 0))
      let end = 0
      for (const entry of portion) {
        joined.set(entry.bytes, end)
        end += entry.bytes.length
      }
      return { packed: packEntries(portion), bytes: joined }
    })
  }

  blobs(run: string): { key: string; bytes: number }[] {
    return this.#database.read(() => {
      const found = this.#find(run)
      if (found === undefined) return []
      const blobs = this.#all<StoredBlob>(key('blob', found.number))
      return blobs.map(each => ({ key: textAt(each.key, 9), bytes: each.value.bytes }))
    })
  }

  readBlob(run: string, blob: string): Uint8Array | undefined {
    return this.#database.read(() => {
      const found = this.#find(run)
      const stored = found && this.#unpack<StoredBlob>(this.#database.get(key('blob', found.number, blob)))
      return stored && readContent(this.#database, this.#options.url, stored.content, stored.bytes)
    })
  }

  /** Takes the lease of a run and gives its token; also on a full disk, for only who has it can delete. STORE_RUN_BUSY. */
  take(run: string): number {
    let token = 0
    this.#database.transaction(() => {
      const lease = this.#lease(run)
      if (lease !== undefined) {
        if (isAlive(this.#options.folder, lease.holder, this.#me))
          throw runBusy(run, shownHolder(lease.holder, this.#me))
        if (lease.holder.sign !== this.#me.sign) removeSign(this.#options.folder, lease.holder.sign)
      }
      this.#sign()
      token = this.#database.nextNumber()
      this.#database.put(key('lease', run), pack({ token, holder: this.#me }))
    })
    this.#held.add(token)
    this.#beat ??= setInterval(() => this.#signAgain(), LEASE_BEAT_MS).unref()
    return token
  }

  #sign(): void {
    try {
      giveSign(this.#options.folder, this.#me)
    } catch (error) {
      throw storeFailed(this.#options.url, 'could not be written', 'Make room, and look after its folder.', error)
    }
  }

  #signAgain(): void {
    try {
      giveSign(this.#options.folder, this.#me)
    } catch {
      // Others may take over then, and what is written here after that is refused: nothing is lost by going on.
      clearInterval(this.#beat)
    }
  }

  /** Gives a lease back; one that was lost is nobody's to give. */
  give(run: string, token: number): void {
    this.#database.transaction(() => {
      if (this.#lease(run)?.token === token) this.#database.remove(key('lease', run))
    })
    this.#drop(token)
  }

  #drop(token: number): void {
    this.#held.delete(token)
    if (this.#held.size > 0) return
    clearInterval(this.#beat)
    this.#beat = undefined
    removeSign(this.#options.folder, this.#me.sign)
  }

  #lease(run: string): StoredLease | undefined {
    return this.#unpack(this.#database.get(key('lease', run)))
  }

  /** Makes the holder of a lease look as if it had died. For tests of what happens then. */
  abandon(run: string): void {
    this.#database.transaction(() => {
      const lease = this.#lease(run)
      if (lease === undefined) return
      const holder = { ...lease.holder, start: '0', sign: `${lease.holder.sign}-gone` }
      this.#database.put(key('lease', run), pack({ ...lease, holder }))
    })
  }

  #write(run: string, token: number, adds: readonly number[], body: (found: StoredRun | undefined) => void): void {
    this.#database.transaction(() => {
      if (this.#lease(run)?.token !== token) throw leaseLost(run)
      body(this.#find(run))
    }, adds)
  }

  #add(run: string, token: number, adds: readonly number[], body: (number: number) => void): void {
    this.#write(run, token, adds, found => {
      if (found === undefined) throw runUnknown(run)
      body(found.number)
    })
  }

  /** @param bytes - of the checkpoint, then of the entries. */
  create(
    run: string,
    token: number,
    record: RunRecord,
    checkpoint: CheckpointRecord,
    packed: PackedEntries,
    bytes: Uint8Array,
  ): void {
    const described = pack(record)
    const adds = [...valuesOf([checkpoint.bytes]), ...packed.lengths, described.length]
    this.#write(run, token, adds, found => {
      if (found !== undefined) throw runExists(run)
      const number = this.#database.nextNumber()
      this.#database.put(key('run', run), pack({ number, record }))
      this.#putCheckpoint(number, checkpoint, bytes.subarray(0, checkpoint.bytes))
      this.#putEntries(run, number, unpackEntries(packed, bytes, checkpoint.bytes))
    })
  }

  putCheckpoint(run: string, token: number, checkpoint: CheckpointRecord, bytes: Uint8Array): void {
    this.#add(run, token, valuesOf([bytes.length]), number => this.#putCheckpoint(number, checkpoint, bytes))
  }

  #putCheckpoint(number: number, record: CheckpointRecord, bytes: Uint8Array): void {
    this.#removeCheckpoint(number, record.tick)
    const content = putContent(this.#database, bytes)
    this.#database.put(key('checkpoint', number, record.tick), pack({ record, content }))
  }

  #removeCheckpoint(number: number, tick: number): void {
    const at = key('checkpoint', number, tick)
    const stored = this.#unpack<StoredCheckpoint>(this.#database.get(at))
    if (stored === undefined) return
    removeContent(this.#database, stored.content)
    this.#database.remove(at)
  }

  deleteCheckpoints(run: string, token: number, ticks: readonly number[]): void {
    this.#write(run, token, [], found => {
      if (found === undefined) return
      const known = this.#checkpoints(run).map(each => each.record.tick)
      checkSomeKept(run, known, ticks)
      for (const tick of ticks) if (known.includes(tick)) this.#removeCheckpoint(found.number, tick)
    })
  }

  appendJournal(run: string, token: number, packed: PackedEntries, bytes: Uint8Array): void {
    this.#add(run, token, packed.lengths, number => this.#putEntries(run, number, unpackEntries(packed, bytes)))
  }

  #putEntries(run: string, number: number, entries: readonly JournalRecord[]): void {
    const end = this.#journalEnd(number)
    checkEntries(run, entries, end.next, end.tick)
    for (const entry of entries) {
      this.#database.put(key('entry', number, entry.number), Buffer.concat([numberBytes(entry.tick), entry.bytes]))
    }
  }

  #journalEnd(number: number): { next: number; tick: number } {
    const last = this.#database.lastBefore(key('entry', number), keyAfter(key('entry', number)))
    return last === undefined
      ? { next: 0, tick: 0 }
      : { next: numberAt(last.key, 9) + 1, tick: numberAt(last.value, 0) }
  }

  cutJournal(run: string, token: number, from: number): void {
    this.#write(run, token, [], found => {
      if (found === undefined) return
      const end = keyAfter(key('entry', found.number))
      removeRange(this.#database, key('entry', found.number, from), end)
    })
  }

  /** @param bytes - of all blobs, in the order of `keys`. */
  putBlobs(run: string, token: number, keys: readonly string[], lengths: readonly number[], bytes: Uint8Array): void {
    this.#add(run, token, valuesOf(lengths), number => {
      let end = 0
      for (const [i, blob] of keys.entries()) {
        this.#removeBlob(number, blob)
        const content = putContent(this.#database, bytes.subarray(end, end + lengths[i]))
        this.#database.put(key('blob', number, blob), pack({ content, bytes: lengths[i] }))
        end += lengths[i]
      }
    })
  }

  #removeBlob(number: number, blob: string): void {
    const at = key('blob', number, blob)
    const stored = this.#unpack<StoredBlob>(this.#database.get(at))
    if (stored === undefined) return
    removeContent(this.#database, stored.content)
    this.#database.remove(at)
  }

  deleteBlobs(run: string, token: number, keys: readonly string[]): void {
    this.#write(run, token, [], found => {
      if (found !== undefined) for (const blob of keys) this.#removeBlob(found.number, blob)
    })
  }

  deleteRun(run: string, token: number): void {
    this.#write(run, token, [], found => {
      this.#database.remove(key('lease', run))
      if (found === undefined) return
      for (const { value } of this.#all<StoredCheckpoint>(key('checkpoint', found.number))) {
        removeContent(this.#database, value.content)
      }
      for (const { value } of this.#all<StoredBlob>(key('blob', found.number))) {
        removeContent(this.#database, value.content)
      }
      for (const kind of ['checkpoint', 'entry', 'blob'] as const) {
        removePrefix(this.#database, key(kind, found.number))
      }
      this.#database.remove(key('run', run))
    })
    this.#drop(token)
  }

  close(): void {
    clearInterval(this.#beat)
    removeSign(this.#options.folder, this.#me.sign) // also that of a lease which was asked for and not given
    this.#database.close()
  }
}
