// The bytes of a snapshot or diff. docs/state.md describes them; this file alone reads and writes them.
//
//   [magic, 8][version, u32][length of the head, u32][head: MessagePack][SHA-256 of all before, 32][chunk]…
//
// Numbers are little-endian. The head lists each chunk's stored length, digest and seal, so every byte of the file is covered:
// by the SHA-256 up to there, by a chunk's seal behind it, and the file's length by the sum of the lengths.
import { createHash } from 'node:crypto'
import { Packr } from 'msgpackr'
import { PopulaceError } from '../core/errors.js'
import { MAX_ARENA_BYTES, MAX_SECTIONS } from '../core/limits.js'
import { ARRAY_OF, bytesOf } from '../memory/arrays.js'
import { CHUNK_BYTES, type Chunk, DIGEST_BYTES, damaged, MAX_RATIO, SEAL_BYTES } from './chunks.js'
import type { SectionNeeds, SectionPath, StateHead } from './image.js'

/** Version of the format. A reader reads its own alone. */
export const FORMAT_VERSION = 1

const MAGIC = new TextEncoder().encode('POPULACE')
const FIXED = MAGIC.length + 8
const SEAL = 32

/** The state that a diff was made from. */
export interface Base {
  readonly tick: number
  readonly id: string
}

/** A section with its chunks. */
export interface ChunkedSection extends SectionNeeds {
  readonly chunks: readonly Chunk[]
}

/** What a file holds. */
export interface Content {
  readonly head: StateHead
  readonly sections: readonly ChunkedSection[]
  /** undefined: it is a snapshot, not a diff. */
  readonly base: Base | undefined
}

/** A file taken apart, with the name of the state that it holds or leads to. */
export interface Unpacked extends Content {
  readonly id: string
}

const packr = new Packr({ useRecords: false, variableMapSize: true })

type Table = [
  path: SectionPath,
  kind: string,
  count: number,
  lengths: number[],
  digests: Uint8Array,
  seals: Uint8Array,
][]

function tableOf(sections: readonly ChunkedSection[]): Table {
  return sections.map(({ path, kind, count, chunks }) => {
    const digests = joinParts(chunks.map(c => c.digest))
    return [path, kind, count, chunks.map(c => c.stored.length), digests, joinParts(chunks.map(c => c.seal))]
  })
}

/** 32 hexadecimal digits that name a state: of what it is, not of how it was stored. */
export function stateId(head: StateHead, sections: readonly ChunkedSection[]): string {
  const hash = createHash('sha256').update(packr.pack(head))
  for (const [path, kind, count, , digests] of tableOf(sections))
    hash.update(packr.pack([path, kind, count])).update(digests)
  return hash.digest('hex').slice(0, 32)
}

/** The parts of a file, in order. */
export function packContent({ head, sections, base }: Content): Uint8Array[] {
  const packed = packr.pack({ head, table: tableOf(sections), ...(base ? { base } : {}) })
  const front = new Uint8Array(FIXED + packed.length + SEAL)
  const view = new DataView(front.buffer)
  front.set(MAGIC)
  view.setUint32(MAGIC.length, FORMAT_VERSION, true)
  view.setUint32(MAGIC.length + 4, packed.length, true)
  front.set(packed, FIXED)
  const end = FIXED + packed.length
  front.set(createHash('sha256').update(front.subarray(0, end)).digest(), end)
  return [front, ...sections.flatMap(s => s.chunks.map(c => c.stored))]
}

/** All parts of a file in one piece. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function headOf(file: Uint8Array): { packed: unknown; end: number } {
  if (!(file instanceof Uint8Array)) throw damaged(`is ${file === null ? 'null' : `a ${typeof file}`}, not bytes`)
  if (file.length < FIXED + SEAL || !MAGIC.every((byte, i) => file[i] === byte))
    throw damaged('does not begin as snapshots do')
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const version = view.getUint32(MAGIC.length, true)
  if (version !== FORMAT_VERSION)
    throw new PopulaceError(
      'SNAPSHOT_VERSION',
      `The snapshot is of format ${version}, and this version of populace reads format ${FORMAT_VERSION}`,
      'Read it with the version of populace that wrote it.',
    )
  const end = FIXED + view.getUint32(MAGIC.length + 4, true)
  if (end + SEAL > file.length) throw damaged('is cut short')
  const seal = createHash('sha256').update(file.subarray(0, end)).digest()
  if (!seal.equals(file.subarray(end, end + SEAL))) throw damaged('has a head whose checksum does not match')
  try {
    return { packed: packr.unpack(file.subarray(FIXED, end)), end: end + SEAL }
  } catch (error) {
    throw damaged('has a head that cannot be read', error)
  }
}

const isCount = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= 0

/** Takes a file apart; chunks are views of it. SNAPSHOT_INVALID, SNAPSHOT_VERSION. */
export function unpackContent(file: Uint8Array): Unpacked {
  const { packed, end } = headOf(file)
  try {
    return contentOf(file, packed, end)
  } catch (error) {
    // A head with a right checksum is what its writer meant, and may be of any shape.
    throw error instanceof PopulaceError ? error : damaged('has a head that describes no state', error)
  }
}

function contentOf(file: Uint8Array, packed: unknown, end: number): Unpacked {
  const { head, table, base } = packed as { head: StateHead; table: Table; base?: Base }
  if (!Array.isArray(table) || table.length > MAX_SECTIONS || typeof head?.tick !== 'number')
    throw damaged('has a head that describes no state')
  let at = end
  let total = 0
  const sections = table.map(([path, kind, count, lengths, digests, seals]): ChunkedSection => {
    if (!isCount(count) || !(kind in ARRAY_OF) || !lengths.every(isCount)) throw damaged('has a section that is none')
    const known = kind as SectionNeeds['kind'] // it is a key of ARRAY_OF
    const bytes = count * bytesOf(known)
    total += bytes
    if (total > MAX_ARENA_BYTES || lengths.length !== Math.ceil(bytes / CHUNK_BYTES))
      throw damaged('has a section of an impossible size')
    const chunks = lengths.map((length, i): Chunk => {
      const stored = file.subarray(at, at + length)
      const unpacked = Math.min(CHUNK_BYTES, bytes - i * CHUNK_BYTES)
      at += length
      if (length === 0 ? !base : unpacked > length * MAX_RATIO) throw damaged('has a part of an impossible size')
      const digest = digests.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES)
      return { stored, digest, seal: seals.subarray(i * SEAL_BYTES, (i + 1) * SEAL_BYTES) }
    })
    return { path, kind: known, count, chunks }
  })
  if (at !== file.length) throw damaged(at > file.length ? 'is cut short' : 'has bytes behind its end')
  return { head, sections, base, id: stateId(head, sections) }
}
