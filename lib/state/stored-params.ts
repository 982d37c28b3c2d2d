// The parameters of a run as JSON text and back, exactly: JSON has no -0 and no infinities, so numbers that it cannot hold
// are written as text inside of an object, which no parameter is.
import type { Scalar } from '../memory/params.js'

type Params = Readonly<Record<string, Scalar>>

const inJson = (value: number) => Number.isFinite(value) && !Object.is(value, -0)

export function paramsText(params: Params): string {
  return JSON.stringify(params, (_, value) =>
    typeof value === 'number' && !inJson(value) ? { number: Object.is(value, -0) ? '-0' : String(value) } : value,
  )
}

/** @param stored - what JSON.parse made of the text. */
export function paramsFrom(stored: Record<string, Scalar | { number: string }>): Params {
  const entries = Object.entries(stored).map(([name, value]) => [
    name,
    typeof value === 'object' ? Number(value.number) : value,
  ])
  return Object.fromEntries(entries) as Params
}
