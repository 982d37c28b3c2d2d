// What the dealings of kernels need of the layout: arrays beside columns, and streams. Names here are the ones by which
// the parts of the exchange find their arrays again.
import { MAX_SORT_SHARES, MAX_TICK_EVENTS, REFUSED_ASKS } from '../core/limits.js'
import { ASK_COLUMNS, type AskData } from '../memory/ask.js'
import type { ClaimData } from '../memory/claim.js'
import type { Kind } from '../memory/column-types.js'
import type { ColumnData } from '../memory/columns.js'
import type { AskNeeds, MailNeeds, RecordColumn, StreamNeeds } from '../memory/layout.js'
import type { PopulationData } from '../memory/population.js'
import type { MessageData } from '../memory/record.js'
import type { KernelEngine } from '../schedule/engine.js'

/**
 * Arrays of a claim. choice, rank: of a claimer, for the engine that runs. ahead, leader: the claimer that leads among
 * those that a thread has stepped, and among all, by row plus one.
 */
export const claimArrays = (claim: string) =>
  ({
    won: `${claim}: won`,
    target: `${claim}: target`,
    winner: `${claim}: winner`,
    choice: `${claim}: choice`,
    rank: `${claim}: rank`,
    ahead: (threads: number) => Array.from({ length: threads }, (_, w) => `${claim}: ahead ${w}`),
    leader: `${claim}: leader`,
  }) as const

/** Arrays of deaths and moves: marks, and the lists that are made of them. */
export const FATES = {
  dies: 'dies',
  goes: 'goes',
  dead: 'the dead',
  movers: 'the movers',
  to: 'where movers go',
} as const

/** The record column that says in which partition a birth is. */
export const BIRTHPLACE = 'partition'

/** The record columns of messages and events that say who; no column that a user declares begins so. */
export const RECEIVER = '\0to'
export const SENDER = '\0from'

/** The record column that says what kind of event comes next. */
export const KIND = '\0kind'

/** The stream that keeps the order among kinds of events, and that of one kind. */
export const EVENT_ORDER = 'events in order'
export const eventStream = (event: string) => `event: ${event}`

/** The stream of a kind of message. */
export const mailStream = (message: string) => `mail: ${message}`

/** The stream of a kind of ask. */
export const askStream = (ask: string) => `ask: ${ask}`

/** The stream of a population's births. */
export const birthStream = (population: string) => `births: ${population}`

/** In how many shares a mailbox is sorted, at most: some for each thread, so that one held up holds up little. */
function mailShares(threads: number): number {
  return threads === 1 ? 1 : Math.min(MAX_SORT_SHARES, 4 * threads)
}

/** Arrays beside a population's columns: kinds by name. */
export interface Besides {
  readonly hidden: ReadonlyMap<string, Kind>
  readonly scratch: ReadonlyMap<string, Kind>
}

/** What a population needs beside its columns. */
export function besideNeeds(
  population: string,
  claims: Iterable<ClaimData>,
  kernels: readonly KernelEngine[],
  threads: number,
): Besides {
  const hidden = new Map<string, Kind>()
  const scratch = new Map<string, Kind>()
  for (const { name, by, on } of claims) {
    const arrays = claimArrays(name)
    if (by === population) {
      hidden.set(arrays.won, 'u8').set(arrays.target, 'f64')
      scratch.set(arrays.choice, 'i32').set(arrays.rank, 'u32')
    }
    if (on === population) {
      hidden.set(arrays.winner, 'f64')
      for (const ahead of arrays.ahead(threads)) scratch.set(ahead, 'i32')
      scratch.set(arrays.leader, 'i32')
    }
  }
  const own = kernels.filter(e => e.population === population)
  if (own.some(e => e.despawns)) scratch.set(FATES.dies, 'u8').set(FATES.dead, 'f64')
  if (own.some(e => e.moves)) scratch.set(FATES.goes, 'u32').set(FATES.movers, 'f64').set(FATES.to, 'u32')
  return { hidden, scratch }
}

function recordColumn({ kind, size, default: value, doc }: ColumnData): Omit<RecordColumn, 'offset'> {
  return { kind, size, default: value, doc }
}

/** The streams of a scenario. `capacityOf`: of a population. */
export function streamNeeds(
  kernels: readonly KernelEngine[],
  populations: readonly PopulationData[],
  capacityOf: (population: string) => number,
): ReadonlyMap<string, StreamNeeds> {
  const needs = new Map<string, StreamNeeds>()
  const born = new Set(kernels.flatMap(e => [...e.spawns.values()]))
  for (const { name, columns } of populations) {
    if (!born.has(name)) continue
    const records = [...columns].map(([column, data]) => [column, recordColumn(data)] as const)
    needs.set(birthStream(name), {
      capacity: capacityOf(name),
      columns: new Map([[BIRTHPLACE, { kind: 'u32', size: 1, default: 0 }], ...records]),
    })
  }
  const ID = { kind: 'f64', size: 1, default: 0 } as const
  for (const { name, capacity, columns } of new Set(kernels.flatMap(e => [...e.sends.values()]))) {
    const records = [...columns].map(([column, data]) => [column, recordColumn(data)] as const)
    needs.set(mailStream(name), { capacity, columns: new Map([[RECEIVER, ID], [SENDER, ID], ...records]) })
  }
  for (const { name, pending } of new Set(kernels.flatMap(e => [...e.asks.values()]))) {
    const asked = [...ASK_COLUMNS].filter(([column]) => column === 'question' || column === 'token')
    // As many as a box could hold at all: what lies beyond is in nobody's memory.
    needs.set(askStream(name), { capacity: pending + REFUSED_ASKS, columns: new Map([[SENDER, ID], ...asked]) })
  }
  const events = kernels.flatMap(e => [...e.emits.values()])
  if (events.length === 0) return needs
  const capacity = MAX_TICK_EVENTS
  needs.set(EVENT_ORDER, { capacity, columns: new Map([[KIND, { kind: 'u16', size: 1, default: 0 }]]) })
  for (const { name, columns } of events) {
    const records = [...columns].map(([column, data]) => [column, recordColumn(data)] as const)
    needs.set(eventStream(name), { capacity, columns: new Map([[SENDER, ID], ...records]) })
  }
  return needs
}

/** The mailboxes of a scenario. */
export function mailNeeds(messages: Iterable<MessageData>, threads: number): MailNeeds[] {
  return [...messages].map(({ name, to, capacity, columns }) => ({
    ...{ name, capacity, population: to, shares: mailShares(threads) },
    columns: new Map([...columns].map(([column, data]) => [column, recordColumn(data)])),
  }))
}

/** The boxes of a scenario's asks. */
export function askNeeds(asks: Iterable<AskData>, threads: number): AskNeeds[] {
  return [...asks].map(({ name, by, pending }) => ({ name, pending, population: by, shares: mailShares(threads) }))
}
