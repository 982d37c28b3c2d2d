// What a checkpoint says of frozen partitions whose rows it holds by their keys alone, so that a run goes on without looking
// at them; and what partitions take in memory.
import type { WorldMemory } from '../memory/world.js'
import { Sections, type StateImage } from '../state/image.js'
import { schemaHash } from '../state/schema.js'
import type { BoundMeasure } from './measures.js'
import type { Plan } from './plan.js'
import type { Footprint } from './residence.js'
import { schemaOf } from './schema-of.js'

/** Of each of the frozen partitions, in order. */
export interface KnownApart {
  /** What each measure came to. */
  readonly measures: readonly (readonly Float64Array[])[]
  readonly footprints: readonly Footprint[]
}

/** undefined: the scenario is another one than that which made the image, so rows must be looked at. */
export function knownApart(
  { scenario }: Plan,
  memory: WorldMemory,
  image: StateImage,
  measures: readonly BoundMeasure[],
): KnownApart | undefined {
  const sections = new Sections(image)
  if (schemaHash(image.head.schema) !== schemaHash(schemaOf(scenario))) return undefined
  for (const { layout } of memory.populations)
    for (const engine of layout.turns.keys())
      if (!sections.find('agents', layout.name, 'turn', engine)) return undefined
  const count = image.apart?.length ?? 0
  const stored = [...scenario.measures.keys()].map(name => sections.find('partitions', '', 'measure', name))
  const sizes = measures.map(m => m.asleepValues)
  if (sizes.some((size, i) => stored[i]?.length !== size * count)) return undefined
  const rows = memory.populations.map(population => {
    const each = new Float64Array(memory.partitions.count + 1)
    for (const where of sections.find('frozen', population.layout.name, 'where') ?? []) each[where]++
    return { population, each }
  })
  return {
    measures: Array.from({ length: count }, (_, i) =>
      sizes.map((size, m) => Float64Array.from(stored[m]?.subarray(i * size, (i + 1) * size) ?? [])),
    ),
    footprints: (image.apart ?? []).map(({ partition }) => {
      let [frames, bytes] = [0, 0]
      for (const { population, each } of rows) {
        const own = Math.ceil(each[partition + 1] / population.layout.block)
        frames += own
        bytes += bytesOfFrames(population, own)
      }
      return { frames, bytes }
    }),
  }
}

/** Bytes of the columns of frames. */
export function bytesOfFrames({ columnBytes, layout }: WorldMemory['populations'][number], frames: number): number {
  return (frames * layout.block * columnBytes) / layout.capacity
}

/** What the active rows of a partition take. */
export function footprintOf(memory: WorldMemory, partition: number): Footprint {
  let frames = 0
  let bytes = 0
  for (const population of memory.populations) {
    const own = population.frames.framesOf(partition).length
    frames += own
    bytes += bytesOfFrames(population, own)
  }
  return { frames, bytes }
}
