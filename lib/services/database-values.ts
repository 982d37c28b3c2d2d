// Values between JavaScript and Postgres, in the text form of the protocol. All parameters are made text here, before the
// driver sees them: one that threw inside the driver would leave it out of step with the server.
import { MAX_PARAMETERS } from '../core/limits.js'
import { wrongValue } from './database-error.js'

/** What a statement may be given. Objects become JSON; arrays become arrays of Postgres, so give JSON that begins with [ as text. */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly SqlValue[]
  | { readonly [key: string]: unknown }

/** It would become another character without a word. */
export const LONE_SURROGATE = /\p{Surrogate}/u

function arrayText(values: readonly unknown[], where: string): string {
  const parts = values.map((value, i) => {
    if (Array.isArray(value)) return arrayText(value, where)
    const text = toText(value, `${where}, element ${i + 1},`)
    return text === null ? 'null' : `"${text.replaceAll(/[\\"]/g, '\\$&')}"`
  })
  return `{${parts.join(',')}}`
}

function objectText(value: object, where: string): string {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw wrongValue(`${where} is no date`)
    return value.toISOString()
  }
  if (value instanceof Uint8Array) {
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw wrongValue(`${where} is an instance of ${(value.constructor as { name?: string }).name ?? 'a class'}`)
  }
  try {
    return JSON.stringify(value)
  } catch (error) {
    throw wrongValue(`${where} cannot be written as JSON: ${(error as Error).message.split('\n', 1)[0]}`)
  }
}

function toText(value: unknown, where: string): string | null {
  if (value === null) return null
  if (Array.isArray(value)) return arrayText(value, where)
  if (typeof value === 'object') return objectText(value, where)
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw wrongValue(`${where} contains half of a surrogate pair`)
    return value
  }
  if (typeof value === 'boolean') return value ? 't' : 'f'
  if (Object.is(value, -0)) return '-0' // String makes 0 of it
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  throw wrongValue(`${where} is ${value === undefined ? 'undefined' : `a ${typeof value}`}`)
}

/** The parameters of one statement as text. DATABASE_VALUE_INVALID. */
export function toParameters(values: readonly unknown[], what: string): (string | null)[] {
  if (!Array.isArray(values)) throw wrongValue(`The parameters of ${what} are no array`)
  if (values.length > MAX_PARAMETERS)
    throw wrongValue(`${what} has ${values.length} parameters, ${MAX_PARAMETERS} at most`)
  return values.map((value, i) => toText(value, `Parameter $${i + 1} of ${what}`))
}

/** An int8 is a number where that is exact, else a bigint. */
function integer(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}

function elements(text: string, parse: (element: string) => unknown): unknown[] {
  let at = text.indexOf('{') // bounds other than 1 stand before it, as in [0:1]={…}
  const list = (): unknown[] => {
    const found: unknown[] = []
    at++
    while (text[at] !== '}') {
      if (text[at] === ',') at++
      if (text[at] === '{') found.push(list())
      else found.push(element())
    }
    at++
    return found
  }
  const element = (): unknown => {
    let word = ''
    if (text[at] !== '"') {
      while (text[at] !== ',' && text[at] !== '}') word += text[at++]
      return word === 'NULL' ? null : parse(word)
    }
    for (at++; text[at] !== '"'; at++) word += text[at] === '\\' ? text[++at] : text[at]
    at++
    return parse(word)
  }
  return list()
}

const asItIs = (text: string) => text
const bytes = (text: string) => Buffer.from(text.slice(2), 'hex')
const yes = (text: string) => text === 't'
const date = (text: string) => new Date(text)

/** Types by their numbers in pg_type, with the number of their arrays and how their text is read. Others stay text. */
const TYPES: readonly (readonly [name: string, type: number, array: number, parse: (text: string) => unknown])[] = [
  ['bool', 16, 1000, yes],
  ['bytea', 17, 1001, bytes],
  ['int8', 20, 1016, integer],
  ['int2', 21, 1005, Number],
  ['int4', 23, 1007, Number],
  ['text', 25, 1009, asItIs],
  ['oid', 26, 1028, Number],
  ['json', 114, 199, JSON.parse],
  ['float4', 700, 1021, Number],
  ['float8', 701, 1022, Number],
  ['varchar', 1043, 1015, asItIs],
  ['date', 1082, 1182, asItIs],
  ['timestamp', 1114, 1115, asItIs],
  ['timestamptz', 1184, 1185, date],
  ['numeric', 1700, 1231, asItIs],
  ['uuid', 2950, 2951, asItIs],
  ['jsonb', 3802, 3807, JSON.parse],
]

/** The same in the form that the driver takes; serializing leaves the text alone that `toParameters` made. */
export function driverTypes() {
  const types = TYPES.flatMap(([name, type, array, parse]) => [
    [name, { to: type, from: [type], serialize: asItIs, parse }],
    [`${name}s`, { to: array, from: [array], serialize: asItIs, parse: (text: string) => elements(text, parse) }],
  ])
  return Object.fromEntries(types) as Record<string, import('postgres').PostgresType>
}
