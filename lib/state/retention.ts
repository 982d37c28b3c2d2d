// Which checkpoints of a run to take away. Pure: it says which, a store's writer does it. Whatever is kept can still be
// restored: a diff keeps the checkpoint that it is a diff of, that one its own, down to one that is whole.
import { invariant } from '../core/invariant.js'
import type { CheckpointRecord } from './store.js'

export interface RetentionPolicy {
  /** The newest ones to keep, at least 1. */
  readonly keepLast: number
  /** Of the older ones, the first at or after each multiple of so many ticks is kept. Default: none. */
  readonly keepEveryTicks?: number
}

/** The ticks that are kept for their own sake. */
function wanted(ticks: readonly number[], { keepLast, keepEveryTicks }: RetentionPolicy): Set<number> {
  const kept = new Set(ticks.slice(-keepLast))
  if (keepEveryTicks === undefined) return kept
  let span = -1
  for (const tick of ticks) {
    const own = Math.floor(tick / keepEveryTicks)
    if (own !== span) kept.add(tick)
    span = own
  }
  return kept
}

/** Ticks of the checkpoints to delete, in their order. The newest is never among them. */
export function ticksToDelete(checkpoints: readonly CheckpointRecord[], policy: RetentionPolicy): number[] {
  invariant(Number.isInteger(policy.keepLast) && policy.keepLast > 0, `keepLast is ${policy.keepLast}`)
  invariant(
    policy.keepEveryTicks === undefined || policy.keepEveryTicks > 0,
    `keepEveryTicks is ${policy.keepEveryTicks}`,
  )
  const byTick = new Map(checkpoints.map(each => [each.tick, each]))
  const ticks = [...byTick.keys()].sort((a, b) => a - b)
  const kept = new Set<number>()
  for (const tick of wanted(ticks, policy)) {
    // Down the chain of bases, until one that is whole, missing, or kept with all that it needs.
    for (let at: number | undefined = tick; at !== undefined && byTick.has(at) && !kept.has(at); ) {
      kept.add(at)
      at = byTick.get(at)?.base
    }
  }
  return ticks.filter(tick => !kept.has(tick))
}
