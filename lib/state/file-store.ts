// A state store in a folder of this machine: an LMDB database, kept by a thread of its own. What resolved is on disk and
// survives a process that is killed, and a machine that loses its power as far as its disk does what it is told. Several
// processes may open one folder; not over a network, where LMDB's locks do not hold. See file-holder.ts for who may write.
import { mkdir, realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULT_FILE_STORE_BYTES, MAX_FILE_STORE_BYTES, MIN_FILE_STORE_BYTES } from '../core/limits.js'
import { hint } from '../core/suggest.js'
import { FileThread } from './file-thread.js'
import { FileWriter } from './file-writer.js'
import { unpackEntries } from './packed-entries.js'
import type { CheckpointRecord, JournalRecord, RunRecord, RunWriter, StateStore } from './store.js'
import { checkBlobKey, checkRunName, storeClosed, storeInvalid, storeUnavailable } from './store-rules.js'

export interface FileStoreOptions {
  /**
   * Bytes that the store may hold, of all runs together. The file is somewhat larger: what is deleted leaves room for
   * what comes, the file does not shrink. Default 64 GiB, least 1 MiB.
   */
  readonly maxBytes?: number
}

function resolved(options: FileStoreOptions): Required<FileStoreOptions> {
  for (const name of Object.keys(options)) {
    if (name !== 'maxBytes') throw storeInvalid(`A file store has no option '${name}'`, `${hint(name, ['maxBytes'])}.`)
  }
  const { maxBytes = DEFAULT_FILE_STORE_BYTES } = options
  if (Number.isInteger(maxBytes) && maxBytes >= MIN_FILE_STORE_BYTES && maxBytes <= MAX_FILE_STORE_BYTES) {
    return { maxBytes }
  }
  throw storeInvalid(
    `Option 'maxBytes' of a file store is ${String(maxBytes)}`,
    `Give an integer from ${MIN_FILE_STORE_BYTES} to ${MAX_FILE_STORE_BYTES}.`,
  )
}

/** The folder that the rest of a `file:` address names: a path, or what follows in `file:///…`. STORE_INVALID. */
export function folderOf(path: string): string {
  if (path === '') throw storeInvalid("'file:' names no folder", "Give one, as in 'file:runs'.")
  if (path.includes('\0')) throw storeInvalid('A path holds a NUL', 'Give another path.')
  if (!path.startsWith('//')) return resolve(path)
  try {
    return fileURLToPath(`file:${path}`)
  } catch (error) {
    throw storeInvalid(`'file:${path}' is no URL of a file: ${(error as Error).message}`, "Give 'file:path' instead.")
  }
}

export class FileStore implements StateStore {
  readonly url: string
  readonly #thread: FileThread
  readonly #writers = new Set<FileWriter>()
  #closing: Promise<void> | undefined

  /**
   * Opens the store in a folder, which is made where there is none.
   * @param path - as after 'file:', relative to the current folder or ///absolute.
   * STORE_INVALID, STORE_UNAVAILABLE, STORE_FAILED where there is no room for a new one.
   */
  static async open(path: string, options: FileStoreOptions = {}): Promise<FileStore> {
    const { maxBytes } = resolved(options)
    const url = `file:${path}`
    const folder = await ownFolder(url, folderOf(path))
    const thread = FileThread.of({ folder, url, maxBytes })
    try {
      await thread.ask('open')
    } catch (error) {
      await thread.release()
      throw error
    }
    return new FileStore(url, thread)
  }

  private constructor(url: string, thread: FileThread) {
    this.url = url
    this.#thread = thread
  }

  #check(run?: string): void {
    if (this.#closing !== undefined) throw storeClosed(this.url)
    if (run !== undefined) checkRunName(run)
  }

  async runs(): Promise<RunRecord[]> {
    this.#check()
    return this.#thread.ask('runs')
  }

  async run(name: string): Promise<RunRecord | undefined> {
    this.#check(name)
    return this.#thread.ask('run', name)
  }

  async checkpoints(run: string): Promise<CheckpointRecord[]> {
    this.#check(run)
    return this.#thread.ask('checkpoints', run)
  }

  async readCheckpoint(run: string, tick: number): Promise<Uint8Array> {
    this.#check(run)
    return this.#thread.ask('readCheckpoint', run, tick)
  }

  async *journal(run: string, number = 0): AsyncGenerator<readonly JournalRecord[]> {
    for (let next = number; ; ) {
      this.#check(run)
      const { packed, bytes } = await this.#thread.ask('journal', run, next)
      if (packed.lengths.length === 0) return
      next += packed.lengths.length
      yield unpackEntries(packed, bytes)
    }
  }

  async blobs(run: string): Promise<{ key: string; bytes: number }[]> {
    this.#check(run)
    return this.#thread.ask('blobs', run)
  }

  async readBlob(run: string, key: string): Promise<Uint8Array | undefined> {
    this.#check(run)
    checkBlobKey(key)
    return this.#thread.ask('readBlob', run, key)
  }

  async write(run: string): Promise<RunWriter> {
    this.#check(run)
    const token = await this.#thread.ask('take', run)
    const writer = new FileWriter(this.#thread, run, token, () => this.#writers.delete(writer))
    this.#writers.add(writer)
    if (this.#closing !== undefined) {
      await writer.close() // the store was closed meanwhile, and must not keep the lease
      throw storeClosed(this.url)
    }
    return writer
  }

  /** Makes the holder of a run's lease look as if it had died. For tests of what happens then. */
  abandon(run: string): Promise<void> {
    return this.#thread.ask('abandon', run)
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end()
    await this.#closing
  }

  async #end(): Promise<void> {
    // A lease that cannot be given back, on a disk that is gone, must not keep the thread.
    const ends = await Promise.allSettled([...this.#writers].map(writer => writer.close()))
    await this.#thread.release()
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }
}

/** Makes the folder where there is none, and gives the one path that names it. STORE_UNAVAILABLE. */
async function ownFolder(url: string, folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true })
    return await realpath(folder)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isFile = code === 'EEXIST' || code === 'ENOTDIR'
    throw storeUnavailable(
      url,
      isFile ? 'its path names a file, or leads through one' : message,
      isFile ? 'Give the path of a folder.' : 'Check the path and the rights on it.',
      error,
    )
  }
}
