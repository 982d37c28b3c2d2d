// Where what is in a folder's database: one ordered table of bytes. The first byte of a key says what it is of.
//
//   f                     -> { format }                      what this database is
//   n                     -> 8 bytes                         the last number given: tokens, runs and contents draw from it
//   l name                -> { token, holder }               a lease
//   r name                -> { number, record }              a run
//   c number tick         -> { record, content }             a checkpoint of run `number`
//   j number entry        -> 8 bytes of tick, then bytes     an entry of its journal
//   b number key          -> { content, bytes }              a blob
//   d content piece       -> at most FILE_PIECE_BYTES        the bytes of a checkpoint or blob, in pieces
//
// Numbers are 8 bytes, the highest first, so that they are in order; text is UTF-16, the high byte first, so that it is
// in the order of code units. A content is never written over: a new one gets a new number.

const CODES = { format: 'f', numbers: 'n', lease: 'l', run: 'r', checkpoint: 'c', entry: 'j', blob: 'b', piece: 'd' }

export type KeyKind = keyof typeof CODES

/** The bytes of a number from 0 to 2^53 - 1. */
export function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** The number in 8 bytes of `bytes` from `offset`. */
export function numberAt(bytes: Buffer, offset: number): number {
  return Number(bytes.readBigUInt64BE(offset))
}

function textBytes(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

/** The text of `bytes` from `offset` on. */
export function textAt(bytes: Buffer, offset: number): string {
  return Buffer.from(bytes.subarray(offset)).swap16().toString('utf16le')
}

/** A key: what it is of, and its numbers and text. */
export function key(kind: KeyKind, ...parts: readonly (number | string)[]): Buffer {
  const bytes = parts.map(part => (typeof part === 'number' ? numberBytes(part) : textBytes(part)))
  return Buffer.concat([Buffer.from(CODES[kind]), ...bytes])
}

/** The first key after all that begin with `prefix`. No key begins with a byte of 255, so there is one. */
export function keyAfter(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  let last = end.length - 1
  while (end[last] === 255) last--
  end[last]++
  return end.subarray(0, last + 1)
}
