// What lies where in a world's memory: descriptions, and the words of its tables. place.ts computes the offsets.
//
//   world      [header][partition name ends][partition name bytes][partition states]…[measure values][measure ring][measure partials]…
//              [stream tables]…[mailboxes]…[asks]…[event queue]
//   population [meta][frame tables][partition tables][slot tables][leaving][id][partition][column]…[turns]…[copies]…[effects]…
//              [hidden]…[scratch]…[counts][documents]
//   view       [state][refused][keys][counts][totals][first][row][id][picked column]…
//   staging    of each thread, in a memory of its own: [stream: record columns]…
//
// A column is contiguous over all frames of its population: row = frame * block + position. Memory is reserved, not
// touched: a page costs nothing before something is written there, so capacities may be generous.
import type { Kind } from './column-types.js'
import type { ColumnData } from './columns.js'
import type { HeapLayout } from './document-heap.js'
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
  /** Agents of frozen partitions, who are in no frame. */
  frozen: 10,
  /** Entries of the list of those who wait to go to a frozen partition. */
  leaving: 11,
  words: 16,
} as const

/** Words of a view's state: whether it was ever made, of which rows and values, and what has been written since. */
export const VIEW = {
  made: 0,
  structure: 1,
  edits: 2,
  target: 3,
  staleKeys: 4,
  staleColumns: 5,
  /** Spaces that it had: one, or as many as there were partitions. */
  spaces: 6,
  words: 16,
} as const

/** Words of the world's header: partitions, those of them that are frozen, and whether any freeze or thaw is due. */
export const HEADER = { partitions: 0, frozen: 1, due: 2, words: 16 } as const

/** What became of a population's agents since the world began: exact integers. */
export const COUNT = { born: 0, died: 1, moved: 2, refusedBirths: 3, refusedMoves: 4, words: 8 } as const

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
  /** Who waits to go to a frozen partition: Float64 ids in order, and by slot the partition's number plus one. */
  readonly leavingIds: number
  readonly leavingTo: number
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

/**
 * Float64 numbers of a mailbox: messages that wait, what became of all since the world began, messages in the inbox as it
 * was made last, and, of asks, those among the ones that wait that are not answered.
 */
export const MAIL = { waiting: 0, sent: 1, delivered: 2, dropped: 3, refused: 4, inbox: 5, open: 6, words: 8 } as const

/** Float64 numbers of a kind of ask: the number of the next, and what became of all; four by the codes of ASK_STATUS. */
export const ASKS = { next: 0, asked: 1, ok: 2, late: 3, failed: 4, refused: 5, untold: 6, words: 8 } as const

/** Where asks of one kind wait: a mailbox with the columns of ASK_COLUMNS. */
export interface AskLayout {
  readonly mail: MailLayout
  /** Asks that may be unanswered at once. */
  readonly pending: number
  /** ASKS.words Float64 numbers. */
  readonly counts: number
  /** An Int32 word: whether something was asked that the main thread does not know of. */
  readonly news: number
}

/** A column of messages that wait, and of those that are delivered: half sorted, then sorted by receiver. */
export interface MailColumn extends RecordColumn {
  readonly half: number
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
  /** The inbox: who sent, half sorted and sorted, and the arrays of its sort (exchange/mail-sort.ts). */
  readonly halfFrom: number
  readonly sortedFrom: number
  /** Where its documents lie; undefined: it has none. */
  readonly documents: HeapLayout | undefined
  readonly sort: MailSortLayout
}

/** Int32 words of the queue of events: tail and tailBytes are the main thread's, the others the crew's. */
export const EVENTS = {
  head: 0,
  headBytes: 1,
  tail: 16,
  tailBytes: 17,
  next: 32,
  nextBytes: 33,
  any: 34,
  ofTick: 35,
  inTick: 36,
  bytesInTick: 37,
  wanted: 38,
  words: 48,
} as const

/** The queue of events: EVENT_QUEUE records. */
export interface EventQueueLayout {
  readonly words: number
  /** Uint16, Int32 and Float64: of each record its kind, its number in its tick, its tick. */
  readonly kind: number
  readonly sequence: number
  readonly tick: number
  /** Float64: emitted by kind, and refused. */
  readonly counts: number
  /** EVENT_QUEUE_BYTES bytes of documents, and where each thread stages them in its own memory; 0: there are none. */
  readonly bytes: number
  readonly staged: number
  /** By kind: Float64 ids of who emitted, and columns. */
  readonly kinds: readonly { readonly from: number; readonly columns: ReadonlyMap<string, number> }[]
}

/** Where messages are sorted by the rows of their receivers: Int32 words. */
export interface MailSortLayout {
  readonly rows: number
  /** Of the messages that wait, at most. */
  readonly shares: number
  /** Buckets of 2^shift rows. */
  readonly shift: number
  readonly buckets: number
  readonly keys: number
  readonly halfKeys: number
  /** shares * buckets words. */
  readonly tally: number
  /** Where each bucket begins, and the last ends. */
  readonly begins: number
  readonly first: number
}

/** A sorted view in memory: rows in runs, with copies of columns. */
export interface ViewLayout {
  /** VIEW.words words. */
  readonly state: number
  /** A word a share: the entry that it refused, plus one. */
  readonly refused: number
  /** The run of each entry. */
  readonly keys: number
  /** Entries of each share by run, then where its next one goes; a share's words begin one space after the last's. */
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
  /** A byte each: what a partition is and was asked to be (partition-states.ts), and whether something waits that wakes it. */
  readonly partitionStates: number
  readonly partitionWoken: number
  /** Float64: the tick at which a partition froze. */
  readonly partitionSince: number
  readonly measureValues: number
  readonly measureRing: number
  readonly measurePartials: readonly number[]
  /** Of frozen partitions: four numbers each, or of all together where only counts are kept. */
  readonly measureFrozen: readonly number[]
  readonly ones: number
  readonly populations: readonly PopulationLayout[]
  readonly views: readonly ViewLayout[]
  readonly streams: ReadonlyMap<string, StreamLayout>
  readonly mail: readonly MailLayout[]
  readonly asks: readonly AskLayout[]
  readonly events: EventQueueLayout
}

/** What a mailbox needs. */
export interface MailNeeds {
  readonly name: string
  readonly capacity: number
  readonly population: string
  readonly columns: ReadonlyMap<string, Omit<RecordColumn, 'offset'>>
  readonly shares: number
}

/** What a kind of ask needs. */
export interface AskNeeds {
  readonly name: string
  readonly pending: number
  readonly population: string
  readonly shares: number
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
  /** Of all spaces; exchange/spaces.ts says what these are. */
  readonly runs: number
  readonly spaces: number
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
  readonly asks?: readonly AskNeeds[]
  /** The columns of each kind of event. */
  readonly events?: readonly ReadonlyMap<
    string,
    { readonly kind: Kind; readonly size: number; readonly doc: boolean }
  >[]
}
