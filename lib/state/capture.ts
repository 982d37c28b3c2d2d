// Copies a world into an image, between two ticks: the only thing that holds up a run when a snapshot is taken. Threads
// take shares of it, each a stretch of the rows and letters of every section, so what one writes no other does.
import type { AnyArray, Kind } from '../memory/column-types.js'
import { ASKS, COUNT, MAIL, META } from '../memory/layout.js'
import type { BoundMail, Mailbox } from '../memory/mailbox.js'
import type { BoundColumn, PopulationMemory, Segment } from '../memory/population-memory.js'
import type { WorldMemory } from '../memory/world.js'
import { placeSections, type Section, type SectionNeeds, type SectionPath, sectionArray } from './image.js'

/**
 * A part of the agents, for streams of deltas. Its sections differ from those of a whole state in three ways: ids are
 * whole (`id`), partitions left out have no rows, and documents are two words a row (`words`) and their heap's pages as
 * they lie (`heap`), which no loop over rows has to gather.
 */
export interface CapturePart {
  readonly populations: readonly PartPopulation[]
  /** Numbers of partitions; undefined: all. */
  readonly partitions: readonly number[] | undefined
}

/** What of a population is captured. */
export interface PartPopulation {
  readonly name: string
  /** Who is there, and where; false: as it was when the last capture of this part was taken. */
  readonly ids: boolean
  readonly columns: readonly string[]
}

/** What threads are told so that they fill one image together. Plain data. */
export interface CapturePlan {
  /** undefined: the whole state. */
  readonly part?: CapturePart
  /** Whether it says who sleeps where; their rows are left to others either way. */
  readonly where?: boolean
  readonly sections: readonly Section[]
  readonly bytes: number
  /** Shares that it is filled in. */
  readonly shares: number
  /** By section of documents, its number among all: where each share's bytes begin, and the last's end. */
  readonly begins: Readonly<Record<number, readonly number[]>>
}

/** Where a section comes from. */
interface Source {
  readonly path: SectionPath
  readonly kind: Kind
  /** Rows, letters or numbers that shares divide among them. */
  readonly items: number
  /** Values an item; undefined: documents, whose bytes `measure` counts. */
  readonly each: number | undefined
  /** Bytes of the documents of items [begin, end). */
  measure?(begin: number, end: number): number
  /** Writes items [begin, end) into the section; `at`: where the first one's values go. */
  fill(into: AnyArray, begin: number, end: number, at: number): void
}

const share = (items: number, n: number, of: number) => Math.floor((items * n) / of)

/** Calls `work` for each stretch of rows [begin, end), counted in order: its first row, the row after, its place. */
function stretches(
  segments: readonly Segment[],
  begin: number,
  end: number,
  work: (row: number, end: number, at: number) => void,
): void {
  for (const { row, count, at } of segments) {
    const from = Math.max(begin, at)
    const to = Math.min(end, at + count)
    if (from < to) work(row + from - at, row + to - at, from)
  }
}

function numbersOf(path: SectionPath, kind: Kind, array: AnyArray, count: number): Source {
  const fill = (into: AnyArray, begin: number, end: number, at: number) => into.set(array.subarray(begin, end), at)
  return { path, kind, items: count, each: 1, fill }
}

/** Two sources for a column of documents: their lengths, and their bytes. `walk` visits items [begin, end). */
function documentsOf(
  [of, name, column]: readonly [string, string, string],
  items: number,
  words: Uint32Array,
  heap: Uint8Array,
  walk: (begin: number, end: number, visit: (word: number, at: number) => void) => void,
): Source[] {
  return [
    {
      path: [of, name, 'lengths', column],
      ...{ kind: 'u32', items, each: 1 },
      fill: (into, begin, end) => walk(begin, end, (word, at) => (into[at] = words[word + 1])),
    },
    {
      path: [of, name, 'documents', column],
      ...{ kind: 'u8', items, each: undefined },
      measure(begin, end) {
        let bytes = 0
        walk(begin, end, word => (bytes += words[word + 1]))
        return bytes
      },
      fill(into, begin, end, at) {
        let next = at
        walk(begin, end, word => {
          const offset = words[word]
          into.set(heap.subarray(offset, offset + words[word + 1]), next)
          next += words[word + 1]
        })
      },
    },
  ]
}

function agentSources(population: PopulationMemory): Source[] {
  const { layout, frames, slots, id, columns, documents } = population
  const { name } = layout
  const segments = population.segments()
  const { size } = population
  const rows = (path: SectionPath, kind: Kind, array: AnyArray, each: number): Source => ({
    ...{ path, kind, items: size, each },
    fill: (into, begin, end) =>
      stretches(segments, begin, end, (row, last, at) => into.set(array.subarray(row * each, last * each), at * each)),
  })
  const column = ({ layout: c, array, size: each }: BoundColumn): Source[] => {
    if (c.data.reset) return []
    if (!c.data.doc) return [rows(['agents', name, 'column', c.name], c.data.kind, array, each)]
    const heap = documents?.heap.bytes ?? new Uint8Array(0)
    return documentsOf(['agents', name, c.name], size, array as Uint32Array, heap, (begin, end, visit) =>
      stretches(segments, begin, end, (row, last, at) => {
        for (let r = row; r < last; r++) visit(r * 2, at + r - row)
      }),
    )
  }
  const turns = [...layout.turns.keys()].map((engine, i) =>
    rows(['agents', name, 'turn', engine], 'u32', population.lastTurns[i], 1),
  )
  return [
    numbersOf(['agents', name, 'rows', ''], 'i32', frames.partitionRows, population.partitions),
    {
      path: ['agents', name, 'slot', ''],
      ...{ kind: 'u32', items: size, each: 1 },
      fill: (into, begin, end) =>
        stretches(segments, begin, end, (row, last, at) => {
          for (let r = row, i = at; r < last; r++, i++) into[i] = id[r] >>> 0
        }),
    },
    // Slots count from 1; those never used have no generation yet.
    numbersOf(['agents', name, 'generation', ''], 'u32', slots.generation, frames.meta[META.slotsUsed] + 1),
    numbersOf(['agents', name, 'counts', ''], 'f64', population.counts, COUNT.words),
    ...[...columns.values()].flatMap(column),
    ...turns,
  ]
}

/** Of a part of a population. `wanted`: partitions whose agents are in it; undefined: all. */
function partSources(
  population: PopulationMemory,
  { ids, columns }: PartPopulation,
  wanted: ReadonlySet<number> | undefined,
): Source[] {
  const { layout, frames, id, documents } = population
  const { name } = layout
  const segments = population.segments(wanted)
  const last = segments.at(-1)
  const size = last ? last.at + last.count : 0
  const rows = (path: SectionPath, kind: Kind, array: AnyArray, each: number): Source => ({
    ...{ path, kind, items: size, each },
    fill: (into, begin, end) =>
      stretches(segments, begin, end, (row, last, at) => into.set(array.subarray(row * each, last * each), at * each)),
  })
  const partitions = (into: AnyArray, begin: number, end: number) => {
    for (let i = begin; i < end; i++) into[i] = !wanted || wanted.has(i) ? frames.partitionRows[i] : 0
  }
  const who: Source[] = [
    { path: ['agents', name, 'rows', ''], kind: 'i32', items: population.partitions, each: 1, fill: partitions },
    rows(['agents', name, 'id', ''], 'f64', id, 1),
  ]
  const named = columns.flatMap(key => population.columns.get(key) ?? [])
  const values = named.map(({ layout: c, array, size: each }) =>
    c.data.doc
      ? rows(['agents', name, 'words', c.name], 'u32', array, 2)
      : rows(['agents', name, 'column', c.name], c.data.kind, array, each),
  )
  const heap = named.some(c => c.layout.data.doc) ? documents?.heap : undefined
  return [
    ...(ids ? who : []),
    ...values,
    ...(heap ? [numbersOf(['agents', name, 'heap', ''], 'u8', heap.bytes, heap.extent)] : []),
  ]
}

function mailSources(of: 'mail' | 'asks', mailbox: Mailbox): Source[] {
  const { layout, to, from, seen, numbers, columns, waiting, heap } = mailbox
  const { name } = layout
  const column = ([key, { layout: c, array }]: [string, BoundMail]): Source[] => {
    if (!c.doc) {
      const fill = (into: AnyArray, begin: number, end: number) =>
        into.set(array.subarray(begin * c.size, end * c.size), begin * c.size)
      return [{ path: [of, name, 'column', key], kind: c.kind, items: waiting, each: c.size, fill }]
    }
    const bytes = heap?.bytes ?? new Uint8Array(0)
    return documentsOf([of, name, key], waiting, array as Uint32Array, bytes, (begin, end, visit) => {
      for (let at = begin; at < end; at++) visit(at * 2, at)
    })
  }
  return [
    numbersOf([of, name, 'to', ''], 'f64', to, waiting),
    numbersOf([of, name, 'from', ''], 'f64', from, waiting),
    numbersOf([of, name, 'seen', ''], 'u32', seen, waiting),
    numbersOf([of, name, 'counts', ''], 'f64', numbers, MAIL.words),
    ...[...columns].flatMap(column),
  ]
}

/** Where each agent sleeps. */
function whereSources({ layout, frames, slots, asleep }: PopulationMemory): Source[] {
  if (asleep === 0) return []
  const { row } = slots
  return [
    {
      path: ['frozen', layout.name, 'where', ''],
      ...{ kind: 'u32', items: frames.meta[META.slotsUsed] + 1, each: 1 },
      fill(into, begin, end) {
        for (let slot = begin; slot < end; slot++) into[slot] = row[slot] < 0 ? -row[slot] : 0
      },
    },
  ]
}

function sourcesOf(memory: WorldMemory, { part, where = false }: Pick<CapturePlan, 'part' | 'where'>): Source[] {
  const { partitions, events } = memory
  if (part) {
    const wanted = part.partitions && new Set(part.partitions)
    return part.populations.flatMap(p => partSources(memory.population(p.name), p, wanted))
  }
  return [
    numbersOf(['partitions', '', 'ends', ''], 'u32', partitions.ends, partitions.count),
    numbersOf(['partitions', '', 'names', ''], 'u8', partitions.bytes, partitions.bytesUsed),
    ...memory.populations.flatMap(agentSources),
    ...(where ? memory.populations.flatMap(whereSources) : []),
    ...[...memory.mail.values()].flatMap(mailbox => mailSources('mail', mailbox)),
    ...[...memory.asks].flatMap(([name, { mailbox, numbers }]) => [
      ...mailSources('asks', mailbox),
      numbersOf(['asks', name, 'became', ''], 'f64', numbers, ASKS.words),
    ]),
    numbersOf(['events', '', 'counts', ''], 'f64', events.numbers, events.kinds.length + 1),
  ]
}

/**
 * What an image of the world, or of a part of it, as it is now needs, to be filled by `shares` threads. `where`: it says
 * who sleeps where; `beyond`: sections that somebody else fills, the last ones of the plan.
 */
export function planCapture(
  memory: WorldMemory,
  shares: number,
  {
    beyond = [],
    ...what
  }: { readonly part?: CapturePart; readonly where?: boolean; readonly beyond?: readonly SectionNeeds[] } = {},
): CapturePlan {
  const begins: Record<number, number[]> = {}
  const needs = sourcesOf(memory, what).map(({ path, kind, items, each, measure }, number) => {
    if (each !== undefined) return { path, kind, count: items * each }
    let bytes = 0
    const starts = [0]
    for (let n = 0; n < shares; n++) {
      bytes += measure?.(share(items, n, shares), share(items, n + 1, shares)) ?? 0
      starts.push(bytes)
    }
    begins[number] = starts
    return { path, kind, count: bytes }
  })
  const others = beyond.map(({ path, kind, count }) => ({ path, kind, count }))
  return { ...placeSections([...needs, ...others]), shares, begins, ...what }
}

/** Fills share `n` of an image. The world must be as it was when the plan was made. */
export function captureShare(memory: WorldMemory, plan: CapturePlan, buffer: ArrayBufferLike, n: number): void {
  for (const [number, source] of sourcesOf(memory, plan).entries()) {
    const begin = share(source.items, n, plan.shares)
    const end = share(source.items, n + 1, plan.shares)
    if (begin === end) continue
    const at = plan.begins[number]?.[n] ?? begin * (source.each ?? 1)
    source.fill(sectionArray(buffer, plan.sections[number]), begin, end, at)
  }
}
