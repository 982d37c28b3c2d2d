// Where everything lies in a world's memory. The only file that computes offsets; every thread computes the same ones
// from the scenario, the parameters and the number of threads, so none is ever sent.
//
//   world      [header][partition name ends][partition name bytes][measure values][measure ring][measure partials][stream tables]…[mailboxes]…
//   population [meta][frame tables][partition tables][slot tables][id][partition][column]…[turns]…[copies]…[effects]…
//              [hidden]…[scratch]…[counts][documents]
//   view       [state][refused][keys][counts][totals][first][row][id][picked column]…
//
// A column is contiguous over all frames of its population: row = frame * block + position. Every array begins at a
// multiple of 64 bytes, and successive ones are staggered within a 4 KiB page: columns that start at the same place of
// a page collide in the cache (measured: 16 ns a row instead of 2.7). Memory is reserved, not touched: a page costs
// nothing before something is written there, so capacities may be generous.
import { PopulaceError } from '../core/errors.js'
import {
  EVENT_QUEUE,
  MAX_ARENA_BYTES,
  MAX_CAPACITY,
  MAX_PARTITION_NAME_BYTES,
  MAX_PARTITIONS,
  MEASURE_RING_TICKS,
  MIN_BLOCK,
} from '../core/limits.js'
import { bytesOf } from './arrays.js'
import type { Kind } from './column-types.js'
import type { ColumnData } from './columns.js'
import { DOCUMENT_PAGE, HEAP_CURSOR, HEAP_META, type HeapLayout, heapLimit, heapPages } from './document-heap.js'
import type { PopulationData } from './population.js'

/** Words of a population's meta table. */
export const META = {
  size: 0,
  framesUsed: 1,
  framesFree: 2,
  blocks: 3,
  slotsUsed: 4,
  slotsFree: 5,
  firstFree: 6,
  stale: 7,
  /** Grows, modulo 2^32, with each row that comes, goes or moves: what is made of rows is made anew when it has changed. */
  structure: 8,
  /** Grows, modulo 2^32, with each change of values that a host, command, main engine or setup makes. */
  edits: 9,
  words: 16,
} as const

/** Words of a view's state: whether it was ever made, of which rows and values, and what has been written since. */
export const VIEW = { made: 0, structure: 1, edits: 2, target: 3, staleKeys: 4, staleColumns: 5, words: 16 } as const

/** Words of the world's header. */
export const HEADER = { partitions: 0, words: 16 } as const

/** What became of a population's agents since the world began: exact integers. */
export const COUNT = { born: 0, died: 1, moved: 2, refusedBirths: 3, refusedMoves: 4, words: 8 } as const

/** Frames kept beyond the capacity for partitions that end in a part-filled block. */
const SPARE_FRAMES = 2048

/** One column in memory. */
export interface ColumnLayout {
  readonly name: string
  readonly data: ColumnData
  readonly offset: number
  /** Where its copy "as it was when the engine began" lies; 0: no engine needs one. */
  readonly copy: number
  /** Where thread w accumulates effects: offset + w * stride, 8 bytes a row; flags: one byte a frame and thread. */
  readonly effect: { readonly offset: number; readonly stride: number; readonly flags: number } | undefined
}

/** An array of one value a row beside the columns. */
export interface BesideLayout {
  readonly kind: Kind
  readonly offset: number
  /** One byte a frame: whether any row of it may be other than 0. */
  readonly used: number
}

/** One population in memory. */
export interface PopulationLayout {
  readonly name: string
  readonly index: number
  readonly capacity: number
  readonly permanent: boolean
  readonly lattice: boolean
  readonly block: number
  /** log2(block). */
  readonly shift: number
  readonly frames: number
  /** frames * block: the length of a column of one value a row. */
  readonly rows: number
  readonly meta: number
  readonly framePartition: number
  readonly frameRows: number
  readonly frameOrdinal: number
  readonly frameNext: number
  readonly framePrevious: number
  readonly freeFrames: number
  readonly blockList: number
  readonly partitionHead: number
  readonly partitionTail: number
  readonly partitionRows: number
  readonly slotRow: number
  readonly slotGeneration: number
  readonly freeSlots: number
  readonly id: number
  readonly partition: number
  readonly columns: readonly ColumnLayout[]
  /** Of each engine that may skip agents: the tick of a row's last turn, plus one; ticks elapsed; its shed level, a word. */
  readonly turns: ReadonlyMap<string, { readonly last: number; readonly elapsed: number; readonly level: number }>
  /** Where its documents lie; undefined: it has none. */
  readonly documents: HeapLayout | undefined
  /** Arrays that go along with a row wherever it goes, and are 0 when a tick begins. */
  readonly hidden: ReadonlyMap<string, BesideLayout>
  /** Arrays that stay where they are: nothing in them outlives the commit of the engine that wrote it. */
  readonly scratch: ReadonlyMap<string, BesideLayout>
  /** COUNT.words Float64 numbers. */
  readonly counts: number
}

/** A column of a stream's records, in the staging memory of each thread. */
export interface RecordColumn {
  readonly kind: Kind
  /** Values a record. */
  readonly size: number
  readonly default: number
  /** Two words that name a document. */
  readonly doc?: boolean
  readonly offset: number
}

/**
 * A stream: records that threads stage while they step blocks, each in memory of its own, to be taken in the order of
 * the blocks. `capacity` records are kept a thread, and one more, where those beyond go.
 */
export interface StreamLayout {
  readonly capacity: number
  readonly columns: ReadonlyMap<string, RecordColumn>
  /** Int32 words, one a frame of whatever population was stepped: which thread, its first record, how many. */
  readonly thread: number
  readonly start: number
  readonly count: number
  /** How many records lie before those of a block, in the order of the blocks. */
  readonly base: number
}

/** Float64 numbers of a mailbox: messages that wait, and what became of all since the world began. */
export const MAIL = { waiting: 0, sent: 1, delivered: 2, dropped: 3, refused: 4, inbox: 5, words: 8 } as const

/** A column of messages that wait, and of those that are delivered, sorted by receiver. */
export interface MailColumn extends RecordColumn {
  readonly sorted: number
}

/** The mailbox of a kind of message: `capacity` messages in the order in which they were sent, and one inbox. */
export interface MailLayout {
  readonly name: string
  readonly capacity: number
  /** The population that it goes to. */
  readonly population: string
  readonly columns: ReadonlyMap<string, MailColumn>
  /** Float64: the ids of receiver and sender; Uint32: who has seen it, a bit a receiving engine. */
  readonly to: number
  readonly from: number
  readonly seen: number
  /** MAIL.words Float64 numbers. */
  readonly counts: number
  /** The inbox: who sent, and the arrays of its sort (exchange/run-sort.ts), with `shares` and `stretches` at most. */
  readonly sortedFrom: number
  readonly sort: SortLayout
}

/** Int32 words of the queue of events: head is the crew's and tail the main thread's, the others the crew's. */
export const EVENTS = { head: 0, tail: 16, next: 32, any: 33, ofTick: 34, inTick: 35, wanted: 36, words: 48 } as const

/** The queue of events: EVENT_QUEUE records. */
export interface EventQueueLayout {
  readonly words: number
  /** Uint16, Int32 and Float64: of each record its kind, its number in its tick, its tick. */
  readonly kind: number
  readonly sequence: number
  readonly tick: number
  /** Float64: emitted by kind, and refused. */
  readonly counts: number
  /** By kind: Float64 ids of who emitted, and columns. */
  readonly kinds: readonly { readonly from: number; readonly columns: ReadonlyMap<string, number> }[]
}

/** Where a sort into runs happens: Int32 words. */
export interface SortLayout {
  readonly runs: number
  readonly shares: number
  readonly stretches: number
  readonly keys: number
  readonly counts: number
  readonly totals: number
  readonly first: number
  readonly sorted: number
}

/** A sorted view in memory: rows in runs, with copies of columns. */
export interface ViewLayout {
  /** VIEW.words words. */
  readonly state: number
  /** A word a share: the entry that it refused, plus one. */
  readonly refused: number
  /** The run of each entry. */
  readonly keys: number
  /** Shares * runs words: entries of each share by run, then where its next one goes. */
  readonly counts: number
  /** A word a stretch of runs. */
  readonly totals: number
  readonly first: number
  readonly row: number
  readonly id: number
  readonly columns: ReadonlyMap<string, number>
  readonly bytes: number
}

/** A world in memory. */
export interface WorldLayout {
  readonly bytes: number
  /** Bytes of what each thread stages; 0: nothing is ever staged. */
  readonly stagingBytes: number
  readonly threads: number
  readonly header: number
  readonly partitionNameEnds: number
  readonly partitionNames: number
  readonly measureValues: number
  readonly measureRing: number
  readonly measurePartials: readonly number[]
  readonly ones: number
  readonly populations: readonly PopulationLayout[]
  readonly views: readonly ViewLayout[]
  readonly streams: ReadonlyMap<string, StreamLayout>
  readonly mail: readonly MailLayout[]
  readonly events: EventQueueLayout
}

/** What a mailbox needs. */
export interface MailNeeds {
  readonly name: string
  readonly capacity: number
  readonly population: string
  readonly columns: ReadonlyMap<string, Omit<RecordColumn, 'offset'>>
  readonly shares: number
  readonly stretches: number
}

/** What a stream needs. */
export interface StreamNeeds {
  readonly capacity: number
  readonly columns: ReadonlyMap<string, Omit<RecordColumn, 'offset'>>
}

/** What a population needs beside its columns. */
export interface PopulationNeeds {
  readonly data: PopulationData
  readonly capacity: number
  readonly block: number
  readonly turns: readonly string[]
  readonly copies: ReadonlySet<string>
  readonly effects: ReadonlySet<string>
  /** Bytes that its documents may have together, where it has document columns. */
  readonly documentBytes?: number
  /** Kinds by name of arrays that go along with rows, and of those that stay. */
  readonly hidden?: ReadonlyMap<string, Kind>
  readonly scratch?: ReadonlyMap<string, Kind>
}

/** What a sorted view needs: `entries` are sorted into `runs` of at most `copies` in all. */
export interface ViewNeeds {
  readonly entries: number
  readonly runs: number
  readonly copies: number
  readonly shares: number
  readonly stretches: number
  readonly columns: ReadonlyMap<string, { readonly kind: Kind; readonly size: number }>
}

/** What a world needs. measures: for each the population (by position) and the numbers kept a block. */
export interface WorldNeeds {
  readonly threads: number
  readonly populations: readonly PopulationNeeds[]
  readonly measures: readonly { readonly population: number; readonly slots: number; readonly values: number }[]
  readonly streams?: ReadonlyMap<string, StreamNeeds>
  /** Of rows of the populations before, once these are placed. */
  readonly views?: (populations: readonly PopulationLayout[]) => readonly ViewNeeds[]
  readonly mail?: readonly MailNeeds[]
  /** The columns of each kind of event. */
  readonly events?: readonly ReadonlyMap<string, { readonly kind: Kind; readonly size: number }>[]
}

class Cursor {
  #next = 0
  #arrays = 0

  take(bytes: number): number {
    const stagger = ((this.#arrays++ % 12) * 320) % 4096
    const page = Math.ceil(this.#next / 64) * 64
    const offset = page + ((stagger - (page % 4096) + 4096) % 4096)
    // Small tables are packed: only arrays of at least a page are worth placing.
    const at = bytes >= 4096 ? offset : page
    this.#next = at + bytes
    return at
  }

  get end(): number {
    return this.#next
  }
}

function placePopulation(cursor: Cursor, needs: PopulationNeeds, index: number, threads: number): PopulationLayout {
  const { data, capacity, block } = needs
  if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= MAX_CAPACITY)) {
    throw new PopulaceError(
      'SCENARIO_INVALID',
      `The capacity of population '${data.name}' is ${capacity}`,
      `Give an integer from 1 to ${MAX_CAPACITY}.`,
    )
  }
  const full = Math.ceil(capacity / block)
  const spare = data.permanent ? 0 : block === MIN_BLOCK ? MAX_PARTITIONS : Math.min(full, SPARE_FRAMES) + 16
  const frames = Math.min(full + spare, capacity) // a block in use holds at least one agent
  const rows = frames * block
  const words = (n: number) => cursor.take(n * 4)
  const base = {
    name: data.name,
    index,
    capacity,
    permanent: data.permanent,
    lattice: data.lattice !== undefined,
    block,
    shift: Math.log2(block),
    frames,
    rows,
    meta: words(META.words),
    framePartition: words(frames),
    frameRows: words(frames),
    frameOrdinal: words(frames),
    frameNext: words(frames),
    framePrevious: words(frames),
    freeFrames: words(frames),
    blockList: words(frames),
    partitionHead: words(MAX_PARTITIONS),
    partitionTail: words(MAX_PARTITIONS),
    partitionRows: words(MAX_PARTITIONS),
    slotRow: words(capacity + 1),
    slotGeneration: words(capacity + 1),
    freeSlots: words(Math.ceil((capacity + 1) / 32)),
    id: cursor.take(rows * 8),
    partition: words(rows),
  }
  const columns: ColumnLayout[] = []
  for (const [name, column] of data.columns) {
    const bytes = rows * column.size * bytesOf(column.kind)
    const offset = cursor.take(bytes)
    const copy = needs.copies.has(name) ? cursor.take(bytes) : 0
    const stride = Math.ceil((rows * 8) / 4096) * 4096 + 640
    const effect = needs.effects.has(name)
      ? { offset: cursor.take(stride * threads), stride, flags: cursor.take(frames * threads) }
      : undefined
    columns.push({ name, data: column, offset, copy, effect })
  }
  const turns = new Map(
    needs.turns.map(engine => [engine, { last: words(rows), elapsed: words(rows), level: words(1) }]),
  )
  const beside = (wanted: ReadonlyMap<string, Kind> = new Map()) =>
    new Map(
      [...wanted].map(([name, kind]) => {
        const place: BesideLayout = { kind, offset: cursor.take(rows * bytesOf(kind)), used: cursor.take(frames) }
        return [name, place]
      }),
    )
  const hidden = beside(needs.hidden)
  const scratch = beside(needs.scratch)
  const counts = cursor.take(COUNT.words * 8)
  const documents = columns.some(c => c.data.doc) ? placeHeap(cursor, needs, threads) : undefined
  return { ...base, columns, turns, hidden, scratch, counts, documents }
}

function placeStream(world: Cursor, staging: Cursor, { capacity, columns }: StreamNeeds, frames: number): StreamLayout {
  const place = ({ kind, size, default: value, doc = false }: Omit<RecordColumn, 'offset'>): RecordColumn => ({
    ...{ kind, size, default: value, doc },
    offset: staging.take((capacity + 1) * size * bytesOf(kind)),
  })
  return {
    capacity,
    columns: new Map([...columns].map(([name, column]) => [name, place(column)])),
    thread: world.take(frames * 4),
    start: world.take(frames * 4),
    count: world.take(frames * 4),
    base: world.take(frames * 4),
  }
}

function placeMail(cursor: Cursor, needs: MailNeeds, populations: readonly PopulationLayout[]): MailLayout {
  const { name, capacity, population, shares, stretches } = needs
  const runs = populations.find(p => p.name === population)?.rows ?? 1
  const words = (n: number) => cursor.take(n * 4)
  const column = ({ kind, size, default: value }: Omit<RecordColumn, 'offset'>): MailColumn => {
    const bytes = capacity * size * bytesOf(kind)
    return { kind, size, default: value, offset: cursor.take(bytes), sorted: cursor.take(bytes) }
  }
  return {
    name,
    capacity,
    population,
    columns: new Map([...needs.columns].map(([of, c]) => [of, column(c)])),
    to: cursor.take(capacity * 8),
    from: cursor.take(capacity * 8),
    seen: words(capacity),
    counts: cursor.take(MAIL.words * 8),
    sortedFrom: cursor.take(capacity * 8),
    sort: {
      ...{ runs, shares, stretches },
      keys: words(capacity),
      counts: words(runs * shares),
      totals: words(stretches),
      first: words(runs + 1),
      sorted: words(capacity),
    },
  }
}

function placeEvents(cursor: Cursor, kinds: NonNullable<WorldNeeds['events']>): EventQueueLayout {
  const queued = (bytes: number) => cursor.take(kinds.length === 0 ? 0 : EVENT_QUEUE * bytes)
  return {
    words: cursor.take(EVENTS.words * 4),
    kind: queued(2),
    sequence: queued(4),
    tick: queued(8),
    counts: cursor.take((kinds.length + 1) * 8),
    kinds: kinds.map(columns => ({
      from: queued(8),
      columns: new Map([...columns].map(([name, { kind, size }]) => [name, queued(size * bytesOf(kind))])),
    })),
  }
}

function placeView(cursor: Cursor, needs: ViewNeeds): ViewLayout {
  const words = (n: number) => cursor.take(n * 4)
  const begin = cursor.end
  const place = {
    state: words(VIEW.words),
    refused: words(needs.shares),
    keys: words(needs.entries),
    counts: words(needs.shares * needs.runs),
    totals: words(needs.stretches),
    first: words(needs.runs + 1),
    row: words(needs.copies),
    id: cursor.take(needs.copies * 8),
    columns: new Map(
      [...needs.columns].map(([name, { kind, size }]) => [name, cursor.take(needs.copies * size * bytesOf(kind))]),
    ),
  }
  return { ...place, bytes: cursor.end - begin }
}

/** Places a heap; the main thread writes documents too. SCENARIO_INVALID. */
function placeHeap(cursor: Cursor, needs: PopulationNeeds, threads: number): HeapLayout {
  const limit = heapLimit(needs.data.name, needs.capacity, needs.documentBytes)
  const writers = threads + 1
  const pages = heapPages(limit, writers)
  const meta = cursor.take(HEAP_META.words * 8)
  const cursors = cursor.take(writers * HEAP_CURSOR.words * 8)
  return {
    limit,
    writers,
    pages,
    meta,
    cursors,
    states: cursor.take(pages * 4),
    bytes: cursor.take(pages * DOCUMENT_PAGE),
  }
}

/** Places everything. ARENA_TOO_LARGE, SCENARIO_INVALID. */
export function layOut(needs: WorldNeeds): WorldLayout {
  const cursor = new Cursor()
  const header = cursor.take(HEADER.words * 4)
  const partitionNameEnds = cursor.take(MAX_PARTITIONS * 4)
  const partitionNames = cursor.take(MAX_PARTITION_NAME_BYTES)
  const populations = needs.populations.map((p, i) => placePopulation(cursor, p, i, needs.threads))
  const views = (needs.views?.(populations) ?? []).map(view => placeView(cursor, view))
  const values = needs.measures.reduce((n, m) => n + m.values, 0)
  const measureValues = cursor.take(values * 8)
  const measureRing = cursor.take((values + 1) * 8 * MEASURE_RING_TICKS)
  const measurePartials = needs.measures.map(m => cursor.take(populations[m.population].frames * m.slots * 8))
  const ones = cursor.take(Math.max(1, ...populations.map(p => p.rows)))
  const staging = new Cursor()
  const frames = Math.max(1, ...populations.map(p => p.frames))
  const streams = new Map(
    [...(needs.streams ?? [])].map(([name, stream]) => [name, placeStream(cursor, staging, stream, frames)]),
  )
  const mail = (needs.mail ?? []).map(m => placeMail(cursor, m, populations))
  const events = placeEvents(cursor, needs.events ?? [])
  const bytes = Math.ceil(cursor.end / 65536) * 65536
  if (bytes > MAX_ARENA_BYTES) {
    const largest = [...populations].sort((a, b) => b.rows - a.rows)[0]
    throw new PopulaceError(
      'ARENA_TOO_LARGE',
      `The world needs ${(bytes / 2 ** 30).toFixed(1)} GiB at its declared capacities, and one memory holds 4`,
      `Lower the capacity of '${largest.name}' (${largest.capacity} agents), use narrower columns, fewer documentBytes, or fewer workers.`,
    )
  }
  return {
    bytes,
    stagingBytes: streams.size === 0 ? 0 : staging.end,
    threads: needs.threads,
    header,
    partitionNameEnds,
    partitionNames,
    measureValues,
    measureRing,
    measurePartials,
    ones,
    populations,
    streams,
    views,
    mail,
    events,
  }
}
