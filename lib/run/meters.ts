// How long a crew takes: for each engine, at barriers, and for ticks as a whole. Numbers lie in shared memory; each
// thread writes its own, and the last to come to the end of a tick puts them together, while the others wait.
//
// Reading the clock must not cost what it measures. So a tick is measured only now and then where ticks are short, and
// stands for those since the last one that was: of how many the next stands comes of how often the clock was read in this
// one and how long it took. The distance varies, or an engine that runs every n-th tick might be met always, or never.
//
//   words       sampled, weight, left, ticks | histograms: tick, skew, one an engine | threads
//   a thread    kernels, exchange, waiting (seconds, weighted) | of this tick: worked, one an engine (ms) | padding
import { CLOCK_READ_MS, METER_SHARE } from '../core/limits.js'
import { HISTOGRAM_WORDS, HistogramCounts, type HistogramFigures } from '../observe/histogram-counts.js'
import type { ThreadFigures } from '../observe/simulation-figures.js'

const WORD = { sampled: 0, weight: 1, left: 2, ticks: 3, histograms: 4 } as const
const THREAD = { kernels: 0, exchange: 1, waiting: 2, worked: 3, engines: 4 } as const

/** Words of a cache line: what two threads write is on two. */
const LINE = 8

const lined = (words: number) => Math.ceil(words / LINE) * LINE
const threadsAt = (engines: number) => lined(WORD.histograms + (2 + engines) * HISTOGRAM_WORDS)
const threadWords = (engines: number) => lined(THREAD.engines + engines)

/** What a crew writes, and the main thread reads. */
export class Meters {
  readonly shared: SharedArrayBuffer
  readonly words: Float64Array
  readonly threads: number
  readonly engines: number
  readonly ticks: HistogramCounts
  readonly skews: HistogramCounts
  readonly byEngine: readonly HistogramCounts[]

  /** @param engines - of the plan, main engines too. */
  constructor(threads: number, engines: number, shared?: SharedArrayBuffer) {
    const words = threadsAt(engines) + threads * threadWords(engines)
    this.shared = shared ?? new SharedArrayBuffer(words * 8)
    this.words = new Float64Array(this.shared)
    this.threads = threads
    this.engines = engines
    const histogram = (n: number) => {
      const at = WORD.histograms + n * HISTOGRAM_WORDS
      return new HistogramCounts(this.words.subarray(at, at + HISTOGRAM_WORDS))
    }
    this.ticks = histogram(0)
    this.skews = histogram(1)
    this.byEngine = Array.from({ length: engines }, (_, engine) => histogram(2 + engine))
    if (shared === undefined) this.words.fill(1, WORD.sampled, WORD.weight + 1) // the first tick stands for itself
  }

  /** Ticks done. */
  get ticksDone(): number {
    return this.words[WORD.ticks]
  }

  /** The words of a thread. */
  ofThread(thread: number): Float64Array {
    const at = threadsAt(this.engines) + thread * threadWords(this.engines)
    return this.words.subarray(at, at + threadWords(this.engines))
  }

  /** What threads have spent. Read while they write: a number may be of a moment before. */
  get spent(): ThreadFigures[] {
    return Array.from({ length: this.threads }, (_, thread) => {
      const words = this.ofThread(thread)
      return { kernels: words[THREAD.kernels], exchange: words[THREAD.exchange], waiting: words[THREAD.waiting] }
    })
  }

  /** By engine, in the order of the plan. */
  get engineDurations(): HistogramFigures[] {
    return this.byEngine.map(counts => counts.figures())
  }
}

/** What a thread is doing that is no engine's. */
const EXCHANGE = -1

/** A thread's own clock. */
export class Meter {
  readonly #meters: Meters
  readonly #words: Float64Array
  readonly #all: readonly Float64Array[]
  readonly #now: () => number
  /** Whether this tick is measured. */
  #sampled = false
  #weight = 1
  #began = 0
  #since = 0
  #doing = EXCHANGE
  #reads = 0
  #phase = 0.5

  constructor(meters: Meters, thread: number, now: () => number = performance.now.bind(performance)) {
    this.#meters = meters
    this.#words = meters.ofThread(thread)
    this.#all = Array.from({ length: meters.threads }, (_, t) => meters.ofThread(t))
    this.#now = now // bound before checks mode refuses the clock to what runs inside a tick
  }

  /** A tick begins. The words were written before the barrier, or the launch, that led here. */
  beginTick(): void {
    const { words } = this.#meters
    this.#sampled = words[WORD.sampled] === 1
    if (!this.#sampled) return
    this.#weight = words[WORD.weight]
    this.#words.fill(0, THREAD.worked, THREAD.engines + this.#meters.engines)
    this.#began = this.#now()
    this.#since = this.#began
    this.#doing = EXCHANGE
    this.#reads = 1
  }

  /** A tick goes on that the main thread had interrupted. */
  resume(): void {
    this.#sampled = this.#meters.words[WORD.sampled] === 1
    if (this.#sampled) this.#since = this.#now()
  }

  /** What follows is of no tick. */
  rest(): void {
    this.#sampled = false
  }

  /** A block of an engine is about to be stepped. */
  enter(engine: number): void {
    if (!this.#sampled || this.#doing === engine) return
    this.#charge()
    this.#doing = engine
  }

  /** All is done that this thread found to do in a phase. */
  arrive(): void {
    if (!this.#sampled) return
    this.#charge()
    this.#doing = EXCHANGE
  }

  /** The others have come too. */
  leave(): void {
    if (!this.#sampled) return
    this.#words[THREAD.waiting] += (this.#lap() / 1000) * this.#weight
  }

  #lap(): number {
    const now = this.#now()
    const ms = now - this.#since
    this.#since = now
    this.#reads++
    return ms
  }

  #charge(): void {
    const ms = this.#lap()
    const words = this.#words
    words[THREAD.worked] += ms
    if (this.#doing === EXCHANGE) words[THREAD.exchange] += (ms / 1000) * this.#weight
    else {
      words[THREAD.kernels] += (ms / 1000) * this.#weight
      words[THREAD.engines + this.#doing] += ms
    }
  }

  /** By the last thread to come to the end of a tick, while the others wait. */
  endTick(): void {
    const { words } = this.#meters
    words[WORD.ticks]++
    if (this.#sampled) this.#note()
    words[WORD.sampled] = --words[WORD.left] <= 0 ? 1 : 0
  }

  #note(): void {
    const { words, ticks, skews, byEngine, engines, threads } = this.#meters
    const ms = this.#now() - this.#began
    ticks.observe(ms / 1000, this.#weight)
    let least = Number.POSITIVE_INFINITY
    let most = 0
    for (const thread of this.#all) {
      least = Math.min(least, thread[THREAD.worked])
      most = Math.max(most, thread[THREAD.worked])
    }
    if (threads > 1) skews.observe((most - least) / 1000, this.#weight)
    for (let engine = 0; engine < engines; engine++) {
      let longest = 0
      for (const thread of this.#all) longest = Math.max(longest, thread[THREAD.engines + engine])
      if (longest > 0) byEngine[engine].observe(longest / 1000, this.#weight)
    }
    const distance = Math.ceil(
      ((this.#reads + engines + threads) * CLOCK_READ_MS) / (METER_SHARE * Math.max(ms, CLOCK_READ_MS)),
    )
    this.#phase = (this.#phase + 0.618034) % 1 // the golden ratio: evenly spread, whatever the period of an engine
    const next = distance <= 1 ? 1 : 1 + Math.floor(this.#phase * (2 * distance - 1))
    words[WORD.weight] = next
    words[WORD.left] = next
  }
}
