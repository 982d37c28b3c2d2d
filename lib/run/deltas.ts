// All streams of deltas of one simulation, on the main thread: who gets what, and when. It forwards bytes, and looks at no
// row. Those who ask for the same part at the same ticks share one stream.
import { PopulaceError } from '../core/errors.js'
import type { ResolvedStreamOptions, ResolvedSubscribeOptions } from '../core/options.js'
import { checkPart } from '../state/content-hash.js'
import type { DeltaFilter, DeltaMeasures } from '../state/delta-format.js'
import type { SchemaColumn } from '../state/schema.js'
import { type DeltaCoder, InlineCoder } from './delta-coder.js'
import { DeltaStream, type StreamShape, type StreamSurroundings } from './delta-stream.js'
import { type Delta, DeltaSubscription, type DeltaTarget } from './delta-subscription.js'
import type { OpenWorld } from './open-world.js'
import type { Plan } from './plan.js'
import { closed } from './refusals.js'
import type { Reports } from './reports.js'
import { schemaOf } from './schema-of.js'

/** A listener's place among those who are told. It has no queue: the run waits until it was called. */
class ListenerTarget implements DeltaTarget {
  wantsKeyframe = true
  readonly exact = true
  readonly take: (delta: Delta) => void

  constructor(take: (delta: Delta) => void) {
    this.take = take
  }

  reserve(): boolean {
    return true
  }

  missed(): void {}

  release(): void {}

  end(): void {}
}

/** Columns that kernels write, by population. */
function writtenColumns({ engines }: Plan): Map<string, Set<string>> {
  const written = new Map<string, Set<string>>()
  const note = (population: string, columns: readonly string[]) =>
    written.set(population, new Set([...(written.get(population) ?? []), ...columns]))
  for (const engine of engines) {
    if (engine.kind !== 'kernel') continue
    note(engine.population, engine.writes)
    for (const { population, columns } of engine.effects.values()) note(population, columns)
  }
  return written
}

/** What deltas came to, in all. */
export interface DeltaTotals {
  deltas: number
  keyframes: number
  bytes: number
  /** Milliseconds of encoding, beside the ticks. */
  encodingMs: number
}

export class Deltas {
  readonly totals: DeltaTotals = { deltas: 0, keyframes: 0, bytes: 0, encodingMs: 0 }
  readonly #world: OpenWorld
  readonly #reports: Reports<unknown>
  readonly #streams = new Set<DeltaStream>()
  readonly #around: StreamSurroundings
  #coder: Promise<DeltaCoder> | undefined
  #numbers = 0
  #closed: Promise<void> | undefined

  /** @param measure - measures the present state, between two ticks: `reports` has it then. */
  constructor(world: OpenWorld, reports: Reports<unknown>, measure: () => Promise<void>) {
    this.#world = world
    this.#reports = reports
    this.#around = {
      ...{ world, written: writtenColumns(world.plan) },
      coder: () => {
        if (this.#closed) throw closed() // or a thread made now would be left behind
        this.#coder ??= this.#makeCoder()
        return this.#coder
      },
      measures: async () => {
        await measure()
        return reports.measures as DeltaMeasures // numbers and lists of them, whatever they are named
      },
      number: () => this.#numbers++,
      encoded: ({ delta, keyframe }, ms) => {
        const { totals } = this
        if (delta) totals.deltas++
        if (keyframe) totals.keyframes++
        totals.bytes += (delta?.length ?? 0) + (keyframe?.length ?? 0)
        totals.encodingMs += ms
      },
      add: stream => void this.#streams.add(stream),
      failed: error => {
        if (this.#closed) return // it ended because all do
        const why = (error as Error)?.message ?? error
        const remedy = 'The run goes on, and its streams with keyframes.'
        const failure = new PopulaceError('WORKER_DIED', `Deltas could not be encoded: ${why}`, remedy, error)
        reports.listeners.tell('failed', failure)
      },
    }
  }

  async #makeCoder(): Promise<DeltaCoder> {
    if (this.#world.workers === 0) return new InlineCoder()
    const { DeltaThread } = await import('./delta-thread.js') // so that no worker loads Piscina, which imports this too
    return new DeltaThread()
  }

  /** Who is told, and how many deltas wait for them. */
  get queues(): { readonly subscribers: number; readonly waiting: number } {
    const targets = [...this.#streams].flatMap(stream => [...stream.targets])
    const waiting = targets.reduce((n, target) => n + (target instanceof DeltaSubscription ? target.waiting : 0), 0)
    return { subscribers: targets.length, waiting }
  }

  /** The next tick after `tick` at which a stream has something to tell. */
  nextTick(tick: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const stream of this.#streams) next = Math.min(next, stream.nextTick(tick))
    return next
  }

  /** Between two ticks: tells those who are due. */
  async boundary(tick: number): Promise<void> {
    for (const stream of [...this.#streams]) {
      await stream.boundary(tick)
      if (stream.targets.size === 0) this.#forget(stream)
    }
  }

  /** The run rests at this tick: resolves when all that was to be told has been. */
  async rest(tick: number): Promise<void> {
    for (const stream of [...this.#streams]) await stream.rest(tick)
    await this.boundary(tick) // streams that came of these, for those who were left behind
  }

  /** Calls `listener` with every delta; gives what ends that. OPTION_INVALID, POPULATION_UNKNOWN, COLUMN_UNKNOWN. */
  listen(listener: (delta: Delta) => void, o: ResolvedStreamOptions): () => void {
    if (typeof listener !== 'function')
      throw new PopulaceError('OPTION_INVALID', "The listener of 'delta' is no function", 'Give a function.')
    const target = new ListenerTarget(delta =>
      this.#reports.listeners.guard("A listener of 'delta'", () => {
        if (active) listener(delta)
      }),
    )
    let active = true
    this.#join(target, o)
    return () => {
      active = false
      this.#leave(target)
    }
  }

  /** A subscription with a queue of its own. POPULATION_UNKNOWN, COLUMN_UNKNOWN. */
  subscribe({ backpressure, maxQueue, ...o }: ResolvedSubscribeOptions): DeltaSubscription {
    const subscription = new DeltaSubscription({ backpressure, maxQueue }, self => this.#leave(self))
    this.#join(subscription, o)
    return subscription
  }

  #join(target: DeltaTarget, o: ResolvedStreamOptions): void {
    const shape = this.#shapeOf(o)
    const key = JSON.stringify(shape)
    let stream = [...this.#streams].find(s => JSON.stringify(s.shape) === key)
    if (!stream) {
      stream = new DeltaStream(shape, this.#around)
      this.#streams.add(stream)
    }
    stream.targets.add(target)
  }

  #leave(target: DeltaTarget): void {
    for (const stream of this.#streams) {
      if (stream.targets.delete(target) && stream.targets.size === 0) this.#forget(stream)
    }
  }

  #forget(stream: DeltaStream): void {
    this.#streams.delete(stream)
    stream.forget().catch(error => this.#around.failed(error))
  }

  #shapeOf({ every, keyframeEvery, measures, ...part }: ResolvedStreamOptions): StreamShape {
    const { populations: all } = schemaOf(this.#world.plan.scenario)
    const names = all.map(p => p.name)
    checkPart('a stream of deltas', part, names, new Set(all.flatMap(p => p.columns.map(c => c.name))))
    const { populations, columns, partitions } = part
    const told = all.filter(p => !populations || populations.includes(p.name))
    const wanted = ({ name, reset }: SchemaColumn) => !reset && (!columns || columns.includes(name))
    // In the scenario's order, so that those who name the same in another one share a stream.
    const filter: DeltaFilter = {
      populations: told.map(p => p.name),
      ...(columns ? { columns: [...new Set(columns)].sort() } : {}),
      ...(partitions ? { partitions: [...new Set(partitions)].sort() } : {}),
    }
    const tables = told.map(({ name, columns: own }) => ({ name, columns: own.filter(wanted) }))
    return { encoded: { run: this.#reports.run, filter, tables }, every, keyframeEvery, measures }
  }

  /** Ends all: what waits for a subscriber may still be taken, then it is told the error, or is done. */
  close(error?: Error): Promise<void> {
    this.#closed ??= this.#close(error)
    return this.#closed
  }

  async #close(error: Error | undefined): Promise<void> {
    for (const stream of this.#streams) stream.end(error)
    this.#streams.clear()
    await (await this.#coder)?.close()
  }
}
