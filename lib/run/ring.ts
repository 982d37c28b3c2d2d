// The ring of measures: the crew adds a tick's values at the head, the main thread takes them at the tail. When it is
// full the crew ends its batch, so memory is bounded and no tick that a listener asked for is lost.
import { MEASURE_RING_TICKS } from '../core/limits.js'
import type { WorldLayout } from '../memory/layout.js'
import type { Control } from './control.js'

export class MeasureRing {
  /** The values of the tick measured last. */
  readonly latest: Float64Array
  readonly #control: Control
  readonly #entries: Float64Array
  readonly #width: number

  constructor(buffer: ArrayBufferLike, layout: WorldLayout, control: Control, values: number) {
    this.#control = control
    this.#width = values + 1
    this.latest = new Float64Array(buffer, layout.measureValues, values)
    this.#entries = new Float64Array(buffer, layout.measureRing, this.#width * MEASURE_RING_TICKS)
  }

  /** By the crew: keeps the latest values as those of `tick`; whether that made the ring full. */
  push(tick: number): boolean {
    const head = this.#control.ringHead
    const at = (head % MEASURE_RING_TICKS) * this.#width
    this.#entries[at] = tick
    this.#entries.set(this.latest, at + 1)
    this.#control.ringHead = head + 1 // published after the entry is written
    return head + 1 - this.#control.ringTail >= MEASURE_RING_TICKS
  }

  /** By main: takes all that is there. */
  drain(take: (tick: number, values: Float64Array) => void): void {
    const head = this.#control.ringHead
    for (let tail = this.#control.ringTail; tail < head; tail++) {
      const at = (tail % MEASURE_RING_TICKS) * this.#width
      take(this.#entries[at], this.#entries.slice(at + 1, at + this.#width))
      this.#control.ringTail = tail + 1
    }
  }
}
