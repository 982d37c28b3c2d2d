// What a delta is as bytes, on both sides: its frame, the names that chain one to the next, and the parts of its body.
// docs/delta.md describes it byte by byte. Browsers load this file: it imports what runs anywhere.
import { PopulaceError } from '../core/errors.js'
import { fnv1a, high, low, threefry } from '../core/threefry.js'
import { documentWords } from '../kernels/hash.js'
import { type Packed, type PackWriter, unpack } from '../memory/message-pack.js'
import type { SchemaColumn } from './schema.js'

/** The first value of each message. */
export const DELTA_MAGIC = 'populace-delta'

/** Raised when a reader of the one before could not read what is written now. */
export const DELTA_VERSION = 1

/** A part of a world with its populations named: what a stream is of, and what its mirror has the hash of. */
export interface DeltaFilter {
  readonly populations: readonly string[]
  readonly columns?: readonly string[]
  readonly partitions?: readonly string[]
}

/** Where a stream is. `mark` names the states that it told, in their order, and so how rows are numbered. */
export interface DeltaPosition {
  readonly tick: number
  /** Messages of the stream before this one. */
  readonly sequence: number
  readonly mark: Uint8Array
}

/** Measures that ride along, as sim.measures has them. */
export type DeltaMeasures = Readonly<Record<string, number | readonly number[]>>

/** Values of some rows of a column: numbers as they lie in memory, or the lengths and the bytes of documents. */
export type DeltaValues = Uint8Array | readonly [lengths: Uint8Array, bytes: Uint8Array]

/** Rows that came: how many, their ids, partitions in runs, and values by column. */
export type DeltaRows = readonly [
  count: number,
  ids: Uint8Array,
  partitions: Uint8Array,
  values: readonly DeltaValues[],
]

/** Changed values of a column: places (null: all rows that stayed) and values; null: none changed. */
export type DeltaColumn = readonly [places: Uint8Array | null, values: DeltaValues] | null

/** What became of a population; what is left out did not happen. */
export interface DeltaPopulation {
  /** In a keyframe. */
  readonly name?: string
  /** In a keyframe. */
  readonly columns?: readonly SchemaColumn[]
  readonly gone?: Uint8Array
  readonly moved?: readonly [places: Uint8Array, partitions: Uint8Array]
  readonly changed?: readonly DeltaColumn[]
  readonly came?: DeltaRows
}

/** The body of a message. */
export interface DeltaBody extends DeltaPosition {
  readonly run: string
  /** null: a keyframe, which follows nothing. */
  readonly after: DeltaPosition | null
  /** In a keyframe. */
  readonly filter?: DeltaFilter
  readonly measures?: DeltaMeasures
  /** Names of partitions that are new to the stream: they have the next numbers. */
  readonly partitions: readonly string[]
  /** In the filter's order; null: nothing became of it. */
  readonly populations: readonly (DeltaPopulation | null)[]
}

function wordsToBytes(words: Int32Array): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setInt32(0, words[0])
  view.setInt32(4, words[1])
  return bytes
}

/** The mark of a stream before its first message. */
export function firstMark(filter: DeltaFilter): Uint8Array {
  const text = JSON.stringify(filter)
  return wordsToBytes(Int32Array.of(fnv1a(text), fnv1a(`mark ${text}`)))
}

/** The mark when the state of `tick` is told after all that `mark` stands for: T(mark; tick lo, hi). */
export function nextMark(mark: Uint8Array, tick: number): Uint8Array {
  const view = new DataView(mark.buffer, mark.byteOffset, 8)
  const words = new Int32Array(2)
  threefry(view.getInt32(0), view.getInt32(4), low(tick), high(tick), words, 0)
  return wordsToBytes(words)
}

/** Whether two marks are the same. */
export function sameMark(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === 8 && b.length === 8 && a.every((byte, i) => byte === b[i])
}

function checksum(body: Uint8Array): Uint8Array {
  const [, lo, hi] = documentWords(body, 0, body.length)
  return wordsToBytes(Int32Array.of(lo, hi))
}

/** Writes a message: magic, version, checksum, body. */
export function writeDelta(writer: PackWriter, body: Packed): Uint8Array<ArrayBuffer> {
  writer.array(4)
  writer.text(DELTA_MAGIC)
  writer.number(DELTA_VERSION)
  writer.bytes(new Uint8Array(8)) // the checksum's place
  const begin = writer.length
  writer.value(body)
  writer.overwrite(begin - 8, checksum(writer.written(begin)))
  return writer.take()
}

/** The error of bytes that are not what was written. */
export function damagedDelta(what: string, cause?: unknown): PopulaceError {
  return new PopulaceError(
    'DELTA_INVALID',
    `A delta ${what}`,
    'It was cut, altered or is none: ask the stream for a keyframe.',
    cause,
  )
}

/** The body in a message, its frame checked. DELTA_INVALID, DELTA_VERSION. */
export function openDelta(message: Uint8Array): Packed {
  if (!(message instanceof Uint8Array)) throw damagedDelta('is no Uint8Array')
  try {
    if (message[0] !== 0x94) throw new RangeError('it does not begin with an array of four')
    const magic = unpack(message, 1)
    if (magic.value !== DELTA_MAGIC) throw new RangeError('it does not begin with the name of the format')
    const version = unpack(message, magic.end)
    if (version.value !== DELTA_VERSION)
      throw new PopulaceError(
        'DELTA_VERSION',
        `A delta has version ${String(version.value)} of the format, and this reads ${DELTA_VERSION}`,
        'Use the Mirror of the populace that writes the stream.',
      )
    const sum = unpack(message, version.end)
    const body = message.subarray(sum.end)
    if (!(sum.value instanceof Uint8Array && sameMark(sum.value, checksum(body))))
      throw new RangeError('its checksum does not match')
    const { value, end } = unpack(body)
    if (end !== body.length) throw new RangeError('it goes on beyond its end')
    return value
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError)
      throw damagedDelta(`cannot be read: ${error.message}`, error) // TypeError: text that is no UTF-8
    throw error
  }
}
