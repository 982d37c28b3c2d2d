// How much memory and CPU this process takes, measured at most once a second however often it is asked for.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { RESOURCE_SAMPLE_MS, RESOURCE_SAMPLE_TIMEOUT_MS } from '../core/limits.js'
import { withDeadline } from './promise-deadline.js'

export interface ProcessSample {
  /** Resident, all threads included. */
  readonly memoryBytes: number
  /** Since the sample before; 100 is one core. Of a first sample 0: how busy a process was when it began limits nobody. */
  readonly cpuPercent: number
}

export type Sampler = () => Promise<ProcessSample>

/** What is read of a process: bytes in memory, milliseconds of CPU, and in all, since it began. */
export interface ProcessReading {
  readonly memory: number
  readonly ctime: number
  readonly elapsed: number
}

const readProcess = async (): Promise<ProcessReading> => {
  // Loaded here, because every worker imports this file and none measures anything.
  const { default: pidusage } = await import('pidusage')
  return pidusage(process.pid)
}

/**
 * Samples this process, by pidusage. Its own percentage counts from when anybody in the process has last asked, which is no time
 * at all where a host and its simulation both do; here it counts from this sampler's last sample.
 */
export function processSampler(read: () => Promise<ProcessReading> = readProcess): Sampler {
  let before: ProcessReading | undefined
  let cpuPercent = 0
  return async () => {
    const reading = await read()
    const ms = before === undefined ? 0 : reading.elapsed - before.elapsed
    if (before !== undefined && ms > 0) cpuPercent = ((reading.ctime - before.ctime) / ms) * 100
    if (before === undefined || ms > 0) before = reading
    return { memoryBytes: reading.memory, cpuPercent }
  }
}

export class SampledProcess {
  readonly #sampler: Sampler
  readonly #clock: Clock
  #newest: Promise<ProcessSample> | undefined
  #at = 0
  #last: ProcessSample | undefined

  constructor(sampler: Sampler, clock: Clock) {
    this.#sampler = sampler
    this.#clock = clock
  }

  /** The last that was measured; undefined: none was. */
  get last(): ProcessSample | undefined {
    return this.#last
  }

  /** One that is less than a second old. LIMIT_NOT_MEASURED. */
  async fresh(): Promise<ProcessSample> {
    const now = this.#clock.now()
    if (this.#newest === undefined || now - this.#at >= RESOURCE_SAMPLE_MS) {
      this.#at = now
      this.#newest = this.#measure()
    }
    return this.#newest
  }

  async #measure(): Promise<ProcessSample> {
    try {
      const late = () => new Error(`it took longer than ${RESOURCE_SAMPLE_TIMEOUT_MS} ms`)
      const sample = await withDeadline(this.#sampler(), RESOURCE_SAMPLE_TIMEOUT_MS, this.#clock, late)
      if (!(sample?.memoryBytes >= 0 && sample.cpuPercent >= 0)) throw new Error('it gave no numbers')
      this.#last = sample
      return sample
    } catch (error) {
      throw new PopulaceError(
        'LIMIT_NOT_MEASURED',
        `The memory and CPU of the process could not be measured: ${(error as Error).message}`,
        'Mend the sampler, or leave out maxMemoryMb and maxCpuPercent.',
        error,
      )
    }
  }
}
