// The database of a folder: an LMDB environment, opened with what is checked before and after, and its transactions, each
// on disk when it returns. It knows nothing of runs. For one thread alone, whose turns it blocks: see workers/file-store.ts.
//
// Only synchronous transactions are used, so each error arises where it belongs and ends its own transaction only. What is
// done in one must return nothing: lmdb waits for whatever has a `then`, and its own puts return such.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { pack, unpack } from 'msgpackr'
import { PopulaceError } from '../core/errors.js'
import { key, numberAt, numberBytes } from './file-keys.js'
import { FileRoom } from './file-room.js'
import { storeFailed, storeUnavailable } from './store-rules.js'

export const DATA_FILE = 'data.mdb'
/** Grows with each change of what is where: see file-keys.ts. */
export const FORMAT = 1

const META_MAGIC = 0xbeefc0de
/** Pages that may be allotted at the end of a file and never written, because they were free again when it was. */
const UNWRITTEN_PAGES = 16

// What lmdb says of itself beyond its declared types.
interface Environment {
  info(): { readonly lastPageNumber: number }
  stat(): TreePages
}
interface TreePages {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}
type Database = RootDatabase<Buffer, Buffer> & { readonly env: Environment; resetReadTxn(): void }

export interface DatabaseOptions {
  readonly folder: string
  /** The address of the store, for messages. */
  readonly url: string
  /** Bytes that it may hold. */
  readonly maxBytes: number
}

export class FileDatabase {
  readonly #options: DatabaseOptions
  #database!: Database // set by #open, which the constructor begins with
  #isOpen = false
  #room: FileRoom | undefined

  /** STORE_UNAVAILABLE. */
  constructor(options: DatabaseOptions) {
    this.#options = options
    this.#open()
  }

  get #url(): string {
    return this.#options.url
  }

  #open(): void {
    checkFile(this.#options)
    try {
      this.#database = open<Buffer, Buffer>({
        path: this.#options.folder,
        noSubdir: false,
        encoding: 'binary',
        keyEncoding: 'binary',
        maxDbs: 1,
        overlappingSync: false, // a commit returns when it is on disk
        mapSize: 2 ** 20, // lmdb makes it grow
      }) as Database
      this.#isOpen = true
      this.#room = new FileRoom(join(this.#options.folder, DATA_FILE))
      this.#checkFormat()
    } catch (error) {
      this.close()
      if (error instanceof PopulaceError) throw error
      throw storeUnavailable(this.#url, reasonOf(error), remedyOf(error), error)
    }
  }

  #checkFormat(): void {
    const known = this.#database.getBinary(key('format'))
    if (known === undefined) {
      for (const _ of this.#database.getKeys({ limit: 1 })) {
        throw storeUnavailable(this.#url, 'its folder holds another database', 'Choose another folder.')
      }
      this.#attempt(() => this.put(key('format'), pack({ format: FORMAT })), [])
      return
    }
    const { format } = unpack(known) as { format: number }
    if (format === FORMAT) return
    throw storeUnavailable(
      this.#url,
      `it was written by a newer populace (format ${format}; this one knows ${FORMAT})`,
      'Use that one, or choose another folder.',
    )
  }

  /**
   * Does `body` whole or not at all. STORE_FAILED, or what `body` throws.
   * @param adds - lengths of the values that it adds, or more.
   */
  transaction(body: () => void, adds: readonly number[] = []): void {
    try {
      this.#attempt(body, adds)
    } catch (error) {
      if (error instanceof PopulaceError) throw error
      this.#openAgain() // after some errors an environment refuses all that follows
      throw this.#unwritten(error)
    }
  }

  #attempt(body: () => void, adds: readonly number[]): void {
    this.#database.transactionSync(() => {
      this.#reserve(adds)
      body()
    })
  }

  #unwritten(error: unknown): PopulaceError {
    return storeFailed(this.#url, `could not be written: ${reasonOf(error)}`, remedyOf(error), error)
  }

  /** Reads what is there now, whoever wrote it. STORE_FAILED. */
  read<T>(body: () => T): T {
    try {
      this.#database.resetReadTxn() // else what is seen may be as old as this turn of the event loop
      return body()
    } catch (error) {
      if (error instanceof PopulaceError) throw error
      throw storeFailed(this.#url, `could not be read: ${reasonOf(error)}`, 'Restore the folder from a copy.', error)
    }
  }

  get(of: Buffer): Buffer | undefined {
    return this.#database.getBinary(of)
  }

  /** In a transaction. */
  put(at: Buffer, value: Buffer): void {
    this.#database.putSync(at, value)
  }

  /** In a transaction. */
  remove(at: Buffer): void {
    this.#database.removeSync(at)
  }

  /** Entries from `start` to before `end`, at most `limit`, with bytes of their own. */
  range(start: Buffer, end: Buffer, limit: number): { key: Buffer; value: Buffer }[] {
    return [...this.#database.getRange({ start, end, limit })]
  }

  /** Keys from `start` to before `end`, at most `limit`. */
  keys(start: Buffer, end: Buffer, limit: number): Buffer[] {
    return [...this.#database.getKeys({ start, end, limit })]
  }

  /** The last entry from `start` to before `end`. */
  lastBefore(start: Buffer, end: Buffer): { key: Buffer; value: Buffer } | undefined {
    return [...this.#database.getRange({ start: end, end: start, reverse: true, limit: 1 })][0]
  }

  /** A number greater than every one before. In a transaction. */
  nextNumber(): number {
    const last = this.get(key('numbers'))
    const next = last === undefined ? 1 : numberAt(last, 0) + 1
    this.put(key('numbers'), numberBytes(next))
    return next
  }

  close(): void {
    this.#room?.close()
    this.#room = undefined
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#database.close() // nothing is under way, so it is closed when this returns
  }

  // In a transaction, so that no other process changes what this reads and the room that it makes is its own.
  #reserve(adds: readonly number[]): void {
    const { pageSize, ...tree } = this.#database.env.stat()
    const used = tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages
    const bytes = adds.reduce((sum, length) => sum + length, 0)
    if (bytes > 0 && used * pageSize + bytes > this.#options.maxBytes) {
      throw storeFailed(
        this.#url,
        `holds ${used * pageSize} bytes and cannot take in ${bytes} more: its limit is ${this.#options.maxBytes}`,
        'Delete checkpoints or runs, or raise maxBytes.',
        undefined,
      )
    }
    const allotted = this.#database.env.info().lastPageNumber + 1
    try {
      this.#room?.reserve(adds, { pageSize, allotted, used })
    } catch (error) {
      throw this.#unwritten(error)
    }
  }

  #openAgain(): void {
    this.close()
    this.#open()
  }
}

/** What the system said. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function remedyOf(error: unknown): string {
  const reason = reasonOf(error)
  if (/no space|quota|too large|ENOSPC|EDQUOT|EFBIG/i.test(reason)) {
    return 'Make room or raise the limit on the size of files, then try again.'
  }
  if (/permission|not permitted|read-only|EACCES|EPERM|EROFS/i.test(reason)) {
    return 'Allow this user to write to the folder and its files, or choose another folder.'
  }
  if (/memory|ENOMEM/i.test(reason)) return 'Let the process map more memory (ulimit -v), or choose another store.'
  return 'Look after the folder and its disk; the cause is the system’s own error.'
}

/**
 * That the file, if there is one, is a database and as long as it says: the rest of a file that was cut short would be
 * looked for beyond its end, where the system kills the process. STORE_UNAVAILABLE.
 */
function checkFile({ folder, url }: DatabaseOptions): void {
  let file: number
  try {
    file = openSync(join(folder, DATA_FILE), 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw storeUnavailable(url, reasonOf(error), remedyOf(error), error)
  }
  try {
    const first = metaAt(file, 0)
    const second = first && metaAt(file, first.pageSize)
    const { size } = fstatSync(file)
    if (size === 0) return // was made and no more when its process ended; lmdb begins anew
    if (first === undefined) {
      throw storeUnavailable(url, `${DATA_FILE} in its folder is no database, or damaged`, 'Choose another folder.')
    }
    const newest = second !== undefined && second.transaction > first.transaction ? second : first
    if (size >= (newest.lastPage + 1 - UNWRITTEN_PAGES) * newest.pageSize) return
    throw storeUnavailable(url, `${DATA_FILE} in its folder was cut short`, 'Restore the folder from a copy.')
  } finally {
    closeSync(file)
  }
}

// One of the two pages that say what is in the file; undefined: it says nothing that is understood.
function metaAt(file: number, position: number) {
  const bytes = Buffer.alloc(160)
  if (readSync(file, bytes, 0, bytes.length, position) < bytes.length) return undefined
  if (bytes.readUInt32LE(24) !== META_MAGIC) return undefined
  const pageSize = bytes.readUInt32LE(48)
  return { pageSize, lastPage: Number(bytes.readBigUInt64LE(144)), transaction: Number(bytes.readBigUInt64LE(152)) }
}
