// The laws of retention over random runs of whole checkpoints and diffs.
import fc from 'fast-check'
import { test } from 'tap'
import { ticksToDelete } from '../../lib/state/retention.js'
import type { CheckpointRecord } from '../../lib/state/store.js'
import { checkpointRecord } from '../fixtures/store-samples.js'

/** Checkpoints at growing ticks; each is whole or a diff of one before it. */
const runs = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 60 }), base: fc.option(fc.nat()) }), { maxLength: 40 })
  .map(steps => {
    const made: CheckpointRecord[] = []
    let tick = 0
    for (const { gap, base } of steps) {
      tick += gap
      made.push(
        checkpointRecord(tick, 1, base === null || made.length === 0 ? undefined : made[base % made.length].tick),
      )
    }
    return made
  })
const policies = fc.record(
  { keepLast: fc.integer({ min: 1, max: 10 }), keepEveryTicks: fc.integer({ min: 1, max: 300 }) },
  { requiredKeys: ['keepLast'] },
)

function left(run: readonly CheckpointRecord[], gone: readonly number[]): Map<number, CheckpointRecord> {
  return new Map(run.filter(each => !gone.includes(each.tick)).map(each => [each.tick, each]))
}

test('whatever is kept can be restored', async t => {
  fc.assert(
    fc.property(runs, policies, (run, policy) => {
      const kept = left(run, ticksToDelete(run, policy))
      return [...kept.values()].every(each => each.base === undefined || kept.has(each.base))
    }),
  )
  t.pass()
})

test('the newest are kept, and one of each span that had any', async t => {
  fc.assert(
    fc.property(runs, policies, (run, policy) => {
      const kept = left(run, ticksToDelete(run, policy))
      const every = policy.keepEveryTicks
      const spans = (all: Iterable<number>) => new Set([...all].map(tick => Math.floor(tick / (every ?? 1))))
      const newest = run.slice(-policy.keepLast).every(each => kept.has(each.tick))
      return newest && (every === undefined || spans(kept.keys()).size === spans(run.map(each => each.tick)).size)
    }),
  )
  t.pass()
})

test('nothing is kept without a reason: what is deleted is as much as can be', async t => {
  fc.assert(
    fc.property(runs, policies, (run, policy) => {
      const kept = left(run, ticksToDelete(run, policy))
      const bases = new Set([...kept.values()].map(each => each.base))
      const every = policy.keepEveryTicks
      const first = (tick: number) =>
        every !== undefined &&
        run.find(each => Math.floor(each.tick / every) === Math.floor(tick / every))?.tick === tick
      const newest = new Set(run.slice(-policy.keepLast).map(each => each.tick))
      return [...kept.keys()].every(tick => newest.has(tick) || bases.has(tick) || first(tick))
    }),
  )
  t.pass()
})

test('done twice it deletes nothing more', async t => {
  fc.assert(
    fc.property(runs, policies, (run, policy) => {
      const kept = [...left(run, ticksToDelete(run, policy)).values()]
      return ticksToDelete(kept, policy).length === 0
    }),
  )
  t.pass()
})
