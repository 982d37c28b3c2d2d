// The memory of a world: one shared WebAssembly memory. Reserving is free, pages commit when touched, and kernels in
// WebAssembly could run on it with no copy.
import { PopulaceError } from '../core/errors.js'

// Node's type library has no WebAssembly; this is the part that is used.
interface SharedMemoryMaker {
  readonly WebAssembly: {
    Memory: new (o: { initial: number; maximum: number; shared: true }) => { readonly buffer: SharedArrayBuffer }
  }
}

const PAGE = 65536

/** The memories of a world, the same for all its threads. */
export interface Memories {
  /** All of its state. */
  readonly world: SharedArrayBuffer
  /** For each thread, what its kernels put out and no commit has taken yet. */
  readonly staging: readonly SharedArrayBuffer[]
  /** Where threads write how long they take; absent: they do not look. */
  readonly meters?: SharedArrayBuffer
}

/** Reserves the memories that a layout asks for. ARENA_TOO_LARGE. */
export function reserveMemories(layout: {
  readonly bytes: number
  readonly stagingBytes: number
  readonly threads: number
}): Memories {
  const world = reserveArena(layout.bytes)
  const { stagingBytes: bytes, threads } = layout
  return { world, staging: bytes === 0 ? [] : Array.from({ length: threads }, () => reserveArena(bytes)) }
}

/** Reserves `bytes` of zeros that all threads share. ARENA_TOO_LARGE when the process has no such room. */
export function reserveArena(bytes: number): SharedArrayBuffer {
  const pages = Math.max(1, Math.ceil(bytes / PAGE))
  const { WebAssembly } = globalThis as unknown as SharedMemoryMaker
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer
  } catch (error) {
    throw new PopulaceError(
      'ARENA_TOO_LARGE',
      `This process cannot reserve ${(bytes / 2 ** 20).toFixed(0)} MiB for a world`,
      'Close simulations that are done, or lower the capacities.',
      error,
    )
  }
}
