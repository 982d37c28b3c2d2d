// Drives a crew from tick to tick on the main thread, which is needed only at the boundaries where something asks for
// it: a main engine, a command, a read, a stop. In between the crew steps by itself.
import { setImmediate as turn } from 'node:timers/promises'
import { locate, PopulaceError } from '../core/errors.js'
import { LOOP_SLICE_MS, REPORTS_PER_SECOND } from '../core/limits.js'
import { makeSequence } from '../core/sequence.js'
import { PURPOSE, streamKey } from '../core/threefry.js'
import type { EmittedEvent } from '../memory/event-queue.js'
import { World } from '../memory/world.js'
import type { MainEngine } from '../schedule/engine.js'
import { leaseCores } from '../services/cores.js'
import { Asks } from './asks.js'
import { Commands, type Refusal } from './commands.js'
import { type BatchEnd, REASON } from './control.js'
import { deterministic } from './forbidden.js'
import type { OpenWorld } from './open-world.js'
import { makeRecorder } from './recorder.js'
import { ShedLevels } from './shed-levels.js'
import type { Internals } from './simulation-options.js'
import { captureHere, type Position } from './world-image.js'

/** What a driver tells, on the main thread. */
export interface DriverHooks {
  /** Ticks between measured ticks that are asked for; 0: none are. */
  everyTicks(): number
  /** Whether samples are asked for. */
  samples(): boolean
  /** The measures of a tick. newest: the last one known now. */
  measured(tick: number, values: Float64Array, newest: boolean): void
  refused(refusal: Refusal): void
  /** Whether anybody listens to events. */
  listensToEvents(): boolean
  /** An event, in order. */
  emitted(event: EmittedEvent): void
  /** Called between two ticks, before commands of the next one are applied. */
  boundary(tick: number): Promise<void>
  /** Waits where the next tick may not begin yet. Whether it waited: then the boundary is gone through again. */
  held(): Promise<boolean>
  /** Somebody asks for the next boundary: what waits in `held` looks up. */
  interrupted(): void
  /** The next tick after `tick` at which `boundary` has to be called. */
  nextCheckpoint(tick: number): number
  /** A batch failed: rejects, or puts the world back and resolves, so that its ticks are stepped again. */
  recover(error: unknown): Promise<void>
  /** Called about 20 times a second during an advance. */
  progress(tick: number): void
}

/** Why an advance ended. */
export type AdvanceEnd = 'target' | 'stop' | 'until'

interface Visitor {
  serve(): void | Promise<void>
  reject(error: Error): void
}

export class Driver {
  readonly commands: Commands
  readonly sheds: ShedLevels
  readonly asks: Asks
  /** Ticks done. */
  tick = 0
  /** The tick up to which something may have been told, also where the batch that stepped it failed. */
  reached = 0
  readonly #world: OpenWorld
  readonly #hooks: DriverHooks
  readonly #tickTimeoutMs: number | undefined
  readonly #visitors: Visitor[] = []
  readonly #abort = new AbortController()
  #measuredTick = -1
  #isReporting = false
  #isStepping = false

  /** @param run - names the run in the identity of asks. */
  constructor(world: OpenWorld, hooks: DriverHooks, run: string, tickTimeoutMs: number | undefined) {
    this.#world = world
    this.#hooks = hooks
    this.#tickTimeoutMs = tickTimeoutMs
    this.commands = new Commands(world)
    this.sheds = new ShedLevels(world)
    this.asks = new Asks(world, run, () => world.crew.control.requestStop())
  }

  /**
   * Goes on from a state that the world was filled with, and is given again what the journal knows from there on.
   * `known`: the tick up to which the run is known already; what is sent to it comes after.
   */
  begin({ tick, commands }: Pick<Position, 'tick' | 'commands'>, known = 0): void {
    const entries = this.#world.journal.from(tick)
    const lastTick = Math.max(tick, known, entries.at(-1)?.tick ?? 0)
    this.tick = tick
    this.commands.begin(
      commands,
      entries.filter(e => e.kind === 'command'),
      lastTick,
    )
    this.sheds.replay(
      entries.filter(e => e.kind === 'shed'),
      lastTick,
    )
    this.asks.begin(
      entries.filter(e => e.kind === 'answer'),
      lastTick,
    )
    this.forgetMeasures()
  }

  /** Is given again what another run was: its sheddings, and what became of its asks, in the same ticks. */
  replay({ sheddings, answers }: Pick<Internals, 'sheddings' | 'answers'>): void {
    if (sheddings) this.sheds.replay(sheddings)
    if (answers) this.asks.begin(answers, 0)
  }

  /** The next tick before which the main thread has something to do, the present one left aside. */
  get #nextStop(): number {
    const { commands, sheds, asks, tick } = this
    return Math.min(sheds.nextTick, commands.nextTick, asks.nextTick(tick), this.#hooks.nextCheckpoint(tick))
  }

  /** Asks for the next boundary. */
  interrupt(): void {
    this.#world.crew.control.requestStop()
    this.asks.wake()
    this.#hooks.interrupted()
  }

  /** Runs `work` at the next boundary, which waits for it; the caller interrupts. */
  visit<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const serve = async () => {
        try {
          resolve(await work())
        } catch (error) {
          reject(error)
        }
      }
      this.#visitors.push({ serve, reject })
    })
  }

  /** Ticks done at this moment, while a batch of them is being stepped, too: `tick` is that of the last boundary. */
  get now(): number {
    return this.#isStepping ? this.#world.crew.control.tick : this.tick
  }

  /** What of the state is not in the world's memory. */
  get position(): Position {
    const shed = Object.fromEntries(this.sheds.levels.map(({ engine, level }) => [engine, level]))
    return { tick: this.tick, commands: this.commands.next, shed }
  }

  /** Runs `look` now: between batches only. */
  look<T>(look: (world: World) => T): T {
    const capture = () => captureHere(this.#world, this.position)
    const world = new World(this.#world.memory, { mode: 'read', tick: this.tick, capture })
    try {
      return look(world)
    } finally {
      world.close()
    }
  }

  /** Steps until `target` ticks are done, `stop` says so at a boundary, or the scenario's until does. */
  async advance(target: number, stop: () => boolean): Promise<AdvanceEnd> {
    const world = this.#world
    world.memory.refresh()
    if (!world.frozen.due) world.frozen.keepWithinBudget() // else when what is asked for is done
    const release = leaseCores(world.plan.options.threads, spins => world.crew.control.setSpins(spins))
    const timer = setInterval(() => this.#report(), 1000 / REPORTS_PER_SECOND)
    try {
      for (;;) {
        try {
          return await this.#advance(target, stop)
        } catch (error) {
          this.reached = Math.max(this.tick, world.crew.control.tick)
          await this.#hooks.recover(error)
        }
      }
    } finally {
      clearInterval(timer)
      release()
      await this.#drain()
    }
  }

  async #advance(target: number, stop: () => boolean): Promise<AdvanceEnd> {
    let position = 0
    for (;;) {
      if (position === 0) {
        await this.boundary()
        await this.#hooks.boundary(this.tick)
        if (stop()) return 'stop'
        if (this.tick >= target) return 'target'
        if (this.asks.holds(this.tick)) {
          await this.asks.wait()
          continue
        }
        if (await this.#hooks.held()) continue
        await this.sheds.apply(this.tick)
        await this.asks.deliver(this.tick)
        if (this.commands.nextTick <= this.tick || this.#world.frozen.due) {
          await this.#step(target, 0, 1) // columns with reset take their defaults first
          await this.#world.frozen.beginTick(this.tick)
          for (const refusal of this.commands.apply(this.tick)) this.#hooks.refused(refusal)
          this.#world.frozen.prefetch()
          position = 1
        }
      }
      const end = await this.#step(Math.min(target, this.#nextStop), position, -1)
      position = 0
      if (end.reason === REASON.until) return 'until'
      if (end.reason === REASON.main) {
        const step = this.#world.plan.steps[end.position]
        if (step.kind === 'main') await this.#runMain(step.engine)
        position = end.position + 1
      }
    }
  }

  /** Steps one tick, halting after each of its steps and telling which; for the sanitizer, which looks at the state there. */
  async *stepByStep(): AsyncGenerator<number, void> {
    const { steps } = this.#world.plan
    const target = this.tick + 1
    while (this.asks.holds(this.tick)) await this.asks.wait()
    await this.sheds.apply(this.tick)
    await this.asks.deliver(this.tick)
    for (let position = 0; position < steps.length; position++) {
      const end = await this.#step(target, position, position + 1)
      if (position === 0) await this.#world.frozen.beginTick(this.tick)
      const step = steps[position]
      if (end.reason === REASON.main && step.kind === 'main') await this.#runMain(step.engine)
      yield position
    }
    await this.#step(target, steps.length, -1)
  }

  /** Serves visitors and takes commands for the tick that begins next. */
  async boundary(): Promise<void> {
    for (const visitor of this.#visitors.splice(0)) await visitor.serve()
    await this.commands.accept(this.tick)
  }

  async #step(target: number, position: number, stopPosition: number): Promise<BatchEnd> {
    const measureEvery = this.#hooks.everyTicks()
    this.#world.memory.events.wanted = this.#hooks.listensToEvents()
    const batch = { tick: this.tick, position, target, stopPosition, measureEvery, measureOnly: false }
    let end: BatchEnd
    this.#isStepping = true
    try {
      end = await this.#world.crew.step(batch)
    } finally {
      this.#isStepping = false
    }
    this.tick = end.tick
    this.asks.takeIn()
    await this.#drain()
    return end
  }

  /** Tells all that is there, and lets the host's event loop turn every few milliseconds: listeners may have much to hear. */
  async #drain(): Promise<void> {
    while (!this.#tell()) await turn()
  }

  /** Tells events, then measures, in order and for a few milliseconds. Whether that was all. */
  #tell(): boolean {
    const { ring, memory } = this.#world
    const end = performance.now() + LOOP_SLICE_MS
    const isAll = memory.events.drain(
      event => this.#hooks.emitted(event),
      () => performance.now() >= end,
    )
    if (!isAll) return false
    const found: { tick: number; values: Float64Array }[] = []
    ring.drain((tick, values) => found.push({ tick, values }))
    found.forEach(({ tick, values }, i) => {
      this.#measuredTick = tick
      this.#hooks.measured(tick, values, i === found.length - 1)
    })
    return true
  }

  async #report(): Promise<void> {
    const { control } = this.#world.crew
    if (this.#hooks.samples()) control.requestSample()
    this.#hooks.progress(control.tick)
    if (this.#isReporting) return
    this.#isReporting = true
    await this.#drain()
    this.#isReporting = false
  }

  /** Measures the present state unless it is measured already; between batches only. */
  async measure(): Promise<void> {
    if (this.#measuredTick === this.tick || this.#world.plan.scenario.measures.size === 0) return
    await this.#world.crew.step({
      tick: this.tick,
      position: 0,
      target: this.tick,
      stopPosition: -1,
      measureEvery: 0,
      measureOnly: true,
    })
    this.#measuredTick = this.tick
    this.#hooks.measured(this.tick, this.#world.ring.latest.slice(), true)
  }

  /** The state was changed between runs: its measures are not known any more. */
  forgetMeasures(): void {
    this.#measuredTick = -1
  }

  async #runMain(engine: MainEngine): Promise<void> {
    const { memory, plan, journal } = this.#world
    const { tick } = this
    const writes = engine.writes && new Set(engine.writes)
    const world = new World(memory, { mode: 'edit', tick, writes })
    const { signal } = this.#abort
    const random = makeSequence(streamKey(plan.options.seed, engine.name, PURPOSE.mainEngine, tick))
    const scope = { world, tick, random, params: plan.params, record: makeRecorder(journal, engine.name, tick, signal) }
    const began = performance.now()
    try {
      await this.#bounded(
        deterministic(async () => engine.update(scope)),
        engine,
      )
      await journal.flush()
      this.#world.meters?.byEngine[plan.engines.indexOf(engine)].observe((performance.now() - began) / 1000)
    } catch (error) {
      if (error instanceof PopulaceError) {
        const named = this.#abort.signal.aborted || error.code === 'TICK_TIMEOUT'
        throw named ? error : locate(error, `main engine '${engine.name}', tick ${tick}`)
      }
      throw new PopulaceError(
        'ENGINE_FAILED',
        `Main engine '${engine.name}' threw in tick ${tick}: ${(error as Error)?.message ?? error}`,
        'Mend its update.',
        error,
      )
    } finally {
      world.close()
      memory.refresh()
      this.#world.frozen.prefetch()
    }
  }

  /** Waits for an update, but not beyond the tick's limit nor beyond close. */
  async #bounded(update: Promise<void>, engine: MainEngine): Promise<void> {
    const limit = this.#tickTimeoutMs
    const { signal } = this.#abort
    let timer: NodeJS.Timeout | undefined
    let abort = () => {}
    const ended = new Promise<never>((_, reject) => {
      abort = () => reject(signal.reason)
      signal.addEventListener('abort', abort)
      if (limit === undefined) return
      timer = setTimeout(
        () =>
          reject(
            new PopulaceError(
              'TICK_TIMEOUT',
              `Main engine '${engine.name}' took longer than ${limit} ms in tick ${this.tick}`,
              'Give its work a deadline, or raise limits.tickTimeoutMs.',
            ),
          ),
        limit,
      )
    })
    try {
      await Promise.race([update, ended])
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort) // or one more would stay for each tick
    }
  }

  /** Rejects all that wait. */
  close(error: Error): void {
    this.#abort.abort(error)
    this.commands.close(error)
    this.asks.close()
    for (const visitor of this.#visitors.splice(0)) visitor.reject(error)
  }
}
