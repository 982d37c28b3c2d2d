// Runs the setup of a scenario in an empty world, in whatever thread it is called.
import { locate, PopulaceError } from '../core/errors.js'
import { makeSequence } from '../core/sequence.js'
import { PURPOSE, streamKey } from '../core/threefry.js'
import { FramesSpent } from '../memory/frames.js'
import { World, type WorldMemory } from '../memory/world.js'
import { type RecordEntry, recordName } from '../state/journal.js'
import { deterministic } from './forbidden.js'
import type { Plan } from './plan.js'
import { makeRecorder } from './recorder.js'

/** What setup came to: what it recorded, and the population whose blocks are too large, if one's are. */
export interface SetupResult {
  readonly records: readonly RecordEntry[]
  readonly framesSpent: string | undefined
}

/** Where the n-th fresh frame of each population goes in checks mode: shuffled, but for permanent populations. */
export function placeFrames(plan: Plan, memory: WorldMemory): void {
  const { shuffle } = plan.options
  if (shuffle === 0) return
  for (const { layout, frames } of memory.populations) {
    if (layout.permanent) continue
    const order = Int32Array.from({ length: layout.frames }, (_, i) => i)
    frames.placement = makeSequence(Int32Array.of(shuffle, layout.index)).shuffle(order)
  }
}

/** Fills the world. `known` are values recorded before, which are not asked for again. SETUP_FAILED. */
export async function runSetup(
  plan: Plan,
  memory: WorldMemory,
  known: readonly RecordEntry[],
  signal: AbortSignal,
): Promise<SetupResult> {
  const all = new Map(known.map(r => [recordName(r.owner, r.tick, r.key), r]))
  const records: RecordEntry[] = []
  const store = {
    append(entry: RecordEntry) {
      records.push(entry)
    },
    recorded: (owner: string, tick: number, key: string) => all.get(recordName(owner, tick, key)),
  }
  memory.open()
  const world = new World(memory, { mode: 'setup', tick: -1, retryFrames: true })
  const scope = {
    params: plan.params,
    random: makeSequence(streamKey(plan.options.seed, '', PURPOSE.setup, 0)),
    record: makeRecorder(store, '', 0, signal),
  }
  try {
    await deterministic(async () => plan.scenario.setup(world, scope))
  } catch (error) {
    if (error instanceof FramesSpent) return { records, framesSpent: error.population }
    if (error instanceof PopulaceError) throw locate(error, `the setup of scenario '${plan.scenario.name}'`)
    throw new PopulaceError(
      'SETUP_FAILED',
      `The setup of scenario '${plan.scenario.name}' threw: ${(error as Error)?.message ?? error}`,
      'Mend setup.',
      error,
    )
  }
  world.close()
  memory.refresh()
  return { records, framesSpent: undefined }
}
