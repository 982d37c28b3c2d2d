// What a host times and counts through the collector without declaring it: ticks and engines of a loop of its own, and
// events by kind. Engines and kinds are bounded.
import type { Clock } from '../core/clock.js'
import { METRIC_SERIES } from '../core/limits.js'
import { BoundedLabels } from './bounded-labels.js'
import { HistogramCounts } from './histogram-counts.js'
import { histogramLines, line, type MetricLine } from './metric-lines.js'
import { metricInvalid } from './metrics-options.js'

export class OwnTimings {
  readonly #clock: Clock
  readonly #ticks = new HistogramCounts()
  #ticked = false
  readonly #engines = new Map<string, HistogramCounts>()
  readonly #engineLabels = new BoundedLabels(['engine'], METRIC_SERIES)
  readonly #events = new Map<string, number>()
  readonly #kindLabels = new BoundedLabels(['kind'], METRIC_SERIES)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  tick(): Disposable {
    return this.#timed(seconds => {
      this.#ticked = true
      this.#ticks.observe(seconds)
    })
  }

  engine(name: string): Disposable {
    checkText(name, 'measureEngine')
    return this.#timed(seconds => {
      const { engine } = this.#engineLabels.admit([name])
      const counts = this.#engines.get(engine) ?? new HistogramCounts()
      this.#engines.set(engine, counts)
      counts.observe(seconds)
    })
  }

  event(kind: string, n: number): void {
    checkText(kind, 'recordEvent')
    if (!(Number.isFinite(n) && n >= 0))
      throw metricInvalid(`recordEvent('${kind}') was given ${String(n)}`, 'Give a number of events, not below 0.')
    const { kind: admitted } = this.#kindLabels.admit([kind])
    this.#events.set(admitted, (this.#events.get(admitted) ?? 0) + n)
  }

  /** The lines that it adds to a metric. */
  lines(metric: string): MetricLine[] {
    if (metric === 'populace_tick_duration_seconds')
      return this.#ticked ? histogramLines(metric, this.#ticks.figures()) : []
    if (metric === 'populace_engine_duration_seconds')
      return [...this.#engines].flatMap(([engine, counts]) => histogramLines(metric, counts.figures(), { engine }))
    return []
  }

  /** By kind. */
  get events(): MetricLine[] {
    return [...this.#events].map(([kind, n]) => line(n, { kind }))
  }

  /** What there was no room for. */
  get overflows(): ReadonlyMap<string, number> {
    return new Map([
      ['populace_engine_duration_seconds', this.#engineLabels.overflows],
      ['populace_events_total', this.#kindLabels.overflows],
    ])
  }

  #timed(done: (seconds: number) => void): Disposable {
    const began = this.#clock.now()
    let ended = false
    return {
      [Symbol.dispose]: () => {
        if (ended) return
        ended = true
        done((this.#clock.now() - began) / 1000)
      },
    }
  }
}

function checkText(name: unknown, what: string): void {
  if (typeof name === 'string' && name !== '') return
  throw metricInvalid(`${what} was given ${String(name)} for a name`, 'Give text.')
}
