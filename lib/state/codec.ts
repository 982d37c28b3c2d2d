// Who codes chunks: the calling thread a little at a time, or threads, which get them in batches. What comes out is the same.
import { setImmediate as turn } from 'node:timers/promises'
import type { ErrorData } from '../core/errors.js'
import { CODEC_INLINE_BYTES, INLINE_SLICE_MS } from '../core/limits.js'
import { type Chunk, type DecodeTask, decodeChunk, type EncodeTask, encodeChunk, type Piece } from './chunks.js'

/** Codes chunks in whatever thread; the order of the results is that of the tasks. */
export interface Codec {
  encode(tasks: readonly EncodeTask[]): Promise<Chunk[]>
  /** SNAPSHOT_INVALID. */
  decode(tasks: readonly DecodeTask[]): Promise<void>
}

/** Does one thing after another, and lets the event loop turn when some milliseconds have gone by. */
async function inSlices<T, R>(things: readonly T[], work: (thing: T) => R): Promise<R[]> {
  const results: R[] = []
  let until = performance.now() + INLINE_SLICE_MS
  for (const thing of things) {
    results.push(work(thing))
    if (performance.now() < until) continue
    await turn()
    until = performance.now() + INLINE_SLICE_MS
  }
  return results
}

/** Codes in the calling thread. */
export const inlineCodec: Codec = {
  encode: tasks => inSlices(tasks, encodeChunk),
  async decode(tasks) {
    await inSlices(tasks, decodeChunk)
  },
}

/** What a thread of a pool is asked. */
export type CodecTask = { readonly encode: readonly EncodeTask[] } | { readonly decode: readonly DecodeTask[] }

/** What it answers; an error keeps its code on its way across threads. */
export type CodecAnswer = { readonly chunks: readonly Chunk[] } | { readonly error: ErrorData }

// Loaded when there is something for it: every worker of a crew imports this module, and has no use for Piscina.
const pool = async (): Promise<Codec> => (await import('./codec-pool.js')).codecPool

/** Whether the calling thread is done with it sooner than it could be sent to another. */
export function isSmall(tasks: readonly Piece[]): boolean {
  let bytes = 0
  for (const task of tasks) bytes += task.bytes
  return bytes <= CODEC_INLINE_BYTES
}

/** Chunks of a batch at most: some milliseconds' work, so that sending it costs little. */
const BATCH = 4

/** Batches for so many threads: smaller ones towards the end, so that no thread waits long for the last one of another. */
export function codecBatches<T>(tasks: readonly T[], threads: number): T[][] {
  const all: T[][] = []
  for (let at = 0; at < tasks.length; ) {
    const share = Math.ceil((tasks.length - at) / (threads * 4))
    const size = Math.min(BATCH, share)
    all.push(tasks.slice(at, at + size))
    at += size
  }
  return all
}

/** Codes in threads; a little in the calling thread, which is done sooner than it could be sent. */
export const threadCodec: Codec = {
  encode: async tasks => (isSmall(tasks) ? inlineCodec : await pool()).encode(tasks),
  decode: async tasks => (isSmall(tasks) ? inlineCodec : await pool()).decode(tasks),
}
