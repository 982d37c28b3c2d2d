// What was told outside already: ticks that are stepped again, after a worker died or when a host went back, tell nothing
// twice within a process. Pure bookkeeping: the newest of each kind.

export class Published {
  #tick = -1
  #event = { tick: -1, sequence: -1 }
  #refusal = -1
  #checkpoint = -1

  /** Whether the state after a tick is news. */
  tick(tick: number): boolean {
    if (tick <= this.#tick) return false
    this.#tick = tick
    return true
  }

  /** Whether an event is news. */
  event({ tick, sequence }: { readonly tick: number; readonly sequence: number }): boolean {
    const last = this.#event
    if (tick < last.tick || (tick === last.tick && sequence <= last.sequence)) return false
    this.#event = { tick, sequence }
    return true
  }

  /** Whether the refusal of a command is news. */
  refusal(sequence: number): boolean {
    if (sequence <= this.#refusal) return false
    this.#refusal = sequence
    return true
  }

  /** Whether a checkpoint is news. */
  checkpoint(tick: number): boolean {
    if (tick <= this.#checkpoint) return false
    this.#checkpoint = tick
    return true
  }
}
