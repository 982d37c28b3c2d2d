// What of a world has to be copied for a stream of deltas: what may have changed since it was copied last. That is known
// from counts of structure and edits, which all who change agents keep, and from what engines declare that they write.
// Columns of a population nobody edits, comes to or leaves are copied only where an engine writes them.
import { META } from '../memory/layout.js'
import type { WorldMemory } from '../memory/world.js'
import type { CapturePart, PartPopulation } from './capture.js'
import type { StreamImage, StreamOptions } from './delta-encoder.js'
import type { FrozenPartition } from './frozen-sections.js'
import type { FrozenImage } from './stream-rows.js'

/** What a world was like when it was copied last: what has the same counts now is the same. */
export interface Seen {
  readonly memory: WorldMemory
  readonly names: number
  /** By population. */
  readonly counts: ReadonlyMap<string, { readonly structure: number; readonly edits: number }>
  /** Frozen partitions, and the tick at which each froze. */
  readonly asleep: ReadonlyMap<number, number>
}

/** What a stream is of, and by population the columns that change without a count. */
export interface PartOptions extends Pick<StreamOptions, 'filter' | 'tables'> {
  readonly written: ReadonlyMap<string, ReadonlySet<string>>
}

/** A part to be copied, what the encoder is told of the rest, and what is seen when it has been copied. */
export interface PartPlan extends Pick<StreamImage, 'names' | 'namesFrom' | 'steady' | 'asleep'> {
  /** Frozen partitions whose rows have to be in the image. */
  readonly froze: readonly number[]
  readonly part: CapturePart
  readonly seen: Seen
}

/** Between two ticks. `before`: as of the last copy; of another memory, it is as none. `documents`: all are wanted. */
export function planPart(
  memory: WorldMemory,
  { filter, tables, written }: PartOptions,
  before: Seen | undefined,
  documents: boolean,
): PartPlan {
  const known = before?.memory === memory ? before : undefined
  const partitions = filter.partitions?.flatMap(name => memory.partitions.find(name) ?? [])
  const asleep = asleepNow(memory, partitions)
  const froze = [...asleep.keys()].filter(p => documents || known?.asleep.get(p) !== asleep.get(p))
  const fresh = new Set(froze)
  const counts = new Map<string, { structure: number; edits: number }>()
  const steady: string[] = []
  const populations = tables.map(({ name, columns }): PartPopulation => {
    const { meta } = memory.population(name).frames
    const now = { structure: meta[META.structure], edits: meta[META.edits] }
    const was = known?.counts.get(name)
    const ids = was?.structure !== now.structure || froze.length > 0
    const edited = was?.edits !== now.edits
    counts.set(name, now)
    if (!edited) steady.push(name) // a collection of documents counts as an edit
    const own = written.get(name)
    const changing = columns.filter(column => ids || edited || own?.has(column.name) || (documents && column.doc))
    return { name, ids, columns: changing.map(column => column.name) }
  })
  const names = memory.partitions.names()
  const namesFrom = known?.names ?? 0
  return {
    part: { populations, partitions },
    seen: { memory, names: names.length, counts, asleep },
    ...{ names: names.slice(namesFrom), namesFrom, steady, froze },
    asleep: [...asleep.keys()].filter(p => !fresh.has(p)),
  }
}

/** Frozen partitions among those that are wanted, and the tick at which each froze. */
function asleepNow({ partitions }: WorldMemory, wanted: readonly number[] | undefined): Map<number, number> {
  const { states, count } = partitions
  if (states.frozen === 0) return new Map()
  const all = wanted ?? Array.from({ length: count }, (_, partition) => partition)
  return new Map(all.filter(p => states.isFrozen(p)).map(p => [p, states.since[p]]))
}

/** The rows of frozen partitions, with what tells their ids. */
export function frozenImage(
  memory: WorldMemory,
  tables: StreamOptions['tables'],
  partitions: readonly FrozenPartition[],
): FrozenImage {
  const generations = tables.map(({ name }) => [name, memory.population(name).slots.generation])
  return { partitions, generations: Object.fromEntries(generations) }
}
