// What a simulation tells a collector of metrics when somebody scrapes. Everything is read where it is kept already; a
// run that goes on is asked for its measures, and does not wait.

import { invariant } from '../core/invariant.js'
import { MEASURE_WAIT_MS } from '../core/limits.js'
import type { Metered } from '../core/options.js'
import { getMetricsCollector, type MetricsCollector, type SimulationSource } from '../observe/metrics-collector.js'
import type {
  AskFigures,
  CheckpointFigures,
  DeltaFigures,
  EngineFigures,
  MessageFigures,
  PopulationFigures,
  SimulationFigures,
  SimulationState,
} from '../observe/simulation-figures.js'
import { type Counters, countersOf } from './counters.js'
import type { Meters } from './meters.js'
import { nameOf, type Parts } from './parts.js'

/** Has a simulation collected, where somebody does; gives what ends that. */
export function collect(metrics: Metered | undefined, parts: Parts<unknown>): () => void {
  if (!metrics) return () => {}
  const collector = metrics === true ? getMetricsCollector() : (metrics as MetricsCollector) // core knows a part of it
  return collector.attach(nameOf(parts), new MetricsSource(parts))
}

class MetricsSource implements SimulationSource {
  readonly #parts: Parts<unknown>

  constructor(parts: Parts<unknown>) {
    this.#parts = parts
  }

  get state(): SimulationState {
    const { life } = this.#parts
    return life.hasFailed ? 'failed' : life.isRunning ? 'running' : 'idle'
  }

  /** What else of it has a status. */
  get components(): Readonly<Record<string, () => unknown>> {
    const { durability, limits, bus, lent } = this.#parts
    const { eventBus, database, cache, tasks, codec } = lent
    const { store } = durability.stored ?? {}
    return {
      ...(store?.status ? { store: () => store.status?.() } : {}),
      limits: () => limits.status(),
      ...(bus && eventBus ? { eventBus: () => ({ ...eventBus.getStats(), simulation: bus.counts }) } : {}),
      ...(database ? { database: () => database.status() } : {}),
      ...(cache ? { cache: () => cache.status() } : {}),
      ...this.#services,
      ...(tasks ? { tasks: () => ({ ...tasks.getStats(), simulation: codec?.counts }) } : {}),
    }
  }

  /** By service that is called: its calls, and what stands around it, where it says so. */
  get #services(): Record<string, () => unknown> {
    const { world, driver } = this.#parts
    const called = [...(world.services ?? [])].flatMap(([name, service]) => {
      if ('ticks' in service) return []
      const guard = () => (typeof service.ask.status === 'function' ? service.ask.status() : undefined)
      return [[`service.${name}`, () => ({ ...driver.asks.status[name], guard: guard() })] as const]
    })
    return Object.fromEntries(called)
  }

  async read(): Promise<SimulationFigures> {
    const { world, driver, reports, life } = this.#parts
    if (life.isRunning && world.plan.scenario.measures.size > 0) {
      world.crew.control.requestSample()
      await reports.nextMeasures(MEASURE_WAIT_MS)
    }
    const { events, messages, populations, asks } = countersOf(world.memory)
    const { meters } = world
    invariant(meters !== undefined, 'a simulation that is collected measures itself')
    return {
      state: this.state,
      tick: driver.now,
      steppedTicks: meters.ticksDone,
      tickDurations: meters.ticks.figures(),
      skews: meters.skews.figures(),
      threads: meters.spent,
      engines: this.#engines(meters),
      populations: this.#populations(populations),
      messages: Object.entries(messages).map(([name, counts]): MessageFigures => ({ name, ...counts })),
      asks: Object.entries(asks).map(([name, counts]): AskFigures => ({ name, ...counts })),
      events: events.emitted,
      refusedEvents: events.refused,
      partitions: world.frozen.whereabouts,
      commandsWaiting: driver.commands.pending,
      checkpoints: this.#checkpoints(),
      deltas: this.#deltas(),
      measures: reports.measures as SimulationFigures['measures'], // numbers and lists of them, whatever they are named
    }
  }

  #engines(meters: Meters): EngineFigures[] {
    const { world, driver } = this.#parts
    const levels = new Map(driver.sheds.levels.map(({ engine, level }) => [engine, level]))
    const durations = meters.engineDurations
    return world.plan.engines.map(({ name }, i) => ({
      name,
      durations: durations[i],
      shedLevel: levels.get(name) ?? 0,
    }))
  }

  #populations(counts: Counters['populations']): PopulationFigures[] {
    const { memory, plan } = this.#parts.world
    const permanent = new Set(plan.scenario.populations.filter(p => p.permanent).map(p => p.name))
    return memory.populations.map(({ layout: { name, capacity }, size, asleep }) => ({
      ...{ name, capacity: permanent.has(name) ? undefined : capacity, active: size, frozen: asleep },
      ...counts[name],
    }))
  }

  #checkpoints(): CheckpointFigures | undefined {
    const { durability } = this.#parts
    const { totals, recoveries } = durability
    if (!totals) return undefined
    const { tick, taken, bytes, heldMs, writtenMs } = totals
    return { tick, taken, bytes, recoveries, held: heldMs / 1000, written: writtenMs / 1000 }
  }

  #deltas(): DeltaFigures {
    const { totals, queues } = this.#parts.deltas
    const { deltas, keyframes, bytes, encodingMs } = totals
    return { deltas, keyframes, bytes, encoding: encodingMs / 1000, ...queues }
  }
}
