// What differs between the rows of a column as it is and as it was last told: found by bits, so that -0 is not 0, with
// every NaN as one value. Columns are looked at as lanes of whole numbers, whatever they hold. What is known is brought
// up to date on the way.
import type { AnyArray, Kind } from '../memory/column-types.js'

/** A column's bits: one to many lanes a row. */
export type Lanes = Int32Array | Int16Array | Uint8Array

/** Lanes of one value. */
export function lanesOf(kind: Kind): number {
  return kind === 'f64' || kind === 'ref' || kind === 'fixed' ? 2 : 1
}

/** A column by its bits. */
export function bitLanes(kind: Kind, { buffer, byteOffset, byteLength }: AnyArray): Lanes {
  if (kind === 'i8' || kind === 'u8' || kind === 'bool') return new Uint8Array(buffer, byteOffset, byteLength)
  if (kind === 'i16' || kind === 'u16') return new Int16Array(buffer, byteOffset, byteLength >> 1)
  return new Int32Array(buffer, byteOffset, byteLength >> 2)
}

/** Gives the NaNs in lanes [begin, end) their one bit pattern. */
export function canonicalLanes(kind: Kind, lanes: Lanes, begin: number, end: number): void {
  if (kind === 'f32') {
    for (let at = begin; at < end; at++) if ((lanes[at] & 0x7fffffff) > 0x7f800000) lanes[at] = 0x7fc00000
  } else if (lanesOf(kind) === 2) {
    for (let at = begin; at < end; at += 2) {
      const high = lanes[at + 1] & 0x7fffffff
      if (high < 0x7ff00000 || (high === 0x7ff00000 && lanes[at] === 0)) continue
      lanes[at] = 0
      lanes[at + 1] = 0x7ff80000
    }
  }
}

/**
 * Compares `count` rows: row rowAt[p] of `now` (row p itself, where there is no `rowAt`; none where it is -1) with row p
 * of `known`, which becomes the same. The p that differed come in `changed`, ascending; how many they are. NaNs of rows that differ are
 * made canonical in `now` first, those of `known` are.
 */
export function changedRows(
  kind: Kind,
  now: Lanes,
  known: Lanes,
  lanes: number,
  rowAt: Int32Array | undefined,
  count: number,
  changed: Uint32Array,
): number {
  let n = 0
  if (rowAt && lanes === 1) {
    for (let p = 0; p < count; p++)
      if (rowAt[p] >= 0 && now[rowAt[p]] !== known[p] && updateRow(kind, now, known, 1, rowAt[p], p)) changed[n++] = p
    return n
  }
  if (rowAt) {
    for (let p = 0; p < count; p++)
      if (rowAt[p] >= 0 && updateRow(kind, now, known, lanes, rowAt[p] * lanes, p * lanes)) changed[n++] = p
    return n
  }
  // Rows lie where they lay: four bytes are compared at a time, and rows are looked at where these differ.
  const width = lanes * now.BYTES_PER_ELEMENT
  const a = new Int32Array(now.buffer, now.byteOffset, (count * width) >> 2)
  const b = new Int32Array(known.buffer, known.byteOffset, a.length)
  let next = 0
  for (let word = 0; word < a.length; word++) {
    if (a[word] === b[word]) continue
    next = Math.max(next, Math.floor((word * 4) / width))
    for (const end = Math.floor((word * 4 + 3) / width); next <= end && next < count; next++)
      if (updateRow(kind, now, known, lanes, next * lanes, next * lanes)) changed[n++] = next
    word = Math.max(word, Math.floor((next * width) / 4) - 1)
  }
  for (let row = Math.max(next, Math.floor((a.length * 4) / width)); row < count; row++)
    if (updateRow(kind, now, known, lanes, row * lanes, row * lanes)) changed[n++] = row
  return n
}

/** Brings one row up to date; whether it differed. */
function updateRow(kind: Kind, now: Lanes, known: Lanes, lanes: number, from: number, to: number): boolean {
  let lane = 0
  while (lane < lanes && now[from + lane] === known[to + lane]) lane++
  if (lane === lanes) return false
  canonicalLanes(kind, now, from, from + lanes)
  let differs = false
  for (lane = 0; lane < lanes; lane++) {
    if (now[from + lane] === known[to + lane]) continue
    known[to + lane] = now[from + lane]
    differs = true
  }
  return differs
}

/** Copies rows `places` of `from`, one after another. */
export function gatherRows(from: Lanes, lanes: number, places: ArrayLike<number>, count: number, into: Lanes): void {
  if (lanes === 1) for (let i = 0; i < count; i++) into[i] = from[places[i]]
  else
    for (let i = 0, at = 0; i < count; i++) {
      const row = places[i] * lanes
      for (let lane = 0; lane < lanes; lane++) into[at++] = from[row + lane]
    }
}

/** Copies rows that lie one after another to rows `places` of `into`. */
export function scatterRows(from: Lanes, lanes: number, places: ArrayLike<number>, count: number, into: Lanes): void {
  if (lanes === 1) for (let i = 0; i < count; i++) into[places[i]] = from[i]
  else
    for (let i = 0, at = 0; i < count; i++) {
      const row = places[i] * lanes
      for (let lane = 0; lane < lanes; lane++) into[row + lane] = from[at++]
    }
}

/**
 * Takes rows `gone` (ascending) out of `size` rows: from the last one of them to the first, the row that is last at the
 * time takes the place. Tells each such move. The rows that are left.
 */
export function closeGaps(
  gone: Uint32Array,
  count: number,
  size: number,
  move: (from: number, to: number) => void,
): number {
  let left = size
  for (let i = count - 1; i >= 0; i--) {
    left--
    if (gone[i] !== left) move(left, gone[i])
  }
  return left
}
