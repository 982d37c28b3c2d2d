// Schemas that are made when the first of them is needed. Every worker imports the package and none checks options of
// services, so a module that a worker can reach must not load zod, which takes 13 MB and 60 ms in each thread.
import { createRequire } from 'node:module'
import type { z as Zod } from 'zod'
import { MAX_DEADLINE_MS } from './limits.js'

const load = createRequire(import.meta.url)

/** What `make` makes of zod, made once, when it is first asked for. */
export function lazily<T>(make: (z: typeof Zod) => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make((load('zod') as { z: typeof Zod }).z) }
    return made.value
  }
}

/** An integer from `least` to `most`. */
export const integer = (z: typeof Zod, least: number, most: number) => z.number().int().min(least).max(most)

/** Milliseconds of a deadline or period: an integer that a timer can wait. */
export const milliseconds = (z: typeof Zod, least = 1) => integer(z, least, MAX_DEADLINE_MS)

/** A function of the caller's. */
export const callable = <F>(z: typeof Zod) => z.custom<F>(f => typeof f === 'function', 'expected a function')
