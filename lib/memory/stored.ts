// Values that hosts give, as columns store them: labels become codes, units steps; what does not fit is refused.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import { type ColumnData, RANGE } from './columns.js'

/** Refuses a value. VALUE_INVALID. */
export function invalid(where: string, what: string, remedy: string): never {
  throw new PopulaceError('VALUE_INVALID', `${where} ${what}`, remedy)
}

/** One number as the column stores it. VALUE_INVALID. */
function stored(data: ColumnData, given: unknown, where: string): number {
  let value = given
  if (data.labels && typeof given === 'string') {
    if (!Object.hasOwn(data.codes, given))
      invalid(where, `has no label '${given}'`, `Check the spelling; ${hint(given, data.labels)}`)
    value = data.codes[given]
  }
  if (typeof value !== 'number')
    return invalid(
      where,
      `is given ${given === null ? 'null' : typeof given}`,
      data.labels ? 'Give a label or its code.' : 'Give a number.',
    )
  if (Number.isNaN(value)) invalid(where, 'is given NaN', 'Give a number.')
  const scaled = data.kind === 'fixed' ? Math.round(value / data.unit) : value
  const range = data.labels ? [0, data.labels.length - 1] : RANGE[data.kind]
  if (range && !(Number.isInteger(scaled) && scaled >= range[0] && scaled <= range[1])) {
    invalid(
      where,
      `is given ${value}`,
      data.kind === 'fixed'
        ? 'Give a number whose steps fit 53 bits.'
        : `Give an integer from ${range[0]} to ${range[1]}.`,
    )
  }
  return data.kind === 'f32' ? Math.fround(scaled) : scaled // what is compared with a column is rounded as it is
}

/** The values of a row as the column stores them. VALUE_INVALID. */
export function storedValues(data: ColumnData, given: unknown, where: string): readonly number[] {
  if (data.doc)
    invalid(
      where,
      'holds documents, which are not compared',
      'Keep what agents are looked up by in a column of its own.',
    )
  if (data.size === 1) return [stored(data, given, where)]
  const list = given as ArrayLike<unknown> | null | undefined
  if (typeof list !== 'object' || list === null || list.length !== data.size) {
    invalid(where, `holds ${data.size} values a row`, `Give an array of ${data.size} numbers.`)
  }
  return Array.from(list, v => stored(data, v, where))
}

/** What a host gets of one stored number. */
export function shownValue(data: ColumnData, value: number): number | string {
  if (data.labels) return data.labels[value]
  return data.kind === 'fixed' ? value * data.unit : value
}
