// Threads that code snapshots and diffs beside the ticks: one Piscina pool a process, made when there is first something
// to code and gone a while after the last.
import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { fromErrorData } from '../core/errors.js'
import { CODEC_IDLE_MS, MAX_CODEC_THREADS } from '../core/limits.js'
import type { Chunk } from './chunks.js'
import { type Codec, type CodecAnswer, type CodecTask, codecBatches } from './codec.js'

const WORKER = new URL('../../workers/codec.js', import.meta.url).href

/** A codec of `threads` threads of its own. Its pool keeps no process alive while it has nothing to do. */
export class CodecPool implements Codec {
  readonly #threads: number
  #pool: Piscina | undefined

  constructor(threads: number) {
    this.#threads = threads
  }

  async encode(tasks: Parameters<Codec['encode']>[0]): Promise<Chunk[]> {
    const answers = await this.#all(codecBatches(tasks, this.#threads).map(encode => ({ encode })))
    return answers.flat()
  }

  async decode(tasks: Parameters<Codec['decode']>[0]): Promise<void> {
    // Copies: what lies in a larger buffer would be sent with all of it.
    const own = tasks.map(task => ({ ...task, chunk: { ...task.chunk, stored: task.chunk.stored.slice() } }))
    await this.#all(codecBatches(own, this.#threads).map(decode => ({ decode })))
  }

  async #all(tasks: readonly CodecTask[]): Promise<(readonly Chunk[])[]> {
    this.#pool ??= new Piscina({
      filename: WORKER,
      minThreads: 0,
      maxThreads: this.#threads,
      idleTimeout: CODEC_IDLE_MS,
      concurrentTasksPerWorker: 1,
    })
    const pool = this.#pool
    return Promise.all(
      tasks.map(async task => {
        const answer: CodecAnswer = await pool.run(task)
        if ('error' in answer) throw fromErrorData(answer.error)
        return answer.chunks
      }),
    )
  }

  /** Ends its threads. */
  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.destroy()
  }
}

/** The codec of this process: as many threads as cores, within reason. */
export const codecPool = new CodecPool(Math.min(availableParallelism(), MAX_CODEC_THREADS))
