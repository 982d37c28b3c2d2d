// The content hash: per column the sum modulo 2^64 of mix(population, column, id, value) over all agents. A sum does not
// depend on the order of its terms, so the hash is independent of rows, blocks, workers and residency.
// mix is MurmurHash3 (Appleby 2011, x86, 32 bits) of the four words of id and value, under two seeds.
import { high, low, threefry } from '../core/threefry.js'
import type { AnyArray, Kind } from '../memory/column-types.js'

/** Two words of a running sum modulo 2^64. */
export interface HashSum {
  lo: number
  hi: number
}

const C1 = 0xcc9e2d51 | 0
const C2 = 0x1b873593 | 0

function step(h: number, word: number): number {
  let k = Math.imul(word, C1)
  k = (k << 15) | (k >>> 17)
  const x = h ^ Math.imul(k, C2)
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0
}

function finish(h: number): number {
  let x = h ^ 16
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** Adds mix(seeds, id, value) to a sum; the value as two words. */
function add(sum: HashSum, s0: number, s1: number, id: number, v0: number, v1: number): void {
  const i0 = id | 0
  const i1 = (id / 4294967296) | 0
  sum.lo += finish(step(step(step(step(s0, i0), i1), v0), v1)) >>> 0
  sum.hi += finish(step(step(step(step(s1, v1), v0), i1), i0)) >>> 0
}

/** Brings the words of a sum back below 2^32. */
function carry(sum: HashSum): void {
  const over = Math.floor(sum.lo / 4294967296)
  sum.lo -= over * 4294967296
  sum.hi = (sum.hi + over) % 4294967296
}

/** Adds two sums. */
export function addSums(into: HashSum, from: HashSum): void {
  into.lo += from.lo
  into.hi += from.hi
  carry(into)
}

/** The two seeds of a column: its population's and its own name's hashes, with the position of the value in the row. */
export function columnSeeds(population: number, column: number, position: number): [number, number] {
  const words = new Int32Array(2)
  threefry(population, column, position, 0x68617368, words, 0)
  return [words[0], words[1]]
}

/** A column's bits as integers: a view for floats, the array itself for integers. */
export function bitsOf(kind: Kind, array: AnyArray): Int32Array | AnyArray {
  if (kind === 'f32' || kind === 'f64' || kind === 'ref' || kind === 'fixed') {
    return new Int32Array(array.buffer, array.byteOffset, array.byteLength >> 2)
  }
  return array
}

/**
 * Adds the agents in rows [begin, end) to a column's sum. `bits` is the column by bitsOf, value k of a row at
 * row * size + k. NaN counts as one value, whatever its bits.
 */
export function hashRows(
  sum: HashSum,
  kind: Kind,
  bits: Int32Array | AnyArray,
  ids: Float64Array,
  begin: number,
  end: number,
  size: number,
  k: number,
  s0: number,
  s1: number,
): void {
  if (kind === 'f64' || kind === 'ref' || kind === 'fixed') {
    for (let row = begin; row < end; row++) {
      const at = (row * size + k) * 2
      const nan =
        (bits[at + 1] & 0x7fffffff) > 0x7ff00000 || ((bits[at + 1] & 0x7fffffff) === 0x7ff00000 && bits[at] !== 0)
      if (nan) add(sum, s0, s1, ids[row], 0, 0x7ff80000)
      else add(sum, s0, s1, ids[row], bits[at], bits[at + 1])
    }
  } else if (kind === 'f32') {
    for (let row = begin; row < end; row++) {
      const v = bits[row * size + k]
      add(sum, s0, s1, ids[row], (v & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : v, 0)
    }
  } else {
    for (let row = begin; row < end; row++) add(sum, s0, s1, ids[row], bits[row * size + k] | 0, 0)
  }
  carry(sum)
}

/** Two words of the bytes [at, at + length): MurmurHash3 of their 32-bit words, the length and two seeds. */
export function hashBytes(bytes: Uint8Array, at: number, length: number, words: Int32Array): void {
  let h0 = length | 0
  let h1 = ~length
  const end = at + length
  let i = at
  for (; i + 3 < end; i += 4) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)
    h0 = step(h0, word)
    h1 = step(h1, word ^ 0x5bd1e995)
  }
  let last = 0
  for (let shift = 0; i < end; i++, shift += 8) last |= bytes[i] << shift
  words[0] = finish(step(h0, last))
  words[1] = finish(step(h1, last ^ 0x5bd1e995))
}

/** A document's bytes as three numbers that differ where those do; length 0: none. */
export function documentWords(bytes: Uint8Array, at: number, length: number): [number, number, number] {
  const words = new Int32Array(2)
  if (length > 0) hashBytes(bytes, at, length, words)
  return [length, words[0], words[1]]
}

/**
 * Adds the documents of the agents in rows [begin, end) to a column's sum. `places` holds two words a row: offset in
 * `bytes` and length; length 0 is no document, and hashes as absence.
 */
export function hashDocuments(
  sum: HashSum,
  places: Uint32Array,
  bytes: Uint8Array,
  ids: Float64Array,
  begin: number,
  end: number,
  s0: number,
  s1: number,
): void {
  const words = new Int32Array(2)
  for (let row = begin; row < end; row++) {
    const length = places[row * 2 + 1]
    if (length === 0) words.fill(0)
    else hashBytes(bytes, places[row * 2], length, words)
    add(sum, s0, s1, ids[row], words[0], words[1])
  }
  carry(sum)
}

/** Adds one value for all agents in rows [begin, end): that they are there, and where. */
export function hashPresence(
  sum: HashSum,
  ids: Float64Array,
  begin: number,
  end: number,
  value: number,
  s0: number,
  s1: number,
): void {
  for (let row = begin; row < end; row++) add(sum, s0, s1, ids[row], value, 0)
  carry(sum)
}

/** Combines named sums, in the order given, with a number (a tick) into 16 hexadecimal digits. */
export function combine(sums: Iterable<HashSum>, tick: number): string {
  const words = new Int32Array([low(tick), high(tick)])
  for (const sum of sums) threefry(words[0], words[1], sum.lo | 0, sum.hi | 0, words, 0)
  return hex(words[1] >>> 0, words[0] >>> 0)
}

/** A sum as 16 hexadecimal digits. */
export function sumText(sum: HashSum): string {
  return hex(sum.hi, sum.lo)
}

function hex(hi: number, lo: number): string {
  return hi.toString(16).padStart(8, '0') + lo.toString(16).padStart(8, '0')
}
