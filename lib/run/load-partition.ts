// Calls the loader of a partition, which thaws for the first time, in whatever thread it is called.
import { locate, PopulaceError } from '../core/errors.js'
import { makeSequence } from '../core/sequence.js'
import { fnv1a, PURPOSE, streamKey } from '../core/threefry.js'
import { World, type WorldMemory } from '../memory/world.js'
import { deterministic } from './forbidden.js'
import { loaderOf } from './loaders.js'
import type { Plan } from './plan.js'

/** Between batches. LOADER_FAILED, LOADER_INVALID, and what the world refuses. */
export async function loadPartition(plan: Plan, memory: WorldMemory, partition: number, tick: number): Promise<void> {
  const name = memory.partitions.names()[partition]
  const found = loaderOf(plan.scenario.loaders, name)
  if (!found) return // a snapshot of a scenario that had one: it is empty now
  const { prefix, loader } = found
  const world = new World(memory, { mode: 'edit', tick, only: partition })
  // The partition's name stands where others have the tick: what a loader makes does not depend on when.
  const random = makeSequence(streamKey(plan.options.seed, prefix, PURPOSE.loader, fnv1a(name) >>> 0))
  try {
    await deterministic(async () => loader(world, { partition: name, params: plan.params, random }))
  } catch (error) {
    if (error instanceof PopulaceError) throw locate(error, `the loader of partition '${name}', tick ${tick}`)
    throw new PopulaceError(
      'LOADER_FAILED',
      `The loader of partition '${name}' threw in tick ${tick}: ${(error as Error)?.message ?? error}`,
      'Mend the loader.',
      error,
    )
  } finally {
    world.close()
    memory.refresh()
  }
}
