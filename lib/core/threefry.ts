// Threefry-2x32 with 20 rounds: the one source of random bits. Counter-based, so a number depends on its key and
// counter alone, never on who draws it or when. Words are handled as signed 32-bit integers (V8 keeps those unboxed).
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, section 5.3 and table 2;
// the known answers published with Random123 are in test/unit/threefry.test.ts.

/** Skein's key schedule constant, 0x1bd11bda, as a signed word. */
export const PARITY = 0x1bd11bda

/** Encrypts counter (c0, c1) under key (k0, k1) and leaves the two words in out[at] and out[at + 1]. */
export function threefry(k0: number, k1: number, c0: number, c1: number, out: Int32Array, at: number): void {
  const k2 = PARITY ^ k0 ^ k1
  let x0 = (c0 + k0) | 0
  let x1 = (c1 + k1) | 0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0
  x0 = (x0 + k1) | 0
  x1 = (x1 + k2 + 1) | 0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0
  x0 = (x0 + k2) | 0
  x1 = (x1 + k0 + 2) | 0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0
  x0 = (x0 + k0) | 0
  x1 = (x1 + k1 + 3) | 0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0
  x0 = (x0 + k1) | 0
  x1 = (x1 + k2 + 4) | 0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0
  x0 = (x0 + x1) | 0
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0
  out[at] = (x0 + k2) | 0
  out[at + 1] = (x1 + k0 + 5) | 0
}

/** FNV-1a over the UTF-8 bytes of a name, 32 bits (Fowler, Noll, Vo). */
export function fnv1a(name: string): number {
  let h = 0x811c9dc5 | 0
  for (const byte of new TextEncoder().encode(name)) h = Math.imul(h ^ byte, 0x01000193)
  return h
}

/** What a stream of numbers is for; part of its key. */
export const PURPOSE = { kernel: 0, mainEngine: 1, setup: 2, wake: 3, loader: 4, command: 5, claimRank: 6 } as const

/** The key of a named stream, T(seed; name, purpose), two words: the part of its keys that no tick changes. */
export function streamBase(seed: number, name: string, purpose: number): Int32Array {
  const base = new Int32Array(2)
  threefry(low(seed), high(seed), fnv1a(name), purpose, base, 0)
  return base
}

/** The key of a named stream at a tick: T(T(seed; name, purpose); tick), two words. `tick` is a sequence number for commands. */
export function streamKey(seed: number, name: string, purpose: number, tick: number): Int32Array {
  const key = streamBase(seed, name, purpose)
  threefry(key[0], key[1], low(tick), high(tick), key, 0)
  return key
}

/** The low word of a safe integer. */
export function low(n: number): number {
  return n | 0
}

/** The high word of a safe integer. */
export function high(n: number): number {
  return Math.floor(n / 4294967296) | 0
}
