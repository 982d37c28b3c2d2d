// Chunks: sections are coded in pieces, in whatever thread, each by itself. A whole chunk is filtered, split into byte
// planes and gzipped (level 1, run lengths: measured best in ratio a second); one of a diff is the exclusive or with the
// same piece of the base where that is mostly zeros. The
// digest is of the values, so it names them and proves what comes out; the seal is of the bytes that are stored.
import { createHash } from 'node:crypto'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { PopulaceError } from '../core/errors.js'
import { canonicalNaN, exclusiveOr, fromDeltas, shuffle, toDeltas, unshuffle } from '../kernels/shuffle.js'
import { bytesOf } from '../memory/arrays.js'
import type { Kind } from '../memory/column-types.js'
import type { Section } from './image.js'

/** Bytes of a chunk, all but a section's last: a multiple of every width. */
export const CHUNK_BYTES = 2 ** 18

/** Bytes of a digest and of a seal: SHA-256, cut. */
export const DIGEST_BYTES = 16
export const SEAL_BYTES = 8

/** Most bytes that a stored one can stand for: deflate's best is 1,032. */
export const MAX_RATIO = 1032

/** A piece of a section in shared or own memory. */
export interface Piece {
  readonly buffer: ArrayBufferLike
  readonly offset: number
  readonly bytes: number
}

/** A piece to encode. `base`: the same piece of an older image, of which it is a diff. */
export interface EncodeTask extends Piece {
  readonly kind: Kind
  readonly filter: Filter
  readonly base?: Piece
}

/** A piece to decode, into the place that it has: for a diff the values of the base lie there already. */
export interface DecodeTask extends Piece {
  readonly kind: Kind
  readonly filter: Filter
  readonly chunk: Chunk
}

/** A chunk as it is stored; no bytes: it is the same as the base's. */
export interface Chunk {
  readonly stored: Uint8Array
  readonly digest: Uint8Array
  readonly seal: Uint8Array
}

/** What is done to values before they are split into planes: counting numbers become differences; text stays text. */
export type Filter = 'planes' | 'deltas' | 'text'

/** The filter of a section. */
export function filterOf({ path: [, , part] }: Pick<Section, 'path'>): Filter {
  if (part === 'slot') return 'deltas'
  return part === 'documents' || part === 'names' ? 'text' : 'planes'
}

/** The pieces of a section. */
export function piecesOf(buffer: ArrayBufferLike, { kind, count, offset }: Section): Piece[] {
  const bytes = count * bytesOf(kind)
  const pieces: Piece[] = []
  for (let at = 0; at < bytes; at += CHUNK_BYTES)
    pieces.push({ buffer, offset: offset + at, bytes: Math.min(CHUNK_BYTES, bytes - at) })
  return pieces
}

const bytesIn = ({ buffer, offset, bytes }: Piece) => new Uint8Array(buffer, offset, bytes)

/** The first byte of a stored chunk: whether it is whole or the exclusive or with the base's. */
const MODE = { whole: 0, changes: 1 } as const

const plain = new Uint8Array(CHUNK_BYTES)
const planes = new Uint8Array(CHUNK_BYTES)

function digestOf(values: Uint8Array, bytes: number): Uint8Array {
  return new Uint8Array(createHash('sha256').update(values).digest().subarray(0, bytes))
}

const UNCHANGED: Chunk = { stored: new Uint8Array(0), digest: new Uint8Array(0), seal: new Uint8Array(SEAL_BYTES) }

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

/** Encodes a chunk; gives NaNs of the piece their one bit pattern. */
export function encodeChunk(task: EncodeTask): Chunk {
  const { buffer, offset, bytes, kind, filter, base } = task
  if (kind === 'f32') canonicalNaN(new Float32Array(buffer, offset, bytes >> 2))
  if (kind === 'f64') canonicalNaN(new Float64Array(buffer, offset, bytes >> 3))
  const values = bytesIn(task)
  if (base && same(values, bytesIn(base))) return UNCHANGED
  const own = plain.subarray(0, bytes) // shared memory may not be hashed or compressed
  own.set(values)
  const digest = digestOf(own, DIGEST_BYTES)
  // Where most bytes differ, as in documents that moved, the exclusive or compresses worse than what it is made of.
  const changes = base !== undefined && exclusiveOr(values, bytesIn(base), own) < bytes / 4
  if (!changes) own.set(values)
  if (!changes && filter === 'deltas') toDeltas(new Int32Array(plain.buffer, 0, bytes >> 2))
  const split = planes.subarray(0, bytes)
  shuffle(own, split, filter === 'text' ? 1 : bytesOf(kind))
  const strategy = filter === 'text' && !changes ? constants.Z_DEFAULT_STRATEGY : constants.Z_RLE
  const packed = gzipSync(split, { level: 1, strategy, chunkSize: CHUNK_BYTES })
  const stored = new Uint8Array(1 + packed.length)
  stored[0] = changes ? MODE.changes : MODE.whole
  stored.set(packed, 1)
  return { stored, digest, seal: digestOf(stored, SEAL_BYTES) }
}

/** Decodes a chunk into its place. SNAPSHOT_INVALID: then what lies there is undefined. */
export function decodeChunk(task: DecodeTask): void {
  const { bytes, kind, filter, chunk } = task
  const { stored, digest, seal } = chunk
  if (!same(digestOf(stored, SEAL_BYTES), seal)) throw damaged('has a part whose checksum does not match')
  let split: Uint8Array
  try {
    split = gunzipSync(stored.subarray(1), { maxOutputLength: bytes, chunkSize: CHUNK_BYTES })
  } catch (error) {
    throw damaged('has a part that cannot be unpacked', error)
  }
  if (split.length !== bytes) throw damaged(`has a part of ${split.length} bytes that should have ${bytes}`)
  const own = plain.subarray(0, bytes)
  unshuffle(split, own, filter === 'text' ? 1 : bytesOf(kind))
  const place = bytesIn(task)
  if (stored[0] === MODE.changes) exclusiveOr(own, place, own)
  else if (filter === 'deltas') fromDeltas(new Int32Array(plain.buffer, 0, bytes >> 2))
  if (!same(digestOf(own, DIGEST_BYTES), digest)) throw damaged('has a part whose digest does not match')
  place.set(own)
}

/** The error of a snapshot or diff that is not what was written. */
export function damaged(what: string, cause?: unknown): PopulaceError {
  return new PopulaceError(
    'SNAPSHOT_INVALID',
    `The snapshot ${what}`,
    'It was cut, altered or is no snapshot: take another copy, or an older checkpoint.',
    cause,
  )
}
