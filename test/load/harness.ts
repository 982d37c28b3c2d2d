// What a load is: a part of the library under much at once, for a while, with an account of all that was done. It knows no
// load. Figures are told and never judged, for machines and neighbours differ; the account has to be exact, whatever the
// machine, and is judged as the work of a benchmark is.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import pidusage from 'pidusage'
import type { Work } from '../../bench/harness.js'
import type { LatencySummary } from '../../lib/services/latencies.js'

/** How much there is to do. */
export interface Effort {
  readonly smoke: boolean
  /** Numbers of NPCs, one after another. */
  readonly npcs: readonly number[]
  /** Seconds of each part that goes on for a time; what was begun by then is done. */
  readonly seconds: number
}

/** A line of a load's table: what was done, and how long each took. */
export interface Row {
  readonly name: string
  readonly count: number
  readonly seconds: number
  readonly latency?: LatencySummary
  /** Figures besides, with their units in their names. */
  readonly besides?: Readonly<Record<string, number>>
}

/** What a load came to. */
export interface LoadOutcome {
  readonly rows: readonly Row[]
  readonly account: readonly Work[]
}

export interface Load {
  readonly name: string
  readonly about: string
  /** Numbers of NPCs where --npcs does not say: in a whole run, and in a short one. */
  readonly npcs: readonly number[]
  readonly smokeNpcs: readonly number[]
  run(effort: Effort): Promise<LoadOutcome>
}

/** What flags leave open, filled in. */
export function effortOf(load: Load, o: { smoke: boolean; npcs?: number; seconds?: number }): Effort {
  const { smoke, npcs, seconds = smoke ? 1 : 10 } = o
  return { smoke, npcs: npcs === undefined ? (smoke ? load.smokeNpcs : load.npcs) : [npcs], seconds }
}

/** Entries of an account: what was found, held against what has to be. */
export class Account {
  readonly entries: Work[] = []
  readonly #part: string

  /** @param part - what its entries begin with. */
  constructor(part: string) {
    this.#part = part
  }

  add(what: string, found: unknown, expected: unknown): void {
    this.entries.push({ what: `${this.#part}: ${what}`, found: String(found), expected: String(expected) })
  }
}

const MB = 2 ** 20
const SAMPLE_MS = 100

/** The most resident memory of a process while it is watched. */
export class MemoryWatch {
  readonly #pid: number
  readonly #timer: NodeJS.Timeout
  #most = 0

  constructor(pid: number) {
    this.#pid = pid
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MS)
  }

  /** Ends the watch; megabytes. The process has to live. */
  async end(): Promise<number> {
    clearInterval(this.#timer)
    await this.#sample()
    return Math.round(this.#most / MB)
  }

  async #sample(): Promise<void> {
    const { memory } = await pidusage(this.#pid)
    this.#most = Math.max(this.#most, memory)
  }
}

/** What a load does to its own process: the most memory, and for how long the event loop was held up. */
export class OwnWatch {
  readonly #memory: MemoryWatch
  readonly #delay = monitorEventLoopDelay({ resolution: 1 })

  constructor() {
    globalThis.gc?.()
    this.#memory = new MemoryWatch(process.pid)
    this.#delay.enable()
  }

  async end(): Promise<{ loopP99Ms: number; loopMaxMs: number; peakMb: number }> {
    this.#delay.disable()
    const ms = (ns: number) => Math.round(ns / 1e5) / 10
    const peakMb = await this.#memory.end()
    return { loopP99Ms: ms(this.#delay.percentile(99)), loopMaxMs: ms(this.#delay.max), peakMb }
  }
}

/** Time that goes by from now on. */
export class Stopwatch {
  readonly #begun = performance.now()

  get seconds(): number {
    return (performance.now() - this.#begun) / 1000
  }
}

/** The next turn of the event loop. */
export const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve))
