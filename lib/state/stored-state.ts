// Reading a state back from a store: the nearest checkpoint, and the diffs that lead to it from one that is whole.
import { PopulaceError } from '../core/errors.js'
import { ApartRows } from './apart-rows.js'
import { type Codec, threadCodec } from './codec.js'
import { decodeChanges, decodeWhole, type SealedImage } from './coding.js'
import { type FrozenPartition, withRows } from './frozen-sections.js'
import { readApart } from './run-partitions.js'
import type { CheckpointRecord, RunRecord, StateStore } from './store.js'

/** A run by its name, or the only one that there is. STORE_RUN_UNKNOWN. */
export async function findRun(store: StateStore, name: string | undefined): Promise<RunRecord> {
  const all = await store.runs()
  const found = name === undefined && all.length === 1 ? all[0] : all.find(r => r.run === name)
  if (found) return found
  const known = all.map(r => `'${r.run}'`).join(', ')
  throw new PopulaceError(
    'STORE_RUN_UNKNOWN',
    name === undefined
      ? `${store.url} has ${all.length} runs, and none was named`
      : `${store.url} has no run '${name}'`,
    all.length === 0 ? 'Make one with Simulation.create or populace run --store.' : `Name one of ${known}.`,
  )
}

/** The newest checkpoint at `tick` or before; undefined: the newest of all. CHECKPOINT_UNKNOWN. */
export function nearest(run: string, all: readonly CheckpointRecord[], tick: number | undefined): CheckpointRecord {
  const found = all.filter(c => tick === undefined || c.tick <= tick).at(-1)
  if (found) return found
  throw new PopulaceError(
    'CHECKPOINT_UNKNOWN',
    `Run '${run}' has no checkpoint${tick === undefined ? '' : ` at tick ${tick} or before`}`,
    all.length === 0 ? 'Start it anew.' : `Its first is at tick ${all[0].tick}.`,
  )
}

/** The state of a checkpoint. CHECKPOINT_UNKNOWN, SNAPSHOT_INVALID, SNAPSHOT_VERSION, DIFF_BASE and what stores fail with. */
export async function readState(
  store: StateStore,
  run: string,
  all: readonly CheckpointRecord[],
  tick: number,
  codec: Codec = threadCodec,
): Promise<SealedImage> {
  const byTick = new Map(all.map(c => [c.tick, c]))
  const chain: CheckpointRecord[] = []
  for (let at: number | undefined = tick; at !== undefined; ) {
    const record = byTick.get(at)
    // Bases are earlier, so a damaged chain ends.
    if (!record || (record.base !== undefined && record.base >= record.tick))
      throw new PopulaceError(
        'CHECKPOINT_UNKNOWN',
        `Run '${run}' has no checkpoint at tick ${at}, which that at tick ${tick} is made from`,
        'Go back to an older checkpoint.',
      )
    chain.push(record)
    at = record.base
  }
  let state: SealedImage | undefined
  for (const record of chain.reverse()) {
    const bytes = await store.readCheckpoint(run, record.tick)
    state = state ? await decodeChanges(bytes, state, codec) : await decodeWhole(bytes, codec)
  }
  const found = state as SealedImage // a chain has at least the checkpoint that was asked for
  return found.head.apart ? { ...found, apart: found.head.apart.map(ApartRows.of) } : found
}

/** The state of a checkpoint with all its rows: what readState fails with. */
export async function readWholeState(
  store: StateStore,
  run: string,
  all: readonly CheckpointRecord[],
  tick: number,
): Promise<SealedImage> {
  const image = await readState(store, run, all, tick)
  if (!image.apart) return image
  const frozen: FrozenPartition[] = []
  for (const apart of image.apart)
    frozen.push({ partition: apart.partition, rows: await apart.read({ get: key => readApart(store, run, key) }) })
  return { ...withRows(image, frozen), id: image.id, digests: new Map() }
}
