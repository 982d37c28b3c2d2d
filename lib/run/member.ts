// A member of a crew: one thread's side of a simulation. It holds the thread's own plan, memory views and bound
// kernels, and steps batches with the other members (or alone, inline). No member knows more than another: which of
// them does the serial part of a barrier is whoever comes last.
import { type ErrorData, PopulaceError, toErrorData } from '../core/errors.js'
import { Exchange } from '../exchange/exchange.js'
import { callLoop } from '../kernels/call-loop.js'
import type { Memories } from '../memory/arena.js'
import { WorldMemory } from '../memory/world.js'
import { isDue, type KernelEngine, skipsTurns } from '../schedule/engine.js'
import type { Loop } from '../schedule/scope.js'
import { type BoundEngine, bindEngine } from './bind.js'
import { type CheckedEngine, checkEngine } from './checked-engine.js'
import { type BatchEnd, type Control, REASON } from './control.js'
import { inKernel } from './forbidden.js'
import { loaderPrefix } from './loaders.js'
import { type BoundMeasure, bindMeasures, measureRecord } from './measures.js'
import { Meter, Meters } from './meters.js'
import { type BlockStepper, type Phase, phasesOf, type Waker } from './phases.js'
import type { Plan } from './plan.js'
import { MeasureRing } from './ring.js'
import { wakePhases } from './wake-phases.js'

/** What a member is made from. */
export interface MemberOptions {
  readonly plan: Plan
  readonly memories: Memories
  readonly control: Control
  /** Number of this thread in its crew. */
  readonly thread: number
  /** Asked at the end of each tick: ends the batch so that the host's event loop can turn (inline only). */
  readonly pause?: () => boolean
}

export class Member {
  readonly memory: WorldMemory
  readonly #o: MemberOptions
  readonly #measures: BoundMeasure[]
  readonly #ring: MeasureRing
  readonly #measurePhase: Phase
  readonly #meter: Meter | undefined
  #phases: Phase[][] = []
  /** Of the wake of all engines that have one, in order. */
  #wakes: readonly Phase[] = []
  #parity = 0
  #stepping: BlockStepper | undefined
  #frame = -1
  #failure: ErrorData | undefined

  constructor(o: MemberOptions) {
    const { plan, memories, control, thread } = o
    this.#o = o
    this.memory = new WorldMemory(memories.world, plan.layout, [...plan.scenario.events.values()], thread)
    const { loaders } = plan.scenario
    this.memory.partitions.loads = name => loaderPrefix(loaders.keys(), name) !== undefined
    this.#measures = bindMeasures(plan, this.memory)
    this.#ring = new MeasureRing(
      memories.world,
      plan.layout,
      control,
      this.#measures.reduce((n, m) => n + m.values, 0),
    )
    this.#measurePhase = this.#makeMeasurePhase()
    if (memories.meters)
      this.#meter = new Meter(new Meters(plan.options.threads, plan.engines.length, memories.meters), thread)
  }

  /** Binds all kernels; calls their factories. */
  bind(): void {
    const { plan, memories } = this.#o
    const { scenario, options } = plan
    const exchange = new Exchange({
      memory: this.memory,
      staging: memories.staging,
      threads: options.threads,
      claims: scenario.claims.values(),
      messages: scenario.messages,
      kernels: scenario.engines.filter(e => e.kind === 'kernel'),
      views: plan.views,
    })
    const steppers: BlockStepper[] = []
    const stepper = (engine: KernelEngine) => {
      const made = this.#stepper(engine, exchange)
      steppers.push(made)
      return made
    }
    this.#phases = plan.steps.map(step => phasesOf(step, plan, this.memory, exchange, stepper))
    const inOrder = scenario.engines.flatMap(e => steppers.find(s => s.engine === e) ?? [])
    this.#wakes = inOrder.flatMap(s => wakePhases(s, this.memory, exchange))
  }

  #stepper(engine: KernelEngine, exchange: Exchange): BlockStepper {
    const { plan, thread } = this.#o
    let bound: BoundEngine
    let checked: CheckedEngine | undefined
    try {
      if (plan.options.checks) checked = inKernel(() => checkEngine(plan, this.memory, engine, exchange, thread))
      bound = checked?.bound ?? bindEngine(plan, this.memory, engine, exchange, thread)
    } catch (error) {
      throw new PopulaceError(
        'ENGINE_FAILED',
        `The kernel factory of engine '${engine.name}' threw: ${(error as Error)?.message ?? error}`,
        'Mend the kernel.',
        error,
      )
    }
    if (typeof bound.loop !== 'function') {
      throw new PopulaceError(
        'ENGINE_INVALID',
        `The kernel of engine '${engine.name}' gives no loop`,
        'Return (begin, end, tick) => { … } from it, or { run, wake } with both.',
      )
    }
    if (bound.wake !== undefined && typeof bound.wake !== 'function')
      throw new PopulaceError(
        'ENGINE_INVALID',
        `The kernel of engine '${engine.name}' gives a wake that is no function`,
        'Write wake(begin, end, missedTicks) { … }.',
      )
    const { population, loop, hasTurn, noteTurn, outputs } = bound
    const { shift } = population.layout
    const { ordinal, rows } = population.frames
    const run: Loop = checked ? (begin, end, tick) => inKernel(() => checked.step(begin, end, tick)) : loop
    // A kernel that streams leaves little in the first cache for what is done around its blocks: the less the better.
    const plain = (frame: number, tick: number) => {
      this.#stepping = stepper
      this.#frame = frame
      callLoop(run, frame << shift, (frame << shift) + rows[frame], tick)
      this.#frame = -1
    }
    const withOutputs = (frame: number, tick: number) => {
      outputs.beginBlock(frame << shift, (frame << shift) + rows[frame])
      plain(frame, tick)
      outputs.endBlock(frame)
    }
    const everyBlock = outputs.idle ? plain : withOutputs
    const blocksWithTurn = (frame: number, tick: number) => {
      if (!hasTurn(ordinal[frame], tick)) return
      noteTurn(frame << shift, (frame << shift) + rows[frame], tick)
      everyBlock(frame, tick)
    }
    const stepper: BlockStepper = {
      engine,
      population,
      hasTurn: (frame, tick) => hasTurn(ordinal[frame], tick),
      beginTick(tick) {
        bound.beginTick(tick)
        checked?.beginTick(tick)
      },
      step: this.#metered(engine, skipsTurns(engine) ? blocksWithTurn : everyBlock),
      ...(checked ? { endTick: (tick: number) => checked.endTick(tick) } : {}),
      ...(bound.wake ? { waker: this.#waker(bound, bound.wake, checked, () => stepper) } : {}),
    }
    return stepper
  }

  #metered(engine: KernelEngine, step: BlockStepper['step']): BlockStepper['step'] {
    const meter = this.#meter
    if (!meter) return step
    const number = this.#o.plan.engines.indexOf(engine)
    return (frame, tick) => {
      meter.enter(number)
      step(frame, tick)
    }
  }

  #waker(
    { population, outputs, beginWake }: BoundEngine,
    wake: Loop,
    checked: CheckedEngine | undefined,
    stepper: () => BlockStepper,
  ): Waker {
    const { shift } = population.layout
    const { rows } = population.frames
    const run: Loop = checked ? (begin, end, missed) => inKernel(() => checked.wake(begin, end, missed)) : wake
    return {
      begin(tick) {
        beginWake(tick)
        checked?.beginWake(tick)
      },
      step: (frame, missed) => {
        this.#stepping = stepper()
        this.#frame = frame
        callLoop(run, frame << shift, (frame << shift) + rows[frame], missed)
        this.#frame = -1
      },
      end(tick) {
        outputs.checkWake()
        checked?.endTick(tick)
      },
    }
  }

  #makeMeasurePhase(): Phase {
    const measures = this.#measures
    const blocks = () => measures.reduce((n, m) => n + m.blocks, 0)
    return {
      items: blocks,
      run(item) {
        let left = item
        for (const m of measures) {
          if (left < m.blocks) return m.reduce(left)
          left -= m.blocks
        }
      },
    }
  }

  /** Steps one batch with the other members. */
  run(number: number): void {
    const { control, plan } = this.#o
    let end: BatchEnd | undefined
    try {
      const { measureOnly, wakeOnly } = control.batch
      this.#meter?.rest()
      end = measureOnly ? this.#measureOnly() : wakeOnly ? this.#wakeOnly() : this.#ticks()
    } catch (error) {
      this.#failure ??= this.#describe(error)
      control.fail()
    }
    control.leave(plan.options.threads, number, end)
  }

  #measureOnly(): BatchEnd | undefined {
    const { batch } = this.#o.control
    if (!this.#measure(() => {})) return undefined
    return { reason: REASON.position, tick: batch.tick, position: batch.position }
  }

  /** Calls the wake of all engines for the partitions that were thawed. */
  #wakeOnly(): BatchEnd | undefined {
    const { tick, position } = this.#o.control.batch
    for (const phase of this.#wakes) if (!this.#phase(phase, tick, undefined)) return undefined
    return { reason: REASON.position, tick, position }
  }

  /** Steps ticks until the batch ends; where it ended, or undefined where endTick or a failure has said it. */
  #ticks(): BatchEnd | undefined {
    const { control, plan } = this.#o
    const { steps } = plan
    const { position: first, stopPosition, tick: begin } = control.batch
    let position = first
    if (first > 0) this.#meter?.resume()
    for (let tick = begin; ; tick++) {
      if (position === 0) this.#meter?.beginTick()
      for (; ; position++) {
        if (position === stopPosition && tick === begin) return { reason: REASON.position, tick, position }
        if (position >= steps.length) break
        const step = steps[position]
        if (step.kind === 'main') {
          if (isDue(step.engine, tick)) return { reason: REASON.main, tick, position }
          continue
        }
        for (const phase of this.#phases[position]) if (!this.#phase(phase, tick, undefined)) return undefined
      }
      position = 0
      if (!this.#endTick(tick)) return undefined
      if (!control.goesOn) return undefined
    }
  }

  /** One parallel loop and its barrier; false when the batch has failed. */
  #phase(phase: Phase, tick: number, serial: (() => void) | undefined): boolean {
    const { control, plan } = this.#o
    const n = phase.items(tick)
    if (n === 0 && !serial) return true
    phase.enter?.(tick)
    this.#claimAll(phase, n, tick)
    phase.exit?.(tick)
    const last = serial ?? (phase.serial && (() => phase.serial?.(tick)))
    const meter = this.#meter
    if (!meter) return control.meet(plan.options.threads, last)
    meter.arrive()
    const serially = () => {
      last?.()
      meter.arrive() // what one does alone is work of its, while the others wait
    }
    const isOpen = control.meet(plan.options.threads, serially)
    meter.leave()
    return isOpen
  }

  /**
   * Runs items until none is left. Each thread begins with its own share of them, the same in every phase and tick, so
   * that what it has written is still in its cache, and no other core has to be asked for it; then it helps the others.
   */
  #claimAll(phase: Phase, n: number, tick: number): void {
    const { control, plan, thread } = this.#o
    const parity = this.#parity
    this.#parity = parity ^ 1
    control.rewind(thread, parity)
    const shares = phase.inOrder ? 1 : plan.options.threads
    for (let k = 0; k < shares; k++) {
      const share = (thread + k) % shares
      const begin = Math.floor((n * share) / shares)
      const end = Math.floor((n * (share + 1)) / shares)
      if (begin === end) continue
      for (let item = begin + control.claim(share, parity); item < end; item = begin + control.claim(share, parity))
        phase.run(item, tick)
    }
  }

  #measure(then: () => void): boolean {
    return this.#phase(this.#measurePhase, 0, () => {
      let at = 0
      for (const m of this.#measures) {
        m.merge(this.#ring.latest, at)
        at += m.values
      }
      then()
    })
  }

  /** Measures when this tick is to be, asks `until`, and lets the last to come decide how it goes on. */
  #endTick(tick: number): boolean {
    const { control, plan, pause } = this.#o
    const { until } = plan.scenario
    const done = tick + 1
    const { events, partitions } = this.memory
    const { states } = partitions
    if (until || control.measureNow) {
      const wanted = control.measureNow
      return this.#measure(() => {
        const measured = wanted && this.#ring.push(done)
        // What is asked of partitions and services is done by the main thread.
        const full = events.publish() || measured || states.due || this.memory.hasAsked
        const ends = until !== undefined && this.#ask(until, done)
        this.#meter?.endTick()
        control.endTick(done, ends, full)
        if (pause?.()) control.pause()
      })
    }
    return this.#phase(NO_ITEMS, tick, () => {
      this.#meter?.endTick()
      control.endTick(done, false, events.publish() || states.due || this.memory.hasAsked)
      if (pause?.()) control.pause()
    })
  }

  #ask(until: NonNullable<Plan['scenario']['until']>, tick: number): boolean {
    try {
      return until({ measures: measureRecord(this.#o.plan.scenario.measures, this.#ring.latest, 0), tick })
    } catch (error) {
      throw new PopulaceError(
        'ENGINE_FAILED',
        `until threw after tick ${tick}: ${(error as Error)?.message ?? error}`,
        'Mend until.',
        error,
      )
    }
  }

  /** What made the last batch fail in this thread, if it was this one. */
  failure(): ErrorData | undefined {
    return this.#failure
  }

  #describe(error: unknown): ErrorData {
    const at = this.#stepping
    if (!at || this.#frame < 0) return toErrorData(error)
    const { population } = at
    const { frames, layout, id } = population
    const frame = this.#frame
    const begin = frame * layout.block
    const partition = this.memory.partitions.names()[frames.partitionOf[frame]]
    const where = `engine '${at.engine.name}', tick ${this.#o.control.tick}, partition '${partition}', block ${frames.ordinal[frame]} of '${layout.name}' (agents ${id[begin]} to ${id[begin + frames.rows[frame] - 1]})`
    const message = (error as Error)?.message ?? String(error)
    if (error instanceof PopulaceError) {
      const data = toErrorData(error)
      return { ...data, message: `${message} In ${where}.` }
    }
    const failed = new PopulaceError(
      'ENGINE_FAILED',
      `A kernel threw in ${where}: ${message}`,
      'Mend the kernel; workers: 0 lets a debugger stop there.',
      error,
    )
    return { ...toErrorData(failed), stack: (error as Error)?.stack ?? failed.stack }
  }
}

const NO_ITEMS: Phase = { items: () => 0, run() {} }
