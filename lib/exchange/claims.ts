// Claims: contests over rows. Each claimer chooses a row and a rank; when the engine ends, the lowest rank wins, then the
// lowest id. The outcome stands beside the rows of both sides until the next tick begins, and goes along with them.
//
// choice, rank   written by the thread that steps the claimer's block, read by whoever weighs and settles that block
// best           of a claimed row: the claimer that leads, by row plus one. Threads contend for it while blocks are
//                weighed; the least of all is the least in whatever order they come. Put back to 0 by the winner. It is
//                read without Atomics: whoever led once is led by somebody better, so a leader of before is enough to
//                lose to, and to win takes an exchange for the very leader that was compared. A word is never read in part.
// won, target    written by whoever settles the claimer's block
// winner         written by whoever settles the block of the claimer that won: by one thread a row
import { PopulaceError } from '../core/errors.js'
import type { AgentRandom } from '../kernels/agent-random.js'
import { fresh } from '../kernels/fresh.js'
import type { ClaimData } from '../memory/claim.js'
import type { View } from '../memory/column-types.js'
import type { Beside, PopulationMemory } from '../memory/population-memory.js'
import type { Claimer } from '../schedule/scope.js'
import { claimArrays } from './needs.js'
import { IN_TURN, outOfTurn, type Turn } from './turn.js'

/** What checks mode is told of each claim. */
export type ClaimNote = (row: number, targetRow: number, rank: number) => void

export class ClaimBoard {
  readonly data: ClaimData
  readonly by: PopulationMemory
  readonly on: PopulationMemory
  readonly #won: Beside
  readonly #target: Beside
  readonly #winner: Beside
  readonly #choice: Beside
  readonly #rank: Uint32Array
  readonly #best: Int32Array
  readonly #weigh: (begin: number, end: number) => void
  readonly #settle: (begin: number, end: number) => void

  /** threads: of the crew; one alone contends with nobody. */
  constructor(data: ClaimData, by: PopulationMemory, on: PopulationMemory, threads: number) {
    const names = claimArrays(data.name)
    this.data = data
    this.by = by
    this.on = on
    this.#won = by.hidden(names.won)
    this.#target = by.hidden(names.target)
    this.#winner = on.hidden(names.winner)
    this.#choice = by.scratch(names.choice)
    this.#rank = by.scratch(names.rank).array as Uint32Array // declared as u32 and i32 in needs.ts
    this.#best = on.scratch(names.best).array as Int32Array
    this.#weigh = this.#makeWeigh(threads)
    this.#settle = this.#makeSettle()
  }

  /** What a kernel reads. */
  outcome(population: string): Readonly<Record<string, View>> {
    const { by, on } = this.data
    return {
      ...(population === by ? { won: this.#won.array, target: this.#target.array } : {}),
      ...(population === on ? { winner: this.#winner.array } : {}),
    }
  }

  /**
   * What a kernel claims with. `ranks` draws the ranks that are not given; `note` is told of each claim, and where
   * `discard` says so nothing else comes of it. CLAIM_INVALID, CLAIM_TWICE, OUTPUT_ROW.
   */
  claimer(turn: Turn, ranks: AgentRandom, note: ClaimNote | undefined, discard: boolean): Claimer {
    const draw = (row: number) => ranks.random.u32(row)
    const outside = (row: number) => outOfTurn(`claims by '${this.data.name}' for`, row, turn)
    const nobody = (row: number) => this.#refuseTarget(row)
    const unranked = (rank: number) => this.#refuseRank(rank)
    const twice = (row: number) => this.#refuseSecond(row)
    const keep = `
      if (choice[row] !== 0) twice(row)
      choice[row] = targetRow + 1
      rankOf[row] = rank
      used[row >>> ${this.by.layout.shift}] = 1`
    return fresh<Claimer>(
      {
        ...{ turn, outside, nobody, unranked, twice, draw, note, ids: this.on.id },
        ...{ choice: this.#choice.array, rankOf: this.#rank, used: this.#choice.used },
      },
      `return (row, targetRow, given) => {
        ${IN_TURN}
        if (!(ids[targetRow] > 0)) nobody(targetRow)
        const rank = given === undefined ? draw(row) : given
        if (rank !== rank >>> 0) unranked(rank)
        ${note ? 'note(row, targetRow, rank)' : ''}
        ${discard ? '' : keep}
      }`,
    )
  }

  #refuseTarget(row: number): never {
    throw new PopulaceError(
      'CLAIM_INVALID',
      `Claim '${this.data.name}' is made on row ${row} of '${this.data.on}', where nobody lives`,
      'Test for -1 (nobody, the dead) before using a row.',
    )
  }

  #refuseRank(rank: number): never {
    throw new PopulaceError(
      'CLAIM_INVALID',
      `Claim '${this.data.name}' is made with rank ${rank}`,
      'Ranks are unsigned 32-bit integers, the lowest wins: draw one with random.u32(row), or give none.',
    )
  }

  #refuseSecond(row: number): never {
    throw new PopulaceError(
      'CLAIM_TWICE',
      `Agent ${this.by.id[row]} makes claim '${this.data.name}' twice in one turn`,
      'Choose one row first, or declare another claim.',
    )
  }

  /** Weighs the claims made in a frame of claimers against all others on the same rows. */
  weigh(frame: number): void {
    if (this.#choice.used[frame] === 0) return
    const { frames, layout } = this.by
    const begin = frame << layout.shift
    this.#weigh(begin, begin + frames.rows[frame])
  }

  /** Writes what the claims made in a frame of claimers came to, once all are weighed. */
  settle(frame: number): void {
    if (this.#choice.used[frame] === 0) return
    this.#choice.used[frame] = 0
    const { frames, layout } = this.by
    const begin = frame << layout.shift
    this.#settle(begin, begin + frames.rows[frame])
    this.#target.used[frame] = 1
    this.#won.used[frame] = 1
  }

  #makeWeigh(threads: number): (begin: number, end: number) => void {
    // The exchange pairs with itself in other threads: whoever replaces a leader has compared itself with that very one.
    const take =
      threads === 1
        ? `best[target] = row + 1
           break`
        : `const found = Atomics.compareExchange(best, target, leader, row + 1)
           if (found === leader) break
           leader = found`
    return fresh(
      { choice: this.#choice.array, rank: this.#rank, best: this.#best, id: this.by.id },
      `return (begin, end) => {
        for (let row = begin; row < end; row++) {
          const target = choice[row] - 1
          if (target < 0) continue
          const own = rank[row]
          for (let leader = best[target]; ; ) {
            const other = leader - 1
            if (leader !== 0 && !(own < rank[other] || (own === rank[other] && id[row] < id[other]))) break
            ${take}
          }
        }
      }`,
    )
  }

  #makeSettle(): (begin: number, end: number) => void {
    // A winner's write to best is seen by its losers or not: the one that leads is another than they either way.
    return fresh(
      {
        ...{ choice: this.#choice.array, best: this.#best, won: this.#won.array, targets: this.#target.array },
        ...{ winner: this.#winner.array, used: this.#winner.used, id: this.by.id, claimed: this.on.id },
      },
      `return (begin, end) => {
        for (let row = begin; row < end; row++) {
          const target = choice[row] - 1
          if (target < 0) continue
          choice[row] = 0
          targets[row] = claimed[target]
          if (best[target] !== row + 1) {
            won[row] = 0
            continue
          }
          won[row] = 1
          winner[target] = id[row]
          used[target >>> ${this.on.layout.shift}] = 1
          best[target] = 0
        }
      }`,
    )
  }

  /** Empties the outcome in a frame of claimers, or of the claimed. */
  clear(frame: number, side: 'by' | 'on'): void {
    const arrays = side === 'by' ? [this.#won, this.#target] : [this.#winner]
    const { block } = this[side].layout
    for (const { array, used } of arrays) {
      if (used[frame] === 0) continue
      used[frame] = 0
      array.fill(0, frame * block, (frame + 1) * block)
    }
  }
}
