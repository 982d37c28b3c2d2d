// Opens the world of a simulation together with what makes it last: new, from a stored run, or as a fork of one.
import { PopulaceError } from '../core/errors.js'
import { CHECKPOINT_TICKS } from '../core/limits.js'
import type { Logger, Metered, ResolvedResumeOptions, ResolvedSimulationOptions } from '../core/options.js'
import { resolveParams } from '../memory/params.js'
import type { StateImage } from '../state/image.js'
import { schemaHash } from '../state/schema.js'
import type { RunRecord, StateStore } from '../state/store.js'
import { findRun } from '../state/stored-state.js'
import { codeHash } from './code-hash.js'
import { Durability } from './durability.js'
import { type Lent, lentBy } from './lent.js'
import { loadScenario } from './load.js'
import { openStore } from './open-store.js'
import { type OpenWorld, openWorld } from './open-world.js'
import { type ScenarioData, scenarioData } from './scenario.js'
import { schemaOf } from './schema-of.js'
import type { AdjustableLimits } from './simulation-limits.js'
import type { Internals } from './simulation-options.js'
import { type RunOrigin, StoredRun } from './stored-run.js'

/** A world to be driven, and what makes it last. */
export interface Launched {
  readonly world: OpenWorld
  readonly durability: Durability
  /** The state that it begins with; undefined: it was set up. */
  readonly image: StateImage | undefined
  readonly tickTimeoutMs: number | undefined
  readonly metrics: Metered | undefined
  readonly limits: AdjustableLimits
  readonly lent: Lent
  readonly warn: (message: string) => void
}

type Source = URL | ScenarioData

/** What was given as a scenario. SCENARIO_NOT_LOADABLE. */
export function toSource(scenario: unknown): Source {
  if (scenario instanceof URL) return scenario
  const data = scenarioData(scenario)
  if (data) return data
  throw new PopulaceError(
    'SCENARIO_NOT_LOADABLE',
    'Simulation.create was given neither a URL nor a scenario',
    "Write Simulation.create(new URL('./scenario.js', import.meta.url)).",
  )
}

function scenarioOf(from: Source): Promise<ScenarioData> | ScenarioData {
  return from instanceof URL ? loadScenario(from.href) : from
}

async function originOf(from: Source, seed: number, params: RunOrigin['params']): Promise<RunOrigin> {
  const url = from instanceof URL ? from.href : ''
  const scenario = await scenarioOf(from)
  return {
    scenario: scenario.name,
    url,
    seed,
    params: resolveParams(scenario.params, params),
    schema: schemaHash(schemaOf(scenario)),
    code: await codeHash(url),
  }
}

function ticksOf(o: ResolvedSimulationOptions | ResolvedResumeOptions, isStored: boolean): number | undefined {
  const { checkpoint } = o
  if (!checkpoint) return isStored ? CHECKPOINT_TICKS : undefined
  if (isStored || checkpoint.inMemory) return checkpoint.everyTicks
  throw new PopulaceError(
    'OPTION_INVALID',
    'checkpoint of Simulation.create has nowhere to keep them',
    "Give a store, such as store: 'file:runs', or inMemory: true.",
  )
}

/** Opens a world that is set up, and the run that it is written to where there is a store. */
export async function launch(from: Source, o: ResolvedSimulationOptions, internals: Internals): Promise<Launched> {
  let stored: StoredRun | undefined
  const lent = lentBy(o)
  const everyTicks = ticksOf(o, o.store !== undefined)
  if (o.store !== undefined) {
    const origin = await originOf(from, o.seed, o.params as RunOrigin['params']) // checked there
    const store = await openStore(o.store, lent.database)
    stored = await closing(store, () => StoredRun.create(store, o.run ?? origin.scenario, origin, lent.codec))
    stored.retention = o.checkpoint
  }
  const { image, journal, partitionStore } = internals
  const durability = new Durability({
    ...(stored ? { stored } : {}),
    ...(journal ? { journal } : {}),
    ...(partitionStore ? { partitions: partitionStore } : {}),
    everyTicks,
  })
  return open(from, o, durability, lent, image, internals)
}

/** Opens a world from a stored run, which goes on, or from which a new one is forked (`as`). */
export async function relaunch(from: Source, o: ResolvedResumeOptions): Promise<Launched> {
  const lent = lentBy(o)
  const store = await openStore(o.store, lent.database)
  const { stored, image } = await closing(store, async () => {
    const record = await findRun(store, o.run)
    const { name } = await scenarioOf(from)
    if (name !== record.scenario)
      throw new PopulaceError(
        'SNAPSHOT_SCHEMA',
        `Run '${record.run}' is of scenario '${record.scenario}', not of '${name}'`,
        'Resume it with the scenario that made it.',
      )
    const origin = await originOf(from, record.seed, record.params)
    checkOrigin(record, origin, o.strict, o.logger)
    if (o.as !== undefined) return StoredRun.fork(store, record, o.tick, o.as, origin, lent.codec)
    return StoredRun.resume(store, record, o.tick, lent.codec)
  })
  stored.retention = o.checkpoint
  const durability = new Durability({ stored, everyTicks: ticksOf(o, true) })
  const { seed, params } = image.head
  return open(from, { ...o, seed, params }, durability, lent, image)
}

async function open(
  from: Source,
  o: Omit<ResolvedSimulationOptions, 'store'>,
  durability: Durability,
  lent: Lent,
  image: StateImage | undefined,
  { fuse = true, answers }: Internals = {},
): Promise<Launched> {
  try {
    const { journal, shelf } = durability
    const state = image ? { image } : {}
    const isReplay = answers !== undefined
    const world = await openWorld({ scenario: from, options: o, journal, fuse, isReplay, shelf, ...state })
    const { tickTimeoutMs, maxMemoryMb, residentFrames, ...limits } = o.limits
    const { metrics } = o
    return { world, durability, image, tickTimeoutMs, metrics, limits, lent, warn: warnBy(o.logger) }
  } catch (error) {
    await durability.close()
    throw error
  }
}

/** What `make` gives; where it throws, what was opened is closed. Nothing of a new run is stored yet. */
export async function orAbandon<T>({ world, durability }: Launched, make: () => T): Promise<T> {
  try {
    return make()
  } catch (error) {
    await world.crew.close()
    await world.frozen.close()
    world.release()
    await durability.close()
    throw error
  }
}

/** What `work` gives; a store whose opening fails later is closed. */
async function closing<T>(store: StateStore, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await store.close()
    throw error
  }
}

function checkOrigin(record: RunRecord, origin: RunOrigin, strict: boolean, logger: Logger | undefined): void {
  const major = (version: string) => version.split('.')[0]
  const changes = [
    record.code === origin.code ? '' : 'its code',
    record.schema === origin.schema ? '' : 'its declarations',
    major(record.node) === major(process.version) && record.arch === process.arch
      ? ''
      : `Node (${record.node}, ${record.arch}: now ${process.version}, ${process.arch})`,
  ].filter(change => change !== '')
  if (changes.length === 0) return
  const what = `The scenario of run '${record.run}' has changed since it was made: ${changes.join(', ')}`
  if (strict) throw new PopulaceError('SNAPSHOT_SCHEMA', what, 'Go on with what made it, or without strict.')
  const message = `${what}. It goes on, and may come to other bits than it would have.`
  warnBy(logger)(message)
}

function warnBy(logger: Logger | undefined): (message: string) => void {
  return message => (logger ? logger.warn(message) : process.emitWarning(message, 'PopulaceWarning'))
}
