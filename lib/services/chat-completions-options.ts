// Options of a service of chat completions, checked once at the edge. The key is a secret, and so is what further headers
// may hold: neither is ever shown.
import { createRequire } from 'node:module'
import type { z as Zod } from 'zod'
import { PopulaceError } from '../core/errors.js'
import { CHAT_RESPONSE_BYTES, MAX_CHAT_RESPONSE_BYTES, MAX_DEADLINE_MS, SERVICE_TIMEOUT_MS } from '../core/limits.js'
import { check } from '../core/option-check.js'

// Every worker imports the package, and none makes a service: zod would take 13 MB and 60 ms in each.
const load = createRequire(import.meta.url)

/** One message of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** Options of ChatCompletions. */
export interface ChatCompletionsOptions<Q = unknown> {
  /** Where the server is, as in 'https://api.openai.com/v1': '/chat/completions' is put behind it. */
  readonly url: string
  readonly model: string
  /** Sent as a bearer token; none by default. */
  readonly apiKey?: string
  /** What is said for a question: messages, or the text of one by the user. */
  readonly messages: (question: Q) => string | readonly ChatMessage[]
  /** JSON Schema of answers, sent to the server, and held against what it answers; without one answers are texts. */
  readonly schema?: Readonly<Record<string, unknown>>
  /** Further fields of each request, such as temperature or max_tokens. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Further headers of each request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds that a request may take: 1 to 2^31 - 1, 30,000 by default. */
  readonly timeoutMs?: number
  /** Bytes that a response may have: 1 to 2^26, 2^20 by default. */
  readonly maxResponseBytes?: number
  /** What a million tokens cost, in whatever money: of questions and of answers. */
  readonly pricePerMillion?: { readonly input: number; readonly output: number }
}

/** Fields of a request that are not the host's. */
const OWN_FIELDS = ['model', 'messages', 'stream', 'n', 'response_format']

function makeSchemas() {
  const { z } = load('zod') as { z: typeof Zod }
  const price = z.number().min(0)
  const options = z.strictObject({
    url: z.url({ protocol: /^https?$/ }),
    model: z.string().min(1),
    apiKey: z.unknown().optional(),
    messages: z.custom<ChatCompletionsOptions['messages']>(f => typeof f === 'function', 'expected a function'),
    schema: z.record(z.string(), z.unknown()).optional(),
    parameters: z.record(z.string(), z.unknown()).default({}),
    headers: z.unknown().optional(),
    timeoutMs: z.number().int().min(1).max(MAX_DEADLINE_MS).default(SERVICE_TIMEOUT_MS),
    maxResponseBytes: z.number().int().min(1).max(MAX_CHAT_RESPONSE_BYTES).default(CHAT_RESPONSE_BYTES),
    pricePerMillion: z.strictObject({ input: price, output: price }).default({ input: 0, output: 0 }),
  })
  return { z, options }
}

let made: ReturnType<typeof makeSchemas> | undefined
const schemas = () => (made ??= makeSchemas())

/** What is wrong with an answer by its schema; undefined: nothing. */
export type AnswerCheck = (answer: unknown) => string | undefined

/** Options with their defaults, what is sent with each request, and what answers are held against. */
export interface ResolvedChatOptions {
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, unknown>>
  readonly messages: ChatCompletionsOptions['messages']
  /** undefined: answers are texts. */
  readonly fault: AnswerCheck | undefined
  readonly timeoutMs: number
  readonly maxResponseBytes: number
  readonly pricePerMillion: { readonly input: number; readonly output: number }
}

function refuse(what: string, remedy: string, cause?: unknown): never {
  throw new PopulaceError('OPTION_INVALID', `${what} of ChatCompletions`, remedy, cause)
}

/** OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveChatOptions(given: unknown): ResolvedChatOptions {
  const o = check(schemas().options, given, 'ChatCompletions')
  const { url, model, apiKey, schema, parameters, timeoutMs, maxResponseBytes, pricePerMillion } = o
  const own = Object.keys(parameters).find(field => OWN_FIELDS.includes(field))
  if (own !== undefined)
    refuse(`The field '${own}' is among the parameters`, 'Leave it out: it is set for each request.')
  const format = schema && { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } }
  return {
    address: `${url.replace(/\/+$/, '')}/chat/completions`,
    headers: headersOf(apiKey, o.headers),
    fields: { ...parameters, model, ...(format ? { response_format: format } : {}) },
    messages: o.messages,
    fault: schema && answerCheck(schema),
    ...{ timeoutMs, maxResponseBytes, pricePerMillion },
  }
}

function headersOf(apiKey: unknown, further: unknown): Record<string, string> {
  if (apiKey !== undefined && (typeof apiKey !== 'string' || apiKey === ''))
    refuse('The apiKey', 'Give it as a text that is not empty, or leave it out.')
  const headers = { 'content-type': 'application/json', ...(further === undefined ? {} : (further as object)) }
  const all = { ...headers, ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) }
  try {
    return Object.fromEntries(new Headers(all)) // which refuses what HTTP does
  } catch {
    return refuse('A header or the apiKey', 'Give names and values that HTTP allows.') // the cause would show it
  }
}

function answerCheck(schema: Readonly<Record<string, unknown>>): AnswerCheck {
  const { z } = schemas()
  try {
    const type = z.fromJSONSchema(schema)
    return answer => {
      const [issue] = type.safeParse(answer).error?.issues ?? []
      return issue && `${issue.path.length === 0 ? 'it' : issue.path.join('.')}: ${issue.message}`
    }
  } catch (error) {
    return refuse('The schema', 'Give a JSON Schema of what answers are to be; draft 2020-12 is known.', error)
  }
}
