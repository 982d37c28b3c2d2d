// Where asks of one kind wait: for their answers, and then until all engines that hear them have. A mailbox whose letters
// are written twice: by the crew when the asking engine ends, and by the main thread, between two ticks, when it is known
// what became of them. Its order is that of asking, so it does not depend on when answers come.
import { PopulaceError } from '../core/errors.js'
import { REFUSED_ASKS } from '../core/limits.js'
import { lowerBound } from '../core/lower-bound.js'
import { ASK_STATUS } from './ask.js'
import { decode } from './document-codec.js'
import type { DocumentHeap } from './document-heap.js'
import { ASKS, type AskLayout, MAIL } from './layout.js'
import { Mailbox } from './mailbox.js'

/** What became of asks of one kind since the world began: asked = open + ok + late + failed + refused. */
export interface AskCounts {
  readonly asked: number
  /** Unanswered. */
  readonly open: number
  readonly ok: number
  readonly late: number
  readonly failed: number
  /** By the service, and beyond what may be pending. */
  readonly refused: number
  /** Of those refused, the ones of which the asker was not told: too many of them waited already. */
  readonly untold: number
  /** Answered and not heard yet; an asker who sleeps hears when he wakes. */
  readonly waiting: number
  /** Answers to the dead. */
  readonly dropped: number
}

/** An ask that waits for its answer. */
export interface OpenAsk {
  /** Its number among the asks of its kind in the run, from 0. */
  readonly number: number
  readonly agent: number
  readonly tick: number
  /** The number of the engine that asked, among those that ask it. */
  readonly engine: number
  /** A copy. */
  readonly question: unknown
  /** The question's bytes as characters: questions are the same where these are. */
  readonly text: string
}

export class AskBox {
  readonly mailbox: Mailbox
  readonly status: Uint8Array
  readonly #pending: number
  readonly #counts: Float64Array
  readonly #news: Int32Array
  readonly #question: Uint32Array
  readonly #answer: Uint32Array
  readonly #token: Float64Array
  readonly #tick: Float64Array
  readonly #engine: Uint16Array
  readonly #number: Float64Array

  /** writer: number of the thread in its crew, or of the main thread after all of them. */
  constructor(buffer: ArrayBufferLike, layout: AskLayout, writer: number) {
    const { name } = layout.mail
    const owner = { what: `ask '${name}'`, remedy: `Raise the pending of '${name}'` }
    this.mailbox = new Mailbox(buffer, layout.mail, writer, owner)
    this.#pending = layout.pending
    this.#counts = new Float64Array(buffer, layout.counts, ASKS.words)
    this.#news = new Int32Array(buffer, layout.news, 1)
    const column = (name: string) => this.mailbox.columns.get(name)?.array as unknown // of the kinds in ASK_COLUMNS
    this.status = column('status') as Uint8Array
    this.#question = column('question') as Uint32Array
    this.#answer = column('answer') as Uint32Array
    this.#token = column('token') as Float64Array
    this.#tick = column('tick') as Float64Array
    this.#engine = column('engine') as Uint16Array
    this.#number = column('number') as Float64Array
  }

  /** Of its questions and answers. */
  get heap(): DocumentHeap {
    return this.mailbox.heap as DocumentHeap // its columns hold documents
  }

  /** ASKS.words numbers, which are part of the state. */
  get numbers(): Float64Array {
    return this.#counts
  }

  get counts(): AskCounts {
    const [, asked, ok, late, failed, refused, untold] = this.#counts
    const { waiting, ready } = this.mailbox
    const [, , , dropped] = this.mailbox.numbers
    return { asked, open: waiting - ready, ok, late, failed, refused, untold, waiting: ready, dropped }
  }

  // ---- the crew's side, by one thread between barriers -----------------------------------------------------------------

  /** Takes in an ask; one beyond what may be pending is refused, and the asker is told. */
  add(asker: number, offset: number, length: number, token: number, tick: number, engine: number): void {
    const { mailbox } = this
    const counts = this.#counts
    const { waiting, ready } = mailbox
    const isAdmitted = waiting - ready < this.#pending && waiting < mailbox.layout.capacity
    counts[ASKS.asked]++
    if (!isAdmitted) counts[ASKS.refused]++
    if (!isAdmitted && ready >= REFUSED_ASKS) {
      counts[ASKS.untold]++
      return
    }
    mailbox.admit(1)
    mailbox.to[waiting] = asker
    mailbox.from[waiting] = 0
    mailbox.seen[waiting] = 0
    this.#question[waiting * 2] = isAdmitted ? offset : 0
    this.#question[waiting * 2 + 1] = isAdmitted ? length : 0
    this.#answer[waiting * 2] = 0
    this.#answer[waiting * 2 + 1] = 0
    this.#token[waiting] = token
    this.#tick[waiting] = tick
    this.#engine[waiting] = engine
    this.#number[waiting] = counts[ASKS.next]++
    this.status[waiting] = isAdmitted ? ASK_STATUS.open : ASK_STATUS.refused
    if (!isAdmitted) return
    mailbox.numbers[MAIL.open]++
    this.#news[0] = 1
  }

  /** Counts asks that there is no memory of. */
  refuse(count: number): void {
    this.#counts[ASKS.asked] += count
    this.#counts[ASKS.refused] += count
    this.#counts[ASKS.untold] += count
  }

  /** Whether something was asked that the main thread has not been told of. The same in all threads between barriers. */
  get hasNews(): boolean {
    return this.#news[0] === 1
  }

  // ---- main's side, between two batches --------------------------------------------------------------------------------

  /** Main knows of all asks. */
  told(): void {
    this.#news[0] = 0
  }

  /** Asks from number `from` on that wait for an answer, in order. */
  *open(from = 0): Generator<OpenAsk> {
    const { waiting, to } = this.mailbox
    const { bytes, view } = this.heap
    const characters = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = this.#search(from); at < waiting; at++) {
      if (this.status[at] !== ASK_STATUS.open) continue
      const begin = this.#question[at * 2]
      const question = decode(bytes, view, begin)
      const text = characters.toString('latin1', begin, begin + this.#question[at * 2 + 1])
      const [number, agent, tick, engine] = [this.#number[at], to[at], this.#tick[at], this.#engine[at]]
      yield { number, agent, tick, engine, question, text }
    }
  }

  /** The number that the next ask will have. */
  get next(): number {
    return this.#counts[ASKS.next]
  }

  /** Whether answers of so many bytes together have room. */
  hasRoomFor(bytes: number): boolean {
    try {
      this.mailbox.admitBytes(bytes)
      return true
    } catch (error) {
      if (error instanceof PopulaceError) return false
      throw error
    }
  }

  /** Says what became of an ask; false where it waits for no answer. The answer has to have room. */
  answer(number: number, status: number, bytes: Uint8Array | undefined): boolean {
    const at = this.#search(number)
    if (at === this.mailbox.waiting || this.#number[at] !== number || this.status[at] !== ASK_STATUS.open) return false
    this.status[at] = status
    this.mailbox.numbers[MAIL.open]--
    this.#counts[ASKS.ok + status]++
    this.#question[at * 2 + 1] = 0
    if (!bytes) return true
    this.#answer[at * 2] = this.heap.store(bytes, 0, bytes.length)
    this.#answer[at * 2 + 1] = bytes.length
    return true
  }

  /** The place of the first ask with this number or a later one. Numbers ascend. */
  #search(number: number): number {
    return lowerBound(this.mailbox.waiting, at => this.#number[at], number)
  }

  /** Renumbers the engines that asked, after a restore: `to` by old number, below 0 for one that is gone. */
  renumber(to: readonly number[]): void {
    for (let at = 0; at < this.mailbox.waiting; at++) this.#engine[at] = to[this.#engine[at]] // -1 is the highest number
  }
}
