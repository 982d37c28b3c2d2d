// Loaders: who makes the first content of a partition. They are registered while a scenario's module is evaluated, in
// every thread that imports it, and belong to that scenario: imports of scenarios in one thread wait for one another, so
// what is registered meanwhile is known to be of the one that is imported.
import { PopulaceError } from '../core/errors.js'
import { MAX_NAME_LENGTH } from '../core/limits.js'
import type { Sequence } from '../core/sequence.js'
import type { Params, ParamValues } from '../memory/params.js'
import { DEFAULT_PARTITION } from '../memory/partitions.js'
import type { World } from '../memory/world.js'

/** What a loader is given beside the world. */
export interface LoaderScope<P extends Params> {
  /** The name of the partition that is loaded. */
  readonly partition: string
  readonly params: ParamValues<P>
  readonly random: Sequence
}

/** Makes the first content of a partition. */
// biome-ignore lint/suspicious/noExplicitAny: the parameters vary by scenario
export type Loader = (world: World, scope: LoaderScope<any>) => void | Promise<void>

/** Loaders by prefix; null: two were registered, and it is not known whose they are. */
export type Loaders = ReadonlyMap<string, Loader | null>

/** Of the scenario that is being imported; undefined: none is. */
let collecting: Map<string, Loader> | undefined
/** Registered while no scenario was being imported: by a host that imports the module itself. */
const loose = new Map<string, Loader | null>()
/** By the URL of a scenario, copies taken as one: modules that copies share are evaluated for the first one only. */
const known = new Map<string, Map<string, Loader>>()
let importing: Promise<unknown> = Promise.resolve()

function invalid(what: string, remedy: string): never {
  throw new PopulaceError('LOADER_INVALID', what, remedy)
}

function twice(prefix: string): never {
  return invalid(
    `Two loaders are registered for '${prefix}'`,
    'One loader a prefix: join them, or use a longer prefix.',
  )
}

/**
 * Registers the loader of a partition, or of all whose names begin with `prefix`; the longest prefix wins. To be called
 * at module level in a scenario. Such partitions begin frozen, unless setup makes agents there; the loader is called when
 * one thaws for the first time, on a worker (inline with workers: 0). It makes agents in that partition alone, sends
 * nothing, and is a function of seed, parameters and the partition's name. LOADER_INVALID.
 */
export function registerLoader<P extends Params = {}>(
  prefix: string,
  loader: (world: World, scope: LoaderScope<P>) => void | Promise<void>,
): void {
  if (typeof prefix !== 'string' || prefix === '' || prefix.length > MAX_NAME_LENGTH)
    invalid(
      `A loader is registered for ${JSON.stringify(prefix)}`,
      `Give the beginning of a partition's name: 1 to ${MAX_NAME_LENGTH} characters.`,
    )
  if (prefix === DEFAULT_PARTITION)
    invalid(
      `A loader is registered for '${DEFAULT_PARTITION}', which every world has from the start`,
      'Give the partitions that are to be loaded names of their own.',
    )
  if (typeof loader !== 'function')
    invalid(`The loader of '${prefix}' is no function`, 'Give (world, { partition, params, random }) => { … }.')
  if (!collecting) {
    loose.set(prefix, loose.has(prefix) ? null : loader)
    return
  }
  if (collecting.has(prefix)) twice(prefix)
  collecting.set(prefix, loader)
}

/** Imports a scenario's module; what it gives, and the loaders that the scenario has. */
export function importWithLoaders<T>(url: string, load: () => Promise<T>): Promise<{ value: T; loaders: Loaders }> {
  const work = async () => {
    collecting = new Map()
    try {
      const value = await load()
      const own = known.get(url) ?? new Map()
      for (const [prefix, loader] of collecting) own.set(prefix, loader)
      known.set(url, own)
      return { value, loaders: new Map(own) }
    } finally {
      collecting = undefined
    }
  }
  const done = importing.then(work)
  importing = Promise.allSettled([done])
  return done
}

/** The loaders of a scenario that a host imported itself. */
export function looseLoaders(): Loaders {
  return new Map(loose)
}

/** The longest prefix that a partition's name begins with; undefined: it has no loader. */
export function loaderPrefix(prefixes: Iterable<string>, partition: string): string | undefined {
  let found: string | undefined
  for (const prefix of prefixes)
    if (partition.startsWith(prefix) && prefix.length > (found?.length ?? 0)) found = prefix
  return found
}

/** The loader of a partition. LOADER_INVALID. */
export function loaderOf(loaders: Loaders, partition: string): { prefix: string; loader: Loader } | undefined {
  const prefix = loaderPrefix(loaders.keys(), partition)
  if (prefix === undefined) return undefined
  const loader = loaders.get(prefix)
  return loader ? { prefix, loader } : twice(prefix)
}
