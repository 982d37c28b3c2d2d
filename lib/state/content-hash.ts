// The content hash of a world or of a part of it (section 4 of the contract, decision 6): sums here, over whatever holds
// rows: a world's memory in whichever thread, or a snapshot's image. Put together anywhere.
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
import type { AnyArray, Kind } from '../memory/column-types.js'
import type { Leaver } from '../memory/leaving.js'

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
  /** Of asks that wait for an answer or to be heard, by ask; none where none waits. */
  readonly asks: Readonly<Record<string, string>>
}

/** A column to hash: `size` values a row, or two words a row that name a document. */
export interface HashedColumn {
  readonly name: string
  readonly kind: Kind
  readonly size: number
  readonly doc: boolean
  readonly array: AnyArray
}

/** Rows of one partition that lie one after another. */
export interface HashedSpan {
  readonly partition: string
  readonly begin: number
  readonly end: number
}

/** A population to hash. */
export interface HashedRows {
  readonly name: string
  /** Without those that are no part of the stored state. */
  readonly columns: readonly HashedColumn[]
  readonly ids: Float64Array
  readonly documents: Uint8Array
  readonly spans: readonly HashedSpan[]
}

/** Letters of one kind that wait, in the order in which they were sent; asks in the order of asking. */
export interface HashedMail {
  readonly kind: 'mail' | 'asks'
  readonly name: string
  readonly waiting: number
  readonly to: Float64Array
  readonly from: Float64Array
  readonly seen: Uint32Array
  readonly columns: readonly HashedColumn[]
  readonly documents: Uint8Array
}

/** All that a content hash is of, beside tick and shed levels. */
export interface Hashed {
  readonly populations: readonly HashedRows[]
  readonly mail: readonly HashedMail[]
  /** By population: who waits to go to a frozen partition. */
  readonly leaving: readonly { readonly name: string; readonly all: readonly Leaver[] }[]
  /** Names of all partitions. */
  readonly partitions: readonly string[]
}

const KEYS = ['populations', 'columns', 'partitions']

/** POPULATION_UNKNOWN, COLUMN_UNKNOWN, OPTION_UNKNOWN, OPTION_INVALID. `columns`: of all populations, those left out too. */
export function checkHashPart(part: HashPart, populations: readonly string[], columns: ReadonlySet<string>): void {
  if (typeof part !== 'object' || part === null)
    throw new PopulaceError(
      'OPTION_INVALID',
      `hash() was given ${String(part)}`,
      "Write hash({ populations: ['name'] }).",
    )
  checkPart('hash()', part, populations, columns)
}

/** The same of a part that `what` was given. */
export function checkPart(
  what: string,
  part: HashPart,
  populations: readonly string[],
  columns: ReadonlySet<string>,
): void {
  for (const [key, list] of Object.entries(part)) {
    if (!KEYS.includes(key))
      throw new PopulaceError(
        'OPTION_UNKNOWN',
        `${what} has no option '${key}'`,
        `Check the spelling; ${hint(key, KEYS)}`,
      )
    if (list !== undefined && !(Array.isArray(list) && list.every(name => typeof name === 'string')))
      throw new PopulaceError(
        'OPTION_INVALID',
        `Option '${key}' of ${what} is no list of names`,
        `Write ${key}: ['name'].`,
      )
  }
  for (const name of part.populations ?? []) {
    if (!populations.includes(name))
      throw new PopulaceError(
        'POPULATION_UNKNOWN',
        `The scenario has no population '${name}'`,
        `Check the spelling; ${hint(name, populations)}`,
      )
  }
  for (const name of part.columns ?? []) {
    if (!columns.has(name))
      throw new PopulaceError(
        'COLUMN_UNKNOWN',
        `No population has a column '${name}'`,
        `Check the spelling; ${hint(name, [...columns])}`,
      )
  }
}

/** Adds a column's rows [begin, end) to its sum; `table` is the population's name. */
export function addColumn(
  sum: HashSum,
  table: string,
  { name, kind, size, doc, array }: HashedColumn,
  ids: Float64Array,
  documents: Uint8Array,
  begin: number,
  end: number,
): void {
  if (doc) {
    const [s0, s1] = columnSeeds(fnv1a(table), fnv1a(name), 0)
    hashDocuments(sum, array as Uint32Array, documents, ids, begin, end, s0, s1) // two words a row, see HashedColumn
    return
  }
  const bits = bitsOf(kind, array)
  for (let k = 0; k < size; k++) {
    const [s0, s1] = columnSeeds(fnv1a(table), fnv1a(name), k)
    hashRows(sum, kind, bits, ids, begin, end, size, k, s0, s1)
  }
}

/** Adds to a population's sum that the agents in rows [begin, end) are there, in a partition. */
export function addPresence(
  sum: HashSum,
  table: string,
  partition: string,
  ids: Float64Array,
  begin: number,
  end: number,
): void {
  const [s0, s1] = columnSeeds(fnv1a(table), fnv1a(''), 0)
  hashPresence(sum, ids, begin, end, fnv1a(partition), s0, s1)
}

/** Sums over every `of`-th span from span `share` on, and as much of the mail. */
export function hashShare(hashed: Hashed, part: HashPart, share: number, of: number): HashSums {
  const sums: HashSums = {}
  const wanted = part.partitions && new Set(part.partitions)
  for (const { name, columns, ids, documents, spans } of hashed.populations) {
    if (part.populations && !part.populations.includes(name)) continue
    const named = columns.filter(c => !part.columns || part.columns.includes(c.name))
    const own: Record<string, HashSum> = {}
    sums[name] = own
    if (!part.columns) own[''] = { lo: 0, hi: 0 }
    for (const column of named) own[column.name] = { lo: 0, hi: 0 }
    const presence = columnSeeds(fnv1a(name), fnv1a(''), 0)
    for (let i = share; i < spans.length; i += of) {
      const { partition, begin, end } = spans[i]
      if (wanted && !wanted.has(partition)) continue
      if (own['']) hashPresence(own[''], ids, begin, end, fnv1a(partition), presence[0], presence[1])
      for (const column of named) addColumn(own[column.name], name, column, ids, documents, begin, end)
    }
  }
  if (part.populations || part.columns || part.partitions) return sums
  for (const mail of hashed.mail) if (mail.waiting > 0) hashMail(sums, mail, share, of)
  if (share > 0) return sums
  for (const { name, all } of hashed.leaving) if (all.length > 0) hashLeaving(sums, name, all, hashed.partitions)
  return sums
}

/** What the sums of those who wait to go to frozen partitions are kept under. */
const LEAVING_PREFIX = '\0leaving: '

function hashLeaving(sums: HashSums, name: string, all: readonly Leaver[], partitions: readonly string[]): void {
  const sum = { lo: 0, hi: 0 }
  const [s0, s1] = columnSeeds(fnv1a(name), fnv1a('\0leaving'), 0)
  const ids = Float64Array.from(all, l => l.id)
  for (const [i, { to }] of all.entries()) hashPresence(sum, ids, i, i + 1, fnv1a(partitions[to]), s0, s1)
  sums[LEAVING_PREFIX + name] = { '': sum }
}

/** What the sums of waiting messages and asks are kept under: no population is named so. */
const MAIL_PREFIX = { mail: '\0mail: ', asks: '\0asks: ' } as const

/** Waiting messages, each by its place in the order in which they were sent. */
function hashMail(sums: HashSums, mail: HashedMail, share: number, of: number): void {
  const { kind, name, waiting, to, from, seen, columns, documents } = mail
  const begin = Math.floor((waiting * share) / of)
  const end = Math.floor((waiting * (share + 1)) / of)
  const places = Float64Array.from({ length: end }, (_, at) => at + 1)
  const sum = { lo: 0, hi: 0 }
  const heads = [
    { name: '\0to', kind: 'f64' as const, array: to },
    { name: '\0from', kind: 'f64' as const, array: from },
    { name: '\0seen', kind: 'u32' as const, array: seen },
  ]
  for (const column of [...heads.map(head => ({ ...head, size: 1, doc: false })), ...columns])
    addColumn(sum, name, column, places, documents, begin, end)
  sums[MAIL_PREFIX[kind] + name] = { '': sum }
}

/** A frozen partition, and the tick at which it froze. */
export interface FrozenSince {
  readonly partition: string
  readonly since: number
}

/** Takes from the sums of a whole what a part of it has. */
export function partOfSums(sums: HashSums, part: HashPart): HashSums {
  const populations = Object.entries(sums).filter(([name]) => !part.populations || part.populations.includes(name))
  return Object.fromEntries(
    populations.map(([name, columns]) => [
      name,
      Object.fromEntries(Object.entries(columns).filter(([c]) => !part.columns || part.columns.includes(c))),
    ]),
  )
}

/** Puts the sums of all shares together, with the levels above 0 of engines that are shed and the frozen partitions in order. */
export function joinHashes(
  shares: readonly HashSums[],
  tick: number,
  shedLevels: Readonly<Record<string, number>> = {},
  frozen: readonly FrozenSince[] = [],
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
  const waiting: { mail: Record<string, string>; asks: Record<string, string> } = { mail: {}, asks: {} }
  const sums: HashSum[] = []
  for (const [name, parts] of [...total].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sum = { lo: 0, hi: 0 }
    sums.push(sum)
    for (const part of parts.values()) addSums(sum, part)
    const kind = (['mail', 'asks'] as const).find(k => name.startsWith(MAIL_PREFIX[k]))
    if (kind) {
      waiting[kind][name.slice(MAIL_PREFIX[kind].length)] = sumText(sum)
      continue
    }
    if (name.startsWith(LEAVING_PREFIX)) continue
    populations[name] = sumText(sum)
    columns[name] = {}
    for (const [column, part] of parts) if (column !== '') columns[name][column] = sumText(part)
  }
  const shed = Object.entries(shedLevels).sort(([a], [b]) => (a < b ? -1 : 1))
  const levels = shed.map(([engine, level]) => ({ lo: fnv1a(engine), hi: level }))
  const asleep = frozen.map(({ partition, since }) => ({ lo: fnv1a(`frozen ${partition}`), hi: since % 2 ** 32 }))
  return { hash: combine([...sums, ...levels, ...asleep], tick), populations, columns, ...waiting }
}
