// MessagePack for messages: what the delta stream is written in, and read from in browsers too. Beside document-codec.ts,
// which has one form for each document and no long ones, this one writes into memory that grows and reads bytes that
// nobody vouches for: every length is held against what is there. No extensions; integers up to 2^53.

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes that a writer keeps for the next message: what is larger is mostly a keyframe, and seldom. */
const KEPT = 2 ** 22

/** Levels that a message may have: more are an attack on the stack. */
const MAX_DEPTH = 32

/** What a message is made of. */
export type Packed =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Packed[]
  | { readonly [key: string]: Packed }

/** Writes one message after another; what is taken out is a copy. */
export class PackWriter {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#at
  }

  /** Room for `bytes` more; where they go. */
  #room(bytes: number): number {
    const at = this.#at
    this.#at = at + bytes
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#at, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }

  #byte(value: number): void {
    const at = this.#room(1) // first: it may put other memory in the place of this
    this.#bytes[at] = value
  }

  #wide(type: number, value: number, width: 1 | 2 | 4): void {
    const at = this.#room(1 + width)
    this.#bytes[at] = type
    if (width === 1) this.#bytes[at + 1] = value
    else if (width === 2) this.#view.setUint16(at + 1, value)
    else this.#view.setUint32(at + 1, value)
  }

  /** A length under types for 8 (0: there is none), 16 and 32 bits. */
  #length(value: number, narrow: number, middle: number, wide: number): void {
    if (value < 256 && narrow !== 0) this.#wide(narrow, value, 1)
    else if (value < 65_536) this.#wide(middle, value, 2)
    else this.#wide(wide, value, 4)
  }

  nil(): void {
    this.#byte(0xc0)
  }

  bool(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2)
  }

  /** An integer from 0 to 2^53 - 1 in its shortest form; any other number as 64 bits, NaN as one pattern of them. */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) this.#float(value)
    else if (value < 128) this.#byte(value)
    else if (value < 2 ** 32) this.#length(value, 0xcc, 0xcd, 0xce)
    else {
      const at = this.#room(9)
      this.#bytes[at] = 0xcf
      this.#view.setUint32(at + 1, Math.floor(value / 2 ** 32))
      this.#view.setUint32(at + 5, value >>> 0)
    }
  }

  #float(value: number): void {
    const at = this.#room(9)
    this.#bytes[at] = 0xcb
    if (value === value) this.#view.setFloat64(at + 1, value)
    else {
      this.#view.setUint32(at + 1, 0x7ff80000)
      this.#view.setUint32(at + 5, 0)
    }
  }

  text(value: string): void {
    const bytes = textEncoder.encode(value)
    if (bytes.length < 32) this.#byte(0xa0 | bytes.length)
    else this.#length(bytes.length, 0xd9, 0xda, 0xdb)
    this.raw(bytes)
  }

  bytes(value: Uint8Array): void {
    this.#length(value.length, 0xc4, 0xc5, 0xc6)
    this.raw(value)
  }

  /** The head of an array: `length` values follow. */
  array(length: number): void {
    if (length < 16) this.#byte(0x90 | length)
    else this.#length(length, 0, 0xdc, 0xdd)
  }

  /** The head of a map: `length` pairs of a key and a value follow. */
  map(length: number): void {
    if (length < 16) this.#byte(0x80 | length)
    else this.#length(length, 0, 0xde, 0xdf)
  }

  /** Bytes that are a message, or a part of one, already. */
  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Plain data, keys in their order. */
  value(value: Packed): void {
    if (value === null) this.nil()
    else if (typeof value === 'boolean') this.bool(value)
    else if (typeof value === 'number') this.number(value)
    else if (typeof value === 'string') this.text(value)
    else if (value instanceof Uint8Array) this.bytes(value)
    else if (Array.isArray(value)) {
      this.array(value.length)
      for (const item of value) this.value(item)
    } else {
      const pairs = Object.entries(value)
      this.map(pairs.length)
      for (const [key, item] of pairs) {
        this.text(key)
        this.value(item)
      }
    }
  }

  /** What was written from `from` on, good until more is. */
  written(from: number): Uint8Array {
    return this.#bytes.subarray(from, this.#at)
  }

  /** Writes over what was written at `at`. */
  overwrite(at: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, at)
  }

  /** What was written, in memory of its own; the writer is empty then. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#at)
    this.#at = 0
    if (this.#bytes.length > KEPT) {
      this.#bytes = new Uint8Array(1024)
      this.#view = new DataView(this.#bytes.buffer)
    }
    return taken
  }
}

/** Reads one value, and the place after it. Byte strings are views of the message. RangeError: it is none. */
export function unpack(message: Uint8Array, from = 0): { value: Packed; end: number } {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  let at = from
  const skip = (bytes: number) => {
    const begin = at
    if (bytes > message.length - begin) throw new RangeError(`${bytes} bytes from ${begin} on are not there`)
    at += bytes
    return begin
  }
  const text = (length: number) => {
    const begin = skip(length)
    return textDecoder.decode(message.subarray(begin, at))
  }
  const bytes = (length: number) => {
    const begin = skip(length)
    return message.subarray(begin, at)
  }
  const array = (length: number, depth: number) => {
    if (length > message.length - at) throw new RangeError(`an array of ${length} values is longer than the message`)
    return Array.from({ length }, () => read(depth))
  }
  const map = (length: number, depth: number) => {
    if (length > message.length - at) throw new RangeError(`a map of ${length} pairs is longer than the message`)
    const pairs: [string, Packed][] = []
    for (let i = 0; i < length; i++) {
      const key = read(depth)
      if (typeof key !== 'string') throw new RangeError('a key is no text')
      pairs.push([key, read(depth)])
    }
    return Object.fromEntries(pairs)
  }
  const safe = (value: number) => {
    if (Number.isSafeInteger(value)) return value
    throw new RangeError('an integer is above 2^53')
  }
  const read = (above: number): Packed => {
    const depth = above + 1
    if (depth > MAX_DEPTH) throw new RangeError(`it is more than ${MAX_DEPTH} deep`)
    const type = message[skip(1)]
    if (type < 0x80) return type
    if (type < 0x90) return map(type & 0x0f, depth)
    if (type < 0xa0) return array(type & 0x0f, depth)
    if (type < 0xc0) return text(type & 0x1f)
    switch (type) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return bytes(message[skip(1)])
      case 0xc5:
        return bytes(view.getUint16(skip(2)))
      case 0xc6:
        return bytes(view.getUint32(skip(4)))
      case 0xcb:
        return view.getFloat64(skip(8))
      case 0xcc:
        return message[skip(1)]
      case 0xcd:
        return view.getUint16(skip(2))
      case 0xce:
        return view.getUint32(skip(4))
      case 0xcf:
        return safe(view.getUint32(skip(4)) * 2 ** 32 + view.getUint32(skip(4)))
      case 0xd9:
        return text(message[skip(1)])
      case 0xda:
        return text(view.getUint16(skip(2)))
      case 0xdb:
        return text(view.getUint32(skip(4)))
      case 0xdc:
        return array(view.getUint16(skip(2)), depth)
      case 0xdd:
        return array(view.getUint32(skip(4)), depth)
      case 0xde:
        return map(view.getUint16(skip(2)), depth)
      case 0xdf:
        return map(view.getUint32(skip(4)), depth)
      default:
        throw new RangeError(`there is no type ${type}`)
    }
  }
  const value = read(0)
  return { value, end: at }
}
