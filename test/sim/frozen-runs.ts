// Runs of the world of regions, compared tick by tick: who has frozen what when is in the hash, and so is all that comes of it.
import { Simulation } from '../../lib/index.js'
import type { WorldHash } from '../../lib/state/content-hash.js'
import type { StateImage } from '../../lib/state/image.js'
import type { PartitionStore } from '../../lib/state/partition-store.js'
import type scenario from '../fixtures/regions.js'

export const url = new URL('../fixtures/regions.js', import.meta.url)
export type Sim = Simulation<typeof scenario>

/** How a run differs from one inline, without checks or a budget. */
export interface RunWay {
  readonly workers?: number
  readonly checks?: boolean
  readonly seed?: number
  readonly params?: Record<string, number>
  readonly limits?: { readonly residentFrames?: number; readonly maxMemoryMb?: number }
  readonly store?: PartitionStore
  readonly image?: StateImage
}

/** What is the same in all runs. */
export interface Moment {
  readonly hash: WorldHash
  readonly measures: unknown
  readonly counters: unknown
  readonly frozen: readonly string[]
}

export function make({ workers = 0, checks = false, seed = 3, params = {}, ...o }: RunWay = {}): Promise<Sim> {
  const options = { workers, checks, seed, params, ...(o.limits ? { limits: o.limits } : {}) }
  const { store, image } = o
  return Simulation.createWith<typeof scenario>(url, options, {
    ...(store ? { partitionStore: store } : {}),
    ...(image ? { image } : {}),
  })
}

export const frozenOf = (sim: Sim) => sim.internals.world.frozen.since.map(f => f.partition)

export async function moment(sim: Sim): Promise<Moment> {
  return {
    hash: await sim.hashes(),
    measures: { ...sim.measures },
    counters: sim.counters,
    frozen: frozenOf(sim),
  }
}

/** Steps `ticks` ticks, with what `between` does before each; the state after each. */
export async function follow(sim: Sim, ticks: number, between?: (sim: Sim) => void | Promise<void>): Promise<Moment[]> {
  const moments: Moment[] = []
  for (let n = 0; n < ticks; n++) {
    await between?.(sim)
    await sim.run({ ticks: 1 })
    moments.push(await moment(sim))
  }
  return moments
}
