// The calls of one service: at most so many at once, the others wait in order, each up to its deadline. A call whose
// deadline has come makes room for the next one, and is told so by its signal; one that does not heed it is forgotten.
import type { Clock } from '../core/clock.js'
import { MAX_ABANDONED_CALLS } from '../core/limits.js'
import type { AskOutcome } from '../memory/ask.js'
import { type Place, WaitingLine } from '../services/waiting-line.js'
import { type AskIdentity, type Reply, replyOf, type ServiceOptions, type ServiceScope } from './service.js'

/** What a service does, and what became of its calls. Answers that came too late in ticks are counted as they came. */
export interface ServiceStatus extends Readonly<Record<AskOutcome, number>> {
  /** Calls under way. */
  readonly running: number
  /** Questions that wait for a call to end. */
  readonly waiting: number
  /** Calls beyond their deadline that have not ended. */
  readonly abandoned: number
  /** Why the last one that was not answered was not. */
  readonly lastReason: string | undefined
}

/** A question on its way to a service. */
export abstract class Call {
  readonly question: unknown
  /** By the clock of the calls. */
  until = 0
  isCalled = false
  /** In the line that it waits in; undefined: it waits in none. */
  place: Pick<Place<Call>, 'leave'> | undefined = undefined
  /** Made when the service looks at its signal: making one takes as long as all else of a call. */
  abort: AbortController | undefined = undefined
  reply: Reply | undefined = undefined

  constructor(question: unknown) {
    this.question = question
  }

  /** For the service; many calls never come to it. */
  abstract get identity(): AskIdentity
}

export class ServiceCalls<C extends Call> {
  readonly #o: Required<ServiceOptions>
  readonly #clock: Clock
  readonly #replied: (call: C) => void
  /** Those under way, and those that wait for one of them to end: in the order of asking, which is that of deadlines. */
  readonly #running = new WaitingLine<C>()
  readonly #waiting = new WaitingLine<C>()
  readonly #outcomes: Record<AskOutcome, number> = { ok: 0, late: 0, failed: 0, refused: 0 }
  #abandoned = 0
  #lastReason: string | undefined
  /** Whether the last reply was that of an open circuit. */
  #isOpen = false
  /** Whether it was said that the next ones are called. */
  #willCall = false
  #cancelTimer: (() => void) | undefined

  /** @param replied - called once for each call that was put and not taken back, later, when it has its reply. */
  constructor(o: Required<ServiceOptions>, clock: Clock, replied: (call: C) => void) {
    this.#o = o
    this.#clock = clock
    this.#replied = replied
  }

  get status(): ServiceStatus {
    const running = this.#running.length
    const waiting = this.#waiting.length
    return { running, waiting, abandoned: this.#abandoned, ...this.#outcomes, lastReason: this.#lastReason }
  }

  put(call: C): void {
    const { timeoutMs } = this.#o
    call.until = this.#clock.now() + timeoutMs
    call.place = this.#waiting.join(call)
    this.#cancelTimer ??= this.#clock.after(timeoutMs, () => this.#expire())
    this.#callSoon()
  }

  /** Takes a call back; one that has its reply stays as it is. */
  cancel(call: C): void {
    this.#forget(call, 'Nobody waits for the answer any more')
  }

  /** Calls what may be called, when whoever makes room has done so. */
  #callSoon(): void {
    if (this.#willCall || this.#waiting.length === 0) return
    this.#willCall = true
    queueMicrotask(() => {
      this.#willCall = false
      while (this.#running.length < this.#o.maxConcurrent) {
        const call = this.#waiting.shift()
        if (!call) return
        call.place = this.#running.join(call)
        this.#call(call)
        if (this.#isOpen) return void setImmediate(() => this.#callSoon()) // if still open, it has refused all by then
      }
    })
  }

  async #call(call: C): Promise<void> {
    if (this.#abandoned >= MAX_ABANDONED_CALLS) {
      const reason = `${this.#abandoned} calls go on beyond their deadlines`
      if (this.#take(call)) this.#tell(call, { outcome: 'refused', reason })
      return
    }
    call.isCalled = true
    let reply: Reply
    try {
      reply = { outcome: 'ok', value: await this.#o.ask(call.question, this.#scope(call)) }
      this.#isOpen = false
    } catch (error) {
      reply = replyOf(error)
      this.#isOpen = (error as { code?: unknown } | null)?.code === 'CIRCUIT_OPEN'
      if (this.#isOpen) this.#refuseWaiting(reply)
    }
    if (this.#take(call)) this.#tell(call, reply)
    else this.#abandoned--
  }

  #scope(call: C): ServiceScope {
    return {
      ...call.identity,
      deadline: Date.now() + call.until - this.#clock.now(),
      get signal() {
        return (call.abort ??= new AbortController()).signal
      },
    }
  }

  /** An open circuit refuses whatever comes: what waits is not put to it one by one. */
  #refuseWaiting(reply: Reply): void {
    for (let call = this.#waiting.first; call; call = this.#waiting.first) {
      this.#take(call)
      this.#tell(call, reply)
    }
  }

  /** Ends the wait of those whose deadlines have come. */
  #expire(): void {
    const now = this.#clock.now()
    const reason = `No answer within ${this.#o.timeoutMs} ms`
    this.#cancelTimer = undefined
    const first = () => this.#running.first ?? this.#waiting.first
    for (let call = first(); call; call = first()) {
      if (call.until > now) {
        this.#cancelTimer = this.#clock.after(call.until - now, () => this.#expire())
        return
      }
      this.#forget(call, reason)
      this.#tell(call, { outcome: 'late', reason })
    }
  }

  /** Takes a call out; false: it was out already. */
  #take(call: C): boolean {
    if (!call.place) return false
    call.place.leave()
    call.place = undefined
    if (this.#running.length + this.#waiting.length === 0) {
      this.#cancelTimer?.()
      this.#cancelTimer = undefined
    }
    this.#callSoon()
    return true
  }

  #tell(call: C, reply: Reply): void {
    this.#outcomes[reply.outcome]++
    if (reply.outcome !== 'ok') this.#lastReason = reply.reason
    call.reply = reply
    this.#replied(call)
  }

  /** Ends the wait for an answer; a call that is under way is told so. */
  #forget(call: C, reason: string): void {
    if (!this.#take(call) || !call.isCalled) return
    this.#abandoned++
    call.abort ??= new AbortController() // the service may look at its signal later
    call.abort.abort(new DOMException(reason, 'TimeoutError'))
  }
}
