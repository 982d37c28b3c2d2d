// The harness of the benchmarks: interleaved rounds, medians with their spread, ratios within a round, and the
// judgement of work and targets. It knows no case. Absolute times are shown but never judged: machines and neighbours
// differ, and two contenders of one round share both.

/** Order statistics of some samples. */
export interface Spread {
  readonly min: number
  readonly q1: number
  readonly median: number
  readonly q3: number
  readonly max: number
  readonly n: number
}

/** One contender: `round` does its share of work once and gives the figure of that round, mostly milliseconds. */
export interface Contender {
  readonly name: string
  round(): number | Promise<number>
}

/** How long a case is measured. */
export interface Effort {
  /** Just long enough to see that the case works and its work is right. */
  readonly smoke: boolean
  /** Measured rounds. */
  readonly rounds: number
}

/** A row of a case's table. */
export interface Line {
  readonly name: string
  readonly unit: string
  readonly samples: readonly number[]
}

/** A target of a case: told, never an exit code, since another machine may miss it. */
export interface Target {
  readonly claim: string
  readonly figure: number
  readonly unit: string
  readonly holds: boolean
}

/** What was done, held against what should have been: anything wrong fails the run. */
export interface Work {
  readonly what: string
  readonly found: string
  readonly expected: string
}

/** What a case came to. */
export interface Outcome {
  readonly lines: readonly Line[]
  readonly targets: readonly Target[]
  readonly work: readonly Work[]
}

/** A benchmark. */
export interface BenchCase {
  readonly name: string
  readonly about: string
  /** Rounds of a full run, when --rounds does not say. */
  readonly rounds: number
  run(effort: Effort): Promise<Outcome>
}

/** The value below which a part q of the sorted samples lies, between neighbours by straight line. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return Number.NaN
  const at = (sorted.length - 1) * q
  const low = Math.floor(at)
  const high = Math.ceil(at)
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low)
}

/** Least, quartiles and greatest. */
export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b)
  const [min, q1, median, q3, max] = [0, 0.25, 0.5, 0.75, 1].map(q => quantile(sorted, q))
  return { min, q1, median, q3, max, n: sorted.length }
}

/** The middle sample. */
export function median(samples: readonly number[]): number {
  return spread(samples).median
}

/** a / b round by round: noise that lasts longer than a round falls out. Lengths are equal. */
export function quotients(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new Error(`rounds do not pair: ${a.length} and ${b.length}`)
  return a.map((x, i) => x / b[i])
}

/** Runs every contender once a round, another one first each time; the samples by name, warm-up rounds left out. */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
  warmup: number,
): Promise<Map<string, number[]>> {
  const samples = new Map(contenders.map(c => [c.name, [] as number[]]))
  for (let round = -warmup; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + round + warmup) % contenders.length]
      const figure = await contender.round()
      if (round >= 0) samples.get(contender.name)?.push(figure)
    }
  }
  return samples
}

/** The samples of a contender that was interleaved. */
export function samplesOf(samples: ReadonlyMap<string, number[]>, name: string): number[] {
  const found = samples.get(name)
  if (!found) throw new Error(`no contender is named '${name}'`)
  return found
}

/** A target on how many times as fast `subject` is as `peer`, both in time: the median of the rounds' quotients. */
export function fasterBy(samples: ReadonlyMap<string, number[]>, subject: string, peer: string, least: number): Target {
  const figure = median(quotients(samplesOf(samples, peer), samplesOf(samples, subject)))
  return { claim: `${subject} at least ${least} times as fast as ${peer}`, figure, unit: 'x', holds: figure >= least }
}

/** Milliseconds of a call. */
export async function milliseconds(work: () => unknown): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Whether all work was right. */
export function workIsRight(work: readonly Work[]): boolean {
  return work.length > 0 && work.every(w => w.found === w.expected)
}
