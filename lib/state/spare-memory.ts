// Memory that is needed no more, to be used again. What a garbage collector gets back it gives to the next allocation when
// it sees fit, and to the system hardly ever: a world whose partitions come and go would hold a multiple of what it uses.
import { SPARE_MEMORIES } from '../core/limits.js'

export class SpareMemory {
  /** The one given back last at the end. */
  readonly #spare: SharedArrayBuffer[] = []
  /** Given to somebody else too, who may still read it. */
  readonly #shared = new WeakSet<ArrayBufferLike>()

  /** At least `bytes`, and not twice as many; what lies there is undefined. */
  take(bytes: number): SharedArrayBuffer {
    const found = this.#spare.findIndex(b => b.byteLength >= bytes && b.byteLength <= bytes * 2)
    return found < 0 ? new SharedArrayBuffer(bytes) : this.#spare.splice(found, 1)[0]
  }

  /** This memory is never to be used again: somebody reads it for who knows how long. */
  share(buffer: ArrayBufferLike): void {
    this.#shared.add(buffer)
  }

  /** Gives memory back, to which the caller has no reference any more. */
  give(buffer: ArrayBufferLike): void {
    if (!(buffer instanceof SharedArrayBuffer) || this.#shared.has(buffer)) return
    this.#spare.push(buffer)
    if (this.#spare.length > SPARE_MEMORIES) this.#spare.shift()
  }
}
