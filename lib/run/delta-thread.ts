// The thread that encodes a simulation's deltas, as the main thread sees it. When it dies a new one takes its place, which
// knows none of the streams: they are told to be lost, and begin with a keyframe again.
import { Piscina } from 'piscina'
import type { EncoderTask, StreamMessages } from '../state/delta-encoder.js'
import type { DeltaCoder } from './delta-coder.js'

const WORKER = new URL('../../workers/deltas.js', import.meta.url).href

export class DeltaThread implements DeltaCoder {
  readonly inline = false
  readonly #pool = new Piscina({
    filename: WORKER,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  })

  async do(task: EncoderTask): Promise<StreamMessages> {
    return this.#pool.run(task)
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}
