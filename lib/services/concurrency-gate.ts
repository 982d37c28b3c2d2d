// How many are inside at once: others wait in line, first come, first served. The line is bounded by whoever uses this.
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
    return new Promise((resolve, reject) => {
      if (signal.aborted) reject(ended('a wait for other calls', signal))
      else {
        const abort = () => {
          giveUp()
          reject(ended('a wait for other calls', signal))
        }
        const giveUp = this.#line.join(() => {
          signal.removeEventListener('abort', abort)
          resolve()
        })
        signal.addEventListener('abort', abort, { once: true })
      }
    })
  }
}
