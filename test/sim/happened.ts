// What has to happen in random worlds for a comparison of them to prove something: each thing is counted by the reference
// where it comes to pass.

const NOTHING = {
  // Contests, births, deaths, moves.
  contests: 0,
  'a second settlement of a claim for the same agent': 0,
  'an outcome read after a move': 0,
  'an outcome read after the winner died': 0,
  births: 0,
  'births by two keys': 0,
  'births with documents': 0,
  'births by the dying': 0,
  'refused births': 0,
  deaths: 0,
  'deaths that beat a move': 0,
  moves: 0,
  'slots used again': 0,
  'stale references': 0,
  // Mail and events.
  sent: 0,
  delivered: 0,
  dropped: 0,
  'sent to nobody': 0,
  'refused mail': 0,
  'mail with documents': 0,
  'mail that waited for a later tick': 0,
  'mail that followed a move': 0,
  'mail of the dead': 0,
  emitted: 0,
  'events with documents': 0,
  // Sight.
  run: 0,
  matches: 0,
  cells: 0,
  within: 0,
  nearest: 0,
  'cells across an edge': 0,
  'cells of one partition': 0,
  'sight of what the engine writes': 0,
  // Frozen partitions.
  freezes: 0,
  thaws: 0,
  'agents woken': 0,
  'mail for who sleeps': 0,
  'mail that wakes': 0,
  'journeys to partitions that sleep': 0,
  'births for partitions that sleep': 0,
  'journeys taken back': 0,
  'arrivals in partitions that slept': 0,
  'refusals of frozen partitions': 0,
  // Documents and turns.
  'documents read': 0,
  'documents of others read': 0,
  'documents amended': 0,
  'turns shed': 0,
  'refused commands': 0,
}

export type Happening = keyof typeof NOTHING

/** Counts how often each thing happened. */
export class Happened {
  readonly counts: Record<Happening, number> = { ...NOTHING }

  note(what: Happening, times = 1): void {
    this.counts[what] += times
  }
}
