// Parts of bytes joined into memory that can be given away to another thread, copied a bounded number of bytes a turn of
// the event loop: a world of some hundred megabytes holds up nobody.
import { setImmediate } from 'node:timers/promises'
import { COPY_BYTES_PER_TURN } from '../core/limits.js'

/** Joins `parts`, which must not change until this resolves. */
export async function copiedParts(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const joined = Buffer.allocUnsafeSlow(length) // not from the pool, whose memory cannot be given away; not zeroed first
  let end = 0
  let turn = COPY_BYTES_PER_TURN
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      if (turn === 0) {
        await setImmediate()
        turn = COPY_BYTES_PER_TURN
      }
      const slice = part.subarray(from, from + turn)
      joined.set(slice, end)
      from += slice.length
      end += slice.length
      turn -= slice.length
    }
  }
  return joined
}
