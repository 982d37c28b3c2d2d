// Services that agents ask, as hosts give them and scenarios name stand-ins for them: types, and one for tests. Workers
// import this with the scenario; what calls a service is service-calls.ts, on the main thread alone.
import type { AskOutcome } from '../memory/ask.js'

/** Who asks what and when: the same when it is asked again after a crash, so it serves as an idempotency key. */
export interface AskIdentity {
  /** The rest of it as one text. */
  readonly id: string
  /** Names the run; unique among all runs of all stores. */
  readonly run: string
  readonly ask: string
  readonly tick: number
  readonly engine: string
  /** The id of the agent that asks. */
  readonly agent: number
  /** The number of the ask among those of its kind in the run, from 0. */
  readonly sequence: number
}

/** What a service is given beside the question. */
export interface ServiceScope extends AskIdentity {
  /** Aborted when nobody waits for the answer any more: at the deadline, when the ask is late, when the simulation closes. */
  readonly signal: AbortSignal
  /** When `signal` is aborted at the latest, as Date.now() counts. */
  readonly deadline: number
}

/** Answers a question, on the main thread. What it rejects with says what became of the ask: see docs/services.md. */
export interface ServiceFunction<Q = unknown, A = unknown> {
  (question: Q, scope: ServiceScope): Promise<A>
  /** How what stands around it is doing, for metrics: that of a guard, where `compose` made it. */
  status?(): unknown
}

/** A service with its limits. */
export interface ServiceOptions<Q = unknown, A = unknown> {
  ask: ServiceFunction<Q, A>
  /** Calls at once; what is asked beyond them waits in order. Default 16. */
  maxConcurrent?: number
  /** Milliseconds from question to answer, waiting included: beyond them an ask is late. Default 30,000. */
  timeoutMs?: number
}

/** A service that answers after a number of ticks exactly. */
export interface TickService<Q = unknown, A = unknown> {
  readonly ticks: number
  answer(question: Q): A
}

/** What a host gives under a service's name. */
// biome-ignore lint/suspicious/noExplicitAny: question and answer vary by ask
export type Service<Q = any, A = any> = ServiceFunction<Q, A> | ServiceOptions<Q, A> | TickService<Q, A>

/**
 * A service for tests and stand-ins: answers with what `answer` gives, exactly `ticks` ticks after the question. With an
 * `answer` that depends on the question alone a run has the same bits whenever it is made.
 */
export function later<Q, A>(ticks: number, answer: (question: Q) => A): TickService<Q, A> {
  return Object.freeze({ ticks, answer })
}

/** What became of a call. */
export type Reply =
  | { readonly outcome: 'ok'; readonly value: unknown }
  | { readonly outcome: Exclude<AskOutcome, 'ok'>; readonly reason: string }

/** Codes of errors that say that a service was not even tried. */
const REFUSALS: readonly unknown[] = [
  ...[
    'BUDGET_SPENT',
    'CHAT_BUSY',
    'CIRCUIT_OPEN',
    'RATE_BUSY',
    'RATE_COST',
    'RATE_LIMITED',
    'RATE_TIMEOUT',
    'SERVICE_BUSY',
  ],
]

/** Codes and names of errors that say that an answer took too long. */
const TIMEOUTS: readonly unknown[] = ['CALL_TIMEOUT', 'CHAT_TIMEOUT', 'ETIMEDOUT', 'TimeoutError']

/** What an error of a service says about the ask. */
export function replyOf(error: unknown): Reply {
  const { code, name, message } = (error ?? {}) as { code?: unknown; name?: unknown; message?: unknown }
  const isLate = TIMEOUTS.includes(code) || TIMEOUTS.includes(name) // a DOMException has both, and its code is a number
  const outcome = REFUSALS.includes(code) ? 'refused' : isLate ? 'late' : 'failed'
  return { outcome, reason: String(message ?? error) }
}
