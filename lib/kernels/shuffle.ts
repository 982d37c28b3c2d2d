// Byte planes: all first bytes of a run of values, then all second bytes, and so on. Values that are near each other
// have the same high bytes, so the planes compress where the values themselves do not.

/** Writes the planes of `from`, values of `width` bytes each, into `into`, as long as it is. */
export function shuffle(from: Uint8Array, into: Uint8Array, width: number): void {
  if (width === 1) {
    into.set(from)
    return
  }
  const n = from.length / width
  for (let plane = 0; plane < width; plane++) {
    const base = plane * n
    for (let i = 0, at = plane; i < n; i++, at += width) into[base + i] = from[at]
  }
}

/** The inverse of `shuffle`. */
export function unshuffle(from: Uint8Array, into: Uint8Array, width: number): void {
  if (width === 1) {
    into.set(from)
    return
  }
  const n = from.length / width
  for (let plane = 0; plane < width; plane++) {
    const base = plane * n
    for (let i = 0, at = plane; i < n; i++, at += width) into[at] = from[base + i]
  }
}

/** Replaces each value by its difference to the one before: what counts up becomes what stays the same. */
export function toDeltas(values: Int32Array): void {
  for (let i = values.length - 1; i > 0; i--) values[i] = (values[i] - values[i - 1]) | 0
}

/** The inverse of `toDeltas`. */
export function fromDeltas(values: Int32Array): void {
  for (let i = 1; i < values.length; i++) values[i] = (values[i] + values[i - 1]) | 0
}

/** into = a XOR b, byte by byte; where b is shorter, as if it ended in zeros. How many differ. */
export function exclusiveOr(a: Uint8Array, b: Uint8Array, into: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  let differ = 0
  for (let i = 0; i < shared; i++) {
    const x = a[i] ^ b[i]
    into[i] = x
    differ += x === 0 ? 0 : 1
  }
  for (let i = shared; i < a.length; i++) {
    into[i] = a[i]
    differ += a[i] === 0 ? 0 : 1
  }
  return differ
}

/** Gives every NaN the same bits: V8 stores others before and after it optimised the code that made them. */
export function canonicalNaN(values: Float32Array | Float64Array): void {
  for (let i = 0; i < values.length; i++) if (values[i] !== values[i]) values[i] = Number.NaN
}
