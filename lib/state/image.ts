// A world's state as plain data in one shared memory: a head, and sections, each the values of one kind one after
// another in (partition, block, row) order; those of frozen partitions in sections of their own, or left out where a
// checkpoint names them by their keys. Frames, free lists and whatever else only says where things lie are not in it, so
// the same state is the same image, whoever stepped it and wherever it lay.
import { arrayAt, bytesOf } from '../memory/arrays.js'
import type { AnyArray, Kind } from '../memory/column-types.js'
import type { Scalar } from '../memory/params.js'
import type { ApartRows } from './apart-rows.js'
import type { SchemaData } from './schema.js'

/** What a state is, beside its sections. */
export interface StateHead {
  /** The scenario's name. */
  readonly scenario: string
  readonly schema: SchemaData
  readonly seed: number
  readonly params: Readonly<Record<string, Scalar>>
  /** Ticks done. */
  readonly tick: number
  /** Rows of a block, by population. */
  readonly blocks: Readonly<Record<string, number>>
  /** The number of the next command. */
  readonly commands: number
  /** Levels above 0 of engines that are shed. */
  readonly shed: Readonly<Record<string, number>>
  /** Keys of the rows of frozen partitions, in order, where the sections have none of them. */
  readonly apart?: readonly string[]
}

/**
 * What a section is of:
 *   agents/P/rows, slot, generation, counts       rows of each partition; slots of agents; generations of slots; COUNT
 *   agents/P/column/C, lengths/C, documents/C     values; lengths of documents and their bytes
 *   agents/P/id, words/C, heap                    in images of a part only, see CapturePart
 *   agents/P/turn/E                               the tick of each agent's last turn of engine E, plus one
 *   mail/M/to, from, seen, counts                 letters that wait, in the order in which they were sent; MAIL
 *   mail/M/column/C, lengths/C, documents/C
 *   asks/A/to, from, seen, counts, column/C …     asks that wait, for an answer or to be heard, as mail/M has letters
 *   asks/A/became                                 what became of all: ASKS
 *   events/''/counts                              emitted by kind, and refused
 *   partitions/''/ends, names                     bytes of all names, and where each ends
 *   partitions/''/states, woken, since            what partitions are and were asked to be: partition-states.ts
 *   frozen/P/rows, slot, column/C …               of frozen partitions, as agents/P has them of active ones
 *   frozen/P/where                                in place of these, where rows are apart: by slot the number of the
 *                                                 frozen partition that its agent sleeps in, plus one; else 0
 *   partitions/''/measure/M                       what measure M comes to in each frozen partition whose rows are apart
 *   leaving/P/id, to                              who waits to go to a frozen partition, in order
 */
export type SectionPath = readonly [of: string, name: string, part: string, column: string]

/** Where a section lies. */
export interface Section {
  readonly path: SectionPath
  readonly kind: Kind
  /** Values of its kind. */
  readonly count: number
  /** Byte offset in the image's memory, a multiple of 8. */
  readonly offset: number
}

/** A state in memory. */
export interface StateImage {
  readonly head: StateHead
  readonly sections: readonly Section[]
  readonly buffer: ArrayBufferLike
  /** The rows of frozen partitions, in order, where the sections have none of them. */
  readonly apart?: readonly ApartRows[]
}

/** A section still without a place. */
export type SectionNeeds = Omit<Section, 'offset'>

/** Gives sections their places, one after another; the bytes that they take together. */
export function placeSections(needs: readonly SectionNeeds[]): { sections: Section[]; bytes: number } {
  let bytes = 0
  const sections = needs.map(need => {
    const offset = bytes
    bytes = Math.ceil((offset + need.count * bytesOf(need.kind)) / 64) * 64
    return { ...need, offset }
  })
  return { sections, bytes }
}

/** The name by which a section is looked up. */
export function sectionKey(path: SectionPath): string {
  return JSON.stringify(path)
}

/** The values of a section. */
export function sectionArray(buffer: ArrayBufferLike, { kind, offset, count }: Section): AnyArray {
  return arrayAt(buffer, kind, offset, count)
}

/** The bytes of a section. */
export function sectionBytes(buffer: ArrayBufferLike, { kind, offset, count }: Section): Uint8Array {
  return new Uint8Array(buffer, offset, count * bytesOf(kind))
}

/** Bytes of all values together. */
export function imageBytes(sections: readonly SectionNeeds[]): number {
  return sections.reduce((bytes, { kind, count }) => bytes + count * bytesOf(kind), 0)
}

/** Looks up the sections of an image. */
export class Sections {
  readonly #buffer: ArrayBufferLike
  readonly #byKey: ReadonlyMap<string, Section>

  constructor({ sections, buffer }: Pick<StateImage, 'sections' | 'buffer'>) {
    this.#buffer = buffer
    this.#byKey = new Map(sections.map(section => [sectionKey(section.path), section]))
  }

  /** The values of a section; undefined: the image has none of that path. */
  find(of: string, name: string, part: string, column = ''): AnyArray | undefined {
    const section = this.#byKey.get(sectionKey([of, name, part, column]))
    return section && sectionArray(this.#buffer, section)
  }
}
