// A run in a store, as the command line asks for one: new, or gone on with where it is known.
import { PopulaceError } from '../core/errors.js'
import type { Scalar } from '../memory/params.js'
import { Simulation } from '../run/simulation.js'
import type { SimulationOptions } from '../run/simulation-options.js'
import { type Arguments, wrongUsage } from './arguments.js'
import type { NamedScenario } from './open-scenario.js'

/** Whether an argument names a store, not a scenario. */
export function isStoreAddress(argument: string): boolean {
  return /^(file|memory|postgres|postgresql):/.test(argument)
}

/** What --store and the flags that go with it say. */
export interface StoreRequest {
  readonly store: string
  readonly run: string | undefined
  readonly resume: boolean
  readonly everyTicks: number | undefined
  /** The seed, where it was given. */
  readonly seed: number | undefined
}

/** USAGE: a flag that says something of a store where none is named. */
export function storeRequest(given: Arguments): StoreRequest | undefined {
  const store = given.text('store')
  if (store !== undefined)
    return {
      store,
      run: given.text('run'),
      resume: given.has('resume'),
      everyTicks: given.integer('checkpoint-every', 1),
      seed: given.has('seed') ? given.seed : undefined,
    }
  const stray = ['run', 'resume', 'checkpoint-every'].find(flag => given.has(flag))
  if (stray !== undefined) throw wrongUsage(`--${stray} has no effect without --store`, 'Add --store file:FOLDER.')
  return undefined
}

/** Makes the run, or goes on with it where --resume is given and it is there. */
export async function openRun(
  { url, data, params }: NamedScenario,
  { store, run = data.name, resume, everyTicks, seed }: StoreRequest,
  o: SimulationOptions,
): Promise<Simulation> {
  const lasting = { store, run, ...(everyTicks === undefined ? {} : { checkpoint: { everyTicks } }) }
  if (!resume) return Simulation.create(url, { ...o, ...lasting })
  const { seed: _seed, params: _params, ...crew } = o
  try {
    const sim = await Simulation.resume(url, { ...crew, ...lasting })
    const { options, params: known } = sim.internals.world.plan
    const other = Object.keys(params).find(name => params[name] !== known[name])
    if ((seed === undefined || seed === options.seed) && other === undefined) return sim
    await sim.close()
    throw wrongUsage(
      other === undefined
        ? `--seed is ${seed}, and run '${run}' was made with ${options.seed}`
        : `--set ${other}=${shown(params[other])}, and run '${run}' was made with ${shown(known[other])}`,
      'Leave it off, or name another run.',
    )
  } catch (error) {
    if (!(error instanceof PopulaceError && error.code === 'STORE_RUN_UNKNOWN')) throw error
    return Simulation.create(url, { ...o, ...lasting })
  }
}

const shown = (value: Scalar | undefined) => String(value)
