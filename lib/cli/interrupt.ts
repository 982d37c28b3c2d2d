// SIGINT and SIGTERM of a run: the first ends it at the next boundary between two ticks, so that it can be summed up;
// one that comes before the run, or after the first, ends the process at once.

/** Signals and what a process that they end exits with. */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const

/** A signal that ends a run. */
export type EndSignal = keyof typeof CODES

export class Interrupt {
  /** The signal that came. */
  received: EndSignal | undefined
  readonly #abort = new AbortController()
  readonly #listeners: readonly (readonly [EndSignal, () => void])[]
  #running = false

  /** `told` is called when the first signal of a run came. */
  constructor(told: (signal: EndSignal) => void) {
    const listen = (name: EndSignal) => [name, () => this.#receive(name, told)] as const
    this.#listeners = [listen('SIGINT'), listen('SIGTERM')]
    for (const [name, listener] of this.#listeners) process.on(name, listener)
  }

  #receive(name: EndSignal, told: (signal: EndSignal) => void): void {
    if (!this.#running || this.received) process.exit(CODES[name])
    this.received = name
    told(name)
    this.#abort.abort()
  }

  /** The signal to give to a run that begins now. */
  begin(): AbortSignal {
    this.#running = true
    return this.#abort.signal
  }

  /** What to exit with: 0 unless a signal came. */
  get exitCode(): number {
    return this.received ? CODES[this.received] : 0
  }

  /** Gives the signals back. */
  close(): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener)
  }
}
