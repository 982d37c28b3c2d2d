// The content hash of a simulation's world between two batches: blocks by its crew, frozen partitions by the main thread.
import { type HashPart, joinHashes, type WorldHash } from '../state/content-hash.js'
import type { OpenWorld } from './open-world.js'
import type { Position } from './world-image.js'

/** POPULATION_UNKNOWN, COLUMN_UNKNOWN, OPTION_UNKNOWN, OPTION_INVALID. */
export async function hashWorld(world: OpenWorld, of: HashPart, { tick, shed }: Position): Promise<WorldHash> {
  const { memory, crew, frozen } = world
  memory.refresh()
  const sums = await Promise.all([crew.hash(of), frozen.sums(of)])
  const whole = Object.values(of).every(part => part === undefined)
  return joinHashes(sums.flat(), tick, whole ? shed : {}, whole ? frozen.since : [])
}
