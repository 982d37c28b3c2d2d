// Rows in the binary format of COPY: a header, rows as (number of fields, then length and bytes of each), a trailer. All
// integers are big-endian; a length of -1 is null. Pure: rows go in, pieces of bytes come out, nothing is kept but the
// piece that is being filled. See "COPY, binary format" in the manual of PostgreSQL.
import { COPY_PIECE_BYTES, MAX_COPY_VALUE_BYTES } from '../core/limits.js'
import { wrongValue } from './database-error.js'
import { LONE_SURROGATE } from './database-values.js'

/** A column of the table that is filled. */
export interface CopyColumn {
  readonly name: string
  /** Number of its type in pg_type. */
  readonly type: number
}

const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
const MICROSECONDS_TO_2000 = 946_684_800_000_000n
const INT8_LEAST = -(2n ** 63n)
const INT8_MOST = 2n ** 63n - 1n

/** Writes one value, its length included. Throws the words that say what does not fit. */
type Write = (piece: CopyPieces, value: unknown) => void

function whole(least: number, most: number, value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) throw 'is no integer'
  if (number < least || number > most) throw `is out of ${least} to ${most}`
  return number
}

function whole8(value: unknown): bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw 'is no safe integer; give a bigint'
  if (typeof value !== 'number' && typeof value !== 'bigint') throw 'is no integer'
  const big = BigInt(value)
  if (big < INT8_LEAST || big > INT8_MOST) throw 'is out of 64 bits'
  return big
}

function float(value: unknown): number {
  if (typeof value !== 'number') throw 'is no number'
  return value
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw 'is no text'
  if (value.includes('\0')) throw 'contains a character of code 0, which Postgres cannot store'
  if (LONE_SURROGATE.test(value)) throw 'contains half of a surrogate pair, which UTF-8 cannot hold'
  return value
}

const writeText: Write = (piece, value) => piece.text(text(value))

const WRITERS: ReadonlyMap<number, Write> = new Map<number, Write>([
  [
    16, // bool
    (piece, value) => {
      if (typeof value !== 'boolean') throw 'is no boolean'
      piece.number('writeInt8', 1, Number(value))
    },
  ],
  [
    17, // bytea
    (piece, value) => {
      if (!(value instanceof Uint8Array)) throw 'is no Uint8Array'
      piece.raw(value)
    },
  ],
  [20, (piece, value) => piece.number('writeBigInt64BE', 8, whole8(value))], // int8
  [21, (piece, value) => piece.number('writeInt16BE', 2, whole(-(2 ** 15), 2 ** 15 - 1, value))], // int2
  [23, (piece, value) => piece.number('writeInt32BE', 4, whole(-(2 ** 31), 2 ** 31 - 1, value))], // int4
  [700, (piece, value) => piece.number('writeFloatBE', 4, float(value))], // float4
  [701, (piece, value) => piece.number('writeDoubleBE', 8, float(value))], // float8
  [25, writeText],
  [1043, writeText], // varchar
  [114, writeText], // json
  [
    3802, // jsonb: a version byte before the text
    (piece, value) => piece.text(`\x01${text(value)}`),
  ],
  [
    1184, // timestamptz: microseconds since 2000
    (piece, value) => {
      if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw 'is no Date'
      piece.number('writeBigInt64BE', 8, BigInt(value.getTime()) * 1000n - MICROSECONDS_TO_2000)
    },
  ],
])

/** The names of the types that can be written, for an error. */
export const COPY_TYPES = 'bool, bytea, int2, int4, int8, float4, float8, text, varchar, json, jsonb, timestamptz'

type Put = 'writeInt8' | 'writeInt16BE' | 'writeInt32BE' | 'writeFloatBE' | 'writeDoubleBE'

/** The piece that is being filled, and those that are full. */
export class CopyPieces {
  #bytes: Buffer = Buffer.allocUnsafe(COPY_PIECE_BYTES)
  #used = 0
  #full: Buffer[] = []
  readonly #columns: readonly CopyColumn[]
  readonly #writers: readonly Write[]

  /** DATABASE_VALUE_INVALID for a type that cannot be written. */
  constructor(columns: readonly CopyColumn[]) {
    this.#columns = columns
    this.#writers = columns.map(({ name, type }) => {
      const write = WRITERS.get(type)
      if (write === undefined) {
        throw wrongValue(`Column '${name}' has a type that binary COPY cannot write here (it can: ${COPY_TYPES})`)
      }
      return write
    })
    this.#append(HEADER)
  }

  /** Adds a row. DATABASE_VALUE_INVALID. @param number - of the row, from 1, for an error. */
  add(row: readonly unknown[], number: number): void {
    if (!Array.isArray(row)) throw wrongValue(`Row ${number} of the COPY is no array`)
    const count = this.#writers.length
    if (row.length !== count)
      throw wrongValue(`Row ${number} of the COPY has ${row.length} values for ${count} columns`)
    this.#put('writeInt16BE', 2, count)
    for (let i = 0; i < count; i++) {
      const value: unknown = row[i]
      if (value === null) this.#put('writeInt32BE', 4, -1)
      else this.#write(i, value, number)
    }
  }

  /** Whether a piece is full. */
  get ready(): boolean {
    return this.#full.length > 0
  }

  /** Takes the full pieces. */
  take(): Buffer[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** Takes what is left, after the last row. */
  finish(): Buffer[] {
    this.#put('writeInt16BE', 2, -1)
    this.#shift()
    return this.take()
  }

  /** A value of `size` bytes, written by the method of Buffer that is named. */
  number(put: 'writeBigInt64BE', size: number, value: bigint): void
  number(put: Put, size: number, value: number): void
  number(put: Put | 'writeBigInt64BE', size: number, value: number | bigint): void {
    this.#put('writeInt32BE', 4, size)
    this.#put(put, size, value)
  }

  /** A value of bytes; a long one is a piece of its own, uncopied. */
  raw(value: Uint8Array): void {
    if (value.byteLength > MAX_COPY_VALUE_BYTES) throw `has ${value.byteLength} bytes, more than Postgres can store`
    this.#put('writeInt32BE', 4, value.byteLength)
    this.#append(value)
  }

  text(value: string): void {
    if (value.length > COPY_PIECE_BYTES / 8) {
      this.raw(Buffer.from(value))
      return
    }
    const at = this.#room(4 + value.length * 3) // UTF-8 takes three bytes at most for each unit of a string
    const size = this.#bytes.write(value, at + 4)
    this.#bytes.writeInt32BE(size, at)
    this.#used = at + 4 + size
  }

  #write(i: number, value: unknown, number: number): void {
    try {
      this.#writers[i](this, value)
    } catch (words) {
      if (typeof words !== 'string') throw words
      throw wrongValue(`Row ${number} of the COPY, column '${this.#columns[i].name}': the value ${words}`)
    }
  }

  #append(value: Uint8Array): void {
    if (value.byteLength > COPY_PIECE_BYTES / 2) {
      this.#shift()
      this.#full.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
      return
    }
    const at = this.#room(value.byteLength)
    this.#bytes.set(value, at)
  }

  #put(put: Put | 'writeBigInt64BE', size: number, value: number | bigint): void {
    const at = this.#room(size) // first: it may change the piece
    if (put === 'writeBigInt64BE') this.#bytes.writeBigInt64BE(value as bigint, at)
    else this.#bytes[put](value as number, at)
  }

  /** Where the next `size` bytes begin, in this piece or the one that takes its place. */
  #room(size: number): number {
    if (this.#used + size > this.#bytes.length) this.#shift()
    const at = this.#used
    this.#used += size
    return at
  }

  #shift(): void {
    if (this.#used === 0) return
    this.#full.push(this.#bytes.subarray(0, this.#used))
    this.#bytes = Buffer.allocUnsafe(COPY_PIECE_BYTES)
    this.#used = 0
  }
}
