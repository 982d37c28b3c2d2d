// Plain data: what commands carry and records journal. Copies are deep, so that nobody keeps a hand on what was journaled.
import { type ErrorCode, PopulaceError } from './errors.js'

/** What makes a value no plain data of up to `most` levels, naming the part of it; undefined: it is. */
export function plainFault(
  value: unknown,
  path: string,
  most = Number.POSITIVE_INFINITY,
  above: readonly object[] = [],
): string | undefined {
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return undefined
  if (value instanceof Uint8Array) return undefined
  if (typeof value !== 'object') return `${path} is a ${typeof value}`
  if (above.includes(value)) return `${path} contains itself`
  if (above.length === most) return `it is nested more than ${most} deep`
  const inside = [...above, value]
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const wrong = plainFault(value[i], `${path}[${i}]`, most, inside)
      if (wrong) return wrong
    }
    return undefined
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    return `${path} is an instance of ${value.constructor?.name ?? 'a class'}`
  for (const [key, inner] of Object.entries(value)) {
    const wrong = plainFault(inner, `${path}.${key}`, most, inside)
    if (wrong) return wrong
  }
  return undefined
}

/** A deep copy of plain data; `code` for anything else, naming the part that is not. */
export function copyJson<T>(value: T, what: string, code: ErrorCode): T {
  const wrong = plainFault(value, what)
  if (wrong)
    throw new PopulaceError(
      code,
      wrong.charAt(0).toUpperCase() + wrong.slice(1),
      'Use null, booleans, numbers, strings, Uint8Arrays, arrays and plain objects.',
    )
  return structuredClone(value)
}
