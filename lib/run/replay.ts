// Replay: steps a stored run again from its record alone, holds each of its checkpoints to what comes of it, and says
// between which two the run departs. Nothing is written, no lease is taken, and nothing outside is asked.
import { PopulaceError } from '../core/errors.js'
import { withKeys } from '../state/apart-rows.js'
import { threadCodec } from '../state/codec.js'
import { encodeWhole } from '../state/coding.js'
import { MemoryJournal, type RecordEntry } from '../state/journal.js'
import { FolderPartitionStore } from '../state/partition-store.js'
import { readApart } from '../state/run-partitions.js'
import type { CheckpointRecord, StateStore } from '../state/store.js'
import { readJournal } from '../state/stored-journal.js'
import { findRun, nearest, readState } from '../state/stored-state.js'
import type { AnyScenario } from './scenario.js'
import { Simulation } from './simulation.js'
import type { CrewOptions } from './simulation-options.js'
import { captureCheckpoint } from './world-image.js'

/** What is replayed. */
export interface ReplayOptions extends Pick<CrewOptions, 'workers' | 'checks'> {
  readonly run?: string
  /** From the newest checkpoint at this tick or before; the oldest by default. */
  readonly from?: number
  readonly onProgress?: (tick: number, last: number) => void
}

/** What came of it. */
export interface ReplayReport {
  readonly run: string
  readonly seed: number
  readonly workers: number
  readonly from: number
  /** The last tick that was stepped. */
  readonly tick: number
  /** Checkpoints that were compared. */
  readonly compared: number
  readonly hash: string
  readonly agents: number
  /** The checkpoint that is not what comes of the record, and the last one that is. */
  readonly departs?: { readonly after: number; readonly at: number; readonly error?: PopulaceError }
}

/** A journal to read from: what is not in it is not asked for. */
class Record extends MemoryJournal {
  constructor() {
    super(Number.POSITIVE_INFINITY)
  }

  override recorded(owner: string, tick: number, key: string): RecordEntry {
    const found = super.recorded(owner, tick, key)
    if (found) return found
    throw new PopulaceError(
      'JOURNAL_INVALID',
      `Engine '${owner}' asks for '${key}' in tick ${tick}, which is not in the record`,
      'The journal was cut or altered, or the scenario has changed since.',
    )
  }
}

/** Replays a run of a store that is open. OPTION_INVALID, STORE_RUN_UNKNOWN, CHECKPOINT_UNKNOWN, SNAPSHOT_*, JOURNAL_INVALID where an entry cannot be read. */
export async function replayRun(
  scenario: URL | AnyScenario,
  store: StateStore,
  o: ReplayOptions = {},
): Promise<ReplayReport> {
  if (o.from !== undefined && (!Number.isInteger(o.from) || o.from < 0))
    throw new PopulaceError(
      'OPTION_INVALID',
      `from of replayRun is ${String(o.from)}`,
      'Give a tick, an integer from 0 on, or leave it off.',
    )
  const { run, seed } = await findRun(store, o.run)
  const all = await store.checkpoints(run)
  const first = o.from === undefined ? all[0] : nearest(run, all, o.from)
  const image = await readState(store, run, all, first.tick)
  const journal = new Record()
  const entries = (await readJournal(store, run, first.tick)).map(([, entry]) => entry)
  for (const entry of entries) journal.append(entry)
  const answers = entries.filter(e => e.kind === 'answer')
  const { workers, checks } = o
  const options = { ...(workers === undefined ? {} : { workers }), ...(checks === undefined ? {} : { checks }) }
  const { params } = image.head
  const beneath = { get: (key: string) => readApart(store, run, key) }
  const partitionStore = new FolderPartitionStore({ beneath })
  const internals = { image, journal, answers, partitionStore }
  await using sim = await Simulation.createWith(scenario, { ...options, seed, params } as object, internals)
  let compared = 0
  let departs: ReplayReport['departs']
  let after = first.tick
  for (const checkpoint of all.filter(c => c.tick >= first.tick)) {
    departs = await follow(sim, checkpoint, after, tick => o.onProgress?.(tick, all[all.length - 1].tick))
    if (departs) break
    compared++
    after = checkpoint.tick
  }
  const agents = sim.internals.world.memory.populations.reduce((n, p) => n + p.size + p.asleep, 0)
  const hash = departs?.error ? '' : await sim.hash()
  const report = { run, seed, workers: sim.workers, from: first.tick, tick: sim.tick, compared, hash, agents }
  return departs ? { ...report, departs } : report
}

/** Steps to a checkpoint; says so where that is another state. */
async function follow(
  sim: Simulation,
  checkpoint: CheckpointRecord,
  after: number,
  onProgress: (tick: number) => void,
): Promise<ReplayReport['departs']> {
  try {
    while (sim.tick < checkpoint.tick) {
      const { tick } = sim
      await sim.run({ ticks: checkpoint.tick - tick, onProgress: p => onProgress(p.tick) })
      if (sim.tick === tick) break // its until says so at once
    }
  } catch (error) {
    if (error instanceof PopulaceError) return { after, at: checkpoint.tick, error }
    throw error
  }
  const { world, driver } = sim.internals
  const image = await captureCheckpoint(world, driver.position)
  for (const apart of image.apart ?? []) if (apart.rows && !apart.key) await apart.encode(apart.rows, threadCodec)
  const { sealed } = await encodeWhole(withKeys(image), threadCodec)
  return sealed.id === checkpoint.hash ? undefined : { after, at: checkpoint.tick }
}
