// Images to files and back: a snapshot is an image coded whole, a diff is what changed since another image. An image
// that was coded is sealed: its digests are known and it has a name, so that a diff can say what it was made from.
import { PopulaceError } from '../core/errors.js'
import { bytesOf } from '../memory/arrays.js'
import { type Chunk, type EncodeTask, filterOf, type Piece, piecesOf } from './chunks.js'
import type { Codec } from './codec.js'
import { type ChunkedSection, packContent, stateId, type Unpacked, unpackContent } from './container.js'
import { placeSections, type Section, type StateImage, sectionBytes, sectionKey } from './image.js'

/** An image whose digests are known. */
export interface SealedImage extends StateImage {
  readonly id: string
  /** By section: the digest of each of its chunks. */
  readonly digests: ReadonlyMap<string, readonly Uint8Array[]>
}

/** A file in parts, and the image that it was made from or leads to. */
export interface Coded {
  readonly parts: readonly Uint8Array[]
  readonly sealed: SealedImage
}

function sealed(image: StateImage, id: string, sections: readonly ChunkedSection[]): SealedImage {
  const digests = new Map(sections.map(s => [sectionKey(s.path), s.chunks.map(c => c.digest)]))
  return { ...image, id, digests }
}

/** Puts chunks, in the order of the pieces, back to the sections that they are of. */
function chunked(image: StateImage, chunks: readonly Chunk[]): ChunkedSection[] {
  let at = 0
  return image.sections.map(({ path, kind, count, offset }) => {
    const n = piecesOf(image.buffer, { path, kind, count, offset }).length
    at += n
    return { path, kind, count, chunks: chunks.slice(at - n, at) }
  })
}

/** Codes an image whole. */
export async function encodeWhole(image: StateImage, codec: Codec): Promise<Coded> {
  const tasks = image.sections.flatMap(section =>
    piecesOf(image.buffer, section).map(piece => ({ ...piece, kind: section.kind, filter: filterOf(section) })),
  )
  const sections = chunked(image, await codec.encode(tasks))
  const parts = packContent({ head: image.head, sections, base: undefined })
  return { parts, sealed: sealed(image, stateId(image.head, sections), sections) }
}

const NOTHING = new SharedArrayBuffer(0)

/** The piece of a base that stands for a piece of another image; one of no bytes where it has none. */
function basePieces(base: StateImage, sections: ReadonlyMap<string, Section>, section: Section): Piece[] {
  const found = sections.get(sectionKey(section.path))
  return found && found.kind === section.kind ? piecesOf(base.buffer, found) : []
}

/** Codes what of an image differs from `base`. */
export async function encodeChanges(image: StateImage, base: SealedImage, codec: Codec): Promise<Coded> {
  const known = new Map(base.sections.map(s => [sectionKey(s.path), s]))
  const tasks = image.sections.flatMap((section): EncodeTask[] => {
    const before = basePieces(base, known, section)
    return piecesOf(image.buffer, section).map((piece, i) => ({
      ...piece,
      kind: section.kind,
      filter: filterOf(section),
      base: before[i] ?? { buffer: NOTHING, offset: 0, bytes: 0 },
    }))
  })
  const coded = chunked(image, await codec.encode(tasks))
  const sections = coded.map(section => {
    const before = base.digests.get(sectionKey(section.path)) ?? []
    const chunks = section.chunks.map((c, i) => (c.stored.length > 0 ? c : { ...c, digest: before[i] }))
    return { ...section, chunks }
  })
  const from = { tick: base.head.tick, id: base.id }
  const parts = packContent({ head: image.head, sections, base: from })
  return { parts, sealed: sealed(image, stateId(image.head, sections), sections) }
}

/** Gives memory of at least so many bytes, where an image is put. */
export type TakeMemory = (bytes: number) => SharedArrayBuffer

const fresh: TakeMemory = bytes => new SharedArrayBuffer(bytes)

/** An empty image for a file's sections. */
function reserve(content: Unpacked, take: TakeMemory = fresh): StateImage {
  const { sections, bytes } = placeSections(content.sections)
  return { head: content.head, sections, buffer: take(bytes) }
}

async function decodeInto(image: StateImage, content: Unpacked, codec: Codec): Promise<SealedImage> {
  const tasks = image.sections.flatMap((section, at) =>
    piecesOf(image.buffer, section).flatMap((piece, i) => {
      const chunk = content.sections[at].chunks[i]
      if (chunk.stored.length === 0) return [] // as in the base
      return [{ ...piece, kind: section.kind, filter: filterOf(section), chunk }]
    }),
  )
  await codec.decode(tasks)
  return sealed(image, content.id, content.sections)
}

/** The image that a snapshot holds. SNAPSHOT_INVALID, SNAPSHOT_VERSION. */
export async function decodeWhole(file: Uint8Array, codec: Codec, take?: TakeMemory): Promise<SealedImage> {
  const content = unpackContent(file)
  if (content.base)
    throw new PopulaceError(
      'SNAPSHOT_INVALID',
      `These bytes are no snapshot: they are a diff of the state at tick ${content.base.tick}`,
      'Read that state first, then apply the diff to it.',
    )
  return decodeInto(reserve(content, take), content, codec)
}

/** The image that a diff leads to from `base`, which stays as it is. DIFF_BASE, SNAPSHOT_INVALID, SNAPSHOT_VERSION. */
export async function decodeChanges(file: Uint8Array, base: SealedImage, codec: Codec): Promise<SealedImage> {
  const content = unpackContent(file)
  const { base: from } = content
  if (!from)
    throw new PopulaceError(
      'SNAPSHOT_INVALID',
      'These bytes are no diff: they are a whole snapshot',
      'Read it with WorldState.fromCompressed.',
    )
  if (from.id !== base.id)
    throw new PopulaceError(
      'DIFF_BASE',
      `A diff of the state ${from.id} at tick ${from.tick} was applied to the state ${base.id} at tick ${base.head.tick}`,
      'Apply it to the state that it was made from.',
    )
  const image = reserve(content)
  const known = new Map(base.sections.map(s => [sectionKey(s.path), s]))
  for (const section of image.sections) {
    const before = known.get(sectionKey(section.path))
    if (!before || before.kind !== section.kind) continue
    const length = Math.min(section.count, before.count) * bytesOf(section.kind)
    sectionBytes(image.buffer, section).set(sectionBytes(base.buffer, before).subarray(0, length))
  }
  return decodeInto(image, content, codec)
}
