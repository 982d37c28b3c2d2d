// The content hash of a world or of a part of it: block sums here, in whichever thread; put together anywhere.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import { fnv1a } from '../core/threefry.js'
import {
  addSums,
  bitsOf,
  columnSeeds,
  combine,
  type HashSum,
  hashDocuments,
  hashPresence,
  hashRows,
  sumText,
} from '../kernels/hash.js'
import type { Mailbox } from '../memory/mailbox.js'
import type { WorldMemory } from '../memory/world.js'

/** What part of the world to hash; everything where nothing is named. */
export interface HashPart {
  readonly populations?: readonly string[]
  readonly columns?: readonly string[]
  readonly partitions?: readonly string[]
}

/** Sums by population and column; the column '' says which agents are there, and in which partition. */
export type HashSums = Record<string, Record<string, HashSum>>

/** A world's hash, whole and by population and column. */
export interface WorldHash {
  readonly hash: string
  readonly populations: Readonly<Record<string, string>>
  readonly columns: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Of messages that wait, by message; none where none waits. */
  readonly mail: Readonly<Record<string, string>>
}

const KEYS = ['populations', 'columns', 'partitions']

function checkPart(memory: WorldMemory, part: HashPart): void {
  if (typeof part !== 'object' || part === null)
    throw new PopulaceError(
      'OPTION_INVALID',
      `hash() was given ${String(part)}`,
      "Write hash({ populations: ['name'] }).",
    )
  const names = memory.populations.map(p => p.layout.name)
  for (const [key, list] of Object.entries(part)) {
    if (!KEYS.includes(key))
      throw new PopulaceError(
        'OPTION_UNKNOWN',
        `hash() has no option '${key}'`,
        `Check the spelling; ${hint(key, KEYS)}`,
      )
    if (list !== undefined && !(Array.isArray(list) && list.every(name => typeof name === 'string')))
      throw new PopulaceError(
        'OPTION_INVALID',
        `Option '${key}' of hash() is no list of names`,
        `Write ${key}: ['name'].`,
      )
  }
  for (const name of part.populations ?? []) {
    if (!names.includes(name))
      throw new PopulaceError(
        'POPULATION_UNKNOWN',
        `The scenario has no population '${name}'`,
        `Check the spelling; ${hint(name, names)}`,
      )
  }
  const columns = new Set(memory.populations.flatMap(p => [...p.columns.keys()]))
  for (const name of part.columns ?? []) {
    if (!columns.has(name))
      throw new PopulaceError(
        'COLUMN_UNKNOWN',
        `No population has a column '${name}'`,
        `Check the spelling; ${hint(name, [...columns])}`,
      )
  }
}

/** Sums over every `of`-th block from block `share` on. POPULATION_UNKNOWN, COLUMN_UNKNOWN, OPTION_UNKNOWN, OPTION_INVALID. */
export function hashBlocks(memory: WorldMemory, part: HashPart, share: number, of: number): HashSums {
  checkPart(memory, part)
  const sums: HashSums = {}
  const partitions = memory.partitions.names()
  const wanted = part.partitions && new Set(part.partitions)
  for (const { layout, columns, frames, id, documents } of memory.populations) {
    if (part.populations && !part.populations.includes(layout.name)) continue
    const population = fnv1a(layout.name)
    const hashed = [...columns].filter(
      ([name, c]) => c.layout.data.reset === undefined && (!part.columns || part.columns.includes(name)),
    )
    const own: Record<string, HashSum> = {}
    sums[layout.name] = own
    if (!part.columns) own[''] = { lo: 0, hi: 0 }
    for (const [name] of hashed) own[name] = { lo: 0, hi: 0 }
    const presence = columnSeeds(population, fnv1a(''), 0)
    for (let i = share; i < frames.blocks; i += of) {
      const frame = frames.blockList[i]
      const partition = partitions[frames.partitionOf[frame]]
      if (wanted && !wanted.has(partition)) continue
      const begin = frame * layout.block
      const end = begin + frames.rows[frame]
      if (own['']) hashPresence(own[''], id, begin, end, fnv1a(partition), presence[0], presence[1])
      for (const [name, { array, size, layout: column }] of hashed) {
        if (column.data.doc && documents) {
          const [s0, s1] = columnSeeds(population, fnv1a(name), 0)
          hashDocuments(own[name], array as Uint32Array, documents.heap.bytes, id, begin, end, s0, s1)
          continue
        }
        const bits = bitsOf(column.data.kind, array)
        for (let k = 0; k < size; k++) {
          const [s0, s1] = columnSeeds(population, fnv1a(name), k)
          hashRows(own[name], column.data.kind, bits, id, begin, end, size, k, s0, s1)
        }
      }
    }
  }
  if (!part.populations && !part.columns && !part.partitions)
    for (const [name, mailbox] of memory.mail) hashMail(sums, name, mailbox, share, of)
  return sums
}

/** What the sums of waiting messages are kept under: no population is named so. */
const MAIL_PREFIX = '\0mail: '

/** Waiting messages, each by its place in the order in which they were sent. */
function hashMail(sums: HashSums, name: string, mailbox: Mailbox, share: number, of: number): void {
  const n = mailbox.waiting
  if (n === 0) return
  const begin = Math.floor((n * share) / of)
  const end = Math.floor((n * (share + 1)) / of)
  const places = Float64Array.from({ length: end }, (_, at) => at + 1)
  const sum = { lo: 0, hi: 0 }
  const heads = [
    { name: '\0to', kind: 'f64' as const, array: mailbox.to, size: 1 },
    { name: '\0from', kind: 'f64' as const, array: mailbox.from, size: 1 },
    { name: '\0seen', kind: 'u32' as const, array: mailbox.seen, size: 1 },
  ]
  const columns = [...mailbox.columns].map(([column, { array, layout }]) => ({ name: column, ...layout, array }))
  for (const { name: column, kind, array, size } of [...heads, ...columns.filter(c => !c.doc)]) {
    for (let k = 0; k < size; k++) {
      const [s0, s1] = columnSeeds(fnv1a(name), fnv1a(column), k)
      hashRows(sum, kind, bitsOf(kind, array), places, begin, end, size, k, s0, s1)
    }
  }
  for (const { name: column, array } of columns.filter(c => c.doc)) {
    const [s0, s1] = columnSeeds(fnv1a(name), fnv1a(column), 0)
    if (mailbox.heap) hashDocuments(sum, array as Uint32Array, mailbox.heap.bytes, places, begin, end, s0, s1) // their words
  }
  sums[MAIL_PREFIX + name] = { '': sum }
}

/** Puts the sums of all shares together, with the levels above 0 of engines that are shed. */
export function joinHashes(
  shares: readonly HashSums[],
  tick: number,
  shedLevels: Readonly<Record<string, number>> = {},
): WorldHash {
  const total = new Map<string, Map<string, HashSum>>()
  for (const share of shares) {
    for (const [population, columns] of Object.entries(share)) {
      const own = total.get(population) ?? new Map<string, HashSum>()
      total.set(population, own)
      for (const [column, part] of Object.entries(columns)) {
        const sum = own.get(column) ?? { lo: 0, hi: 0 }
        addSums(sum, part)
        own.set(column, sum)
      }
    }
  }
  const populations: Record<string, string> = {}
  const columns: Record<string, Record<string, string>> = {}
  const mail: Record<string, string> = {}
  const sums: HashSum[] = []
  for (const [name, parts] of [...total].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sum = { lo: 0, hi: 0 }
    sums.push(sum)
    for (const part of parts.values()) addSums(sum, part)
    if (name.startsWith(MAIL_PREFIX)) {
      mail[name.slice(MAIL_PREFIX.length)] = sumText(sum)
      continue
    }
    populations[name] = sumText(sum)
    columns[name] = {}
    for (const [column, part] of parts) if (column !== '') columns[name][column] = sumText(part)
  }
  const shed = Object.entries(shedLevels).sort(([a], [b]) => (a < b ? -1 : 1))
  const levels = shed.map(([engine, level]) => ({ lo: fnv1a(engine), hi: level }))
  return { hash: combine([...sums, ...levels], tick), populations, columns, mail }
}
