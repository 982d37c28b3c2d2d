// The calls of one service: at most so many at once, the others wait in order, each up to its deadline. A call whose
// deadline has come makes room for the next one, and is told so by its signal; one that does not heed it is forgotten.
import type { Clock } from '../core/clock.js'
import { MAX_ABANDONED_CALLS } from '../core/limits.js'
import type { AskOutcome } from '../memory/ask.js'
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

interface Question {
  readonly value: unknown
  readonly identity: AskIdentity
  /** By the clock of the calls, and as Date.now() counts. */
  readonly until: number
  readonly deadline: number
  readonly done: (reply: Reply) => void
  isCalled: boolean
  /** Made when the service looks at its signal: making one takes as long as all else of a call. */
  abort: AbortController | undefined
}

function scopeOf(question: Question): ServiceScope {
  const { identity, deadline } = question
  return {
    ...identity,
    deadline,
    get signal() {
      return (question.abort ??= new AbortController()).signal
    },
  }
}

export class ServiceCalls {
  readonly #o: Required<ServiceOptions>
  readonly #clock: Clock
  /** All that are not answered, in the order of asking, which is that of their deadlines. */
  readonly #questions = new Set<Question>()
  /** Those of them that wait for a call to end. */
  readonly #waiting = new Set<Question>()
  readonly #outcomes: Record<AskOutcome, number> = { ok: 0, late: 0, failed: 0, refused: 0 }
  #abandoned = 0
  #lastReason: string | undefined
  /** Whether it was said that the next ones are called. */
  #willCall = false
  #cancelTimer: (() => void) | undefined

  constructor(o: Required<ServiceOptions>, clock: Clock) {
    this.#o = o
    this.#clock = clock
  }

  get status(): ServiceStatus {
    const waiting = this.#waiting.size
    const running = this.#questions.size - waiting
    return { running, waiting, abandoned: this.#abandoned, ...this.#outcomes, lastReason: this.#lastReason }
  }

  /** Puts a question; `done` is called once, later, unless the function that is returned is called before. */
  put(value: unknown, identity: AskIdentity, done: (reply: Reply) => void): () => void {
    const { timeoutMs } = this.#o
    const until = this.#clock.now() + timeoutMs
    const question: Question = {
      value,
      identity,
      until,
      deadline: Date.now() + timeoutMs,
      done,
      isCalled: false,
      abort: undefined,
    }
    this.#questions.add(question)
    this.#waiting.add(question)
    this.#cancelTimer ??= this.#clock.after(timeoutMs, () => this.#expire())
    this.#callSoon()
    return () => this.#forget(question, 'Nobody waits for the answer any more')
  }

  /** Calls what may be called, when whoever makes room has done so. */
  #callSoon(): void {
    if (this.#willCall || this.#waiting.size === 0) return
    this.#willCall = true
    queueMicrotask(() => {
      this.#willCall = false
      for (const question of this.#waiting) {
        if (this.#questions.size - this.#waiting.size >= this.#o.maxConcurrent) return
        this.#waiting.delete(question)
        this.#call(question)
      }
    })
  }

  async #call(question: Question): Promise<void> {
    if (this.#abandoned >= MAX_ABANDONED_CALLS) {
      const reason = `${this.#abandoned} calls go on beyond their deadlines`
      if (this.#take(question)) this.#tell(question, { outcome: 'refused', reason })
      return
    }
    question.isCalled = true
    let reply: Reply
    try {
      reply = { outcome: 'ok', value: await this.#o.ask(question.value, scopeOf(question)) }
    } catch (error) {
      reply = replyOf(error)
      if ((error as { code?: unknown } | null)?.code === 'CIRCUIT_OPEN') this.#refuseWaiting(reply)
    }
    if (this.#take(question)) this.#tell(question, reply)
    else this.#abandoned--
  }

  /** An open circuit refuses whatever comes: what waits is not put to it one by one. */
  #refuseWaiting(reply: Reply): void {
    for (const question of this.#waiting) if (this.#take(question)) this.#tell(question, reply)
  }

  /** Ends the wait of those whose deadlines have come. */
  #expire(): void {
    const now = this.#clock.now()
    const reason = `No answer within ${this.#o.timeoutMs} ms`
    this.#cancelTimer = undefined
    for (const question of this.#questions) {
      if (question.until > now) {
        this.#cancelTimer = this.#clock.after(question.until - now, () => this.#expire())
        return
      }
      this.#forget(question, reason)
      this.#tell(question, { outcome: 'late', reason })
    }
  }

  /** Takes a question out; false: it was out already. */
  #take(question: Question): boolean {
    if (!this.#questions.delete(question)) return false
    this.#waiting.delete(question)
    if (this.#questions.size === 0) {
      this.#cancelTimer?.()
      this.#cancelTimer = undefined
    }
    this.#callSoon()
    return true
  }

  #tell({ done }: Question, reply: Reply): void {
    this.#outcomes[reply.outcome]++
    if (reply.outcome !== 'ok') this.#lastReason = reply.reason
    done(reply)
  }

  /** Ends the wait for an answer; a call that is under way is told so. */
  #forget(question: Question, reason: string): void {
    if (!this.#take(question) || !question.isCalled) return
    this.#abandoned++
    question.abort ??= new AbortController() // the service may look at its signal later
    question.abort.abort(new DOMException(reason, 'TimeoutError'))
  }
}
