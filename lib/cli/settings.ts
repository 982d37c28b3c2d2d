// --set name=value: text to parameters, by the type of each one's default; and parameters to help text.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import { bounds, type Params, resolveParams, type Scalar } from '../memory/params.js'
import { wrongUsage } from './arguments.js'
import { twoColumns } from './usage.js'

function parse(name: string, text: string, type: string): Scalar {
  if (type === 'string') return text
  if (type === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true'
    throw new PopulaceError('PARAM_INVALID', `Parameter '${name}' = ${text} is no boolean`, 'Give true or false.')
  }
  const value = text.trim() === '' ? Number.NaN : Number(text.replace(/(?<=\d)_(?=\d)/g, ''))
  if (Number.isNaN(value))
    throw new PopulaceError('PARAM_INVALID', `Parameter '${name}' = ${text} is no number`, 'Give a number.')
  return value
}

/** The parameters that were set, checked. USAGE, PARAM_UNKNOWN, PARAM_INVALID. */
export function parseSettings(params: Params, settings: readonly string[]): Record<string, Scalar> {
  const given: Record<string, Scalar> = {}
  for (const setting of settings) {
    const at = setting.indexOf('=')
    if (at < 1) throw wrongUsage(`--set is '${setting}'`, 'Write --set name=value.')
    const name = setting.slice(0, at)
    if (!Object.hasOwn(params, name))
      throw new PopulaceError(
        'PARAM_UNKNOWN',
        `The scenario has no parameter '${name}'`,
        `Check the spelling; ${hint(name, Object.keys(params))}`,
      )
    if (Object.hasOwn(given, name)) throw wrongUsage(`Parameter '${name}' is set twice`, 'Set it once.')
    given[name] = parse(name, setting.slice(at + 1), typeof params[name].default)
  }
  resolveParams(params, given)
  return given
}

/** The parameters of a scenario in words: name, default, type and bounds, meaning. */
export function paramHelp(scenario: string, params: Params): string {
  const rows = Object.entries(params).map(([name, param]) => {
    const kind = bounds(param)
      .replace(/^Give (a )?/, '')
      .replace(/\.$/, '')
    return [`${name}=${String(param.default)}`, `${kind}${param.about ? `; ${param.about}` : ''}`] as const
  })
  if (rows.length === 0) return `\n'${scenario}' has no parameters.\n`
  return `\nParameters of '${scenario}' with their defaults (--set name=value):\n${twoColumns(rows)}\n`
}
