// What a simulation tells its host of the ticks that are done: measures, events and refusals, to listeners. Ticks that are
// stepped again tell nothing twice. When and what to measure is the driver's.
import { REPORTS_PER_SECOND } from '../core/limits.js'
import type { Progress } from '../core/options.js'
import type { DriverHooks } from './driver.js'
import { Listeners } from './listeners.js'
import { Published } from './published.js'

/** The part of a driver's hooks that reports are made of. */
type ReportHooks = Pick<
  DriverHooks,
  'everyTicks' | 'samples' | 'measured' | 'refused' | 'listensToEvents' | 'emitted' | 'progress'
>

export class Reports<M> {
  readonly listeners = new Listeners<M>()
  /** Names the run, in the identity of its events. */
  readonly run: string
  /** The measures of the last measured tick. */
  measures = {} as M // filled before Simulation.create resolves
  /** Is told how far a run is. */
  onProgress: ((tick: number) => void) | undefined
  /** Who is told once when measures are next known. */
  readonly #awaiting = new Set<() => void>()
  readonly #record: (values: Float64Array) => M
  readonly #published = new Published()
  #sampledAt = Number.NEGATIVE_INFINITY
  #sampledTick = 0

  /** @param record - names the values of a tick. */
  constructor(run: string, record: (values: Float64Array) => M) {
    this.run = run
    this.#record = record
  }

  /** What a driver calls. `isRunning`: whether ticks are told at all; `watch` is called with each progress. */
  hooks(isRunning: () => boolean, watch: () => void): ReportHooks {
    const { listeners } = this
    return {
      everyTicks: () => listeners.everyTicks,
      samples: () => listeners.samples,
      measured: (tick, values, newest) => {
        this.measures = this.#record(values)
        for (const told of this.#awaiting) told()
        if (!isRunning() || !this.#published.tick(tick)) return
        listeners.tick({ tick, measures: this.measures })
        if (newest && performance.now() - this.#sampledAt >= 1000 / REPORTS_PER_SECOND) this.#sample(tick)
      },
      refused: refusal => {
        if (this.#published.refusal(refusal.sequence)) listeners.tell('refused', refusal)
      },
      listensToEvents: () => listeners.has('event'),
      emitted: event => {
        if (this.#published.event(event)) listeners.tell('event', { ...event, run: this.run })
      },
      progress: tick => {
        watch()
        this.onProgress?.(tick)
      },
    }
  }

  /** Whether a checkpoint is news. */
  checkpointed(tick: number): boolean {
    return this.#published.checkpoint(tick)
  }

  /** What tells a host how far a run of `ticks` is that begins at tick `from` now. */
  progressOf(onProgress: (p: Progress) => void, from: number, ticks: number): (tick: number) => void {
    const began = performance.now()
    return tick =>
      this.listeners.guard('onProgress', () => {
        const ticksPerSecond = ((tick - from) * 1000) / (performance.now() - began)
        onProgress({ tick, ticks, ticksPerSecond })
      })
  }

  /** Resolves when measures are next known, or after `ms` milliseconds. */
  nextMeasures(ms: number): Promise<void> {
    return new Promise(resolve => {
      const told = () => {
        clearTimeout(timer)
        this.#awaiting.delete(told)
        resolve()
      }
      const timer = setTimeout(told, ms)
      this.#awaiting.add(told)
    })
  }

  /** Tells the state that a run ends with, unless it was told. */
  sampleLast(tick: number): void {
    if (this.#sampledTick !== tick) this.#sample(tick)
  }

  #sample(tick: number): void {
    this.#sampledAt = performance.now()
    this.#sampledTick = tick
    this.listeners.sample({ tick, measures: this.measures })
  }
}
