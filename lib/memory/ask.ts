// Asks: questions of agents to a service outside, such as a language model. Declared here as plain frozen descriptions;
// where asks wait for their answers is the matter of ask-box.ts, how they are put out of exchange/asks.ts.
import { PopulaceError } from '../core/errors.js'
import { MAX_PENDING_ASKS } from '../core/limits.js'
import type { DocColumn, Json } from './column-types.js'
import { type ColumnData, columnData, doc } from './columns.js'
import type { RecordColumn } from './layout.js'
import { type AnyPopulation, checkKeys, checkName, populationData } from './population.js'

/** A question of type Q to a service, answered with an A. */
export interface Ask<Q, A> {
  readonly question?: Q
  readonly answer?: A
}

/** What is behind an Ask. */
export interface AskData {
  readonly kind: 'ask'
  readonly name: string
  readonly service: string
  /** The population whose agents ask. */
  readonly by: string
  /** Ticks after which an ask that is not answered is late. */
  readonly timeoutTicks: number
  /** Asks that may be unanswered at once. */
  readonly pending: number
  /** Ticks from question to answer, exactly; undefined: the answer comes when it is there. */
  readonly latency: number | undefined
}

/** What became of an ask, as kernels see it: ok, with an answer; late, failed and refused, without. */
export type Status = 0 | 1 | 2 | 3

/** Codes of what became of an ask; `open`: it waits for its answer, and no kernel sees it. */
export const ASK_STATUS = { ok: 0, late: 1, failed: 2, refused: 3, open: 4 } as const

/** Names of the codes that kernels see. */
export const STATUS_NAMES = ['ok', 'late', 'failed', 'refused'] as const

/** What becomes of an ask. */
export type AskOutcome = (typeof STATUS_NAMES)[number]

function recordColumn({ kind, size, default: value, doc: document }: ColumnData): Omit<RecordColumn, 'offset'> {
  return { kind, size, default: value, doc: document }
}

const DOCUMENT = recordColumn(columnData(doc(), 'A document'))
const plain = (kind: 'u8' | 'u16' | 'f64') => ({ kind, size: 1, default: 0, doc: false }) as const

/**
 * The columns of an ask that waits: what is asked, the asker's own number for it, the tick in which it was asked, the
 * engine by its number among those that ask it, the ask's number in its run, what became of it, and the answer.
 */
export const ASK_COLUMNS: ReadonlyMap<string, Omit<RecordColumn, 'offset'>> = new Map([
  ['question', DOCUMENT],
  ['token', plain('f64')],
  ['tick', plain('f64')],
  ['engine', plain('u16')],
  ['number', plain('f64')],
  ['status', plain('u8')],
  ['answer', DOCUMENT],
])

const DATA = Symbol.for('populace.ask')

function refuse(name: string, what: string, remedy: string): never {
  throw new PopulaceError('ASK_INVALID', `Ask '${name}' ${what}`, remedy)
}

/**
 * Declares an ask: agents of `by` put questions to `service` (`asks`), engines of that population take in the answers
 * (`hears`). No tick waits for a service. pending: asks that may be unanswered at once, of all agents together; one more
 * is refused. timeoutTicks: an ask that is not answered by then is late. latency: with 'arrival' (the default) the answer
 * comes at the start of the first tick after it is there; with n exactly n ticks after the question, and the run holds at
 * that boundary until it is there. What became of an ask is told to the asker whatever it is; an answer to one who sleeps
 * waits, one to the dead is dropped. NAME_INVALID, ASK_INVALID, OPTION_UNKNOWN, POPULATION_UNKNOWN, COLUMN_INVALID.
 */
export function defineAsk<Q extends Json, A extends Json>(
  name: string,
  o: {
    service: string
    by: AnyPopulation
    question: DocColumn<Q>
    answer: DocColumn<A>
    timeoutTicks: number
    pending: number
    latency?: 'arrival' | number
  },
): Ask<Q, A> {
  checkName(name, 'An ask')
  const known = ['service', 'by', 'question', 'answer', 'timeoutTicks', 'pending', 'latency']
  checkKeys(o, known, `defineAsk('${name}')`)
  const { service, timeoutTicks, pending, latency = 'arrival' } = o
  checkName(service, `The service of ask '${name}'`)
  for (const [what, column] of Object.entries({ question: o.question, answer: o.answer }))
    if ((column as DocColumn<Q> | undefined)?.kind !== 'doc')
      refuse(name, `has a ${what} that is no document`, `Write ${what}: doc<…>().`)
  if (!(Number.isSafeInteger(timeoutTicks) && timeoutTicks >= 1))
    refuse(name, `has timeoutTicks of ${String(timeoutTicks)}`, 'Give an integer of at least 1.')
  if (!(Number.isInteger(pending) && pending >= 1 && pending <= MAX_PENDING_ASKS))
    refuse(name, `has ${String(pending)} pending`, `Give an integer from 1 to ${MAX_PENDING_ASKS}.`)
  if (latency !== 'arrival' && !(Number.isSafeInteger(latency) && latency >= 1 && latency <= timeoutTicks))
    refuse(
      name,
      `has a latency of ${String(latency)}`,
      `Give 'arrival', or ticks from 1 to its timeoutTicks, which are ${timeoutTicks}.`,
    )
  const by = populationData(o.by, `The population of ask '${name}'`).name
  const ticks = latency === 'arrival' ? undefined : latency
  const data: AskData = { kind: 'ask', name, service, by, timeoutTicks, pending, latency: ticks }
  const ask = {}
  Object.defineProperty(ask, DATA, { value: Object.freeze(data) })
  return Object.freeze(ask)
}

/** The description behind an ask. ASK_INVALID for anything else. */
export function askData(given: unknown, where: string): AskData {
  const data = (given as { [DATA]?: AskData } | null | undefined)?.[DATA]
  if (data) return data
  throw new PopulaceError('ASK_INVALID', `${where} is no ask`, 'Make it with defineAsk.')
}
