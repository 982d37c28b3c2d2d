// Parameters of a scenario: typed, bounded, checked once when a simulation is made.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'

/** A parameter's value. */
export type Scalar = number | string | boolean

/** One parameter; `min` and `max` bound a number (both included), `oneOf` lists all values allowed. */
export interface Param<T extends Scalar> {
  default: T
  min?: number
  max?: number
  oneOf?: readonly T[]
  about?: string
}

// biome-ignore lint/suspicious/noExplicitAny: the value's type varies by parameter and is recovered by ParamValues
export type Params = Record<string, Param<any>>

type Widen<T> = T extends number ? number : T extends string ? string : boolean

/** The values of parameters by name. */
export type ParamValues<P extends Params> = { readonly [k in keyof P]: Widen<P[k]['default']> }

/** A number, or one that depends on the parameters. */
export type Size<P extends Params> = number | ((params: ParamValues<P>) => number)

const FIELDS = ['default', 'min', 'max', 'oneOf', 'about']

function fault(name: string, value: unknown, param: Param<Scalar>): string | undefined {
  const type = typeof param.default
  if (typeof value !== type) return `is ${typeof value}, not ${type}`
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return 'is NaN'
    if (param.min !== undefined && value < param.min) return `is below ${param.min}`
    if (param.max !== undefined && value > param.max) return `is above ${param.max}`
  }
  if (param.oneOf && !param.oneOf.includes(value as Scalar))
    return `is none of ${param.oneOf.map(v => JSON.stringify(v)).join(', ')}`
  return name === '' ? 'has no name' : undefined
}

/** Declares parameters. PARAM_INVALID: a default that is no number, string or boolean, or out of its own bounds. */
export function defineParams<P extends Params>(params: P): P {
  for (const [name, param] of Object.entries(params as Record<string, Param<Scalar>>)) {
    const invalid = (what: string, remedy: string) =>
      new PopulaceError('PARAM_INVALID', `Parameter '${name}' ${what}`, remedy)
    if (
      typeof param !== 'object' ||
      param === null ||
      !['number', 'string', 'boolean'].includes(typeof param.default)
    ) {
      throw invalid('has no default', `Write ${name}: { default: 1 }.`)
    }
    for (const key of Object.keys(param)) {
      if (!FIELDS.includes(key)) throw invalid(`has no field '${key}'`, `Check the spelling; ${hint(key, FIELDS)}`)
    }
    for (const bound of [param.min, param.max]) {
      if (bound !== undefined && (typeof bound !== 'number' || Number.isNaN(bound)))
        throw invalid(`has a bound ${String(bound)}`, 'min and max are numbers.')
    }
    const wrong = fault(name, param.default, param)
    if (wrong)
      throw invalid(`: its default ${JSON.stringify(param.default)} ${wrong}`, 'Mend the default or the bounds.')
  }
  return Object.freeze(params)
}

/** All values: the defaults, with `given` laid over them. PARAM_UNKNOWN, PARAM_INVALID. */
export function resolveParams(
  params: Params,
  given: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, Scalar>> {
  const names = Object.keys(params)
  const values: Record<string, Scalar> = {}
  for (const name of names) values[name] = params[name].default as Scalar
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(params, name))
      throw new PopulaceError(
        'PARAM_UNKNOWN',
        `There is no parameter '${name}'`,
        `Check the spelling; ${hint(name, names)}`,
      )
    if (value === undefined) continue
    const wrong = fault(name, value, params[name] as Param<Scalar>)
    if (wrong)
      throw new PopulaceError(
        'PARAM_INVALID',
        `Parameter '${name}' = ${String(value)} ${wrong}`,
        `${bounds(params[name] as Param<Scalar>)}`,
      )
    values[name] = value as Scalar
  }
  return Object.freeze(values)
}

/** A parameter's type and bounds in words. */
export function bounds(param: Param<Scalar>): string {
  if (param.oneOf) return `Give one of ${param.oneOf.map(v => JSON.stringify(v)).join(', ')}.`
  const ends = [
    param.min === undefined ? '' : ` from ${param.min}`,
    param.max === undefined ? '' : ` to ${param.max}`,
  ].join('')
  return `Give a ${typeof param.default}${ends}.`
}
