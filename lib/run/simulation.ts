// Simulation: the host's side. It checks what it is given, keeps the state machine (idle, running, failed, closed), and
// leaves the work to the driver.
import { PopulaceError } from '../core/errors.js'
import { World } from '../memory/world.js'
import type { HashPart, WorldHash } from '../state/content-hash.js'
import type { StateImage } from '../state/image.js'
import type { Receipt } from './commands.js'
import { type Counters, countersOf } from './counters.js'
import type { DeltaSubscription, StreamOptions, SubscribeOptions } from './delta-subscription.js'
import type { Deltas } from './deltas.js'
import type { AdvanceEnd, Driver } from './driver.js'
import type { Durability } from './durability.js'
import { type Launched, launch, orAbandon, relaunch, toSource } from './launch.js'
import type { Lifecycle } from './lifecycle.js'
import type { SimulationEvents } from './listeners.js'
import { measureRecord } from './measures.js'
import { collect } from './metrics-source.js'
import type { OpenWorld } from './open-world.js'
import { makeParts, type Parts } from './parts.js'
import type { Overload } from './real-time.js'
import { RealTimeLoop } from './real-time-loop.js'
import { aborted, closed } from './refusals.js'
import type { Reports } from './reports.js'
import type { RunLimits } from './run-limits.js'
import type { AnyScenario, Measured, Payload } from './scenario.js'
import type { ServiceStatus } from './service-calls.js'
import type { ForkOptions, Internals, ResumeOptions, RunOptions, SimulationOptions } from './simulation-options.js'
import { hashWorld } from './world-hash.js'
import { captureHere, captureWorld } from './world-image.js'

/** Checks of options, loaded by hosts only: workers import this module too, and have no use for zod. */
type Checks = typeof import('../core/options.js')

/** A world and the crew that steps it. Make one with Simulation.create; close it, or declare it with `await using`. */
export class Simulation<S extends AnyScenario = AnyScenario> implements AsyncDisposable {
  readonly #parts: Parts<Measured<S>>
  readonly #world: OpenWorld
  readonly #driver: Driver
  readonly #checks: Checks
  readonly #durability: Durability
  readonly #reports: Reports<Measured<S>>
  readonly #deltas: Deltas
  readonly #life: Lifecycle
  /** Takes the simulation out of the metrics that it is collected in. */
  #uncollect = () => {}
  #view: World | undefined
  #stopRequested = false
  /** Whether a host changed the world since the last run. */
  #edited = false
  #realTime: RealTimeLoop | undefined
  #closing: Promise<void> | undefined

  private constructor(launched: Launched, checks: Checks) {
    const { measures } = launched.world.plan.scenario
    const record = (values: Float64Array) => measureRecord(measures, values, 0) as Measured<S>
    this.#parts = makeParts(launched, record, checks.resolveLimits)
    this.#world = launched.world
    this.#durability = launched.durability
    this.#checks = checks
    this.#reports = this.#parts.reports
    this.#life = this.#parts.life
    this.#driver = this.#parts.driver
    this.#deltas = this.#parts.deltas
  }

  /**
   * Loads a scenario (a module's URL; a scenario itself only with workers: 0), sets its world up and gives the
   * simulation, at tick 0; with a store, its first checkpoint is durable then. OPTION_*, PARAM_*, SCENARIO_*,
   * SETUP_FAILED, CAPACITY_EXCEEDED, ARENA_TOO_LARGE, ENGINE_FAILED, WORKER_DIED, STORE_*.
   */
  static async create<S extends AnyScenario>(
    scenario: URL | S,
    o: SimulationOptions<S['params']> = {},
  ): Promise<Simulation<S>> {
    return Simulation.createWith(scenario, o, {})
  }

  /**
   * Goes on exactly where a stored run was: at its newest checkpoint, from which its journal is stepped again as far as
   * it goes, or at `tick`. What is sent to it comes after all that is in the journal. STORE_RUN_UNKNOWN,
   * CHECKPOINT_UNKNOWN, SNAPSHOT_*, JOURNAL_INVALID, and what create fails with.
   */
  static async resume<S extends AnyScenario>(scenario: URL | S, o: ResumeOptions): Promise<Simulation<S>> {
    return Simulation.#relaunch(scenario, o, 'Simulation.resume')
  }

  /** Makes a new run of what a stored one was at `tick`, or is: `as` names it. STORE_RUN_EXISTS, and as resume. */
  static async fork<S extends AnyScenario>(scenario: URL | S, o: ForkOptions): Promise<Simulation<S>> {
    if (typeof o?.as !== 'string')
      throw new PopulaceError('OPTION_INVALID', 'Simulation.fork has no name for the new run', "Give as: 'name'.")
    return Simulation.#relaunch(scenario, o, 'Simulation.fork')
  }

  /** @internal */
  static async createWith<S extends AnyScenario>(
    scenario: URL | S,
    o: SimulationOptions<S['params']>,
    internals: Internals,
  ): Promise<Simulation<S>> {
    const checks = await import('../core/options.js')
    const launched = await launch(toSource(scenario), checks.resolveSimulationOptions(o), internals)
    const sim = await Simulation.#begin<S>(launched, checks)
    sim.#driver.replay(internals)
    return sim
  }

  static async #relaunch<S extends AnyScenario>(
    scenario: URL | S,
    o: ResumeOptions | ForkOptions,
    what: string,
  ): Promise<Simulation<S>> {
    const checks = await import('../core/options.js')
    const resolved = checks.resolveResumeOptions(o, what)
    const sim = await Simulation.#begin<S>(await relaunch(toSource(scenario), resolved), checks)
    try {
      if (resolved.tick !== undefined) await sim.seek(resolved.tick)
    } catch (error) {
      await sim.close()
      throw error
    }
    return sim
  }

  static async #begin<S extends AnyScenario>(launched: Launched, checks: Checks): Promise<Simulation<S>> {
    const sim = await orAbandon(launched, () => new Simulation<S>(launched, checks))
    try {
      sim.#uncollect = collect(launched.metrics, sim.#parts) // before anything is stored: a name may be taken
      await launched.durability.begin(launched.world, sim.#driver, launched.image)
      await sim.#driver.measure()
      sim.#parts.limits.begin(sim.tick)
      return sim
    } catch (error) {
      await sim.close()
      throw error
    }
  }

  /** @internal What the command line and the sanitizer look at. */
  get internals(): { world: OpenWorld; driver: Driver } {
    return { world: this.#world, driver: this.#driver }
  }

  /** Ticks done, by now where a run goes on. */
  get tick(): number {
    return this.#driver.now
  }

  /** Threads that step the world; 0: the main thread does. */
  get workers(): number {
    return this.#world.workers
  }

  /** What became of agents, messages and events since the world began; during a run, as it stands in mid-tick. */
  get counters(): Counters {
    this.#life.usable()
    return countersOf(this.#world.memory)
  }

  /** By service that agents ask: what it does, and what became of its calls. */
  get services(): Readonly<Record<string, ServiceStatus>> {
    return this.#driver.asks.status
  }

  /** What is used of its limits, and how to change them while a run goes on. */
  get limits(): RunLimits {
    return this.#parts.limits
  }

  /** By engine that is shed now, its level: it has 2^level times fewer turns than its weight says. */
  get shedLevels(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#driver.sheds.levels.map(({ engine, level }) => [engine, level]))
  }

  /** The measures of the last measured tick; after a run, of its last one. */
  get measures(): Measured<S> {
    return this.#reports.measures
  }

  /** The world between runs, to look at and to change. SIM_RUNNING while one is going on: use read. */
  get world(): World {
    this.#life.atRest('world')
    const capture = () => captureHere(this.#world, this.#driver.position)
    const edited = () => void (this.#edited = true)
    this.#view ??= new World(this.#world.memory, { mode: 'edit', tick: this.tick, capture, edited })
    this.#driver.forgetMeasures()
    return this.#view
  }

  /**
   * Steps as fast as it goes; resolves when `ticks` more are done or the scenario's until says so.
   * ABORTED (the simulation stays usable, between two ticks), SIM_RUNNING, SIM_CLOSED, SIM_FAILED, and what ticks fail with.
   */
  async run(o: RunOptions): Promise<void> {
    const { ticks, signal, onProgress } = this.#checks.resolveRunOptions(o)
    this.#enter()
    const target = this.tick + ticks
    this.#reports.onProgress = onProgress && this.#reports.progressOf(onProgress, this.tick, ticks)
    const interrupt = () => this.#interrupt()
    signal?.addEventListener('abort', interrupt)
    try {
      await this.#track(async () => {
        if (signal?.aborted) throw aborted(signal)
        const stop = () => this.#stopRequested || signal?.aborted === true
        const end = await this.#advance(target, stop)
        this.#reports.sampleLast(this.tick)
        await this.#parts.bus?.taken(stop, () => this.#driver.boundary())
        if (end === 'stop' && signal?.aborted) throw aborted(signal)
      })
      this.#reports.onProgress?.(this.tick)
    } finally {
      signal?.removeEventListener('abort', interrupt)
      this.#reports.onProgress = undefined
    }
  }

  /** Goes to `tick`: back to the checkpoint before it and on along the record, or on. CHECKPOINT_UNKNOWN, OPTION_INVALID. */
  async seek(tick: number): Promise<void> {
    const { ticks: target } = this.#checks.resolveRunOptions({ ticks: tick })
    this.#enter()
    await this.#track(async () => {
      if (target < this.tick) await this.#durability.goBefore(target)
      await this.#advance(target, () => this.#stopRequested)
    })
  }

  /** Takes a checkpoint between two ticks; resolves when it is durable. OPTION_INVALID: there is nowhere to keep it. */
  async checkpoint(): Promise<{ tick: number }> {
    this.#life.usable()
    const taken = await this.#between(async () => {
      await this.#noteEdits()
      return this.#durability.checkpoint()
    })
    await taken.written
    return { tick: taken.tick }
  }

  /** Steps in real time, `hz` ticks a second, until stop; resolves when it has begun. overload: see docs/guide.md. OPTION_INVALID. */
  async start(o: { hz: number; overload?: Overload }): Promise<void> {
    const { hz, overload } = this.#checks.resolveStartOptions(o)
    const loop = new RealTimeLoop(this.#driver, hz, overload, () => this.#stopRequested)
    this.#enter()
    this.#realTime = loop
    this.#track(() => loop.run().then(() => this.#deltas.rest(this.tick))).catch(() => undefined) // told by 'failed'
  }

  /** Ends what start began, or a run, after the tick that is being stepped. */
  async stop(): Promise<void> {
    this.#life.usable()
    if (!this.#life.isRunning) return
    this.#stopRequested = true
    this.#interrupt()
    await this.#life.ended()
  }

  /** Sends a command; resolves when it is journaled. COMMAND_UNKNOWN, COMMAND_INVALID, SIM_CLOSED, SIM_FAILED. */
  async command<N extends keyof S['commands'] & string>(name: N, payload: Payload<S, N>): Promise<Receipt> {
    this.#life.usable()
    if (this.#edited && !this.#life.isRunning) await this.#life.look(() => this.#noteEdits())
    const receipt = this.#driver.commands.send(name, payload)
    if (!this.#life.isRunning) return (await Promise.all([receipt, this.#driver.boundary()]))[0]
    this.#interrupt()
    return receipt
  }

  /** Runs `look` between two ticks, of a run that goes on too; only copies leave it. SIM_CLOSED, SIM_FAILED. */
  async read<T>(look: (world: World) => T): Promise<T> {
    this.#life.usable()
    if (typeof look !== 'function')
      throw new PopulaceError('OPTION_INVALID', 'read() was given no function', 'Write await sim.read(world => …).')
    const now = () => this.#driver.look(look)
    return this.#life.isRunning ? this.#visit(now) : now()
  }

  /**
   * Listens; gives what ends that. 'tick' comes at most 20 times a second, or at each n-th tick with { every: n }; 'delta'
   * at each n-th tick, with the changes of a part of the world. OPTION_INVALID, POPULATION_UNKNOWN, COLUMN_UNKNOWN.
   */
  on<K extends keyof SimulationEvents<Measured<S>>>(
    event: K,
    listener: (what: SimulationEvents<Measured<S>>[K]) => void,
    o?: K extends 'delta' ? StreamOptions : { every?: number },
  ): () => void {
    const off =
      event === 'delta'
        ? this.#deltas.listen(listener as never, this.#checks.resolveStreamOptions(o)) // that event is a Delta
        : this.#reports.listeners.on(event, listener, o)
    this.#noticeListener()
    return off
  }

  /** The changes of a part of the world in a queue, a keyframe first. OPTION_*, POPULATION_UNKNOWN, COLUMN_UNKNOWN, SIM_*. */
  subscribe(o: SubscribeOptions = {}): DeltaSubscription {
    this.#life.usable()
    const subscription = this.#deltas.subscribe(this.#checks.resolveSubscribeOptions(o))
    this.#noticeListener()
    return subscription
  }

  /** The next batch of ticks is told who listens; where nothing runs, a stream begins with the present state. */
  #noticeListener(): void {
    if (this.#life.isRunning) this.#driver.interrupt()
    else this.#life.look(() => this.#deltas.boundary(this.tick)).catch(() => undefined) // a crew that died fails the run
  }

  /** Content hash, 16 hexadecimal digits: independent of rows, blocks and workers. Of a part, when one is named. SIM_RUNNING. */
  async hash(of: HashPart = {}): Promise<string> {
    return (await this.hashes(of)).hash
  }

  /** The hash with those of each population and column. SIM_RUNNING. */
  async hashes(of: HashPart = {}): Promise<WorldHash> {
    this.#life.atRest('hash')
    return this.#life.look(() => hashWorld(this.#world, of, this.#driver.position))
  }

  /** @internal The whole state, between two ticks of a run that goes on too: what StateSnapshot.create takes. */
  async captureImage(): Promise<StateImage> {
    this.#life.usable()
    return this.#between(() => captureWorld(this.#world, this.#driver.position))
  }

  /** Does `work` between two ticks, of a run that goes on too. */
  #between<T>(work: () => Promise<T>): Promise<T> {
    return this.#life.isRunning ? this.#visit(work) : this.#life.look(work)
  }

  #visit<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#driver.visit(work)
    this.#interrupt()
    return done
  }

  /** Ends the simulation, a run that goes on included, and all its threads. Closing twice is fine. */
  close(): Promise<void> {
    const edits = this.#edited && this.#life.isIdle ? this.#life.look(() => this.#noteEdits()) : undefined
    return (this.#closing ??= edits ? edits.finally(() => this.#close()) : this.#close())
  }

  async #close(): Promise<void> {
    const { crew, release } = this.#world
    const told = this.#life.hasFailed
    this.#life.close()
    this.#uncollect()
    this.#stopRequested = true
    this.#interrupt()
    this.#driver.close(closed())
    this.#view?.close()
    await this.#deltas.close()
    await crew.close()
    await this.#world.frozen.close()
    await this.#life.ended()
    this.#parts.bus?.close()
    release()
    await this.#durability.close().catch(error => {
      if (!told) throw error
    })
  }

  [Symbol.asyncDispose] = () => this.close()

  #interrupt(): void {
    this.#driver.interrupt()
    this.#realTime?.wake()
  }

  #enter(): void {
    this.#life.enter()
    this.#stopRequested = false
    this.#view?.close()
    this.#view = undefined
  }

  async #advance(target: number, stop: () => boolean): Promise<AdvanceEnd> {
    const end = await this.#driver.advance(target, stop)
    await this.#driver.measure()
    await this.#deltas.rest(this.tick)
    return end
  }

  #track(work: () => Promise<void>): Promise<void> {
    return this.#life.track(() => this.#noteEdits().then(work))
  }

  /** What a host changed between two runs is in no journal: it is kept by a checkpoint. */
  async #noteEdits(): Promise<void> {
    const edited = this.#edited
    this.#edited = false
    if (edited) await this.#durability.edited(this.tick)
  }
}
