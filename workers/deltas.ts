// The thread that encodes a simulation's streams of deltas, a task at a time. It keeps what each stream told last.
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { DeltaEncoder, type EncoderTask } from '../lib/state/delta-encoder.js'

const encoder = new DeltaEncoder()

/** Does one task; the messages are handed over, not copied. */
export default function deltas(task: EncoderTask): unknown {
  const messages = encoder.do(task)
  const buffers = [messages.delta, messages.keyframe].flatMap(bytes => bytes?.buffer ?? [])
  return move({ [transferableSymbol]: buffers, [valueSymbol]: messages } as never) // declared for single buffers alone
}
