// Frozen partitions in a world's image: their rows as sections of their own, one partition after another, and what was
// asked of partitions. Whether rows were resident or stored is not in it, nor anything else that only the budget decides,
// so the same state is the same image.
import type { Kind } from '../memory/column-types.js'
import type { Leaver } from '../memory/leaving.js'
import { STATE } from '../memory/partition-states.js'
import type { WorldMemory } from '../memory/world.js'
import type { FrozenSince } from './content-hash.js'
import { FROZEN, type FrozenRows } from './frozen-rows.js'
import {
  placeSections,
  type Section,
  type SectionNeeds,
  type SectionPath,
  Sections,
  type StateImage,
  sectionArray,
  sectionBytes,
} from './image.js'

/** The rows of a frozen partition. */
export interface FrozenPartition {
  readonly partition: number
  readonly rows: FrozenRows
}

/** A section that the main thread fills when the crew has filled the others. */
export interface FrozenSection extends SectionNeeds {
  write(buffer: ArrayBufferLike, section: Section): void
}

/** What states an image keeps: neither what happens within the start of a tick nor where bytes are. */
const KEPT = STATE.frozen | STATE.unloaded | STATE.freeze | STATE.thaw | STATE.pinned

/** A section of numbers that are at hand. */
export function numbers(path: SectionPath, kind: Kind, values: ArrayLike<number>): FrozenSection {
  return {
    ...{ path, kind, count: values.length },
    write: (buffer, section) => sectionArray(buffer, section).set(values),
  }
}

/** What partitions are and were asked to be; nothing where all are as they began. */
export function stateSections({ partitions, populations }: WorldMemory): FrozenSection[] {
  const { states, count } = partitions
  const kept = states.states.slice(0, count).map(bits => bits & KEPT)
  const woken = states.woken.slice(0, count)
  const since = Float64Array.from(kept, (bits, partition) =>
    (bits & STATE.frozen) !== 0 ? states.since[partition] : 0,
  )
  const any = kept.some(bits => bits !== 0) || woken.some(bits => bits !== 0)
  const leaving = populations.flatMap(({ layout, leaving: list }) => {
    const all = list.any ? list.list() : []
    if (all.length === 0) return []
    return [
      numbers(
        ['leaving', layout.name, 'id', ''],
        'f64',
        all.map(l => l.id),
      ),
      numbers(
        ['leaving', layout.name, 'to', ''],
        'u32',
        all.map(l => l.to),
      ),
    ]
  })
  const own = [
    numbers(['partitions', '', 'states', ''], 'u8', kept),
    numbers(['partitions', '', 'woken', ''], 'u8', woken),
    numbers(['partitions', '', 'since', ''], 'f64', since),
  ]
  return any ? [...own, ...leaving] : leaving
}

/** All that an image has of partitions beside agents of active ones; frozen ones are given in order. */
export function frozenSections(memory: WorldMemory, frozen: readonly FrozenPartition[]): FrozenSection[] {
  const names = memory.populations.map(p => p.layout.name)
  return [...stateSections(memory), ...frozenRowSections(names, memory.partitions.count, frozen)]
}

/** The rows of frozen partitions, given in order, by population, in a world of `count` partitions. */
export function frozenRowSections(
  populations: readonly string[],
  count: number,
  frozen: readonly FrozenPartition[],
): FrozenSection[] {
  return populations.flatMap((name): FrozenSection[] => {
    const own = frozen.flatMap(({ partition, rows: { sections, buffer } }) => {
      const found = sections.filter(({ path }) => path[1] === name)
      return found.length > 0 ? [{ partition, sections: found, buffer }] : []
    })
    if (own.length === 0) return []
    const each = new Int32Array(count)
    for (const { partition, sections } of own) each[partition] = sections[0].count // slots come first
    // All partitions have the same sections of a population, in the same order.
    const joined = own[0].sections.map(
      ({ path, kind }, i): FrozenSection => ({
        ...{ path, kind, count: own.reduce((n, { sections }) => n + sections[i].count, 0) },
        write(buffer, section) {
          const into = sectionArray(buffer, section)
          let at = 0
          for (const part of own) {
            into.set(sectionArray(part.buffer, part.sections[i]), at)
            at += part.sections[i].count
          }
        },
      }),
    )
    return [numbers([FROZEN, name, 'rows', ''], 'i32', each), ...joined]
  })
}

/** An image with the rows of its frozen partitions, given in order, in place of what stands for them. */
export function withRows(image: StateImage, frozen: readonly FrozenPartition[]): StateImage {
  const { apart: _, ...head } = image.head
  const found = new Sections(image)
  const own = image.sections.filter(({ path: [of, , part] }) => of !== FROZEN && part !== 'measure')
  const names = head.schema.populations.map(p => p.name)
  const rows = frozenRowSections(names, found.find('partitions', '', 'ends')?.length ?? 0, frozen)
  const needs = [...own, ...rows].map(({ path, kind, count }) => ({ path, kind, count }))
  const { sections, bytes } = placeSections(needs)
  const buffer = new SharedArrayBuffer(bytes)
  for (const [i, section] of own.entries()) sectionBytes(buffer, sections[i]).set(sectionBytes(image.buffer, section))
  for (const [i, { write }] of rows.entries()) write(buffer, sections[own.length + i])
  return { head, sections, buffer }
}

/** What an image says of partitions beside their rows. */
export interface ImageStates {
  readonly states: ArrayLike<number>
  readonly woken: ArrayLike<number>
  readonly since: ArrayLike<number>
}

/** Undefined: all partitions are as they began. */
export function imageStates(sections: Sections): ImageStates | undefined {
  const find = (part: string) => sections.find('partitions', '', part)
  const [states, woken, since] = [find('states'), find('woken'), find('since')]
  return states && woken && since && { states, woken, since }
}

/** Who waits in an image to go to a frozen partition, in order. */
export function imageLeaving(sections: Sections, population: string): Leaver[] {
  const to = sections.find('leaving', population, 'to') ?? []
  return Array.from(sections.find('leaving', population, 'id') ?? [], (id, i) => ({ id, to: to[i] }))
}

/** The frozen partitions of an image in order, and the tick at which each froze. */
export function imageSince(sections: Sections, names: readonly string[]): FrozenSince[] {
  const found = imageStates(sections)
  if (!found) return []
  return names.flatMap((partition, number) => {
    const bits = found.states[number]
    if ((bits & STATE.frozen) === 0) return []
    return [{ partition, since: (bits & STATE.unloaded) !== 0 ? -1 : found.since[number] }]
  })
}
