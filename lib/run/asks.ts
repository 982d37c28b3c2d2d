// Asks on the main thread: which are open, whom they are put to, and what becomes of them. Between two ticks it puts what
// was asked, and says what became of asks: journaled and flushed before a tick can see it. Of ticks that are stepped
// again the journal alone speaks, and a question that it has an answer to is not put; a call that is under way, or whose
// answer nobody has taken, serves the same question when it is asked again.
import { type Clock, systemClock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { lowerBound } from '../core/lower-bound.js'
import { ASK_STATUS, type AskData, STATUS_NAMES } from '../memory/ask.js'
import type { AskBox, OpenAsk } from '../memory/ask-box.js'
import type { Json } from '../memory/column-types.js'
import { type DocumentBytes, documentBytes, documentIn } from '../memory/documents.js'
import { askersOf } from '../schedule/engine.js'
import type { AnswerEntry } from '../state/journal.js'
import type { OpenWorld } from './open-world.js'
import type { AskIdentity, Reply, TickService } from './service.js'
import { Call, ServiceCalls, type ServiceStatus } from './service-calls.js'

/** An ask that waits for its answer, and the call that it is put with. */
class Waiting extends Call {
  readonly kind: Kind
  readonly open: OpenAsk
  /** The tick in which it is known at the latest what became of it: never below that of an ask of its kind before it. */
  readonly due: number
  /** Whether it was put to a service. */
  isPut = false
  /** Whether it was said what became of it: it waits no more. */
  isTold = false

  constructor(kind: Kind, open: OpenAsk, due: number) {
    super(open.question)
    this.kind = kind
    this.open = open
    this.due = due
  }

  override get identity(): AskIdentity {
    const { run, engines } = this.kind
    const ask = this.kind.ask.name
    const { tick, agent, number: sequence } = this.open
    const engine = engines[this.open.engine] ?? ''
    return { id: `${run}/${ask}/${tick}/${engine}/${agent}/${sequence}`, run, ask, tick, engine, agent, sequence }
  }
}

/** Asks of one kind. */
interface Kind {
  /** Names the run. */
  readonly run: string
  readonly ask: AskData
  readonly engines: readonly string[]
  /**
   * In the order of their numbers. An array and no Map, as all that is filled and emptied in every tick here: what was
   * taken out of a Map that lives long stays in the young generation until a full collection of the old one.
   */
  waiting: Waiting[]
  /** By number, what was put in ticks that are stepped again: it serves the same question when that is asked again. */
  readonly ahead: Map<number, Waiting>
  /** Number of the first ask that is not known yet. */
  next: number
}

export class Asks {
  readonly #world: OpenWorld
  /** Asks for the next boundary between two ticks. */
  readonly #interrupt: () => void
  readonly #kinds: ReadonlyMap<string, Kind>
  readonly #services: ReadonlyMap<string, ServiceCalls<Waiting>>
  /** Replies came, and their asks do not wait for a certain tick. */
  #arrived: Waiting[] = []
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
    this.#interrupt = interrupt
    const { scenario, engines } = world.plan
    const kindOf = (ask: AskData): Kind => {
      return { run, ask, engines: askersOf(engines, ask.name), waiting: [], ahead: new Map(), next: 0 }
    }
    this.#kinds = new Map([...scenario.asks].map(([name, ask]) => [name, kindOf(ask)]))
    const replied = (call: Waiting) => this.#replied(call)
    const services = [...(world.services ?? [])].flatMap(([name, service]) =>
      'ticks' in service ? [] : [[name, new ServiceCalls(service, clock, replied)] as const],
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
    this.#arrived = []
    for (const kind of this.#kinds.values()) {
      const { waiting, ahead } = kind
      for (const w of waiting) if (w.isPut && !w.isTold) ahead.set(w.open.number, w)
      kind.waiting = []
      kind.next = 0
      this.#takeIn(kind)
      for (const w of ahead.values()) if (w.open.number < kind.next) this.#cancel(w)
    }
  }

  /** To be called when a batch has ended: puts what was asked in it. */
  takeIn(): void {
    for (const kind of this.#kinds.values()) if (this.#box(kind).hasNews) this.#takeIn(kind)
  }

  #takeIn(kind: Kind): void {
    const box = this.#box(kind)
    for (const open of box.open(kind.next)) kind.waiting.push(this.#wait(kind, open))
    kind.next = box.next
    box.told()
  }

  #wait(kind: Kind, open: OpenAsk): Waiting {
    const { ask } = kind
    const service = this.#world.services?.get(ask.service)
    const late = open.tick + ask.timeoutTicks
    const there = service && 'ticks' in service ? open.tick + service.ticks : late
    const due = ask.latency === undefined ? Math.min(there, late) : open.tick + ask.latency
    const isKnown = this.#recorded.size > 0 && this.#recorded.has(nameOf(ask.name, open.number))
    const calls = this.#services.get(ask.service)
    const waiting = new Waiting(kind, open, due)
    return calls && !isKnown && this.#lastTick < Number.POSITIVE_INFINITY ? this.#put(waiting, calls) : waiting
  }

  /** Puts an ask; one that was put before, if it asks the same. */
  #put(waiting: Waiting, calls: ServiceCalls<Waiting>): Waiting {
    const { kind, open } = waiting
    const known = kind.ahead.get(open.number)
    if (known && known.identity.id === waiting.identity.id && known.open.text === open.text) {
      kind.ahead.delete(open.number)
      if (known.reply) this.#arrive(known)
      return known
    }
    if (known) this.#cancel(known)
    waiting.isPut = true
    calls.put(waiting)
    return waiting
  }

  #replied(waiting: Waiting): void {
    const { kind, open } = waiting
    if (kind.ahead.get(open.number) !== waiting) this.#arrive(waiting) // else whoever asks again finds it
  }

  #arrive(waiting: Waiting): void {
    if (waiting.kind.ask.latency === undefined) this.#arrived.push(waiting)
    this.wake()
    this.#interrupt()
  }

  #cancel(waiting: Waiting): void {
    const { kind, open } = waiting
    this.#services.get(kind.ask.service)?.cancel(waiting)
    kind.ahead.delete(open.number)
  }

  /** The next tick after `tick` in which it is known what becomes of an ask: no batch may pass it. */
  nextTick(tick: number): number {
    let next = this.#record[this.#said]?.tick ?? Number.POSITIVE_INFINITY
    for (const { waiting } of this.#kinds.values()) {
      const [first] = waiting
      if (first) next = Math.min(next, Math.max(first.due, this.#lastTick))
    }
    return Math.max(next, tick + 1)
  }

  /** Whether tick `tick` cannot begin before a service has answered. */
  holds(tick: number): boolean {
    if (tick < this.#lastTick) return false
    for (const { ask, waiting } of this.#kinds.values()) {
      if (ask.latency === undefined) continue
      for (const { due, isPut, reply } of waiting) {
        if (due > tick) break
        if (isPut && !reply) return true
      }
    }
    return false
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
    const found: Waiting[] = []
    for (const kind of this.#kinds.values()) this.#find(kind, tick, found)
    if (found.length === 0) return
    const { journal } = this.#world
    const bytesOf = new Map<Kind, number>()
    const said = found.map(waiting => this.#say(waiting, tick, bytesOf))
    for (const { entry } of said) journal.append(entry)
    await journal.flush()
    for (const { waiting, entry, bytes } of said) {
      this.#box(waiting.kind).answer(entry.number, entry.status, bytes)
      this.#told(waiting)
    }
    this.#forgetTold()
    for (const kind of this.#kinds.values()) this.#box(kind).mailbox.settle()
  }

  /** Adds asks of which it is known before this tick what became of them, in order. */
  #find(kind: Kind, tick: number, found: Waiting[]): void {
    for (const waiting of kind.waiting) {
      if (waiting.due > tick) break
      found.push(waiting)
    }
    const early = this.#arrived.filter(waiting => waiting.kind === kind && waiting.due > tick)
    found.push(...early.sort((a, b) => a.open.number - b.open.number))
  }

  /** What becomes of an ask now, as the journal has it. `bytesOf`: of the answers before it, by kind. */
  #say(waiting: Waiting, tick: number, bytesOf: Map<Kind, number>): Said {
    const { kind } = waiting
    const reply = waiting.isPut ? (waiting.reply ?? LATE) : this.#ofTicks(waiting, tick)
    if (reply.outcome !== 'ok') return saying(waiting, tick, ASK_STATUS[reply.outcome])
    const bytes = answerBytes(reply.value)
    const all = (bytesOf.get(kind) ?? 0) + (bytes?.length ?? 0)
    if (!bytes || !this.#box(kind).hasRoomFor(all)) return saying(waiting, tick, ASK_STATUS.failed)
    bytesOf.set(kind, all)
    const { entry } = saying(waiting, tick, ASK_STATUS.ok)
    return { waiting, entry: { ...entry, value: documentIn(bytes) as Json }, bytes } // a copy: it is plain data
  }

  /** What a service of ticks says; late, where there is none that could have. */
  #ofTicks({ kind, open }: Waiting, tick: number): Reply {
    const service = this.#world.services?.get(kind.ask.service) as TickService | undefined // others are called
    if (!service || open.tick + service.ticks > tick) return LATE
    try {
      return { outcome: 'ok', value: service.answer(open.question) }
    } catch (error) {
      return { outcome: 'failed', reason: String(error) }
    }
  }

  #sayRecorded(tick: number): void {
    const record = this.#record
    if (record.length === 0) return
    for (; this.#said < record.length && record[this.#said].tick <= tick; this.#said++) {
      const entry = record[this.#said]
      this.#answerAgain(entry)
      this.#recorded.delete(nameOf(entry.ask, entry.number))
    }
    this.#forgetTold()
    if (this.#said < record.length) return
    this.#record = []
    this.#said = 0
  }

  #answerAgain({ tick, ask, number, status, value }: AnswerEntry): void {
    const broken = (what: string, cause?: unknown) =>
      new PopulaceError(
        'JOURNAL_INVALID',
        `The record has an answer to ask ${number} of '${ask}' in tick ${tick}, ${what}`,
        'The journal was altered, or the scenario has changed since.',
        cause,
      )
    const waiting = waitingIn(this.#kinds.get(ask), number)
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
    this.#told(waiting)
  }

  #told(waiting: Waiting): void {
    waiting.isTold = true
    if (waiting.isPut) this.#cancel(waiting)
  }

  #forgetTold(): void {
    for (const kind of this.#kinds.values()) kind.waiting = kind.waiting.filter(w => !w.isTold)
    this.#arrived = this.#arrived.filter(w => !w.isTold)
  }

  /** Ends all calls. */
  close(): void {
    for (const kind of this.#kinds.values()) {
      for (const waiting of [...kind.waiting, ...kind.ahead.values()]) this.#cancel(waiting)
    }
    this.wake()
  }
}

/** What became of an ask. */
interface Said {
  readonly waiting: Waiting
  readonly entry: AnswerEntry
  readonly bytes: DocumentBytes
}

function saying(waiting: Waiting, tick: number, status: number): Said {
  const { kind, open } = waiting
  const entry = { kind: 'answer', tick, ask: kind.ask.name, number: open.number, status } as const
  return { waiting, entry, bytes: undefined }
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

/** The ask of this number, if it waits. */
function waitingIn(kind: Kind | undefined, number: number): Waiting | undefined {
  const waiting = kind?.waiting ?? []
  const at = lowerBound(waiting.length, i => waiting[i].open.number, number)
  const found = waiting[at]
  return found?.open.number === number && !found.isTold ? found : undefined
}

const nameOf = (ask: string, number: number) => `${ask} ${number}`
