// Opens a world: loads the scenario, reserves the arena, makes the crew, runs setup, binds the kernels.
import { randomInt } from 'node:crypto'
import { PopulaceError } from '../core/errors.js'
import { MIN_BLOCK } from '../core/limits.js'
import type { ResolvedSimulationOptions } from '../core/options.js'
import { reserveMemories } from '../memory/arena.js'
import { resolveParams } from '../memory/params.js'
import { WorldMemory } from '../memory/world.js'
import { CORES } from '../services/cores.js'
import type { StateImage } from '../state/image.js'
import type { Journal } from '../state/journal.js'
import type { PartitionShelf } from '../state/partition-shelf.js'
import { Control } from './control.js'
import type { Crew } from './crew.js'
import { guardThread } from './forbidden.js'
import { FrozenPartitions } from './frozen-partitions.js'
import { InlineCrew } from './inline-crew.js'
import { freshUrl, loadScenario } from './load.js'
import { loaderPrefix, looseLoaders } from './loaders.js'
import { Meters } from './meters.js'
import { makePlan, type Plan, type PlanOptions } from './plan.js'
import { MeasureRing } from './ring.js'
import type { ScenarioData } from './scenario.js'
import { type Services, servicesOf } from './services.js'
import { placeFrames } from './setup.js'

/** A world with a crew that has set it up. After a recovery it is another one: read what is in it when it is used. */
export interface OpenWorld {
  plan: Plan
  memory: WorldMemory
  crew: Crew
  ring: MeasureRing
  frozen: FrozenPartitions
  /** What its crew measures of itself; undefined: nothing. */
  meters: Meters | undefined
  readonly journal: Journal
  readonly workers: number
  /** Who answers asks, by name; undefined: the journal alone does. */
  readonly services: Services | undefined
  /** Ends the crew and makes another, whose world is filled from an image. SNAPSHOT_SCHEMA, ENGINE_FAILED. */
  reopen(image: StateImage): Promise<void>
  /** Takes away what checks mode laid in this thread. */
  release(): void
}

/** What a world is opened from. */
export interface OpenRequest {
  /** A module's URL, or a scenario itself (workers: 0 only). */
  readonly scenario: URL | ScenarioData
  readonly options: ResolvedSimulationOptions
  readonly journal: Journal
  /** Whether engines share stages where they may. */
  readonly fuse: boolean
  /** The state to begin with, in place of setup. */
  readonly image?: StateImage
  /** Whether the journal alone answers asks, and no service is put a question. */
  readonly isReplay: boolean
  /** Where frozen partitions go that leave memory. Stays open when the world is closed. */
  readonly shelf: PartitionShelf
}

function workersOf(request: OpenRequest): number {
  const { workers } = request.options
  if (workers !== 'auto') return workers
  return request.scenario instanceof URL ? Math.max(1, CORES - 1) : 0
}

/** Opens a world: loads the scenario, reserves memory, runs setup, binds kernels. */
export async function openWorld(request: OpenRequest): Promise<OpenWorld> {
  const { options, scenario: from, journal } = request
  const workers = workersOf(request)
  if (!(from instanceof URL) && workers > 0) {
    throw new PopulaceError(
      'SCENARIO_NOT_LOADABLE',
      'A scenario itself cannot be given to workers: no function crosses a thread',
      "Give its module's URL, or workers: 0.",
    )
  }
  const release = options.checks ? guardThread() : () => {}
  try {
    const url = from instanceof URL ? (workers === 0 ? freshUrl(from.href) : from.href) : ''
    const scenario = from instanceof URL ? await loadScenario(url) : { ...from, loaders: looseLoaders() }
    const services = request.isReplay ? undefined : await servicesOf(scenario, options.services)
    const base: PlanOptions = {
      seed: options.seed,
      params: resolveParams(scenario.params, options.params),
      threads: Math.max(1, workers),
      checks: options.checks,
      fuse: request.fuse,
      shuffle: options.checks ? randomInt(1, 2 ** 31) : 0,
      blocks: {},
    }
    const makePool = async (control: Control) => {
      const { PoolCrew } = await import('./pool-crew.js') // so that no worker loads Piscina, which imports this module too
      return new PoolCrew({ url, plan: base, control, tickTimeoutMs: options.limits.tickTimeoutMs })
    }
    const open = (image: StateImage | undefined) =>
      fill(scenario, base, workers === 0 ? undefined : makePool, request, image)
    const reopen = async (image: StateImage) => {
      const { spins } = world.crew.control
      await world.crew.close()
      await world.frozen.close()
      Object.assign(world, await open(image))
      world.crew.control.setSpins(spins)
    }
    const world: OpenWorld = { ...(await open(request.image)), journal, workers, services, reopen, release }
    return world
  } catch (error) {
    release()
    throw error
  }
}

type PoolMaker = (control: Control) => Promise<import('./pool-crew.js').PoolCrew>

/** Sets the world up; again with smaller blocks when part-filled ones have used up a population's frames. */
async function fill(
  scenario: ScenarioData,
  base: PlanOptions,
  makePool: PoolMaker | undefined,
  request: OpenRequest,
  image: StateImage | undefined,
) {
  const { journal } = request
  const control = new Control()
  const pool = await makePool?.(control)
  const blocks: Record<string, number> = { ...image?.head.blocks }
  let known = journal.setupRecords()
  try {
    for (;;) {
      const plan = makePlan(scenario, { ...base, blocks })
      const meters = request.options.metrics ? new Meters(base.threads, plan.engines.length) : undefined
      const memories = { ...reserveMemories(plan.layout), ...(meters ? { meters: meters.shared } : {}) }
      const prefixes = (await pool?.load(memories, { ...blocks })) ?? [...scenario.loaders.keys()]
      const crew: Crew = pool ?? new InlineCrew(plan, memories, control)
      if (image) await crew.restore({ head: image.head, sections: image.sections, buffer: image.buffer })
      else {
        const { records, framesSpent } = await crew.setup(known)
        known = [...known, ...records]
        if (framesSpent !== undefined) {
          blocks[framesSpent] = smallerBlock(plan, framesSpent)
          continue
        }
        for (const record of known) if (!journal.recorded(record.owner, record.tick, record.key)) journal.append(record)
        await journal.flush()
      }
      await crew.bind()
      const memory = new WorldMemory(memories.world, plan.layout, [...plan.scenario.events.values()])
      placeFrames(plan, memory)
      const values = memoryValues(plan)
      memory.partitions.loads = name => loaderPrefix(prefixes, name) !== undefined
      const frozen = openFrozen(request, plan, memory, crew)
      if (image) await frozen.restore(image)
      const ring = new MeasureRing(memories.world, plan.layout, control, values)
      return { plan, memory, crew, frozen, meters, ring }
    }
  } catch (error) {
    await pool?.close()
    throw error
  }
}

function openFrozen(request: OpenRequest, plan: Plan, memory: WorldMemory, crew: Crew): FrozenPartitions {
  const { residentFrames, maxMemoryMb } = request.options.limits
  const budget = {
    frames: residentFrames ?? Number.POSITIVE_INFINITY,
    bytes: maxMemoryMb === undefined ? Number.POSITIVE_INFINITY : maxMemoryMb * 2 ** 20,
  }
  return new FrozenPartitions({ plan, memory, crew, shelf: request.shelf, budget })
}

function memoryValues(plan: Plan): number {
  let n = 0
  for (const m of plan.scenario.measures.values()) n += m.bins ? m.bins.bins : 1
  return n
}

function smallerBlock(plan: Plan, population: string): number {
  const layout = plan.layout.populations.find(p => p.name === population)
  const declared = plan.scenario.populations.find(p => p.name === population)?.block
  if (!layout || layout.block === MIN_BLOCK || declared !== undefined) {
    throw new PopulaceError(
      'CAPACITY_EXCEEDED',
      `Population '${population}' has no block left: its partitions end in too many part-filled blocks of ${layout?.block} rows`,
      `Leave its block off, or raise the capacity of '${population}'.`,
    )
  }
  return Math.max(MIN_BLOCK, layout.block / 4)
}
