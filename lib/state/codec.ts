// Who codes chunks: the calling thread a little at a time, or threads that lib/run lends. What comes out is the same.
import { setImmediate as turn } from 'node:timers/promises'
import { type Chunk, type DecodeTask, decodeChunk, type EncodeTask, encodeChunk } from './chunks.js'

/** Codes chunks in whatever thread; the order of the results is that of the tasks. */
export interface Codec {
  encode(tasks: readonly EncodeTask[]): Promise<Chunk[]>
  /** SNAPSHOT_INVALID. */
  decode(tasks: readonly DecodeTask[]): Promise<void>
}

/** Codes in the calling thread, whose event loop turns after each chunk: one takes a few milliseconds. */
export const inlineCodec: Codec = {
  async encode(tasks) {
    const chunks: Chunk[] = []
    for (const task of tasks) {
      chunks.push(encodeChunk(task))
      await turn()
    }
    return chunks
  },
  async decode(tasks) {
    for (const task of tasks) {
      decodeChunk(task)
      await turn()
    }
  },
}

/** The codec of states that belong to no simulation; lib/run puts threads here. */
export const codec: { current: Codec } = { current: inlineCodec }
