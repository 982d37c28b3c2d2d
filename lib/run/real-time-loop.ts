// Steps a driver in real time: waits for the next period, steps one tick, and lets the policy of shedding look at how
// long it took. When to step and what to shed are decided by Pace and Shedding; nothing here depends on a clock but them.
import { setTimeout as delay } from 'node:timers/promises'
import { PopulaceError } from '../core/errors.js'
import type { Driver } from './driver.js'
import { type Overload, Pace } from './real-time.js'
import { Shedding } from './shedding.js'

export class RealTimeLoop {
  readonly #driver: Driver
  readonly #hz: number
  readonly #overload: Overload
  readonly #stopped: () => boolean
  #wake = () => {}

  /** @param hz - ticks a second. @param stopped - asked at each boundary. OPTION_INVALID: nothing sheds. */
  constructor(driver: Driver, hz: number, overload: Overload, stopped: () => boolean) {
    if (overload === 'shed' && driver.sheds.sheddable.length === 0) {
      throw new PopulaceError(
        'OPTION_INVALID',
        "overload is 'shed', and no engine of the scenario sheds",
        "Give an engine sheds: true, or use 'slow' or 'skip'.",
      )
    }
    this.#driver = driver
    this.#hz = hz
    this.#overload = overload
    this.#stopped = stopped
  }

  /** Ends a wait for the next period, so that a read, a command or a stop is served at once. */
  wake(): void {
    this.#wake()
  }

  /** Steps until `stopped`, or the scenario's until. What was shed gets its turns back when the next tick begins. */
  async run(): Promise<void> {
    const driver = this.#driver
    const pace = new Pace(this.#hz, this.#overload, performance.now())
    const shedding = this.#overload === 'shed' ? new Shedding(driver.sheds.sheddable, this.#hz) : undefined
    try {
      while (!this.#stopped()) {
        const began = performance.now()
        if (pace.wait(began) > 0) {
          await this.#wait(pace.wait(began))
          if (pace.wait(performance.now()) > 0) await driver.boundary()
          continue
        }
        const end = await driver.advance(driver.tick + 1, this.#stopped)
        const now = performance.now()
        pace.done(now)
        const change = shedding?.done(now - began, pace.late(now))
        if (change) driver.sheds.ask([change])
        if (end === 'until') return
      }
    } finally {
      driver.sheds.askAll()
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    const waiting = new AbortController()
    this.#wake = () => waiting.abort()
    await delay(milliseconds, undefined, { signal: waiting.signal }).catch(() => undefined) // woken: see wake
    this.#wake = () => {}
  }
}
