// Environment variables of the configuration: each option that is a number, text or a switch has one, named by its path.
// A value that is wrong is never shown: it might be a secret in the wrong place.
import { PopulaceError } from '../core/errors.js'
import { nearest } from '../core/suggest.js'

/** A part of a schema, as far as it is looked at here. */
interface Part {
  readonly def: { readonly type: string; readonly innerType?: Part; readonly shape?: Readonly<Record<string, Part>> }
}

/** An environment variable and the option that it stands for. */
export interface ConfigVariable {
  readonly name: string
  readonly path: readonly string[]
  readonly kind: 'string' | 'enum' | 'number' | 'boolean'
}

const KINDS = new Set(['string', 'enum', 'number', 'boolean'])

/** Options whose variable is not named by their path. */
const NAMES: Readonly<Record<string, string>> = { 'database.connectionString': 'POPULACE_DATABASE_URL' }

const nameOf = (path: readonly string[]) =>
  NAMES[path.join('.')] ?? `POPULACE_${path.map(key => key.replaceAll(/[A-Z]/g, '_$&').toUpperCase()).join('_')}`

/** The variables of all options of a schema. */
export function variablesOf(schema: unknown, path: readonly string[] = []): ConfigVariable[] {
  const { def } = schema as Part // zod's schemas describe themselves
  if (def.innerType !== undefined) return variablesOf(def.innerType, path)
  if (def.shape !== undefined) {
    return Object.entries(def.shape).flatMap(([key, part]) => variablesOf(part, [...path, key]))
  }
  return KINDS.has(def.type) ? [{ name: nameOf(path), path, kind: def.type as ConfigVariable['kind'] }] : []
}

export function invalidVariable(name: string, why: string): PopulaceError {
  return new PopulaceError(
    'CONFIG_INVALID',
    `The environment variable ${name} is wrong: ${why}`,
    'See the variables in docs/configuration.md.',
  )
}

function parse({ name, kind }: ConfigVariable, text: string): unknown {
  if (kind === 'number') {
    if (!/^[+-]?\d+(\.\d+)?(e\d+)?$/i.test(text)) throw invalidVariable(name, 'expected a number')
    return Number(text)
  }
  if (kind === 'boolean') {
    if (text !== 'true' && text !== 'false') throw invalidVariable(name, "expected 'true' or 'false'")
    return text === 'true'
  }
  return text
}

/** What the environment says of the options of `sections`, by path; what is empty says nothing. CONFIG_INVALID. */
export function readVariables(
  variables: readonly ConfigVariable[],
  sections: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Map<ConfigVariable, unknown> {
  const known = variables.map(({ name }) => name)
  for (const name of Object.keys(env)) {
    const ours = sections.some(section => name.startsWith(`POPULACE_${section.toUpperCase()}_`))
    if (!ours || known.includes(name)) continue
    const close = nearest(name, known)
    throw invalidVariable(name, `there is none of that name${close === undefined ? '' : `; did you mean ${close}?`}`)
  }
  const found = new Map<ConfigVariable, unknown>()
  for (const variable of variables) {
    const text = env[variable.name]?.trim()
    if (text !== undefined && text !== '') found.set(variable, parse(variable, text))
  }
  return found
}
