// Measures of a run kept for its charts, in bounded memory: every tick at first; when there are more than enough points
// every second one is dropped, and from then on only every second tick is kept, and so on.

/** Points kept at most, and so the widest chart. */
export const MAX_POINTS = 400

/** One measure over time: its value after each of `ticks`. */
export interface Series {
  readonly name: string
  readonly ticks: readonly number[]
  readonly values: readonly number[]
}

export class History {
  readonly #names: readonly string[]
  #points: (readonly [number, readonly number[]])[] = []
  #every = 1

  /** Keeps the measures of these names, which are single numbers. */
  constructor(names: readonly string[]) {
    this.#names = names
  }

  /** Ticks from point to point. */
  get every(): number {
    return this.#every
  }

  /** Adds the state after a tick, if it is one to keep; whether `every` has grown. */
  add(tick: number, measures: Readonly<Record<string, unknown>>): boolean {
    if (tick % this.#every !== 0) return false
    this.#push(tick, measures)
    if (this.#points.length <= MAX_POINTS) return false
    this.#every *= 2
    this.#points = this.#points.filter(([at]) => at % this.#every === 0)
    return true
  }

  /** Adds the last state, whatever its tick. */
  end(tick: number, measures: Readonly<Record<string, unknown>>): void {
    if (this.#points.at(-1)?.[0] !== tick) this.#push(tick, measures)
  }

  #push(tick: number, measures: Readonly<Record<string, unknown>>): void {
    this.#points.push([tick, this.#names.map(name => measures[name] as number)]) // as the constructor was told
  }

  /** What was kept, measure by measure. */
  get series(): Series[] {
    const ticks = this.#points.map(([tick]) => tick)
    return this.#names.map((name, i) => ({ name, ticks, values: this.#points.map(([, values]) => values[i]) }))
  }
}
