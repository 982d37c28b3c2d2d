// An assertion of what must hold whatever a user does. A failure is a bug in populace, never bad input (that is a PopulaceError).

/** Throws when `condition` is false; `what` says which invariant broke. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`populace is broken (please report this): ${what}`)
}
