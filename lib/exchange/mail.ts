// Mail: messages go from kernels through a stream into a mailbox, and from there, sorted by receiver, into the inbox of
// an engine that receives them.
//
// mailbox   appended to block by block when the sending engine ends, in the order of the blocks: that is the order of
//           inboxes. A message stays until all receiving engines have seen it, or its receiver is dead.
// inbox     made before a receiving engine runs: what waits for agents that have their turn now. One for each kind of
//           message, for two receiving engines never share a stage.
//
// A step is a parallel loop with a barrier after it; what its items() says changes in serial parts only.
import { MAIL_SHARE } from '../core/limits.js'
import { arrayAt } from '../memory/arrays.js'
import type { AnyArray, View } from '../memory/column-types.js'
import { type DocumentReader, type DocumentStore, recordReader } from '../memory/documents.js'
import { MAIL, type MailSortLayout } from '../memory/layout.js'
import { checkReceiver, type Mailbox } from '../memory/mailbox.js'
import type { PartitionStates } from '../memory/partition-states.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { Frozen, MessageData } from '../memory/record.js'
import type { WorldMemory } from '../memory/world.js'
import { type Delivery, deliveryKey, receiverKey } from './mail-key.js'
import { MailSort, type SortedColumn } from './mail-sort.js'
import { RECEIVER, SENDER } from './needs.js'
import type { SortStep } from './sorted-view.js'
import type { Staging, Stream } from './streams.js'
import type { Turn } from './turn.js'

/** The sending side of a kind of message. */
export class Post {
  readonly stream: Stream
  readonly mailbox: Mailbox
  /** Whether it wakes the frozen partitions of its receivers. */
  readonly #wakes: boolean
  readonly #receivers: PopulationMemory
  readonly #states: PartitionStates

  constructor(mailbox: Mailbox, stream: Stream, { to, frozen }: MessageData, memory: WorldMemory) {
    this.mailbox = mailbox
    this.stream = stream
    this.#wakes = frozen === 'wake'
    this.#receivers = memory.population(to)
    this.#states = memory.partitions.states
  }

  /** What a kernel over `senders` sends with. OUTPUT_ROW, MESSAGE_INVALID. */
  draft(
    staging: Staging,
    senders: PopulationMemory,
    turn: Turn,
    began?: (row: number, at: number) => void,
    documents?: DocumentStore,
  ): object {
    const { name } = this.mailbox.layout
    const constants = {
      to: staging.arrays.get(RECEIVER),
      from: staging.arrays.get(SENDER),
      ids: senders.id,
      wrong: (id: number) => checkReceiver(name, id),
    }
    const fill = `
      if (!(id >= 0 && id <= ${Number.MAX_SAFE_INTEGER} && id === Math.floor(id))) wrong(id)
      to[at] = id
      from[at] = ids[row]`
    const head = { does: `sends '${name}' for`, parameters: ', id', fill, constants }
    return staging.draft(turn, head, [RECEIVER, SENDER], began, documents)
  }

  /** After messages of a block were appended: finds the frozen partitions that they wake. By any thread. */
  #wake(begin: number, end: number): void {
    const { slots } = this.#receivers
    for (let at = begin; at < end; at++) {
      const partition = slots.sleepsIn(this.mailbox.to[at])
      if (partition >= 0) this.#states.wake(partition)
    }
  }

  /** By one thread: finds where the messages of each block of `senders` go, and counts what there is no room for. */
  tally(senders: PopulationMemory): void {
    const { mailbox } = this
    const { count, base } = this.stream
    const { blockList, blocks } = senders.frames
    let at = mailbox.waiting
    for (let i = 0; i < blocks; i++) {
      const frame = blockList[i]
      base[frame] = at
      at += count[frame]
    }
    mailbox.admit(at - mailbox.waiting)
  }

  /** Appends the messages of a block: those that are admitted. */
  append(frame: number): void {
    const { mailbox } = this
    const { count, base, start, thread, stagings } = this.stream
    const n = Math.min(count[frame], mailbox.waiting - base[frame])
    count[frame] = 0
    if (n <= 0) return
    const { arrays } = stagings[thread[frame]]
    const from = start[frame]
    const to = base[frame]
    copyRecords(arrays.get(RECEIVER), mailbox.to, from, to, n)
    copyRecords(arrays.get(SENDER), mailbox.from, from, to, n)
    mailbox.seen.fill(0, to, to + n)
    for (const [name, { array, layout }] of mailbox.columns)
      copyRecords(arrays.get(name), array, from * layout.size, to * layout.size, n * layout.size)
    if (this.#wakes && this.#receivers.asleep > 0) this.#wake(to, to + n)
  }
}

function copyRecords(from: AnyArray | undefined, to: AnyArray, begin: number, at: number, n: number): void {
  if (from) to.set(from.subarray(begin, begin + n), at) // a stream of messages has all their columns
}

/** The receiving side of a kind of message, for one engine. */
export class Inbox {
  /** To be taken in this order, each whole before the next. */
  readonly steps: readonly SortStep[]
  readonly mailbox: Mailbox
  /** What a kernel is given. */
  readonly view: Readonly<Record<string, View | DocumentReader>>
  /** While no receiver sleeps, and while any does: what waits for sleepers is told from what waits for the dead then. */
  readonly #sorts: { readonly awake: MailSort; readonly asleep: MailSort }
  readonly #receivers: PopulationMemory
  readonly #layout: MailSortLayout
  /** The bits of all receiving engines. */
  readonly #all: number
  /**
   * Whether all that waits is for this engine and this tick, while nobody is asleep: nothing stays in the mailbox then,
   * and nobody asks who has seen it.
   */
  readonly #takesAll: boolean
  /** Whether the agents of a frame have their turn in the engine that receives, in the tick that is stepped. */
  hasTurn: (frame: number) => boolean = () => true

  /**
   * bit: of the engine that receives, among `receivers`. skips: whether some agents have no turn in some ticks. answered:
   * what became of asks, where these are what waits.
   */
  constructor(
    buffer: ArrayBufferLike,
    mailbox: Mailbox,
    population: PopulationMemory,
    receivers: number,
    bit: number,
    skips: boolean,
    frozen: Frozen,
    answered?: Uint8Array,
  ) {
    const { layout, heap } = mailbox
    this.#receivers = population
    const { capacity, name: message, sort } = layout
    this.mailbox = mailbox
    this.#layout = sort
    this.#all = 2 ** receivers - 1
    this.#takesAll = receivers === 1 && !skips && !answered
    const ids = (offset: number) => new Float64Array(buffer, offset, capacity)
    const from = { from: mailbox.from, half: ids(layout.halfFrom), to: ids(layout.sortedFrom), size: 1 }
    const columns = [...mailbox.columns].map(([name, { array, layout: c }]) => {
      const bound = (offset: number) => arrayAt(buffer, c.kind, offset, capacity * c.size)
      return { name, doc: c.doc, from: array, half: bound(c.half), to: bound(c.sorted), size: c.size }
    })
    const delivery: Delivery = {
      ...{ mailbox, population, all: this.#all, bit: 1 << bit, answered },
      hasTurn: skips ? (frame: number) => this.hasTurn(frame) : undefined,
    }
    const sorted: readonly SortedColumn[] = [from, ...columns]
    const awake = this.#takesAll ? receiverKey(mailbox, population) : deliveryKey(delivery, undefined)
    this.#sorts = {
      awake: new MailSort(buffer, sort, capacity, sorted, awake),
      asleep: new MailSort(buffer, sort, capacity, sorted, deliveryKey(delivery, frozen)),
    }
    const shown = columns.map(({ name, doc, to }) => [
      name,
      heap && doc ? recordReader(heap, to as Uint32Array, `${message}.${name}`) : to, // documents are words
    ])
    this.view = { ...Object.fromEntries(shown), first: this.#sorts.awake.first, from: from.to }
    this.steps = this.#makeSteps()
  }

  /** Shares of the mailbox; 0: nothing waits to be delivered and the inbox is empty already. */
  #shares(): number {
    const { waiting, ready, delivered } = this.mailbox
    if (ready === 0) return delivered > 0 ? 1 : 0
    return Math.min(this.#layout.shares, Math.ceil(waiting / MAIL_SHARE))
  }

  /** The same in all threads and for a whole tick: partitions freeze and thaw between batches. */
  get #sort(): MailSort {
    return this.#receivers.asleep > 0 ? this.#sorts.asleep : this.#sorts.awake
  }

  #makeSteps(): SortStep[] {
    const shares = () => this.#shares()
    const cut = (i: number) => Math.floor((this.mailbox.waiting * i) / shares())
    return [
      {
        items: shares,
        run: i => this.#sort.count(i, cut(i), cut(i + 1)),
        serial: () => void this.#sort.begin(shares()),
      },
      { items: shares, run: i => this.#sort.scatter(i, cut(i), cut(i + 1)) },
      {
        items: () => (shares() > 0 ? this.#layout.buckets : 0),
        run: i => this.#sort.place(i),
        serial: () => {
          this.mailbox.numbers[MAIL.inbox] = this.#sort.first[this.#layout.rows]
        },
      },
    ]
  }

  /** By one thread, when the engine that received has run. */
  retire(): void {
    if (this.mailbox.waiting === 0) return
    if (this.#takesAll && this.#receivers.asleep === 0) this.mailbox.empty(this.mailbox.delivered)
    else this.mailbox.retire(this.#all)
  }
}
