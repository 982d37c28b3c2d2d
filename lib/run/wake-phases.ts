// The wake of engines as phases: what each thread does when partitions were thawed, for those who slept there. What an
// engine senses is made anew before its wake, as before its run; what its wake wrote is noted as what a run wrote is.
import type { Exchange } from '../exchange/exchange.js'
import { STATE } from '../memory/partition-states.js'
import type { WorldMemory } from '../memory/world.js'
import type { KernelEngine } from '../schedule/engine.js'
import { type BlockStepper, copyPhase, documentPhases, type Phase } from './phases.js'
import { notingWrites, viewPhases } from './view-phases.js'

/** Phases that go by whether an engine is due, in a tick in which it may not be. */
function asIfDue(phase: Phase, { phase: due }: KernelEngine): Phase {
  return {
    items: () => phase.items(due),
    run: item => phase.run(item, due),
    ...(phase.serial ? { serial: () => phase.serial?.(due) } : {}),
  }
}

/** The wake of an engine for all blocks of the partitions that were thawed, and what has to happen around it. */
export function wakePhases(
  { engine, population, waker }: BlockStepper,
  memory: WorldMemory,
  exchange: Exchange,
): Phase[] {
  if (!waker) return []
  const { frames } = population
  const { states } = memory.partitions
  let waking: number[] = [] // of the tick that items was asked about last
  const run: Phase = {
    items() {
      waking = Array.from(frames.blockList.subarray(0, frames.blocks)).filter(frame =>
        states.has(frames.partitionOf[frame], STATE.waking),
      )
      return waking.length
    },
    enter: tick => waker.begin(tick),
    run: item => waker.step(waking[item], states.since[frames.partitionOf[waking[item]]]),
    exit: tick => waker.end(tick),
  }
  const noting = notingWrites({ items: () => 1, run() {} }, [engine], exchange.views)
  return [
    ...[...viewPhases([engine], exchange.views), copyPhase([engine], memory)].map(phase => asIfDue(phase, engine)),
    run,
    ...(noting.serial ? [asIfDue(noting, engine)] : []),
    ...documentPhases([engine], memory).map(phase => asIfDue(phase, engine)),
  ]
}
