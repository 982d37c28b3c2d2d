// The parts of a simulation, wired to each other: what a driver asks for at each boundary, what is told of it and to whom,
// what may hold it up there. Simulation is their face and decides nothing of this.
import { randomUUID } from 'node:crypto'
import { PopulaceError } from '../core/errors.js'
import { BusEvents } from './bus-events.js'
import { countersOf } from './counters.js'
import { Deltas } from './deltas.js'
import { Driver } from './driver.js'
import type { Durability } from './durability.js'
import type { Launched } from './launch.js'
import type { Lent } from './lent.js'
import { Lifecycle } from './lifecycle.js'
import type { OpenWorld } from './open-world.js'
import { failed } from './refusals.js'
import { Reports } from './reports.js'
import { RunLimits } from './run-limits.js'
import type { AdjustableLimits } from './simulation-limits.js'

/** The parts of a simulation. */
export interface Parts<M> {
  readonly world: OpenWorld
  readonly durability: Durability
  readonly reports: Reports<M>
  readonly driver: Driver
  readonly deltas: Deltas
  readonly life: Lifecycle
  readonly limits: RunLimits
  readonly bus: BusEvents | undefined
  readonly lent: Lent
}

/** The name of a simulation to others: of its run, or of its scenario where it is not stored. */
export const nameOf = ({ durability, world }: Pick<Launched, 'durability' | 'world'>): string =>
  durability.stored?.name ?? world.plan.scenario.name

/** TOPIC_INVALID, POPULATION_UNKNOWN. @param record - names the measures of a tick. @param check - of limits that a host gives. */
export function makeParts<M>(
  launched: Launched,
  record: (values: Float64Array) => M,
  check: (limits: unknown) => AdjustableLimits,
): Parts<M> {
  const { world, durability, lent } = launched
  const reports = new Reports(durability.stored?.id ?? randomUUID(), record)
  const interrupt = () => driver.interrupt()
  const bus =
    lent.eventBus && new BusEvents(lent.eventBus, nameOf(launched), world.plan.scenario.events.keys(), interrupt)
  bus?.listen(reports.listeners)
  durability.onCheckpoint = tick => {
    if (reports.checkpointed(tick)) bus?.checkpoint(tick)
  }
  const limits = new RunLimits(launched.limits, {
    populations: world.plan.scenario.populations.map(({ name }) => name),
    counters: () => countersOf(world.memory),
    interrupt,
    save: async () => {
      if (durability.lasts) await (await durability.checkpoint()).written
    },
    warn: launched.warn,
    check,
  })
  const life = new Lifecycle({
    idle: () => driver.boundary(),
    survives: error => {
      const code = error instanceof PopulaceError ? error.code : ''
      const told = durability.recovered(error) || code.startsWith('LIMIT_')
      if (told) reports.listeners.tell('failed', error as Error) // both are errors
      return told || code === 'ABORTED'
    },
    failed: error => {
      driver.close(failed(error))
      deltas.close(failed(error))
      reports.listeners.tell('failed', error)
      bus?.close() // nothing more comes, and nobody waits any longer for what is to be told
    },
  })
  const driver = new Driver(
    world,
    {
      ...reports.hooks(
        () => life.isRunning,
        () => limits.watch(),
      ),
      boundary: async tick => {
        await durability.boundary(tick)
        await limits.boundary(tick)
        await deltas.boundary(tick)
      },
      held: async () => (await limits.held()) || (await bus?.held()) === true,
      interrupted: () => {
        limits.wake()
        bus?.wake()
      },
      nextCheckpoint: tick => Math.min(durability.nextTick(tick), deltas.nextTick(tick), limits.nextTick(tick)),
      recover: error => durability.recover(error),
    },
    reports.run,
    launched.tickTimeoutMs,
  )
  const deltas = new Deltas(world, reports, () => driver.measure())
  return { world, durability, reports, driver, deltas, life, limits, bus, lent }
}
