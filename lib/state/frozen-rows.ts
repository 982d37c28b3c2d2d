// The rows of a frozen partition, apart from the world's memory: taken out of the frames of all populations when it
// freezes, put back when it thaws. What they are is what a world's image has of them, in the same order: slots, columns
// that last, documents, turns. Ids are not in it, for the table of generations stays in the world.
import type { AnyArray, Kind } from '../memory/column-types.js'
import type { BoundColumn, PopulationMemory, Segment } from '../memory/population-memory.js'
import type { WorldMemory } from '../memory/world.js'
import type { HashedColumn, HashedRows } from './content-hash.js'
import { placeSections, type Section, type SectionNeeds, type SectionPath, Sections, sectionArray } from './image.js'

/** Rows of one partition. Sections are frozen/P/slot, column/C, lengths/C, documents/C and turn/E: see image.ts. */
export interface FrozenRows {
  readonly sections: readonly Section[]
  readonly buffer: ArrayBufferLike
}

/** What sections of rows are kept under. */
export const FROZEN = 'frozen'

const path = (population: string, part: string, column = ''): SectionPath => [FROZEN, population, part, column]

/** A section still without a place, and what writes it. */
interface Part extends SectionNeeds {
  write(into: AnyArray): void
}

function copied(segments: readonly Segment[], array: AnyArray, size: number): (into: AnyArray) => void {
  return into => {
    for (const { row, count, at } of segments) into.set(array.subarray(row * size, (row + count) * size), at * size)
  }
}

function documentParts(
  { layout, documents }: PopulationMemory,
  { layout: column, array: words }: BoundColumn,
  segments: readonly Segment[],
  rows: number,
): Part[] {
  const bytes = documents?.heap.bytes ?? new Uint8Array(0)
  const each = (visit: (offset: number, length: number, at: number) => void) => {
    for (const { row, count, at } of segments)
      for (let i = 0; i < count; i++) visit(words[(row + i) * 2], words[(row + i) * 2 + 1], at + i)
  }
  let total = 0
  each((_, length) => (total += length))
  return [
    {
      ...{ path: path(layout.name, 'lengths', column.name), kind: 'u32', count: rows },
      write: into => each((_, length, at) => (into[at] = length)),
    },
    {
      ...{ path: path(layout.name, 'documents', column.name), kind: 'u8', count: total },
      write(into) {
        let next = 0
        each((offset, length) => {
          into.set(bytes.subarray(offset, offset + length), next)
          next += length
        })
      },
    },
  ]
}

function partsOf(population: PopulationMemory, partition: number): Part[] {
  const { layout, id, columns, lastTurns } = population
  const segments = population.segmentsOf(partition)
  const rows = segments.reduce((n, s) => n + s.count, 0)
  if (rows === 0) return []
  const numbers = (part: string, column: string, kind: Kind, array: AnyArray, size: number): Part => ({
    ...{ path: path(layout.name, part, column), kind, count: rows * size },
    write: copied(segments, array, size),
  })
  return [
    {
      ...{ path: path(layout.name, 'slot'), kind: 'u32', count: rows },
      write(into) {
        for (const { row, count, at } of segments) for (let i = 0; i < count; i++) into[at + i] = id[row + i] >>> 0
      },
    },
    ...[...columns.values()].flatMap(column => {
      const { data, name } = column.layout
      if (data.reset) return []
      if (data.doc) return documentParts(population, column, segments, rows)
      return [numbers('column', name, data.kind, column.array, column.size)]
    }),
    ...[...layout.turns.keys()].map((engine, i) => numbers('turn', engine, 'u32', lastTurns[i], 1)),
  ]
}

/** Takes the rows of a partition out of all frames: a copy of them. Between batches, columns with `reset` at their defaults. */
export function takeOut(memory: WorldMemory, partition: number): FrozenRows {
  const parts = memory.populations.flatMap(population => partsOf(population, partition))
  const { sections, bytes } = placeSections(parts.map(({ path, kind, count }) => ({ path, kind, count })))
  const buffer = new SharedArrayBuffer(bytes)
  for (const [i, { write }] of parts.entries()) write(sectionArray(buffer, sections[i]))
  for (const population of memory.populations) population.fallAsleep(partition)
  return { sections, buffer }
}

/** The slots of the agents of a population. */
export function frozenSlots(rows: FrozenRows, population: string): Uint32Array {
  return (new Sections(rows).find(FROZEN, population, 'slot') ?? new Uint32Array(0)) as Uint32Array // of kind u32
}

/**
 * Puts rows back at the end of a partition, which slept for `missed` ticks: turns are later by as many, for no time has
 * passed for its agents. FramesSpent, DOCUMENTS_FULL.
 */
export function putBack(memory: WorldMemory, partition: number, rows: FrozenRows, missed: number): void {
  const sections = new Sections(rows)
  for (const population of memory.populations) {
    const { layout, columns, documents, lastTurns } = population
    const slots = sections.find(FROZEN, layout.name, 'slot')
    if (!slots) continue
    const find = (part: string, column: string) => sections.find(FROZEN, layout.name, part, column)
    const segments = population.wakeUp(partition, slots)
    population.noteEdit()
    for (const { layout: column, array, size } of columns.values()) {
      if (column.data.doc || column.data.reset) continue
      const values = find('column', column.name) as AnyArray // every column that lasts was taken out
      for (const { row, count, at } of segments) array.set(values.subarray(at * size, (at + count) * size), row * size)
    }
    for (const [i, engine] of [...layout.turns.keys()].entries()) {
      const values = find('turn', engine) as Uint32Array // as above
      for (const { row, count, at } of segments)
        for (let k = 0; k < count; k++) lastTurns[i][row + k] = values[at + k] + missed
    }
    if (documents) putDocuments(population, segments, find)
  }
}

function putDocuments(
  { columns, documents }: PopulationMemory,
  segments: readonly Segment[],
  find: (part: string, column: string) => AnyArray | undefined,
): void {
  const all = [...columns.values()].filter(c => c.layout.data.doc)
  // Rows that hold what lay there before must name nothing when the heap is made room in.
  for (const { array } of all) for (const { row, count } of segments) array.fill(0, row * 2, (row + count) * 2)
  for (const { layout, array } of all) {
    const lengths = find('lengths', layout.name) as Uint32Array // every column was taken out
    const bytes = find('documents', layout.name) as Uint8Array // of kind u8
    documents?.admit(bytes.length, 0)
    let next = 0
    for (const { row, count, at } of segments) {
      for (let i = 0; i < count; i++) {
        const length = lengths[at + i]
        if (length === 0) continue
        array[(row + i) * 2] = documents?.heap.store(bytes, next, length) ?? 0
        array[(row + i) * 2 + 1] = length
        next += length
      }
    }
  }
  documents?.settle()
}

/** What the content hash is of, for each population that has rows. */
export function hashedFrozen(memory: WorldMemory, partition: string, rows: FrozenRows): HashedRows[] {
  const sections = new Sections(rows)
  return memory.populations.flatMap(({ layout, columns, slots }): HashedRows[] => {
    const own = sections.find(FROZEN, layout.name, 'slot')
    if (!own) return []
    const find = (part: string, column: string) => sections.find(FROZEN, layout.name, part, column) as AnyArray
    const heaps: Uint8Array[] = []
    let bytes = 0
    const hashed = [...columns.values()].flatMap(({ layout: column, size }): HashedColumn[] => {
      const { kind, doc, reset } = column.data
      if (reset) return []
      if (!doc) return [{ name: column.name, kind, size, doc, array: find('column', column.name) }]
      const words = new Uint32Array(own.length * 2)
      for (const [i, length] of find('lengths', column.name).entries()) {
        words[i * 2] = bytes
        words[i * 2 + 1] = length
        bytes += length
      }
      heaps.push(find('documents', column.name) as Uint8Array) // of kind u8
      return [{ name: column.name, kind, size, doc, array: words }]
    })
    const documents = new Uint8Array(bytes)
    let end = 0
    for (const heap of heaps) {
      documents.set(heap, end)
      end += heap.length
    }
    const ids = Float64Array.from(own, slot => slots.idOf(slot))
    return [{ name: layout.name, columns: hashed, ids, documents, spans: [{ partition, begin: 0, end: own.length }] }]
  })
}
