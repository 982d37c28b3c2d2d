// Documents as bytes and back: MessagePack, in one form for each value, because the content hash is taken of the bytes.
// Not a general codec: no extensions, no 32-bit lengths (no document is that long), and what is no plain data is refused.
//
// One form: the shortest integer where a number is one of 32 bits (so 1 and 1.0 are one value, and -0 is 0), else a
// 64-bit float; one bit pattern for NaN; keys in the order given; strings as UTF-8, a lone surrogate as U+FFFD.
// Nothing that is decoded shares memory with what it was decoded from, so a document kept can harm nobody.
import { PopulaceError } from '../core/errors.js'
import { plainFault } from '../core/json.js'
import { MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH } from '../core/limits.js'

/** What `encode` gives for what is no plain data, and for what is too large. */
export const ENCODED = { invalid: 0, tooLarge: -1 } as const

// A string of the most characters may need three bytes each before it is seen to be too long.
const scratch = new Uint8Array(MAX_DOCUMENT_BYTES * 4 + 64)
const scratchView = new DataView(scratch.buffer)
const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
const isOwn = Object.prototype.hasOwnProperty

/** Where the document encoded last lies, from 0; good until the next is. */
export const encoded: Uint8Array = scratch

/** Thrown inside and never outside: ends an encoding. */
const TOO_LARGE = new RangeError('a document is too large')
const INVALID = new TypeError('a document is not plain data')
let busy = false

/** Writes a length under the type byte of strings (0xa0, 0xd9), arrays (0x90, 0xdc) or maps (0x80, 0xde); the next byte. */
function writeCount(at: number, count: number, small: number, most: number, wide: number): number {
  if (count <= most) {
    scratch[at] = small | count
    return at + 1
  }
  if (count >= MAX_DOCUMENT_BYTES) throw TOO_LARGE
  scratch[at] = wide
  scratchView.setUint16(at + 1, count)
  return at + 3
}

function writeNumber(at: number, value: number): number {
  if (value === (value | 0)) {
    if (value >= 0) {
      if (value < 128) scratch[at] = value
      else return writeUnsigned(at, value)
      return at + 1
    }
    if (value >= -32) {
      scratch[at] = value & 0xff
      return at + 1
    }
    if (value >= -128) {
      scratch[at] = 0xd0
      scratch[at + 1] = value & 0xff
      return at + 2
    }
    if (value >= -32768) {
      scratch[at] = 0xd1
      scratchView.setInt16(at + 1, value)
      return at + 3
    }
    scratch[at] = 0xd2
    scratchView.setInt32(at + 1, value)
    return at + 5
  }
  if (value === value >>> 0) return writeUnsigned(at, value)
  scratch[at] = 0xcb
  if (value !== value) {
    // V8 stores one of two NaNs, by whether the code is optimised.
    scratchView.setUint32(at + 1, 0x7ff80000)
    scratchView.setUint32(at + 5, 0)
  } else scratchView.setFloat64(at + 1, value)
  return at + 9
}

function writeUnsigned(at: number, value: number): number {
  if (value < 256) {
    scratch[at] = 0xcc
    scratch[at + 1] = value
    return at + 2
  }
  if (value < 65536) {
    scratch[at] = 0xcd
    scratchView.setUint16(at + 1, value)
    return at + 3
  }
  scratch[at] = 0xce
  scratchView.setUint32(at + 1, value)
  return at + 5
}

/** Bytes of a string's header. */
function headerOf(bytes: number): number {
  return bytes < 32 ? 1 : bytes < 256 ? 2 : 3
}

function writeString(at: number, value: string): number {
  const { length } = value
  if (at + length > MAX_DOCUMENT_BYTES) throw TOO_LARGE
  const begin = at + headerOf(length)
  let bytes = 0
  if (length < 64) {
    for (; bytes < length; bytes++) {
      const code = value.charCodeAt(bytes)
      if (code > 127) break
      scratch[begin + bytes] = code
    }
  }
  if (bytes < length || length >= 64) bytes = textEncoder.encodeInto(value, scratch.subarray(begin)).written
  const header = headerOf(bytes)
  if (at + header !== begin) scratch.copyWithin(at + header, begin, begin + bytes) // more bytes than characters
  if (header === 1) scratch[at] = 0xa0 | bytes
  else if (header === 2) {
    scratch[at] = 0xd9
    scratch[at + 1] = bytes
  } else {
    if (bytes >= MAX_DOCUMENT_BYTES) throw TOO_LARGE
    scratch[at] = 0xda
    scratchView.setUint16(at + 1, bytes)
  }
  return at + header + bytes
}

function writeBytes(at: number, value: Uint8Array): number {
  const { length } = value
  if (at + length > MAX_DOCUMENT_BYTES) throw TOO_LARGE
  let next = at
  if (length < 256) {
    scratch[next++] = 0xc4
    scratch[next++] = length
  } else {
    scratch[next] = 0xc5
    scratchView.setUint16(next + 1, length)
    next += 3
  }
  scratch.set(value, next)
  return next + length
}

function write(at: number, value: unknown, depth: number): number {
  if (at > MAX_DOCUMENT_BYTES) throw TOO_LARGE
  switch (typeof value) {
    case 'number':
      return writeNumber(at, value)
    case 'string':
      return writeString(at, value)
    case 'boolean':
      scratch[at] = value ? 0xc3 : 0xc2
      return at + 1
    case 'object':
      break
    default:
      throw INVALID
  }
  if (value === null) {
    scratch[at] = 0xc0
    return at + 1
  }
  if (depth === MAX_DOCUMENT_DEPTH) throw INVALID // or it contains itself
  if (Array.isArray(value)) {
    const { length } = value
    let next = writeCount(at, length, 0x90, 15, 0xdc)
    for (let i = 0; i < length; i++) next = write(next, value[i], depth + 1)
    return next
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    // Not by Object.keys: its array is more to collect than all else of a small document.
    let left = 0
    for (const key in value) if (isOwn.call(value, key)) left++
    let next = writeCount(at, left, 0x80, 15, 0xde)
    for (const key in value) {
      if (!isOwn.call(value, key)) continue
      next = writeString(next, key)
      next = write(next, (value as Record<string, unknown>)[key], depth + 1)
      left--
    }
    if (left !== 0) throw INVALID // a getter has changed it
    return next
  }
  if (value instanceof Uint8Array) return writeBytes(at, value)
  throw INVALID
}

/** Encodes plain data into `encoded`; the number of bytes, or one of ENCODED. */
export function encode(value: unknown): number {
  if (busy) return ENCODED.invalid // a getter inside the value sets a document: it would spoil this one
  busy = true
  try {
    const length = write(0, value, 0)
    return length > MAX_DOCUMENT_BYTES ? ENCODED.tooLarge : length
  } catch (error) {
    if (error === TOO_LARGE) return ENCODED.tooLarge
    if (error === INVALID) return ENCODED.invalid
    throw error
  } finally {
    busy = false
  }
}

/** Why `encode` gave no bytes; `where` names column and agent. DOCUMENT_INVALID, DOCUMENT_TOO_LARGE. */
export function documentError(result: number, value: unknown, where: string): PopulaceError {
  if (result === ENCODED.tooLarge)
    return new PopulaceError(
      'DOCUMENT_TOO_LARGE',
      `${where} is given a document of more than ${MAX_DOCUMENT_BYTES} bytes`,
      'Keep less in it, or spread it over several agents.',
    )
  const fault = plainFault(value, 'it', MAX_DOCUMENT_DEPTH) ?? 'reading it changes it, or sets another document'
  return new PopulaceError(
    'DOCUMENT_INVALID',
    `${where} is given what is no document: ${fault}`,
    'Use null, booleans, numbers, strings, Uint8Arrays, arrays and plain objects.',
  )
}

/** Encodes or throws. DOCUMENT_INVALID, DOCUMENT_TOO_LARGE. */
export function encodeOrThrow(value: unknown, where: () => string): number {
  const length = encode(value)
  if (length <= 0) throw documentError(length, value, where())
  return length
}

// ---- and back ----------------------------------------------------------------------------------------------------------

/** Keys met before, by a hash of their bytes: a known string is stored under its name without being made anew. */
const KEYS = 512
const LONGEST_KEY = 32
const knownKeys: string[] = new Array(KEYS).fill('')

let source: Uint8Array = scratch
let view: DataView = scratchView
let at = 0

function readKey(): string {
  const type = source[at]
  const length = type & 0x1f
  if (type >>> 5 !== 5 || length > LONGEST_KEY) return read() as string
  at++
  let hash = length
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + source[at + i]) | 0
  const slot = (hash ^ (hash >>> 9)) & (KEYS - 1)
  const known = knownKeys[slot]
  if (known.length === length) {
    let i = 0
    while (i < length && known.charCodeAt(i) === source[at + i]) i++
    if (i === length) {
      at += length
      return known
    }
  }
  const key = readString(length)
  // ASCII only: the characters of another key may be the very bytes of this one ('Ã©' and the bytes of 'é').
  if (key.length === length) knownKeys[slot] = key
  return key
}

function readString(length: number): string {
  const begin = at
  const end = begin + length
  at = end
  if (length < 48) {
    let text = ''
    let i = begin
    for (; i + 3 < end; i += 4) {
      const a = source[i]
      const b = source[i + 1]
      const c = source[i + 2]
      const d = source[i + 3]
      if ((a | b | c | d) > 127) break
      text += String.fromCharCode(a, b, c, d)
    }
    for (; i < end && source[i] < 128; i++) text += String.fromCharCode(source[i])
    if (i === end) return text
  }
  return textDecoder.decode(source.slice(begin, end)) // a decoder takes no shared memory
}

function readArray(length: number): unknown[] {
  const items: unknown[] = []
  for (let i = 0; i < length; i++) items.push(read())
  return items
}

function readMap(length: number): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  for (let i = 0; i < length; i++) {
    const key = readKey()
    if (key === '__proto__')
      Object.defineProperty(map, key, { value: read(), enumerable: true, writable: true, configurable: true })
    else map[key] = read()
  }
  return map
}

function skip(bytes: number): number {
  const from = at
  at += bytes
  return from
}

function read(): unknown {
  const type = source[at++]
  if (type < 0x80) return type
  if (type < 0x90) return readMap(type & 0x0f)
  if (type < 0xa0) return readArray(type & 0x0f)
  if (type < 0xc0) return readString(type & 0x1f)
  if (type >= 0xe0) return type - 256
  switch (type) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xc4:
      return readBytes(source[at++])
    case 0xc5:
      return readBytes(view.getUint16(skip(2)))
    case 0xcb:
      return view.getFloat64(skip(8))
    case 0xcc:
      return source[at++]
    case 0xcd:
      return view.getUint16(skip(2))
    case 0xce:
      return view.getUint32(skip(4))
    case 0xd0:
      return view.getInt8(skip(1))
    case 0xd1:
      return view.getInt16(skip(2))
    case 0xd2:
      return view.getInt32(skip(4))
    case 0xd9:
      return readString(source[at++])
    case 0xda:
      return readString(view.getUint16(skip(2)))
    case 0xdc:
      return readArray(view.getUint16(skip(2)))
    case 0xde:
      return readMap(view.getUint16(skip(2)))
    default:
      throw new PopulaceError(
        'DOCUMENT_INVALID',
        'A document was read where none is',
        'Use rows that the loop, rowOf and runs give: what lies beyond is what happens to be there.',
      )
  }
}

function readBytes(length: number): Uint8Array {
  const from = skip(length)
  return new Uint8Array(source.subarray(from, from + length)) // memory of its own, not shared
}

/** The document at `offset`; `bytesView` looks at the memory of `bytes` from its first byte. A fresh copy each time. */
export function decode(bytes: Uint8Array, bytesView: DataView, offset: number): unknown {
  source = bytes
  view = bytesView
  at = offset
  return read()
}
