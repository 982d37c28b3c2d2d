// A mirror: a copy of a part of a world, kept up to date by deltas, in whatever process or page they come to. It takes
// each whole or not at all, so it is always the state of one tick, and its hash is that of the world's part at that tick.
// No module that it imports needs Node.
import { PopulaceError } from '../core/errors.js'
import { hint } from '../core/suggest.js'
import { type HashSums, joinHashes } from './content-hash.js'
import { type FollowingBody, isKeyframe, type KeyframeBody, readBody } from './delta-body.js'
import {
  type DeltaFilter,
  type DeltaMeasures,
  type DeltaPosition,
  damagedDelta,
  openDelta,
  sameMark,
} from './delta-format.js'
import { MirrorTable } from './mirror-table.js'

export class Mirror {
  #run: string | undefined
  #filter: DeltaFilter | undefined
  #position: DeltaPosition | undefined
  #names: readonly string[] = []
  #tables: readonly MirrorTable[] = []
  #measures: DeltaMeasures = {}
  #wantsKeyframe = true

  /** The run that it shows; undefined before the first keyframe. */
  get run(): string | undefined {
    return this.#run
  }

  /** Ticks done of the state that it shows; -1 before the first keyframe. */
  get tick(): number {
    return this.#position?.tick ?? -1
  }

  /** What of the world it shows: sim.hash(mirror.filter) is its hash. Undefined before the first keyframe. */
  get filter(): DeltaFilter | undefined {
    return this.#filter
  }

  /** The measures that rode along with the last delta. */
  get measures(): DeltaMeasures {
    return this.#measures
  }

  /** Whether nothing but a keyframe helps: a delta was lost, or none has come yet. */
  get wantsKeyframe(): boolean {
    return this.#wantsKeyframe
  }

  /** Names of the populations. */
  get populations(): readonly string[] {
    return this.#tables.map(table => table.name)
  }

  /** The agents of a population, named or declared; the same object for the life of the mirror. POPULATION_UNKNOWN. */
  population(population: string | { readonly name: string }): MirrorTable {
    const name = typeof population === 'string' ? population : population?.name
    const found = this.#tables.find(table => table.name === name)
    if (found) return found
    throw new PopulaceError(
      'POPULATION_UNKNOWN',
      this.#position ? `The mirror has no population '${String(name)}'` : 'The mirror has had no keyframe yet',
      `Check the spelling and the filter of the stream; ${hint(String(name), this.populations)}`,
    )
  }

  /**
   * Takes one message of the stream; false: it has had that tick before, and dropped it. What is refused changes nothing.
   * DELTA_GAP, DELTA_FOREIGN, DELTA_INVALID, DELTA_VERSION.
   */
  apply(message: Uint8Array): boolean {
    const body = readBody(openDelta(message))
    if (this.#run !== undefined && body.run !== this.#run)
      throw new PopulaceError(
        'DELTA_FOREIGN',
        `A delta of run ${body.run} was given to a mirror of run ${this.#run}`,
        'Give each run a mirror of its own.',
      )
    if (body.tick <= this.tick) return false
    try {
      if (isKeyframe(body)) this.#begin(body)
      else this.#follow(body)
    } catch (error) {
      if (error instanceof RangeError) throw damagedDelta(`cannot be applied: ${error.message}`, error)
      throw error
    }
    this.#run = body.run
    this.#position = { tick: body.tick, sequence: body.sequence, mark: body.mark.slice() }
    this.#measures = body.measures ?? {}
    this.#wantsKeyframe = false
    return true
  }

  #begin({ filter, partitions, populations }: KeyframeBody): void {
    if (this.#filter && JSON.stringify(this.#filter) !== JSON.stringify(filter))
      throw new PopulaceError(
        'DELTA_FOREIGN',
        `A delta of ${JSON.stringify(filter)} was given to a mirror of ${JSON.stringify(this.#filter)}`,
        'Give each stream a mirror of its own.',
      )
    const tables = populations.map(part => {
      const table = new MirrorTable(part.name, part.columns)
      table.commit(table.prepare(part, partitions), partitions)
      return table
    })
    if (this.#tables.length === 0) this.#tables = tables
    else for (const [i, table] of tables.entries()) this.#tables[i].become(table)
    this.#names = partitions
    this.#filter = filter
  }

  #follow({ after, sequence, partitions, populations }: FollowingBody): void {
    const at = this.#position
    if (!at || at.tick !== after.tick || at.sequence !== after.sequence || !sameMark(at.mark, after.mark)) {
      this.#wantsKeyframe = true
      throw new PopulaceError(
        'DELTA_GAP',
        at
          ? `A delta follows message ${after.sequence} of tick ${after.tick}, and the mirror holds message ${at.sequence} of tick ${at.tick}`
          : 'A delta came before any keyframe',
        'Ask for a keyframe.',
      )
    }
    if (sequence !== after.sequence + 1 || populations.length !== this.#tables.length)
      throw damagedDelta('does not go with the keyframe before it')
    const names = partitions.length === 0 ? this.#names : [...this.#names, ...partitions]
    const changes = populations.map((part, i) => part && this.#tables[i].prepare(part, names))
    changes.forEach((change, i) => {
      if (change) this.#tables[i].commit(change, names)
    })
    this.#names = names
  }

  /** The hash of what it shows: that of sim.hash(mirror.filter) at its tick. DELTA_GAP: it has had no keyframe yet. */
  hash(): string {
    if (!this.#filter)
      throw new PopulaceError('DELTA_GAP', 'The mirror has had no keyframe yet, so it has no hash', 'Apply one first.')
    const sums: HashSums = {}
    for (const table of this.#tables) table.addTo(sums, this.#filter.columns === undefined)
    return joinHashes([sums], this.tick).hash
  }
}
