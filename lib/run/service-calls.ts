// The calls of one service: at most so many at once, the others wait in order, each up to its deadline. A call whose
// deadline has come makes room for the next one, and is told so by its signal; one that does not heed it is forgotten.
import type { Clock } from '../core/clock.js'
import { MAX_ABANDONED_CALLS } from '../core/limits.js'
import type { AskOutcome } from '../memory/ask.js'
import { free } from './forbidden.js'
import { type AskIdentity, type Reply, replyOf, type ServiceOptions } from './service.js'

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
  readonly abort: AbortController
  readonly deadline: number
  readonly done: (reply: Reply) => void
  cancelTimer: () => void
}

export class ServiceCalls {
  readonly #o: Required<ServiceOptions>
  readonly #clock: Clock
  /** In the order of asking. */
  readonly #waiting = new Set<Question>()
  readonly #running = new Set<Question>()
  readonly #outcomes: Record<AskOutcome, number> = { ok: 0, late: 0, failed: 0, refused: 0 }
  #abandoned = 0
  #lastReason: string | undefined

  constructor(o: Required<ServiceOptions>, clock: Clock) {
    this.#o = o
    this.#clock = clock
  }

  get status(): ServiceStatus {
    const [running, waiting] = [this.#running.size, this.#waiting.size]
    return { running, waiting, abandoned: this.#abandoned, ...this.#outcomes, lastReason: this.#lastReason }
  }

  /** Puts a question; `done` is called once, later, unless the function that is returned is called before. */
  put(value: unknown, identity: AskIdentity, done: (reply: Reply) => void): () => void {
    const { timeoutMs } = this.#o
    const abort = new AbortController()
    const deadline = Date.now() + timeoutMs
    const question: Question = { value, identity, abort, deadline, done, cancelTimer: () => undefined }
    question.cancelTimer = this.#clock.after(timeoutMs, () => {
      const reason = `No answer within ${timeoutMs} ms`
      this.#forget(question, reason)
      this.#tell(question, { outcome: 'late', reason })
    })
    this.#waiting.add(question)
    queueMicrotask(() => this.#next())
    return () => this.#forget(question, 'Nobody waits for the answer any more')
  }

  #next(): void {
    for (const question of this.#waiting) {
      if (this.#running.size >= this.#o.maxConcurrent) return
      this.#waiting.delete(question)
      this.#running.add(question)
      this.#call(question)
    }
  }

  async #call(question: Question): Promise<void> {
    const { value, identity, abort, deadline } = question
    let reply: Reply
    if (this.#abandoned >= MAX_ABANDONED_CALLS)
      reply = { outcome: 'refused', reason: `${this.#abandoned} calls go on beyond their deadlines` }
    else
      try {
        const scope = { ...identity, signal: abort.signal, deadline }
        reply = { outcome: 'ok', value: await free(async () => this.#o.ask(value, scope)) }
      } catch (error) {
        reply = replyOf(error)
      }
    if (this.#take(question)) this.#tell(question, reply)
    else this.#abandoned--
  }

  /** Takes a question out; false: it was out already. */
  #take(question: Question): boolean {
    if (!this.#running.delete(question) && !this.#waiting.delete(question)) return false
    question.cancelTimer()
    queueMicrotask(() => this.#next())
    return true
  }

  #tell({ done }: Question, reply: Reply): void {
    this.#outcomes[reply.outcome]++
    if (reply.outcome !== 'ok') this.#lastReason = reply.reason
    done(reply)
  }

  /** Ends the wait for an answer; a call that is under way is told so. */
  #forget(question: Question, reason: string): void {
    if (this.#running.has(question)) this.#abandoned++
    if (this.#take(question)) question.abort.abort(new DOMException(reason, 'TimeoutError'))
  }
}
