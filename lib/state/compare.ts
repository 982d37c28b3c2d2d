// Compares two stored runs checkpoint by checkpoint: the first tick at which both have one and the states differ, and in
// what: populations, columns, the first agent of each.

import type { StateTable } from './state-table.js'
import type { StateStore } from './store.js'
import { findRun, readWholeState } from './stored-state.js'
import { WorldState } from './world-state.js'

/** A column, or the column 'id': which agents there are, and where. */
export interface ColumnDifference {
  readonly population: string
  readonly column: string
  /** The agent of lowest id that differs, with what each run has; none where only the whole differs. */
  readonly agent?: number
  readonly a?: unknown
  readonly b?: unknown
}

/** What a comparison found. */
export interface Comparison {
  /** Ticks at which both runs have a checkpoint. */
  readonly compared: number
  /** The last of them at which the states are equal; undefined: at none before they differ. */
  readonly equalAt: number | undefined
  readonly differs?: { readonly tick: number; readonly columns: readonly ColumnDifference[] }
}

function firstAgent(a: StateTable, b: StateTable, column: string): Pick<ColumnDifference, 'agent' | 'a' | 'b'> {
  const ids = [...new Set([...a.ids, ...b.ids])].sort((x, y) => x - y)
  for (const agent of ids) {
    const [one, other] = [a.get(agent), b.get(agent)]
    if (column === 'id' && (one === undefined) === (other === undefined)) continue
    if (column !== 'id' && JSON.stringify(one?.[column]) === JSON.stringify(other?.[column])) continue
    if (column === 'id')
      return { agent, a: one === undefined ? 'nobody' : 'alive', b: other === undefined ? 'nobody' : 'alive' }
    return { agent, a: one?.[column], b: other?.[column] }
  }
  return {}
}

function differences(a: WorldState, b: WorldState): ColumnDifference[] {
  const [ours, theirs] = [a.hashes(), b.hashes()]
  const found: ColumnDifference[] = []
  for (const population of Object.keys(ours.populations)) {
    if (!Object.hasOwn(theirs.populations, population)) {
      found.push({ population, column: 'id' })
      continue
    }
    if (ours.populations[population] === theirs.populations[population]) continue
    const tables = [a.population(population), b.population(population)] as const
    const names = Object.keys(ours.columns[population])
    const differ = names.filter(c => ours.columns[population][c] !== theirs.columns[population][c])
    for (const column of differ.length === 0 ? ['id'] : differ)
      found.push({ population, column, ...firstAgent(...tables, column) })
  }
  return found
}

/** A run in a store. run: its name; may be left out where the store has one run only. */
export interface StoredRunName {
  readonly store: StateStore
  readonly run?: string
}

/**
 * Compares two runs checkpoint by checkpoint, of one store or of two that are open. STORE_RUN_UNKNOWN and what stores and
 * snapshots fail with.
 */
export async function compareRuns(one: StoredRunName, other: StoredRunName): Promise<Comparison> {
  const a = { store: one.store, run: (await findRun(one.store, one.run)).run }
  const b = { store: other.store, run: (await findRun(other.store, other.run)).run }
  const [ours, theirs] = [await a.store.checkpoints(a.run), await b.store.checkpoints(b.run)]
  const known = new Map(theirs.map(c => [c.tick, c]))
  let compared = 0
  let equalAt: number | undefined
  for (const { tick, hash } of ours) {
    const theirHash = known.get(tick)?.hash
    if (theirHash === undefined) continue
    compared++
    if (theirHash !== hash) {
      // States of other seeds or parameters have other names, and may be equal all the same.
      const one = new WorldState(await readWholeState(a.store, a.run, ours, tick))
      const two = new WorldState(await readWholeState(b.store, b.run, theirs, tick))
      if (one.hash() !== two.hash()) return { compared, equalAt, differs: { tick, columns: differences(one, two) } }
    }
    equalAt = tick
  }
  return { compared, equalAt }
}
