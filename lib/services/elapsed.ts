// The time between saving something and restoring it, which only its owner knows: no clock here goes on while the process
// does not run.

import { lazily } from '../core/lazy-zod.js'
import { check } from '../core/option-check.js'

const schema = lazily(z => z.strictObject({ elapsedMs: z.number().min(0).max(Number.MAX_SAFE_INTEGER) }))

/** Milliseconds since something was saved. OPTION_INVALID. */
export function resolveElapsed(elapsedMs: unknown): number {
  return check(schema(), { elapsedMs }, 'restore').elapsedMs
}
