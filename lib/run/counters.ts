// What became of agents, messages and events since a world began: exact counts, the same on any number of workers.
import type { AskCounts } from '../memory/ask-box.js'
import type { EventCounts } from '../memory/event-queue.js'
import { COUNT } from '../memory/layout.js'
import type { MailCounts } from '../memory/mailbox.js'
import type { WorldMemory } from '../memory/world.js'

/** What became of a population's agents: born - died are alive. */
export interface PopulationCounts {
  /** By setup, commands, main engines and kernels. */
  readonly born: number
  readonly died: number
  /** From one partition to another. */
  readonly moved: number
  /** Births that kernels asked for and there was no room for. */
  readonly refusedBirths: number
  /** Moves to partitions that had no room. */
  readonly refusedMoves: number
}

/** All counts of a world. */
export interface Counters {
  readonly populations: Readonly<Record<string, PopulationCounts>>
  readonly messages: Readonly<Record<string, MailCounts>>
  readonly events: EventCounts
  readonly asks: Readonly<Record<string, AskCounts>>
}

/** Reads all counts. */
export function countersOf(memory: WorldMemory): Counters {
  const populations = memory.populations.map(({ layout, counts }) => {
    const of: PopulationCounts = {
      born: counts[COUNT.born],
      died: counts[COUNT.died],
      moved: counts[COUNT.moved],
      refusedBirths: counts[COUNT.refusedBirths],
      refusedMoves: counts[COUNT.refusedMoves],
    }
    return [layout.name, of] as const
  })
  return {
    populations: Object.fromEntries(populations),
    messages: Object.fromEntries([...memory.mail].map(([name, mailbox]) => [name, mailbox.counts])),
    events: memory.events.counts,
    asks: Object.fromEntries([...memory.asks].map(([name, box]) => [name, box.counts])),
  }
}
