// Lists of whole numbers in few bytes: seven bits a byte, lowest first, the high bit set in all bytes of a number but its
// last (LEB128). Rows that changed are mostly near each other, so they are written as gaps and take one byte each.
// Readers hold every number against its bounds: what they are given may be anybody's.

/** Bytes that grow while numbers are put to them. */
export class VarintWriter {
  #bytes = new Uint8Array(256)
  #at = 0

  /** Puts an integer from 0 to 2^53 - 1. */
  put(value: number): void {
    let at = this.#at
    if (at + 8 > this.#bytes.length) this.#grow()
    const bytes = this.#bytes
    let rest = value
    // Shifts hold 32 bits: what is above goes by division.
    for (; rest >= 0x80000000; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80
    bytes[at++] = rest
    this.#at = at
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2)
    grown.set(this.#bytes)
    this.#bytes = grown
  }

  /** What was put, good until the next number is; then it is empty. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#at)
    this.#at = 0
    return taken
  }
}

/** Takes numbers out again, in order. RangeError: there is no whole number, or it is too large. */
export class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Whether all were taken. */
  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  /** The next one, from 0 up to `most`. */
  next(most: number): number {
    const bytes = this.#bytes
    let at = this.#at
    let byte = bytes[at++]
    let value = byte & 0x7f
    for (let scale = 128; byte > 127; scale *= 128) {
      byte = bytes[at++]
      if (scale > 2 ** 49) throw new RangeError('a number of more than 8 bytes')
      value += (byte & 0x7f) * scale
    }
    if (byte === undefined) throw new RangeError('a list of numbers ends in the middle of one')
    if (value > most) throw new RangeError(`${value} is above ${most}`)
    this.#at = at
    return value
  }
}

/** Writes ascending places: the first, then how many lie between each and the one before. */
export function writePlaces(writer: VarintWriter, places: Uint32Array, count: number): void {
  let next = 0
  for (let i = 0; i < count; i++) {
    writer.put(places[i] - next)
    next = places[i] + 1
  }
}

/** Reads ascending places below `size`. RangeError. */
export function readPlaces(bytes: Uint8Array, size: number): Uint32Array {
  const reader = new VarintReader(bytes)
  const places = new Uint32Array(Math.min(bytes.length, size))
  let count = 0
  for (let next = 0; !reader.done; next++) {
    next += reader.next(size - 1 - next)
    places[count++] = next
  }
  return places.subarray(0, count)
}

/** Writes runs of equal numbers: the number, then how often it comes. */
export function writeRuns(writer: VarintWriter, values: ArrayLike<number>, begin: number, end: number): void {
  for (let i = begin; i < end; ) {
    const value = values[i]
    let next = i + 1
    while (next < end && values[next] === value) next++
    writer.put(value)
    writer.put(next - i)
    i = next
  }
}

/** Reads `count` numbers below `most` from runs. RangeError. */
export function readRuns(bytes: Uint8Array, count: number, most: number): Uint32Array {
  const reader = new VarintReader(bytes)
  const values = new Uint32Array(count)
  let at = 0
  while (!reader.done) {
    const value = reader.next(most - 1)
    const times = reader.next(count - at)
    values.fill(value, at, at + times)
    at += times
  }
  if (at !== count) throw new RangeError(`${at} numbers are there in place of ${count}`)
  return values
}

/** Writes ids (generation * 2^32 + slot): the step from slot to slot, down steps odd, and the generation. */
export function writeIds(writer: VarintWriter, ids: Float64Array, begin: number, end: number): void {
  let slot = 0
  for (let i = begin; i < end; i++) {
    const next = ids[i] >>> 0
    const step = next - slot
    writer.put(step >= 0 ? step * 2 : -step * 2 - 1)
    writer.put((ids[i] - next) / 4294967296)
    slot = next
  }
}

/** Reads `count` ids. RangeError: they are no ids, or not so many. */
export function readIds(bytes: Uint8Array, count: number): Float64Array {
  const reader = new VarintReader(bytes)
  if (count > bytes.length) throw new RangeError(`${count} ids are not there`) // before memory is taken for them
  const ids = new Float64Array(count)
  let slot = 0
  for (let i = 0; i < count; i++) {
    const step = reader.next(2 ** 33)
    slot += step % 2 === 0 ? step / 2 : -(step + 1) / 2
    if (slot < 1 || slot >= 2 ** 32) throw new RangeError(`${slot} is no slot`)
    ids[i] = reader.next(2 ** 21 - 1) * 4294967296 + slot
  }
  if (!reader.done) throw new RangeError('there are more ids than said')
  return ids
}
