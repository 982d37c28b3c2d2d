// Checks options against a schema of zod, and says what is wrong of them in our words. zod itself is not loaded here:
// whoever makes the schema has done so.
import type { z } from 'zod'
import { PopulaceError } from './errors.js'
import { nearest } from './suggest.js'

/** A part of a schema, as far as it is looked at here. */
interface Part {
  readonly def: {
    readonly type: string
    readonly innerType?: Part
    readonly shape?: Readonly<Record<string, Part>>
    /** Of a record: what is at any of its keys. */
    readonly valueType?: Part
  }
}

/** Parts that are about another part. */
const WRAPPERS = ['default', 'prefault', 'optional']

function knownAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const within = (part: Part | undefined): Part | undefined =>
    part !== undefined && WRAPPERS.includes(part.def.type) ? within(part.def.innerType) : part
  let at = within(schema as Part) // zod's schemas describe themselves
  for (const key of path) at = within(at?.def.shape?.[String(key)] ?? at?.def.valueType)
  return Object.keys(at?.def.shape ?? {})
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let at = given as Record<PropertyKey, unknown> | undefined
  for (const key of path) at = at?.[key] as Record<PropertyKey, unknown> | undefined
  return at
}

/** What `given` says, filled with defaults. OPTION_UNKNOWN, OPTION_INVALID. A wrong value is shown: give it no secrets. */
export function check<T>(schema: z.ZodType<T>, given: unknown, what: string): T {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys
    const name = [...issue.path, key].join('.')
    const known = knownAt(schema, issue.path)
    const close = nearest(key, known)
    throw new PopulaceError(
      'OPTION_UNKNOWN',
      `${what} has no option '${name}'`,
      close ? `Did you mean '${close}'?` : `Known: ${known.join(', ')}.`,
    )
  }
  const name = issue.path.join('.')
  const subject =
    name === ''
      ? `The options of ${what} are ${shown(given)}`
      : `Option '${name}' of ${what} is ${shown(valueAt(given, issue.path))}`
  const why =
    issue.code === 'invalid_union'
      ? "expected 'auto' or an integer of at least 0"
      : issue.message.replace(/^Invalid input: |^Invalid option: /, '')
  throw new PopulaceError(
    'OPTION_INVALID',
    `${subject}: ${why.charAt(0).toLowerCase()}${why.slice(1)}`,
    'See the options in docs/guide.md.',
  )
}
