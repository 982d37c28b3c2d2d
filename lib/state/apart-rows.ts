// The rows of frozen partitions apart from a world's image. They do not change while the partition sleeps, so a checkpoint
// holds their key, and they are stored once however many checkpoints they are part of; a world need never be in memory
// whole. The key is made from what they are, so the same state has the same keys.
import { damaged } from './chunks.js'
import { type Codec, inlineCodec } from './codec.js'
import { decodeWhole, encodeWhole, type TakeMemory } from './coding.js'
import { joinParts } from './container.js'
import type { FrozenRows } from './frozen-rows.js'
import type { StateHead, StateImage } from './image.js'

/** What all keys begin with. */
export const APART = 'frozen/'

/** Reads what was stored under a key. */
export interface ReadsApart {
  get(key: string): Promise<Uint8Array>
}

/** The head of what is stored: a container wants one, and all that a partition needs is in the world that it is of. */
const HEAD: StateHead = {
  scenario: '',
  schema: { populations: [], messages: [], events: [] },
  seed: 0,
  params: {},
  tick: 0,
  blocks: {},
  commands: 0,
  shed: {},
}

/** The rows of one partition, in memory, under a key, or both. */
export class ApartRows {
  readonly partition: number
  /** The tick in which it froze. */
  readonly since: number
  /** undefined: they are under their key only. */
  rows: FrozenRows | undefined
  /** undefined: nobody has coded them yet. */
  #key: string | undefined

  constructor(partition: number, since: number, from: { readonly rows: FrozenRows } | { readonly key: string }) {
    this.partition = partition
    this.since = since
    if ('rows' in from) this.rows = from.rows
    else this.#key = from.key
  }

  /** Those that were stored under a key. SNAPSHOT_INVALID. */
  static of(key: string): ApartRows {
    const [, partition, since] = /^frozen\/(\d+)\/(\d+)\/[0-9a-f]{32}$/.exec(key) ?? []
    if (since === undefined) throw damaged(`names the rows of a frozen partition by '${key}'`)
    return new ApartRows(Number(partition), Number(since), { key })
  }

  /** The key, once it is known. */
  get key(): string | undefined {
    return this.#key
  }

  /** The bytes to be stored of rows that are in memory, and their key. */
  async encode(rows: FrozenRows, codec: Codec): Promise<{ key: string; bytes: Uint8Array }> {
    const { parts, sealed } = await encodeWhole({ head: HEAD, ...rows }, codec)
    this.#key = `${APART}${this.partition}/${this.since}/${sealed.id}`
    return { key: this.#key, bytes: joinParts(parts) }
  }

  /** The rows; what stores fail with, SNAPSHOT_INVALID. */
  async read(from: ReadsApart, take?: TakeMemory): Promise<FrozenRows> {
    if (this.rows) return this.rows
    const bytes = await from.get(this.#key as string) // rows that are not in memory have a key
    const { sections, buffer } = await decodeWhole(bytes, inlineCodec, take)
    return { sections, buffer }
  }
}

/** An image whose head says where the rows are that are apart from it: their keys are known. */
export function withKeys(image: StateImage): StateImage {
  const { head, apart } = image
  return apart ? { ...image, head: { ...head, apart: apart.map(a => a.key as string) } } : image
}
