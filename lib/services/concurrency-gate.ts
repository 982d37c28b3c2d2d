// How many are inside at once: others wait in line, first come, first served. The line is bounded by whoever uses this.
import { onAbort } from './abort-listener.js'
import { ended } from './service-error.js'
import { WaitingLine } from './waiting-line.js'

export class ConcurrencyGate {
  readonly #most: number
  readonly #line = new WaitingLine<() => void>()
  #inside = 0

  constructor(most: number) {
    this.#most = most
  }

  get waiting(): number {
    return this.#line.length
  }

  /** Gives what lets the next one in, to be called once. ABORTED. */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#inside < this.#most) this.#inside++
    else await this.#wait(signal)
    return () => this.#leave()
  }

  /** Whoever is let in takes the place of the one who leaves. */
  #leave(): void {
    const next = this.#line.shift()
    if (next === undefined) this.#inside--
    else next()
  }

  #wait(signal: AbortSignal): Promise<void> {
    const over = () => ended('a wait for other calls', signal)
    if (signal.aborted) return Promise.reject(over())
    return new Promise((resolve, reject) => {
      const stopListening = onAbort(signal, () => {
        place.leave()
        reject(over())
      })
      const place = this.#line.join(() => {
        stopListening()
        resolve()
      })
    })
  }
}
