// Where the bytes of frozen partitions go that are not in memory only. A store keeps bytes under keys and knows nothing of
// what they mean; who needs them how long is known by partition-shelf.ts. A run that lasts keeps them in its own store.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReadsApart } from './apart-rows.js'

/** Keys are made of letters, digits, '-' and '/'. */
export interface PartitionStore {
  /** Keeps bytes by their keys; what was kept under a key before is replaced. */
  put(all: ReadonlyMap<string, Uint8Array>): Promise<void>
  /** Rejects where nothing is kept under the key. */
  get(key: string): Promise<Uint8Array>
  /** Nobody needs these any more. Keys that are not there are fine. */
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

  async put(all: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const [key, bytes] of all) this.#kept.set(key, bytes.slice())
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
  readonly #beneath: ReadsApart | undefined
  readonly #kept = new Set<string>()
  /** Made when something is first kept. */
  #folder: Promise<string> | undefined

  /** root: where the folder is made; the system's place for temporary files by default. beneath: has what is not in it. */
  constructor({ root = tmpdir(), beneath }: { readonly root?: string; readonly beneath?: ReadsApart } = {}) {
    this.#root = root
    this.#beneath = beneath
  }

  async #file(key: string): Promise<string> {
    if (!this.#folder) throw new Error(`nothing is kept under '${key}'`)
    return join(await this.#folder, key.replaceAll('/', '-'))
  }

  async put(all: ReadonlyMap<string, Uint8Array>): Promise<void> {
    this.#folder ??= mkdtemp(join(this.#root, 'populace-'))
    for (const [key, bytes] of all) {
      await writeFile(await this.#file(key), bytes)
      this.#kept.add(key)
    }
  }

  async get(key: string): Promise<Uint8Array> {
    return this.#beneath && !this.#kept.has(key) ? this.#beneath.get(key) : readFile(await this.#file(key))
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (!this.#folder) return
    for (const key of keys) {
      this.#kept.delete(key)
      await rm(await this.#file(key), { force: true })
    }
  }

  async close(): Promise<void> {
    const folder = this.#folder
    this.#folder = undefined
    if (folder) await rm(await folder, { recursive: true, force: true })
  }
}
