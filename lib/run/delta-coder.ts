// Who encodes the streams of a simulation: the main thread where it steps the world too, else a thread of its own beside
// the crew. Tasks are done one after another in the order in which they are given.
import { DeltaEncoder, type EncoderTask, type StreamMessages } from '../state/delta-encoder.js'

/** Encodes streams. */
export interface DeltaCoder {
  /** Whether a task is done when the call returns. */
  readonly inline: boolean
  /** `lost` where what it knew of the stream is gone. */
  do(task: EncoderTask): Promise<StreamMessages>
  close(): Promise<void>
}

/** Encodes in the calling thread. */
export class InlineCoder implements DeltaCoder {
  readonly inline = true
  readonly #encoder = new DeltaEncoder()

  async do(task: EncoderTask): Promise<StreamMessages> {
    return this.#encoder.do(task)
  }

  async close(): Promise<void> {}
}
