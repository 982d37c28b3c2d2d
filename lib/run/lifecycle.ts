// The states of a simulation: idle, running, failed, closed. One thing runs at a time; what looks at the whole world
// between runs is waited for before the next begins. A failure is for ever, but for those that `survives` knows.
import { closed, failed, running } from './refusals.js'

/** What a simulation does where its state changes. */
export interface LifecycleHooks {
  /** A run has ended and another may begin: serves what came meanwhile. */
  idle(): Promise<void>
  /** Whether the simulation is as usable as before after this error. */
  survives(error: unknown): boolean
  /** The simulation has failed. */
  failed(error: Error): void
}

export class Lifecycle {
  readonly #hooks: LifecycleHooks
  #state: 'idle' | 'running' | 'failed' | 'closed' = 'idle'
  #failure: unknown
  #running: Promise<unknown> = Promise.resolve()
  #looking: Promise<unknown> = Promise.resolve()

  constructor(hooks: LifecycleHooks) {
    this.#hooks = hooks
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  get isIdle(): boolean {
    return this.#state === 'idle'
  }

  get hasFailed(): boolean {
    return this.#state === 'failed'
  }

  /** Throws where nothing can be asked any more. SIM_CLOSED, SIM_FAILED. */
  usable(): void {
    if (this.#state === 'closed') throw closed()
    if (this.#state === 'failed') throw failed(this.#failure)
  }

  /** Throws where something runs. SIM_RUNNING. */
  atRest(what: string): void {
    this.usable()
    if (this.isRunning) throw running(what)
  }

  /** From here on something runs: `track` is to be called. SIM_RUNNING, SIM_CLOSED, SIM_FAILED. */
  enter(): void {
    this.atRest('run')
    this.#state = 'running'
  }

  /** Does `work` between two runs, after what else is looked at; the next run begins after it. */
  look<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#looking.then(work)
    this.#looking = Promise.allSettled([done])
    return done
  }

  /** Runs `work` as the one thing going on. */
  async track(work: () => Promise<void>): Promise<void> {
    const running = this.#looking.then(work)
    this.#running = running
    let error: unknown
    try {
      await running
    } catch (thrown) {
      error = thrown
    }
    if (this.isClosed) throw closed()
    if (error !== undefined && !this.#hooks.survives(error)) {
      this.#fail(error)
      throw error
    }
    this.#state = 'idle'
    try {
      await this.#hooks.idle()
    } catch (thrown) {
      this.#fail(thrown)
      throw thrown
    }
    if (error !== undefined) throw error
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  #fail(error: unknown): void {
    this.#state = 'failed'
    this.#failure = error
    this.#hooks.failed(error instanceof Error ? error : new Error(String(error)))
  }

  /** From here on nothing can be asked. */
  close(): void {
    this.#state = 'closed'
  }

  /** Resolves when what runs has ended, however it ended. */
  async ended(): Promise<void> {
    await this.#running.catch(() => undefined) // its own caller is told
  }
}
