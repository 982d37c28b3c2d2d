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
import { MAIL, type SortLayout } from '../memory/layout.js'
import { checkReceiver, GONE, type Mailbox } from '../memory/mailbox.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import { type Gather, makeGather } from './gather.js'
import { RECEIVER, SENDER } from './needs.js'
import { NO_RUN, RunSort } from './run-sort.js'
import type { SortStep } from './sorted-view.js'
import type { Staging, Stream } from './streams.js'
import type { Turn } from './turn.js'

/** Messages gathered by one item of the last step. */
const CHUNK = 4096

/** The sending side of a kind of message. */
export class Post {
  readonly stream: Stream
  readonly mailbox: Mailbox

  constructor(mailbox: Mailbox, stream: Stream) {
    this.mailbox = mailbox
    this.stream = stream
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
  readonly #sort: RunSort
  readonly sort: SortLayout
  readonly #first: Int32Array
  readonly #gather: Gather
  /** The bits of all receiving engines. */
  readonly #all: number
  /** Whether the agents of a frame have their turn in the engine that receives, in the tick that is stepped. */
  hasTurn: (frame: number) => boolean = () => true

  /** bit: of the engine that receives, among `receivers`. skips: whether some agents have no turn in some ticks. */
  constructor(
    buffer: ArrayBufferLike,
    mailbox: Mailbox,
    population: PopulationMemory,
    receivers: number,
    bit: number,
    skips: boolean,
  ) {
    const { layout } = mailbox
    const { sort } = layout
    const words = (offset: number, n: number) => new Int32Array(buffer, offset, n)
    this.mailbox = mailbox
    this.sort = sort
    this.#all = 2 ** receivers - 1
    this.#first = words(sort.first, sort.runs + 1)
    const arrays = {
      keys: words(sort.keys, layout.capacity),
      counts: words(sort.counts, sort.runs * sort.shares),
      totals: words(sort.totals, sort.stretches),
      first: this.#first,
      sorted: words(sort.sorted, layout.capacity),
    }
    const turns = skips ? (frame: number) => this.hasTurn(frame) : undefined
    const key = deliveryKey(mailbox, population, this.#all, 1 << bit, turns)
    this.#sort = new RunSort({ arrays, key, reserved: sort.runs, per: 1 })
    const sender = new Float64Array(buffer, layout.sortedFrom, layout.capacity)
    const columns = [...mailbox.columns].map(([name, { array, layout: c }]) => ({
      name,
      from: array,
      to: arrayAt(buffer, c.kind, c.sorted, layout.capacity * c.size),
      size: c.size,
      axis: undefined,
    }))
    this.#gather = makeGather({ row: arrays.sorted, ids: mailbox.from, id: sender, columns }, false)
    const shown = columns.map(({ name, to }) => {
      const { heap } = mailbox
      const isDocument = heap && mailbox.columns.get(name)?.layout.doc
      return [name, isDocument ? recordReader(heap, to as Uint32Array, `${layout.name}.${name}`) : to] // documents are words
    })
    this.view = { ...Object.fromEntries(shown), first: this.#first, from: sender }
    this.steps = this.#makeSteps()
  }

  /** Shares of the mailbox; 0: nothing waits and the inbox is empty already. */
  #shares(): number {
    const { waiting } = this.mailbox
    if (waiting === 0) return this.mailbox.delivered > 0 ? 1 : 0
    return Math.min(this.sort.shares, Math.ceil(waiting / MAIL_SHARE))
  }

  #makeSteps(): SortStep[] {
    const sort = this.#sort
    const { runs, stretches } = this.sort
    const cut = (i: number, of: number, n: number) => Math.floor((n * i) / of)
    const stretch = (i: number): [number, number] => [cut(i, stretches, runs), cut(i + 1, stretches, runs)]
    const shares = () => this.#shares()
    const share = (i: number): [number, number] => {
      const { waiting } = this.mailbox
      return [cut(i, shares(), waiting), cut(i + 1, shares(), waiting)]
    }
    const any = () => (shares() > 0 ? stretches : 0)
    return [
      {
        items: shares,
        run(i) {
          sort.clear(i, runs)
          sort.count(i, ...share(i))
        },
      },
      { items: any, run: i => sort.sum(i, ...stretch(i), shares()), serial: () => sort.begin(stretches, runs) },
      { items: any, run: i => sort.place(i, ...stretch(i), shares()) },
      { items: shares, run: i => sort.scatter(i, ...share(i)) },
      {
        items: () => (shares() === 0 ? 0 : Math.max(1, Math.ceil(this.#first[runs] / CHUNK))),
        run: i => {
          const begin = i * CHUNK
          this.#gather(begin, begin, Math.min(CHUNK, this.#first[runs] - begin), 0, 0, 0)
        },
        serial: () => {
          this.mailbox.numbers[MAIL.inbox] = this.#first[runs]
        },
      },
    ]
  }

  /** By one thread, when the engine that received has run. */
  retire(): void {
    if (this.mailbox.waiting > 0) this.mailbox.retire(this.#all)
  }
}

/** The run of a message: its receiver's row, for those that this engine has not seen; marks them as seen, or gone. */
function deliveryKey(
  mailbox: Mailbox,
  population: PopulationMemory,
  all: number,
  bit: number,
  hasTurn: ((frame: number) => boolean) | undefined,
) {
  const { row: slotRow } = population.slots
  const turn = hasTurn ? ` && hasTurn(found >>> ${population.layout.shift})` : ''
  return {
    constants: { to: mailbox.to, seen: mailbox.seen, ids: population.id, slotRow, hasTurn },
    code: `let key = ${NO_RUN}
      const mask = seen[e]
      if ((mask & ${bit}) === 0 && mask !== ${GONE}) {
        const id = to[e]
        const slot = id >>> 0
        const found = slot < ${slotRow.length} ? slotRow[slot] - 1 : -1
        if (found < 0 || ids[found] !== id) seen[e] = mask === 0 ? ${GONE} : ${all}
        else if (true${turn}) {
          key = found
          seen[e] = mask | ${bit}
        }
      }`,
  }
}
