// Where the bytes of frozen partitions go when they leave memory. A store keeps bytes under keys and knows nothing of
// what they mean; what goes there when is decided in lib/run/residence.ts. A run's store takes the place of these.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Keys are made of letters, digits, '-' and '/'. */
export interface PartitionStore {
  /** Keeps bytes; what was kept under the key before is replaced. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Rejects where nothing is kept under the key. */
  get(key: string): Promise<Uint8Array>
  /** No state that goes on needs these any more; one that was saved may. Keys that are not there are fine. */
  delete(keys: readonly string[]): Promise<void>
  /** Ends what it holds open. */
  close(): Promise<void>
}

/** In memory, for tests and for worlds whose frozen partitions compress well. */
export class MemoryPartitionStore implements PartitionStore {
  readonly #kept = new Map<string, Uint8Array>()

  /** Bytes of all that is kept. */
  get bytes(): number {
    let bytes = 0
    for (const kept of this.#kept.values()) bytes += kept.length
    return bytes
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.#kept.set(key, bytes.slice())
  }

  async get(key: string): Promise<Uint8Array> {
    const found = this.#kept.get(key)
    if (!found) throw new Error(`nothing is kept under '${key}'`)
    return found
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#kept.delete(key)
  }

  async close(): Promise<void> {
    this.#kept.clear()
  }
}

/** Files in a temporary folder of this process, which goes when the store is closed. Nothing in it outlives the process. */
export class FolderPartitionStore implements PartitionStore {
  readonly #root: string
  /** Made when something is first kept. */
  #folder: Promise<string> | undefined

  /** root: where the folder is made; the system's place for temporary files by default. */
  constructor(root: string = tmpdir()) {
    this.#root = root
  }

  async #file(key: string): Promise<string> {
    if (!this.#folder) throw new Error(`nothing is kept under '${key}'`)
    return join(await this.#folder, key.replaceAll('/', '-'))
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    this.#folder ??= mkdtemp(join(this.#root, 'populace-'))
    await writeFile(await this.#file(key), bytes)
  }

  async get(key: string): Promise<Uint8Array> {
    return readFile(await this.#file(key))
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (!this.#folder) return
    for (const key of keys) await rm(await this.#file(key), { force: true })
  }

  async close(): Promise<void> {
    const folder = this.#folder
    this.#folder = undefined
    if (folder) await rm(await folder, { recursive: true, force: true })
  }
}
