// WorldState: a whole state at one tick, apart from any simulation: to be looked at, compared, stored and sent. It never
// changes; what is applied to it gives another one.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import type { Scalar } from '../memory/params.js'
import { damaged } from './chunks.js'
import { threadCodec } from './codec.js'
import { type Coded, decodeChanges, decodeWhole, encodeChanges, encodeWhole, type SealedImage } from './coding.js'
import { joinParts } from './container.js'
import {
  checkHashPart,
  type HashedColumn,
  type HashedMail,
  type HashPart,
  hashShare,
  joinHashes,
  type WorldHash,
} from './content-hash.js'
import { imageLeaving, imageSince } from './frozen-sections.js'
import { Sections } from './image.js'
import type { SchemaMessage, SchemaPopulation } from './schema.js'
import { StateTable } from './state-table.js'

/** What changed between two states. */
export interface StateDiff {
  /** The state that it was made from, and is applied to. */
  readonly base: { readonly tick: number; readonly id: string }
  readonly tick: number
  readonly id: string
  readonly compressedData: Uint8Array
}

export class WorldState {
  /** @internal */
  readonly image: SealedImage
  readonly #sections: Sections
  readonly #tables = new Map<string, StateTable>()
  #hash: WorldHash | undefined

  /** @internal Made by StateSnapshot.create and WorldState.fromCompressed. */
  constructor(image: SealedImage) {
    this.image = image
    this.#sections = new Sections(image)
  }

  /** Reads the bytes of a snapshot; nothing is left behind when they are refused. SNAPSHOT_INVALID, SNAPSHOT_VERSION. */
  static async fromCompressed(bytes: Uint8Array): Promise<WorldState> {
    return new WorldState(await decodeWhole(bytes, threadCodec))
  }

  /** Ticks done. */
  get tick(): number {
    return this.image.head.tick
  }

  /** 32 hexadecimal digits that name it: states with one name are equal in all that a run depends on. */
  get id(): string {
    return this.image.id
  }

  get scenario(): string {
    return this.image.head.scenario
  }

  get seed(): number {
    return this.image.head.seed
  }

  get params(): Readonly<Record<string, Scalar>> {
    return this.image.head.params
  }

  /** Names of all partitions in order. */
  get partitions(): readonly string[] {
    const ends = this.#sections.find('partitions', '', 'ends') ?? []
    const bytes = this.#sections.find('partitions', '', 'names')?.slice() ?? new Uint8Array(0) // decoders take no shared memory
    return Array.from(ends, (end, i) => new TextDecoder().decode(bytes.subarray(i === 0 ? 0 : ends[i - 1], end)))
  }

  /** Names of the partitions that are frozen, in order. */
  get frozen(): readonly string[] {
    return imageSince(this.#sections, this.partitions).map(({ partition }) => partition)
  }

  /** The agents of a population, named or declared. POPULATION_UNKNOWN. */
  population(population: string | { readonly name: string }): StateTable {
    const name = typeof population === 'string' ? population : population?.name
    const { populations } = this.image.head.schema
    const schema = populations.find(p => p.name === name)
    if (!schema)
      throw new PopulaceError(
        'POPULATION_UNKNOWN',
        `The snapshot has no population '${String(name)}'`,
        `Check the spelling; ${hint(
          String(name),
          populations.map(p => p.name),
        )}`,
      )
    const table = this.#tables.get(name) ?? this.#makeTable(schema)
    this.#tables.set(name, table)
    return table
  }

  #makeTable(schema: SchemaPopulation): StateTable {
    try {
      return new StateTable(schema, this.#sections, this.partitions)
    } catch (error) {
      // Its checksums are right, so whoever wrote it meant what makes no sense.
      throw error instanceof PopulaceError
        ? error
        : damaged(`describes population '${schema.name}' in a way that is none`, error)
    }
  }

  #mail(kind: HashedMail['kind'], { name, columns }: SchemaMessage): HashedMail {
    const find = (part: string, column = '') => this.#sections.find(kind, name, part, column)
    let bytes = 0
    const heaps: Uint8Array[] = []
    const hashed = columns.map(({ name: column, kind: type, size, doc }): HashedColumn => {
      if (!doc) return { name: column, kind: type, size, doc, array: find('column', column) ?? new Uint8Array(0) }
      const lengths = find('lengths', column) ?? []
      const words = new Uint32Array(lengths.length * 2)
      for (let at = 0; at < lengths.length; at++) {
        words[at * 2] = bytes
        words[at * 2 + 1] = lengths[at]
        bytes += lengths[at]
      }
      heaps.push(find('documents', column) as Uint8Array) // of kind u8
      return { name: column, kind: type, size, doc, array: words }
    })
    const to = (find('to') ?? new Float64Array(0)) as Float64Array // kinds as capture.ts gives them, here and below
    return {
      ...{ kind, name, waiting: to.length, to, columns: hashed, documents: joinParts(heaps) },
      from: (find('from') ?? new Float64Array(0)) as Float64Array,
      seen: (find('seen') ?? new Uint32Array(0)) as Uint32Array,
    }
  }

  /** The content hash, as the simulation gave it: of the whole state, or of a part. POPULATION_UNKNOWN, COLUMN_UNKNOWN. */
  hash(part: HashPart = {}): string {
    return this.hashes(part).hash
  }

  /** The content hash with those of each population and column. */
  hashes(part: HashPart = {}): WorldHash {
    const whole = Object.values(part).every(of => of === undefined)
    if (whole && this.#hash) return this.#hash
    const { schema, tick, shed } = this.image.head
    const { populations, messages, asks = [] } = schema
    checkHashPart(
      part,
      populations.map(p => p.name),
      new Set(populations.flatMap(p => p.columns.map(c => c.name))),
    )
    const hashed = {
      populations: populations.map(p => this.population(p.name).hashed),
      mail: [...messages.map(m => this.#mail('mail', m)), ...asks.map(a => this.#mail('asks', a))],
      leaving: populations.map(({ name }) => ({ name, all: imageLeaving(this.#sections, name) })),
      partitions: this.partitions,
    }
    const frozen = whole ? imageSince(this.#sections, this.partitions) : []
    const hash = joinHashes([hashShare(hashed, part, 0, 1)], tick, whole ? shed : {}, frozen)
    if (whole) this.#hash = hash
    return hash
  }

  /** What changed since `previous`. */
  async createDiff(previous: WorldState): Promise<StateDiff> {
    const { image: base } = previous
    const { parts, sealed }: Coded = await encodeChanges(this.image, base, threadCodec)
    return {
      base: { tick: base.head.tick, id: base.id },
      tick: sealed.head.tick,
      id: sealed.id,
      compressedData: joinParts(parts),
    }
  }

  /** The state that a diff leads to from this one. DIFF_BASE, SNAPSHOT_INVALID, SNAPSHOT_VERSION. */
  async applyDiff(diff: StateDiff | Uint8Array): Promise<WorldState> {
    const bytes = diff instanceof Uint8Array ? diff : diff?.compressedData
    return new WorldState(await decodeChanges(bytes, this.image, threadCodec))
  }

  /** The bytes of a snapshot of it. */
  async compress(): Promise<Uint8Array> {
    return joinParts((await encodeWhole(this.image, threadCodec)).parts)
  }
}
