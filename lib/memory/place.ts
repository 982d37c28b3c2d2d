// Where everything lies in a world's memory: computes the offsets that layout.ts describes. The only file that does, and
// every thread computes the same ones from the scenario, the parameters and the number of threads, so none is ever sent.
//
// Every array begins at a multiple of 64 bytes, and successive ones are staggered within a 4 KiB page: columns that start
// at the same place of a page collide in the cache (measured: 16 ns a row instead of 2.7).
import { PopulaceError } from '../core/errors.js'
import {
  EVENT_QUEUE,
  EVENT_QUEUE_BYTES,
  MAIL_BUCKET_SHIFT,
  MAX_ARENA_BYTES,
  MAX_CAPACITY,
  MAX_MAIL_BUCKETS,
  MAX_PARTITION_NAME_BYTES,
  MAX_PARTITIONS,
  MEASURE_RING_TICKS,
  MIN_BLOCK,
  REFUSED_ASKS,
} from '../core/limits.js'
import { bytesOf } from './arrays.js'
import { ASK_COLUMNS } from './ask.js'
import type { Kind } from './column-types.js'
import { DOCUMENT_PAGE, HEAP_CURSOR, HEAP_META, type HeapLayout, heapLimit, heapPages } from './document-heap.js'
import {
  ASKS,
  type AskLayout,
  type AskNeeds,
  type BesideLayout,
  COUNT,
  type ColumnLayout,
  EVENTS,
  type EventQueueLayout,
  HEADER,
  MAIL,
  type MailColumn,
  type MailLayout,
  type MailNeeds,
  META,
  type PopulationLayout,
  type PopulationNeeds,
  type RecordColumn,
  type StreamLayout,
  type StreamNeeds,
  VIEW,
  type ViewLayout,
  type ViewNeeds,
  type WorldLayout,
  type WorldNeeds,
} from './layout.js'

import { STAGED_DOCUMENT_BYTES } from './staged-documents.js'

/** Frames kept beyond the capacity for partitions that end in a part-filled block. */
const SPARE_FRAMES = 2048

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
  const frames = Math.min(full + spare, capacity + 1) // a block in use holds an agent; one more, for who moves is in two
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
    leavingIds: cursor.take(data.permanent ? 0 : capacity * 8),
    leavingTo: words(data.permanent ? 0 : capacity + 1),
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
  const documents = columns.some(c => c.data.doc)
    ? placeHeap(cursor, heapLimit(data.name, capacity, needs.documentBytes), threads)
    : undefined
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

function placeMail(
  cursor: Cursor,
  needs: MailNeeds,
  populations: readonly PopulationLayout[],
  threads: number,
): MailLayout {
  const { name, capacity, population, shares } = needs
  const rows = populations.find(p => p.name === population)?.rows ?? 1
  const shift = Math.max(MAIL_BUCKET_SHIFT, Math.ceil(Math.log2(rows / MAX_MAIL_BUCKETS)))
  const buckets = Math.ceil(rows / 2 ** shift)
  const words = (n: number) => cursor.take(n * 4)
  const column = ({ kind, size, default: value, doc = false }: Omit<RecordColumn, 'offset'>): MailColumn => {
    const bytes = capacity * size * bytesOf(kind)
    const [offset, half, sorted] = [cursor.take(bytes), cursor.take(bytes), cursor.take(bytes)]
    return { kind, size, default: value, doc, offset, half, sorted }
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
    halfFrom: cursor.take(capacity * 8),
    sortedFrom: cursor.take(capacity * 8),
    documents: [...needs.columns.values()].some(c => c.doc)
      ? placeHeap(cursor, heapLimit(name, capacity, undefined), threads)
      : undefined,
    sort: {
      ...{ rows, shares, shift, buckets },
      keys: words(capacity),
      halfKeys: words(capacity),
      tally: words(shares * buckets),
      begins: words(buckets + 1),
      first: words(rows + 1),
    },
  }
}

function placeAsks(
  cursor: Cursor,
  { name, pending, population, shares }: AskNeeds,
  populations: readonly PopulationLayout[],
  threads: number,
): AskLayout {
  const capacity = pending + REFUSED_ASKS
  return {
    mail: placeMail(cursor, { name, capacity, population, shares, columns: ASK_COLUMNS }, populations, threads),
    pending,
    counts: cursor.take(ASKS.words * 8),
    news: cursor.take(4),
  }
}

function placeEvents(cursor: Cursor, staging: Cursor, kinds: NonNullable<WorldNeeds['events']>): EventQueueLayout {
  const documents = kinds.some(columns => [...columns.values()].some(c => c.doc))
  const queued = (bytes: number) => cursor.take(kinds.length === 0 ? 0 : EVENT_QUEUE * bytes)
  return {
    words: cursor.take(EVENTS.words * 4),
    kind: queued(2),
    sequence: queued(4),
    tick: queued(8),
    counts: cursor.take((kinds.length + 1) * 8),
    bytes: documents ? cursor.take(EVENT_QUEUE_BYTES) : 0,
    staged: documents ? staging.take(STAGED_DOCUMENT_BYTES) : 0,
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
    counts: words((needs.spaces + needs.shares - 1) * (needs.runs / needs.spaces)),
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
function placeHeap(cursor: Cursor, limit: number, threads: number): HeapLayout {
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
  const partitionStates = cursor.take(MAX_PARTITIONS)
  const partitionWoken = cursor.take(MAX_PARTITIONS)
  const partitionSince = cursor.take(MAX_PARTITIONS * 8)
  const populations = needs.populations.map((p, i) => placePopulation(cursor, p, i, needs.threads))
  const views = (needs.views?.(populations) ?? []).map(view => placeView(cursor, view))
  const values = needs.measures.reduce((n, m) => n + m.values, 0)
  const measureValues = cursor.take(values * 8)
  const measureRing = cursor.take((values + 1) * 8 * MEASURE_RING_TICKS)
  const measurePartials = needs.measures.map(m => cursor.take(populations[m.population].frames * m.slots * 8))
  // Four numbers a partition where a float sum has to keep its order of terms, else those of all together.
  const measureFrozen = needs.measures.map(m => cursor.take((m.slots === 4 ? MAX_PARTITIONS * 4 : m.slots) * 8))
  const ones = cursor.take(Math.max(1, ...populations.map(p => p.rows)))
  const staging = new Cursor()
  const frames = Math.max(1, ...populations.map(p => p.frames))
  const streams = new Map(
    [...(needs.streams ?? [])].map(([name, stream]) => [name, placeStream(cursor, staging, stream, frames)]),
  )
  const mail = (needs.mail ?? []).map(m => placeMail(cursor, m, populations, needs.threads))
  const asks = (needs.asks ?? []).map(a => placeAsks(cursor, a, populations, needs.threads))
  const events = placeEvents(cursor, staging, needs.events ?? [])
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
    partitionStates,
    partitionWoken,
    partitionSince,
    measureValues,
    measureRing,
    measurePartials,
    measureFrozen,
    ones,
    populations,
    streams,
    views,
    mail,
    asks,
    events,
  }
}
