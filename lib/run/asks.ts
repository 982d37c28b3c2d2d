// Asks on the main thread: which are open, whom they are put to, and what becomes of them. Between two ticks it puts what
// was asked, and says what became of asks: journaled and flushed before a tick can see it. Of ticks that are stepped
// again the journal alone speaks, and a question that it has an answer to is not put; a call that is under way, or whose
// answer nobody has taken, serves the same question when it is asked again.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { ASK_STATUS, type AskData, STATUS_NAMES } from '../memory/ask.js'
import type { AskBox, OpenAsk } from '../memory/ask-box.js'
import type { Json } from '../memory/column-types.js'
import { type DocumentBytes, documentBytes, documentIn } from '../memory/documents.js'
import { askersOf } from '../schedule/engine.js'
import type { AnswerEntry } from '../state/journal.js'
import type { OpenWorld } from './open-world.js'
import type { AskIdentity, Reply, TickService } from './service.js'
import { ServiceCalls, type ServiceStatus } from './service-calls.js'

/** A question that was put to a service. */
interface Call {
  readonly identity: AskIdentity
  readonly question: Uint8Array
  reply: Reply | undefined
  /** Called when there is a reply. */
  done: () => void
  cancel: () => void
}

/** An ask that waits for its answer. */
interface Waiting {
  readonly kind: Kind
  readonly open: OpenAsk
  /** The tick in which it is known at the latest what became of it: never below that of an ask of its kind before it. */
  readonly due: number
  call: Call | undefined
}

/** Asks of one kind. */
interface Kind {
  readonly ask: AskData
  readonly engines: readonly string[]
  /** By number, in order. */
  readonly waiting: Map<number, Waiting>
  /** Number of the first ask that is not known yet. */
  next: number
}

export class Asks {
  readonly #world: OpenWorld
  readonly #run: string
  /** Asks for the next boundary between two ticks. */
  readonly #interrupt: () => void
  readonly #kinds: readonly Kind[]
  readonly #services: ReadonlyMap<string, ServiceCalls>
  readonly #calls = new Map<string, Call>()
  /** Replies came, and their asks do not wait for a certain tick. */
  readonly #arrived = new Set<Waiting>()
  /** What the journal knows, in order; how much of it was said; and by the asks' names what was not. */
  #record: readonly AnswerEntry[] = []
  #said = 0
  #recorded = new Set<string>()
  /** The last tick of a journal that is stepped again. */
  #lastTick = 0
  /** Whether something came since a wait ended: one that begins now may have missed it. */
  #isWoken = false
  #endWait = () => {}

  /** @param run - names the run in the identity of asks. */
  constructor(world: OpenWorld, run: string, interrupt: () => void, clock: Clock = systemClock) {
    this.#world = world
    this.#run = run
    this.#interrupt = interrupt
    const { scenario, engines } = world.plan
    this.#kinds = [...scenario.asks.values()].map(ask => {
      return { ask, engines: askersOf(engines, ask.name), waiting: new Map(), next: 0 }
    })
    const services = [...(world.services ?? [])].flatMap(([name, service]) =>
      'ticks' in service ? [] : [[name, new ServiceCalls(service, clock)] as const],
    )
    this.#services = new Map(services)
  }

  /** By service that takes time of its own: what it does. */
  get status(): Readonly<Record<string, ServiceStatus>> {
    return Object.fromEntries([...this.#services].map(([name, calls]) => [name, calls.status]))
  }

  #box({ ask }: Kind): AskBox {
    return this.#world.memory.asks.get(ask.name) as AskBox // one is planned for every ask
  }

  /**
   * Goes on from a state that the world was filled with, given what the journal knows of asks from there on. What waits
   * for an answer in it is put again, unless its answer is known or it is being asked already.
   */
  begin(record: readonly AnswerEntry[], lastTick: number): void {
    this.#record = record
    this.#said = 0
    this.#recorded = new Set(record.map(({ ask, number }) => nameOf(ask, number)))
    // Without services the record alone speaks, for ever.
    this.#lastTick = this.#world.services ? lastTick : Number.POSITIVE_INFINITY
    this.#arrived.clear()
    for (const kind of this.#kinds) {
      kind.waiting.clear()
      kind.next = 0
      this.#takeIn(kind)
      for (const [name, call] of this.#calls) {
        const { ask, sequence } = call.identity
        if (ask === kind.ask.name && sequence < kind.next && !kind.waiting.has(sequence)) this.#drop(name, call)
      }
    }
  }

  /** To be called when a batch has ended: puts what was asked in it. */
  takeIn(): void {
    for (const kind of this.#kinds) if (this.#box(kind).hasNews) this.#takeIn(kind)
  }

  #takeIn(kind: Kind): void {
    const box = this.#box(kind)
    for (const open of box.open(kind.next)) kind.waiting.set(open.number, this.#wait(kind, open))
    kind.next = box.next
    box.told()
  }

  #wait(kind: Kind, open: OpenAsk): Waiting {
    const { ask } = kind
    const service = this.#world.services?.get(ask.service)
    const late = open.tick + ask.timeoutTicks
    const there = service && 'ticks' in service ? open.tick + service.ticks : late
    const due = ask.latency === undefined ? Math.min(there, late) : open.tick + ask.latency
    const waiting: Waiting = { kind, open, due, call: undefined }
    const calls = this.#services.get(ask.service)
    const known = this.#recorded.has(nameOf(ask.name, open.number))
    if (calls && !known && this.#lastTick < Number.POSITIVE_INFINITY) this.#put(waiting, calls)
    return waiting
  }

  #put(waiting: Waiting, calls: ServiceCalls): void {
    const { kind, open } = waiting
    const name = nameOf(kind.ask.name, open.number)
    const identity = this.#identify(kind, open)
    const known = this.#calls.get(name)
    const isSame = known?.identity.id === identity.id && Buffer.compare(known.question, open.question) === 0
    if (known && !isSame) this.#drop(name, known)
    const call = known && isSame ? known : this.#begin(name, identity, open.question, calls)
    waiting.call = call
    call.done = () => {
      if (kind.ask.latency === undefined) this.#arrived.add(waiting)
      this.wake()
      this.#interrupt()
    }
    if (call.reply) call.done()
  }

  #begin(name: string, identity: AskIdentity, question: Uint8Array, calls: ServiceCalls): Call {
    const call: Call = { identity, question, reply: undefined, done: () => {}, cancel: () => {} }
    call.cancel = calls.put(documentIn(question), identity, reply => {
      call.reply = reply
      call.done()
    })
    this.#calls.set(name, call)
    return call
  }

  #identify({ ask, engines }: Kind, { tick, agent, number: sequence, engine }: OpenAsk): AskIdentity {
    const who = { run: this.#run, ask: ask.name, tick, engine: engines[engine] ?? '', agent, sequence }
    return { id: Object.values(who).join('/'), ...who }
  }

  #drop(name: string, call: Call): void {
    call.done = () => {}
    call.cancel()
    this.#calls.delete(name)
  }

  /** The next tick after `tick` in which it is known what becomes of an ask: no batch may pass it. */
  nextTick(tick: number): number {
    let next = this.#record[this.#said]?.tick ?? Number.POSITIVE_INFINITY
    for (const { waiting } of this.#kinds) {
      const [first] = waiting.values()
      if (first) next = Math.min(next, Math.max(first.due, this.#lastTick))
    }
    return Math.max(next, tick + 1)
  }

  /** Whether tick `tick` cannot begin before a service has answered. */
  holds(tick: number): boolean {
    if (tick < this.#lastTick) return false
    return this.#kinds.some(({ ask, waiting }) => {
      if (ask.latency === undefined) return false
      for (const { due, call } of waiting.values()) {
        if (due > tick) return false
        if (call && !call.reply) return true
      }
      return false
    })
  }

  /** Resolves when a service has answered, or `wake` is called; at once, if that was so since the last wait. */
  async wait(): Promise<void> {
    if (!this.#isWoken)
      await new Promise<void>(resolve => {
        this.#endWait = resolve
      })
    this.#isWoken = false
  }

  /** Ends a wait. */
  wake(): void {
    this.#isWoken = true
    this.#endWait()
  }

  /** Says what became of asks, before tick `tick` begins. JOURNAL_INVALID, and what a journal fails with. */
  async deliver(tick: number): Promise<void> {
    this.#sayRecorded(tick)
    if (tick < this.#lastTick) return
    const found = this.#kinds.flatMap(kind => this.#known(kind, tick))
    if (found.length === 0) return
    const { journal } = this.#world
    const bytesOf = new Map<Kind, number>()
    const said = found.map(waiting => ({ waiting, ...this.#say(waiting, tick, bytesOf) }))
    for (const { entry } of said) journal.append(entry)
    await journal.flush()
    for (const { waiting, entry, bytes } of said) {
      this.#box(waiting.kind).answer(entry.number, entry.status, bytes)
      this.#forget(waiting)
    }
    for (const kind of this.#kinds) this.#box(kind).mailbox.settle()
  }

  /** Asks of which it is known before this tick what became of them, in order. */
  #known({ waiting }: Kind, tick: number): Waiting[] {
    const found: Waiting[] = []
    for (const w of waiting.values()) {
      if (w.due > tick) break
      found.push(w)
    }
    const early = [...this.#arrived].filter(w => waiting.get(w.open.number) === w && w.due > tick)
    return [...found, ...early.sort((a, b) => a.open.number - b.open.number)]
  }

  /** What becomes of an ask now, as the journal has it. `bytesOf`: of the answers before it, by kind. */
  #say(waiting: Waiting, tick: number, bytesOf: Map<Kind, number>): { entry: AnswerEntry; bytes: DocumentBytes } {
    const { kind, open } = waiting
    const entry = { kind: 'answer', tick, ask: kind.ask.name, number: open.number } as const
    const reply = waiting.call ? (waiting.call.reply ?? LATE) : this.#ofTicks(waiting, tick)
    if (reply.outcome !== 'ok') return { entry: { ...entry, status: ASK_STATUS[reply.outcome] }, bytes: undefined }
    const bytes = answerBytes(reply.value)
    const all = (bytesOf.get(kind) ?? 0) + (bytes?.length ?? 0)
    if (!bytes || !this.#box(kind).hasRoomFor(all))
      return { entry: { ...entry, status: ASK_STATUS.failed }, bytes: undefined }
    bytesOf.set(kind, all)
    return { entry: { ...entry, status: ASK_STATUS.ok, value: documentIn(bytes) as Json }, bytes } // a copy: it is plain data
  }

  /** What a service of ticks says; late, where there is none that could have. */
  #ofTicks({ kind, open }: Waiting, tick: number): Reply {
    const service = this.#world.services?.get(kind.ask.service) as TickService | undefined // others are called
    if (!service || open.tick + service.ticks > tick) return LATE
    try {
      return { outcome: 'ok', value: service.answer(documentIn(open.question)) }
    } catch (error) {
      return { outcome: 'failed', reason: String(error) }
    }
  }

  #sayRecorded(tick: number): void {
    const record = this.#record
    for (; this.#said < record.length && record[this.#said].tick <= tick; this.#said++) {
      const entry = record[this.#said]
      this.#answerAgain(entry)
      this.#recorded.delete(nameOf(entry.ask, entry.number))
    }
    if (this.#said === record.length) this.#record = []
    if (this.#record.length === 0) this.#said = 0
  }

  #answerAgain({ tick, ask, number, status, value }: AnswerEntry): void {
    const broken = (what: string, cause?: unknown) =>
      new PopulaceError(
        'JOURNAL_INVALID',
        `The record has an answer to ask ${number} of '${ask}' in tick ${tick}, ${what}`,
        'The journal was altered, or the scenario has changed since.',
        cause,
      )
    const kind = this.#kinds.find(k => k.ask.name === ask)
    const waiting = kind?.waiting.get(number)
    if (!waiting) throw broken('which waits for none')
    if (STATUS_NAMES[status] === undefined) throw broken(`with a status of ${status}`)
    const box = this.#box(waiting.kind)
    try {
      const bytes = status === ASK_STATUS.ok ? documentBytes(value, 'An answer') : undefined
      box.mailbox.admitBytes(bytes?.length ?? 0)
      box.answer(number, status, bytes)
      box.mailbox.settle()
    } catch (error) {
      throw broken('which is no document, or has no room', error)
    }
    this.#forget(waiting)
  }

  #forget(waiting: Waiting): void {
    const { kind, open, call } = waiting
    kind.waiting.delete(open.number)
    this.#arrived.delete(waiting)
    if (call) this.#drop(nameOf(kind.ask.name, open.number), call)
  }

  /** Ends all calls. */
  close(): void {
    for (const [name, call] of this.#calls) this.#drop(name, call)
    this.wake()
  }
}

/** undefined: what the service gave is no plain data, or too large. */
function answerBytes(value: unknown): DocumentBytes {
  try {
    return documentBytes(value ?? null, 'An answer')
  } catch (error) {
    if (error instanceof PopulaceError) return undefined
    throw error
  }
}

const LATE: Reply = { outcome: 'late', reason: 'No answer came in time' }

const nameOf = (ask: string, number: number) => `${ask} ${number}`
