// The shape of a delta's body, held against what a message says: whoever reads it further may rely on its types, not yet
// on its numbers. Pure, as all that a browser loads.
import { ARRAY_OF } from '../memory/arrays.js'
import type { Packed } from '../memory/message-pack.js'
import {
  type DeltaBody,
  type DeltaFilter,
  type DeltaPopulation,
  type DeltaPosition,
  damagedDelta,
} from './delta-format.js'
import type { SchemaColumn } from './schema.js'

type PackedMap = { readonly [key: string]: Packed }
type Check = (value: Packed) => boolean

const isMap = (value: Packed): value is PackedMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
const isText: Check = value => typeof value === 'string'
const isBytes: Check = value => value instanceof Uint8Array
const isCount: Check = value => Number.isSafeInteger(value) && (value as number) >= 0
const isFlag: Check = value => typeof value === 'boolean'
const isNumber: Check = value => typeof value === 'number'
const isKind: Check = value => typeof value === 'string' && Object.hasOwn(ARRAY_OF, value)
const isList =
  (item: Check): Check =>
  value =>
    Array.isArray(value) && value.every(item)
const isTuple =
  (...items: readonly Check[]): Check =>
  value =>
    Array.isArray(value) && value.length === items.length && items.every((item, i) => item(value[i] as Packed))
const either =
  (...checks: readonly Check[]): Check =>
  value =>
    checks.some(check => check(value))
const nil: Check = value => value === null

/** A map with these keys, those that end in '?' left out or not, and no others. */
const isRecord = (keys: Readonly<Record<string, Check>>): Check => {
  const known = new Map(Object.entries(keys).map(([key, check]) => [key.replace('?', ''), check]))
  const needed = Object.keys(keys).filter(key => !key.endsWith('?'))
  return value =>
    isMap(value) &&
    needed.every(key => Object.hasOwn(value, key)) &&
    Object.entries(value).every(([key, item]) => known.get(key)?.(item) === true)
}

const isMark: Check = value => value instanceof Uint8Array && value.length === 8
const isNames = isList(isText)
const position = { tick: isCount, sequence: isCount, mark: isMark }
const isFilter = isRecord({ populations: isNames, 'columns?': isNames, 'partitions?': isNames })
const isMeasures: Check = value => isMap(value) && Object.values(value).every(either(isNumber, isList(isNumber)))
const isColumn = isRecord({
  ...{ name: isText, kind: isKind, size: isCount, doc: isFlag, reset: isFlag, unit: isNumber, index: isFlag },
  ...{ 'labels?': isNames, 'to?': isText },
})
const isValues = either(isBytes, isTuple(isBytes, isBytes))
const isPopulation = isRecord({
  'name?': isText,
  'columns?': isList(isColumn),
  'gone?': isBytes,
  'moved?': isTuple(isBytes, isBytes),
  'changed?': isList(either(nil, isTuple(either(nil, isBytes), isValues))),
  'came?': isTuple(isCount, isBytes, isBytes, isList(isValues)),
})
const isBody = isRecord({
  run: isText,
  ...position,
  after: either(nil, isRecord(position)),
  'filter?': isFilter,
  'measures?': isMeasures,
  partitions: isNames,
  populations: isList(either(nil, isPopulation)),
})

/** What a keyframe has more. */
export interface KeyframeBody extends DeltaBody {
  readonly after: null
  readonly filter: DeltaFilter
  readonly populations: readonly (DeltaPopulation & {
    readonly name: string
    readonly columns: readonly SchemaColumn[]
  })[]
}

/** What follows another message. */
export interface FollowingBody extends DeltaBody {
  readonly after: DeltaPosition
}

/** Whether a body is a keyframe. */
export const isKeyframe = (body: DeltaBody): body is KeyframeBody => body.after === null

/** A body, its shape checked. DELTA_INVALID. */
export function readBody(value: Packed): KeyframeBody | FollowingBody {
  if (!isBody(value)) throw damagedDelta('has not the shape of one')
  const body = value as unknown as DeltaBody // as was checked
  const { after, filter, populations } = body
  const whole = populations.every(p => p?.name !== undefined && p.columns !== undefined && !p.gone && !p.changed)
  const named = filter?.populations.every((name, i) => populations[i]?.name === name)
  const columns = populations.flatMap(p => p?.columns ?? [])
  const fits = columns.every(({ size }) => size >= 1)
  if (after === null && !(filter && whole && named && populations.length === filter.populations.length && fits))
    throw damagedDelta('is no keyframe and follows nothing')
  return body as KeyframeBody | FollowingBody
}
