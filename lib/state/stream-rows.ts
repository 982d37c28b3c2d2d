// The rows of a population as a stream takes them in: those that the crew copied, and behind them those of partitions that
// froze since, whose rows are kept apart from the world's memory. What is frozen does not change, so it comes once.
import { idOf } from '../core/ids.js'
import { newArray } from '../memory/arrays.js'
import type { AnyArray } from '../memory/column-types.js'
import { FROZEN } from './frozen-rows.js'
import type { FrozenPartition } from './frozen-sections.js'
import { Sections, type StateImage } from './image.js'
import type { SchemaTable } from './schema.js'

/**
 * What an image has of a population's rows: 'id', 'runs' (pairs of a partition's number and its rows), 'column', and of
 * documents 'words' and 'heap'. Undefined: as it was in the image before.
 */
export type FindRows = (part: string, column?: string) => AnyArray | undefined

/** Rows that froze, and the generations of all slots. */
export interface FrozenImage {
  readonly partitions: readonly FrozenPartition[]
  /** By population, in shared memory: those of frozen agents do not change. */
  readonly generations: Readonly<Record<string, Uint32Array>>
}

function runsOf(rows: AnyArray): number[] {
  return Array.from(rows).flatMap((count, partition) => (count > 0 ? [partition, count] : []))
}

function joined(a: AnyArray, ...others: readonly AnyArray[]): AnyArray {
  const all = [a, ...others]
  const Make = a.constructor as new (length: number) => AnyArray
  const into = new Make(all.reduce((n, one) => n + one.length, 0))
  let at = 0
  for (const one of all) {
    into.set(one, at)
    at += one.length
  }
  return into
}

/** What an image and what froze have of a population together. */
export function streamRows(
  image: Pick<StateImage, 'sections' | 'buffer'>,
  { name, columns }: SchemaTable,
  frozen: FrozenImage | undefined,
): FindRows {
  const sections = new Sections(image)
  const find: FindRows = (part, column = '') => sections.find('agents', name, part, column)
  const rows = find('rows')
  const awake = rows && Uint32Array.from(runsOf(rows))
  const parts = (frozen?.partitions ?? []).map(({ partition, rows: own }) => ({ partition, own: new Sections(own) }))
  const slept = parts.filter(({ own }) => (own.find(FROZEN, name, 'slot')?.length ?? 0) > 0)
  const ids = find('id')
  if (!frozen || slept.length === 0 || !ids || !awake)
    return (part, column) => (part === 'runs' ? awake : find(part, column))
  const generation = frozen.generations[name]
  const found = new Map<string, AnyArray>()
  const part = (own: Sections, what: string, column = '') => own.find(FROZEN, name, what, column) ?? new Uint8Array(0)
  const slots = slept.map(({ own }) => part(own, 'slot'))
  found.set('id', joined(ids, ...slots.map(some => Float64Array.from(some, slot => idOf(slot, generation[slot])))))
  found.set('runs', Uint32Array.of(...awake, ...slept.flatMap(({ partition }, i) => [partition, slots[i].length])))
  let heap = (find('heap') ?? newArray('u8', 0)) as Uint8Array // of the kinds that capture.ts gives, here and below
  for (const { name: column, doc } of columns) {
    const own = find(doc ? 'words' : 'column', column)
    if (!own) continue
    if (!doc) {
      found.set(`column ${column}`, joined(own, ...slept.map(s => part(s.own, 'column', column))))
      continue
    }
    const words = slept.map(s => {
      let at = heap.length
      heap = joined(heap, part(s.own, 'documents', column)) as Uint8Array
      return Uint32Array.from(
        Array.from(part(s.own, 'lengths', column)).flatMap(length => [(at += length) - length, length]),
      )
    })
    found.set(`words ${column}`, joined(own, ...words))
  }
  found.set('heap', heap)
  return (what, column) => found.get(column ? `${what} ${column}` : what)
}
