// A service that agents can ask: a language model behind the HTTP interface of OpenAI's chat completions, which most
// servers of models speak. One request a question, no streaming, no retry: put a limiter, breaker or budget around `ask`.
import { type Clock, systemClock } from '../core/clock.js'
import {
  type ChatCompletionsOptions,
  type ResolvedChatOptions,
  resolveChatOptions,
} from './chat-completions-options.js'
import { ChatError } from './chat-error.js'

/** What requests took. */
export interface ChatUsage {
  readonly requests: number
  /** Tokens of questions and of answers, as the server counts them. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** By pricePerMillion. */
  readonly money: number
}

/** What of a call the service looks at; what agents ask with has it. */
export interface ChatCall {
  readonly signal?: AbortSignal
  /** Sent as the header Idempotency-Key. */
  readonly id?: string
  /** Is told what the request took, also where its answer is refused. */
  readonly onUsage?: (usage: ChatUsage) => void
}

/** A response, as far as it is looked at. */
interface Completion {
  readonly choices?: readonly { readonly message?: { readonly content?: unknown; readonly refusal?: unknown } }[]
  readonly usage?: { readonly prompt_tokens?: unknown; readonly completion_tokens?: unknown }
}

const NONE: ChatUsage = { requests: 0, inputTokens: 0, outputTokens: 0, money: 0 }

/** Statuses that say that the server has no time for us now. */
const BUSY = [429, 503]

/** Characters of a server's words that an error repeats. */
const QUOTED = 200

export class ChatCompletions<Q = unknown, A = unknown> {
  readonly #o: ResolvedChatOptions
  readonly #clock: Clock
  #usage = NONE

  /** OPTION_UNKNOWN, OPTION_INVALID. @param clock - for tests. */
  constructor(options: ChatCompletionsOptions<Q>, clock: Clock = systemClock) {
    this.#o = resolveChatOptions(options)
    this.#clock = clock
  }

  /** What all requests took so far. */
  get usage(): ChatUsage {
    return this.#usage
  }

  /**
   * Puts a question and gives the answer: what the schema describes, or a text. Bound to the service, so it can be given
   * on by itself. CHAT_BUSY, CHAT_FAILED, CHAT_INVALID, CHAT_TIMEOUT; an abort of `signal` rejects with its reason.
   */
  readonly ask = async (question: Q, { signal, id, onUsage }: ChatCall = {}): Promise<A> => {
    signal?.throwIfAborted()
    const said = this.#o.messages(question)
    const messages = typeof said === 'string' ? [{ role: 'user', content: said }] : said
    const body = JSON.stringify({ ...this.#o.fields, messages })
    const key: Record<string, string> = id === undefined ? {} : { 'idempotency-key': encodeURIComponent(id) }
    const ending = new AbortController()
    const abort = () => ending.abort(signal?.reason)
    signal?.addEventListener('abort', abort)
    const cancel = this.#clock.after(this.#o.timeoutMs, () => ending.abort(this.#tookTooLong()))
    try {
      const headers = { ...this.#o.headers, ...key }
      const response = await fetch(this.#o.address, { method: 'POST', headers, body, signal: ending.signal })
      const text = await this.#read(response)
      if (!response.ok) throw refusedBy(response, text)
      const completion = parse(text) as Completion | null
      this.#count(completion, onUsage)
      return this.#answer(completion) as A // as the schema says, or the host
    } catch (error) {
      if (ending.signal.aborted) throw ending.signal.reason
      if (error instanceof ChatError) throw error
      const why = (error as { cause?: { message?: unknown } })?.cause?.message ?? (error as Error)?.message
      throw new ChatError('CHAT_FAILED', `The chat server cannot be reached: ${String(why)}`, CONNECT, error)
    } finally {
      cancel()
      signal?.removeEventListener('abort', abort)
    }
  }

  #tookTooLong(): ChatError {
    return new ChatError(
      'CHAT_TIMEOUT',
      `The chat server took longer than timeoutMs of ${this.#o.timeoutMs} ms`,
      'See what holds it up, ask for less, or raise the limit.',
    )
  }

  /** The body, as long as it is not too long. */
  async #read(response: Response): Promise<string> {
    const most = this.#o.maxResponseBytes
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of response.body ?? []) {
      bytes += piece.length
      if (bytes > most)
        throw new ChatError(
          'CHAT_INVALID',
          `The chat server sent more than maxResponseBytes of ${most}`,
          'Ask for less, such as by max_tokens in parameters, or raise the limit.',
        )
      pieces.push(piece)
    }
    return new TextDecoder().decode(Buffer.concat(pieces))
  }

  #count(completion: Completion | null, onUsage: ChatCall['onUsage']): void {
    const { prompt_tokens: prompt, completion_tokens: answered } = completion?.usage ?? {}
    const inputTokens = count(prompt)
    const outputTokens = count(answered)
    const { input, output } = this.#o.pricePerMillion
    const usage = { requests: 1, inputTokens, outputTokens, money: (inputTokens * input + outputTokens * output) / 1e6 }
    const all = this.#usage
    this.#usage = {
      requests: all.requests + 1,
      inputTokens: all.inputTokens + inputTokens,
      outputTokens: all.outputTokens + outputTokens,
      money: all.money + usage.money,
    }
    onUsage?.(usage)
  }

  #answer(completion: Completion | null): unknown {
    const { content, refusal } = completion?.choices?.[0]?.message ?? {}
    if (typeof refusal === 'string') throw invalid(`declines to answer: ${refusal.slice(0, QUOTED)}`)
    if (typeof content !== 'string') throw invalid('gives no answer')
    if (!this.#o.fault) return content
    const answer = parse(content)
    const fault = this.#o.fault(answer)
    if (fault !== undefined) throw invalid(`does not answer as the schema says (${fault})`)
    return answer
  }
}

const CONNECT = 'Check its url, the network and the server.'

const count = (value: unknown) => (typeof value === 'number' && value >= 0 ? value : 0)

function invalid(what: string, cause?: unknown): ChatError {
  return new ChatError('CHAT_INVALID', `The chat server ${what}`, 'Mend the messages, the schema or the model.', cause)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(`sent what is no JSON: ${JSON.stringify(text.slice(0, QUOTED))}`, error)
  }
}

function refusedBy(response: Response, text: string): ChatError {
  const { status } = response
  const what = `The chat server answered ${status}: ${JSON.stringify(text.slice(0, QUOTED))}`
  if (BUSY.includes(status))
    return new ChatError('CHAT_BUSY', what, 'Ask less often: put a limiter around it.', undefined, response)
  return new ChatError('CHAT_FAILED', what, 'See what it says of the request.', undefined, response)
}
