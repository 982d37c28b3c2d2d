// Simulation: the host's side. It checks what it is given, keeps the state machine (idle, running, failed, closed), and
// leaves the work to the driver.
import { randomUUID } from 'node:crypto'
import { PopulaceError } from '../core/errors.js'
import { JOURNAL_ENTRIES, REPORTS_PER_SECOND } from '../core/limits.js'
import type { Progress, ResolvedSimulationOptions } from '../core/options.js'
import type { Params, ParamValues } from '../memory/params.js'
import { World } from '../memory/world.js'
import { type HashPart, joinHashes, type WorldHash } from '../state/content-hash.js'
import type { StateImage } from '../state/image.js'
import { type Journal, MemoryJournal, type ShedEntry } from '../state/journal.js'
import type { Receipt } from './commands.js'
import { type Counters, countersOf } from './counters.js'
import { Driver } from './driver.js'
import { Listeners, type SimulationEvents } from './listeners.js'
import { type MeasureValues, measureRecord } from './measures.js'
import { type OpenRequest, type OpenWorld, openWorld } from './open-world.js'
import type { Overload } from './real-time.js'
import { RealTimeLoop } from './real-time-loop.js'
import { aborted, closed, failed, running } from './refusals.js'
import type { Command, ScenarioData } from './scenario.js'
import { type AnyScenario, scenarioData } from './scenario.js'
import type { SimulationLimits } from './simulation-limits.js'
import { captureHere, captureWorld } from './world-image.js'

/** Options of Simulation.create; all may be left out. */
export interface SimulationOptions<P extends Params = Params> {
  /** Threads that step the world: 'auto' (default) is one less than the cores, at least 1; 0 steps on the main thread. */
  workers?: number | 'auto'
  /** An integer from 0 (default) to 2^53 - 1. */
  seed?: number
  /** Parameters that differ from their defaults. */
  params?: Partial<ParamValues<P>>
  /** Runs each block twice and refuses what would make results differ. Slow; default false. */
  checks?: boolean
  limits?: SimulationLimits
}

/** Options of run: ticks to do; a signal that ends it at the next boundary; a report about 20 times a second. */
export interface RunOptions {
  ticks: number
  signal?: AbortSignal
  onProgress?(p: Progress): void
}

type Payload<S extends AnyScenario, N extends keyof S['commands']> =
  S['commands'][N] extends Command<infer T> ? T : never
type State = 'idle' | 'running' | 'failed' | 'closed'

/** @internal What tests and the sanitizer add to the options. */
export interface Internals {
  /** The state to begin with, in place of setup. */
  readonly image?: StateImage
  readonly journal?: Journal
  /** Sheddings of another run, made again at the same ticks. */
  readonly sheddings?: readonly ShedEntry[]
  /** Where frozen partitions go that leave memory. */
  readonly partitionStore?: OpenRequest['partitionStore']
  /** false: each engine is a stage of its own. */
  readonly fuse?: boolean
}

/** Checks of options, loaded by hosts only: workers import this module too, and have no use for zod. */
type Checks = typeof import('../core/options.js')

/** A world and the crew that steps it. Make one with Simulation.create; close it, or declare it with `await using`. */
export class Simulation<S extends AnyScenario = AnyScenario> implements AsyncDisposable {
  readonly #world: OpenWorld
  readonly #driver: Driver
  readonly #checks: Checks
  /** Names this run, in the identity of its events. */
  readonly #run = randomUUID()
  readonly #listeners = new Listeners<MeasureValues<S['measures']>>()
  #state: State = 'idle'
  #failure: unknown
  #measures: MeasureValues<S['measures']>
  #view: World | undefined
  #running: Promise<unknown> = Promise.resolve()
  /** What looks at the whole world between runs; a run begins after it. */
  #looking: Promise<unknown> = Promise.resolve()
  #stopRequested = false
  #realTime: RealTimeLoop | undefined
  #closing: Promise<void> | undefined
  #onProgress: ((tick: number) => void) | undefined
  #sampledAt = Number.NEGATIVE_INFINITY
  #sampledTick = 0

  private constructor(world: OpenWorld, o: ResolvedSimulationOptions, checks: Checks) {
    this.#world = world
    this.#checks = checks
    this.#measures = {} as MeasureValues<S['measures']> // filled before create resolves
    this.#driver = new Driver(
      world,
      {
        everyTicks: () => this.#listeners.everyTicks,
        samples: () => this.#listeners.samples,
        measured: (tick, values, newest) => this.#measured(tick, values, newest),
        refused: refusal => this.#listeners.tell('refused', refusal),
        listensToEvents: () => this.#listeners.has('event'),
        emitted: event => this.#listeners.tell('event', { ...event, run: this.#run }),
        progress: tick => this.#onProgress?.(tick),
      },
      o.limits.tickTimeoutMs,
    )
  }

  /**
   * Loads a scenario (a module's URL; a scenario itself only with workers: 0), sets its world up and gives the
   * simulation, at tick 0. OPTION_UNKNOWN, OPTION_INVALID, PARAM_UNKNOWN, PARAM_INVALID, SCENARIO_NOT_LOADABLE,
   * SCENARIO_INVALID, SETUP_FAILED, CAPACITY_EXCEEDED, ARENA_TOO_LARGE, ENGINE_FAILED, WORKER_DIED.
   */
  static async create<S extends AnyScenario>(
    scenario: URL | S,
    o: SimulationOptions<S['params']> = {},
  ): Promise<Simulation<S>> {
    return Simulation.createWith(scenario, o, {})
  }

  /** @internal */
  static async createWith<S extends AnyScenario>(
    scenario: URL | S,
    o: SimulationOptions<S['params']>,
    internals: Internals,
  ): Promise<Simulation<S>> {
    const checks = await import('../core/options.js')
    const resolved = checks.resolveSimulationOptions(o)
    const journal = internals.journal ?? new MemoryJournal(JOURNAL_ENTRIES)
    const world = await openWorld({
      scenario: toSource(scenario),
      options: resolved,
      journal,
      fuse: internals.fuse ?? true,
      ...(internals.image ? { image: internals.image } : {}),
      partitionStore: internals.partitionStore,
    })
    const sim = new Simulation<S>(world, resolved, checks)
    if (internals.image) sim.#driver.begin(internals.image.head)
    sim.#driver.sheds.replay(internals.sheddings ?? [])
    try {
      await sim.#driver.measure()
    } catch (error) {
      await sim.close()
      throw error
    }
    return sim
  }

  /** @internal What the command line and the sanitizer look at. */
  get internals(): { readonly world: OpenWorld; readonly driver: Driver } {
    return { world: this.#world, driver: this.#driver }
  }

  /** Ticks done. */
  get tick(): number {
    return this.#driver.tick
  }

  /** Threads that step the world; 0: the main thread does. */
  get workers(): number {
    return this.#world.workers
  }

  /** What became of agents, messages and events since the world began; during a run, as it stands in mid-tick. */
  get counters(): Counters {
    this.#usable()
    return countersOf(this.#world.memory)
  }

  /** By engine that is shed now, its level: it has 2^level times fewer turns than its weight says. */
  get shedLevels(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#driver.sheds.levels.map(({ engine, level }) => [engine, level]))
  }

  /** The measures of the last measured tick; after a run, of its last one. */
  get measures(): MeasureValues<S['measures']> {
    return this.#measures
  }

  /** The world between runs, to look at and to change. SIM_RUNNING while one is going on: use read. */
  get world(): World {
    this.#usable()
    if (this.#state === 'running') throw running('world')
    const capture = () => captureHere(this.#world, this.#driver.position)
    this.#view ??= new World(this.#world.memory, { mode: 'edit', tick: this.tick, capture })
    this.#driver.forgetMeasures()
    return this.#view
  }

  /**
   * Steps as fast as it goes; resolves when `ticks` more are done or the scenario's until says so.
   * ABORTED (the simulation stays usable, between two ticks), SIM_RUNNING, SIM_CLOSED, SIM_FAILED, and what ticks fail with.
   */
  async run(o: RunOptions): Promise<void> {
    const { ticks, signal, onProgress } = this.#checks.resolveRunOptions(o)
    this.#begin()
    const target = this.tick + ticks
    const started = { tick: this.tick, at: performance.now() }
    this.#onProgress =
      onProgress &&
      (tick =>
        this.#listeners.guard('onProgress', () => {
          const ticksPerSecond = ((tick - started.tick) * 1000) / (performance.now() - started.at)
          onProgress({ tick, ticks, ticksPerSecond })
        }))
    const interrupt = () => this.#interrupt()
    signal?.addEventListener('abort', interrupt)
    try {
      await this.#track(async () => {
        if (signal?.aborted) throw aborted(signal)
        const end = await this.#driver.advance(target, () => this.#stopRequested || signal?.aborted === true)
        await this.#driver.measure()
        if (this.#sampledTick !== this.tick) this.#sample(this.tick) // the last state is always told
        if (end === 'stop' && signal?.aborted) throw aborted(signal)
      })
      this.#onProgress?.(this.tick)
    } finally {
      signal?.removeEventListener('abort', interrupt)
      this.#onProgress = undefined
    }
  }

  /** Steps in real time, `hz` ticks a second, until stop; resolves when it has begun. overload: see docs/guide.md. OPTION_INVALID. */
  async start(o: { hz: number; overload?: Overload }): Promise<void> {
    const { hz, overload } = this.#checks.resolveStartOptions(o)
    const loop = new RealTimeLoop(this.#driver, hz, overload, () => this.#stopRequested)
    this.#begin()
    this.#realTime = loop
    this.#track(() => loop.run()).catch(() => undefined) // told by 'failed'
  }

  /** Ends what start began, or a run, after the tick that is being stepped. */
  async stop(): Promise<void> {
    this.#usable()
    if (this.#state !== 'running') return
    this.#stopRequested = true
    this.#interrupt()
    await this.#running.catch(() => undefined) // its own caller is told
  }

  /** Sends a command; resolves when it is journaled. COMMAND_UNKNOWN, COMMAND_INVALID, SIM_CLOSED, SIM_FAILED. */
  async command<N extends keyof S['commands'] & string>(name: N, payload: Payload<S, N>): Promise<Receipt> {
    this.#usable()
    const receipt = this.#driver.commands.send(name, payload)
    if (this.#state === 'running') this.#interrupt()
    else await this.#driver.boundary()
    return receipt
  }

  /** Runs `look` between two ticks, of a run that goes on too; only copies leave it. SIM_CLOSED, SIM_FAILED. */
  async read<T>(look: (world: World) => T): Promise<T> {
    this.#usable()
    if (typeof look !== 'function')
      throw new PopulaceError('OPTION_INVALID', 'read() was given no function', 'Write await sim.read(world => …).')
    if (this.#state !== 'running') return this.#driver.look(look)
    const result = this.#driver.read(look)
    this.#interrupt()
    return result
  }

  /** Listens; gives what ends that. 'tick' comes at most 20 times a second, or at each n-th tick with { every: n }. */
  on<K extends keyof SimulationEvents<MeasureValues<S['measures']>>>(
    event: K,
    listener: (what: SimulationEvents<MeasureValues<S['measures']>>[K]) => void,
    o?: { every?: number },
  ): () => void {
    const off = this.#listeners.on(event, listener, o)
    if (this.#state === 'running') this.#driver.interrupt() // the next batch of ticks is told of it
    return off
  }

  /** Content hash, 16 hexadecimal digits: independent of rows, blocks and workers. Of a part, when one is named. SIM_RUNNING. */
  async hash(of: HashPart = {}): Promise<string> {
    return (await this.hashes(of)).hash
  }

  /** The hash with those of each population and column. SIM_RUNNING. */
  async hashes(of: HashPart = {}): Promise<WorldHash> {
    this.#usable()
    if (this.#state === 'running') throw running('hash')
    this.#world.memory.refresh()
    const { tick, shedLevels } = this
    const { crew, frozen } = this.#world
    const sums = Promise.all([crew.hash(of), frozen.sums(of)])
    this.#look(sums)
    const whole = Object.values(of).every(part => part === undefined)
    return joinHashes((await sums).flat(), tick, whole ? shedLevels : {}, whole ? frozen.since : [])
  }

  /** @internal The whole state, between two ticks of a run that goes on too: what StateSnapshot.create takes. */
  async captureImage(): Promise<StateImage> {
    this.#usable()
    const capture = () => captureWorld(this.#world, this.#driver.position)
    if (this.#state !== 'running') return this.#look(capture())
    const image = this.#driver.visit(capture)
    this.#interrupt()
    return image
  }

  /** Lets a run begin only when `work` is done. */
  #look<T>(work: Promise<T>): Promise<T> {
    this.#looking = Promise.allSettled([this.#looking, work])
    return work
  }

  /** Ends the simulation, a run that goes on included, and all its threads. Closing twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { crew, release } = this.#world
    this.#state = 'closed'
    this.#stopRequested = true
    this.#interrupt()
    this.#driver.close(closed())
    this.#view?.close()
    await crew.close()
    await this.#world.frozen.close()
    await this.#running.catch(() => undefined) // its own caller is told
    release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #interrupt(): void {
    this.#driver.interrupt()
    this.#realTime?.wake()
  }

  #usable(): void {
    if (this.#state === 'closed') throw closed()
    if (this.#state === 'failed') throw failed(this.#failure)
  }

  #begin(): void {
    this.#usable()
    if (this.#state === 'running') throw running('run')
    this.#state = 'running'
    this.#stopRequested = false
    this.#view?.close()
    this.#view = undefined
  }

  /** Runs `work` as the one thing going on; a failure of the engine is for ever, an abort is not. */
  async #track(work: () => Promise<void>): Promise<void> {
    const running = this.#looking.then(work)
    this.#running = running
    try {
      await running
      if (this.#state === 'closed') throw closed()
      this.#state = 'idle'
      await this.#driver.boundary() // what came after the last one
    } catch (error) {
      if (this.#state === 'closed') throw closed()
      if (error instanceof PopulaceError && error.code === 'ABORTED') {
        this.#state = 'idle'
        await this.#driver.boundary()
      } else {
        this.#fail(error)
      }
      throw error
    }
  }

  #fail(error: unknown): void {
    this.#state = 'failed'
    this.#failure = error
    const failure = error instanceof Error ? error : new Error(String(error))
    this.#driver.close(failed(failure))
    this.#listeners.tell('failed', failure)
  }

  #measured(tick: number, values: Float64Array, newest: boolean): void {
    this.#measures = measureRecord(this.#world.plan.scenario.measures, values, 0) as MeasureValues<S['measures']>
    if (this.#state !== 'running') return
    this.#listeners.tick({ tick, measures: this.#measures })
    if (newest && performance.now() - this.#sampledAt >= 1000 / REPORTS_PER_SECOND) this.#sample(tick)
  }

  #sample(tick: number): void {
    this.#sampledAt = performance.now()
    this.#sampledTick = tick
    this.#listeners.sample({ tick, measures: this.#measures })
  }
}

function toSource(scenario: unknown): URL | ScenarioData {
  if (scenario instanceof URL) return scenario
  const data = scenarioData(scenario)
  if (data) return data
  throw new PopulaceError(
    'SCENARIO_NOT_LOADABLE',
    'Simulation.create was given neither a URL nor a scenario',
    "Write Simulation.create(new URL('./scenario.js', import.meta.url)).",
  )
}
