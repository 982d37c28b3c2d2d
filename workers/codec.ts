// A thread that codes chunks of snapshots and diffs, a batch a task. It knows no scenario and keeps nothing.
import { toErrorData } from '../lib/core/errors.js'
import { decodeChunk, encodeChunk } from '../lib/state/chunks.js'
import type { CodecAnswer, CodecTask } from '../lib/state/codec.js'

/** Codes a batch. */
export default function codec(task: CodecTask): CodecAnswer {
  try {
    if ('encode' in task) return { chunks: task.encode.map(encodeChunk) }
    for (const one of task.decode) decodeChunk(one)
    return { chunks: [] }
  } catch (error) {
    return { error: toErrorData(error) }
  }
}
