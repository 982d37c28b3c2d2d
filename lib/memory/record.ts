// Records: rows of typed columns that kernels put out and somebody else takes in: messages, events. Declared here as
// plain frozen descriptions; where they lie is the matter of layout.ts.
import { type ErrorCode, PopulaceError } from '../core/errors.js'
import { MAX_WAITING } from '../core/limits.js'
import type { AnyColumn, Columns, Forbid } from './column-types.js'
import type { ColumnData } from './columns.js'
import { type AnyPopulation, checkColumns, checkKeys, checkName, populationData } from './population.js'

/** What happens to a message for an agent of a frozen partition. */
export type Frozen = 'wake' | 'hold' | 'drop'

/** A typed record to an agent. */
export interface Message<N extends string, C extends Columns> {
  readonly name: N
  readonly columns: C
}

/** What is behind a Message. */
export interface MessageData {
  readonly kind: 'message'
  readonly name: string
  readonly to: string
  readonly columns: ReadonlyMap<string, ColumnData>
  /** Messages of this kind that may wait at once, for all agents together. */
  readonly capacity: number
  readonly frozen: Frozen
}

/** A typed record to the world outside. */
export interface Event<C extends Columns> {
  readonly columns: C
}

/** What is behind an Event. */
export interface EventData {
  readonly kind: 'event'
  readonly name: string
  readonly columns: ReadonlyMap<string, ColumnData>
}

const DATA = Symbol.for('populace.record')

/** The description behind a message or event, if it is one of that kind. */
function dataOf(given: unknown): MessageData | EventData | undefined {
  return (given as { [DATA]?: MessageData | EventData } | null | undefined)?.[DATA]
}

function make(data: MessageData | EventData, columns: Columns): object {
  const record = { name: data.name, columns }
  Object.defineProperty(record, DATA, { value: Object.freeze(data) })
  return Object.freeze(record)
}

function recordColumns(what: string, code: ErrorCode, columns: Record<string, AnyColumn>) {
  const all = checkColumns(what, columns)
  for (const [name, column] of all) {
    if (column.reset === undefined && column.effect === undefined) continue
    throw new PopulaceError(
      code,
      `Column '${name}' of ${what} has ${column.effect === undefined ? 'a reset' : 'an effect'}`,
      'A record is written once, by whoever puts it out: leave that off.',
    )
  }
  return all
}

/**
 * Declares a message: a typed record that agents (`sends`) and the main thread (`world.send`) put out to agents of one
 * population, and engines of that population take in (`receives`). capacity: messages that may wait at once, of all
 * agents together; one more is refused and counted. frozen: whether mail to a frozen partition wakes it, waits (the
 * default) or is dropped. NAME_INVALID, COLUMN_INVALID, MESSAGE_INVALID, OPTION_UNKNOWN, POPULATION_UNKNOWN.
 */
export function defineMessage<const N extends string, C extends Columns>(
  name: N,
  o: { to: AnyPopulation; columns: C & Forbid; capacity: number; frozen?: Frozen },
): Message<N, C> {
  checkName(name, 'A message')
  const what = `message '${name}'`
  checkKeys(o, ['to', 'columns', 'capacity', 'frozen'], `defineMessage('${name}')`)
  const { capacity, frozen = 'hold' } = o
  if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= MAX_WAITING))
    throw new PopulaceError(
      'MESSAGE_INVALID',
      `The capacity of ${what} is ${String(capacity)}`,
      `Give the number of messages that may wait at once: an integer from 1 to ${MAX_WAITING}.`,
    )
  if (!['wake', 'hold', 'drop'].includes(frozen))
    throw new PopulaceError('MESSAGE_INVALID', `${what} has frozen: ${String(frozen)}`, "Use 'wake', 'hold' or 'drop'.")
  const to = populationData(o.to, `The population that ${what} goes to`).name
  const columns = recordColumns(what, 'MESSAGE_INVALID', o.columns)
  return make({ kind: 'message', name, to, columns, capacity, frozen }, o.columns) as Message<N, C>
}

/**
 * Declares an event: a typed record that kernels put out (`emits`) to the world outside, delivered in order when the
 * tick ends. NAME_INVALID, COLUMN_INVALID, EVENT_INVALID, OPTION_UNKNOWN.
 */
export function defineEvent<C extends Columns>(name: string, o: { columns: C }): Event<C> {
  checkName(name, 'An event')
  checkKeys(o, ['columns'], `defineEvent('${name}')`)
  const columns = recordColumns(`event '${name}'`, 'EVENT_INVALID', o.columns)
  return make({ kind: 'event', name, columns }, o.columns) as Event<C>
}

/** The description behind a message. MESSAGE_INVALID for anything else. */
export function messageData(given: unknown, where: string): MessageData {
  const data = dataOf(given)
  if (data?.kind === 'message') return data
  throw new PopulaceError('MESSAGE_INVALID', `${where} is not a message`, 'Make it with defineMessage.')
}

/** The description behind an event. EVENT_INVALID for anything else. */
export function eventData(given: unknown, where: string): EventData {
  const data = dataOf(given)
  if (data?.kind === 'event') return data
  throw new PopulaceError('EVENT_INVALID', `${where} is not an event`, 'Make it with defineEvent.')
}
