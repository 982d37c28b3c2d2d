// Claims: contests over rows. Each claimer chooses a row and a rank; when the engine ends, the lowest rank wins, then the
// lowest id. The outcome stands beside the rows of both sides until the next tick begins, and goes along with them.
//
// choice, rank   written by the thread that steps the claimer's block
// ahead          of a claimed row, for each thread: the claimer that leads among those of the blocks that the thread has
//                stepped, by row plus one. Threads keep apart while blocks are stepped: a word a row that all contended for
//                went from core to core with a great part of the claims (measured: 16.4 ms a tick of 1M, now 12.5). Put
//                back to 0 by whoever decides the row.
// leader         of a claimed row: the claimer that leads, of a row claimed in this stage. Written by whoever decides the
//                row, read by whoever settles blocks of claimers
// won, target    written by whoever settles the claimer's block
// winner         written by whoever decides the row
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
  /** By thread. */
  readonly #ahead: readonly Beside[]
  readonly #leader: Int32Array
  readonly #decide: (begin: number, end: number) => void
  readonly #settle: (begin: number, end: number) => void

  /** threads: of the crew. */
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
    this.#ahead = names.ahead(threads).map(name => on.scratch(name))
    this.#leader = on.scratch(names.leader).array as Int32Array
    this.#decide = this.#makeDecide()
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

  /** What a thread does with the claims made in a frame of claimers that it has stepped: weighs them against its own. */
  weigher(thread: number): (frame: number) => void {
    const weigh = this.#makeWeigh(thread)
    const { used } = this.#choice
    const { frames, layout } = this.by
    return frame => {
      if (used[frame] === 0) return
      const begin = frame << layout.shift
      weigh(begin, begin + frames.rows[frame])
    }
  }

  /** Finds who wins the rows in a frame of the claimed, once all claims are weighed. */
  decide(frame: number): void {
    let claimed = 0
    for (const { used } of this.#ahead) {
      claimed |= used[frame]
      used[frame] = 0
    }
    if (claimed === 0) return
    const { frames, layout } = this.on
    const begin = frame << layout.shift
    this.#decide(begin, begin + frames.rows[frame])
    this.#winner.used[frame] = 1
  }

  /** Writes what the claims made in a frame of claimers came to, once all rows are decided. */
  settle(frame: number): void {
    if (this.#choice.used[frame] === 0) return
    this.#choice.used[frame] = 0
    const { frames, layout } = this.by
    const begin = frame << layout.shift
    this.#settle(begin, begin + frames.rows[frame])
    this.#target.used[frame] = 1
    this.#won.used[frame] = 1
  }

  #makeWeigh(thread: number): (begin: number, end: number) => void {
    const { array: ahead, used } = this.#ahead[thread]
    return fresh(
      { choice: this.#choice.array, rank: this.#rank, ahead, used, id: this.by.id },
      `return (begin, end) => {
        for (let row = begin; row < end; row++) {
          const target = choice[row] - 1
          if (target < 0) continue
          const other = ahead[target] - 1
          if (other >= 0 && !(${precedes('row', 'other')})) continue
          ahead[target] = row + 1
          used[target >>> ${this.on.layout.shift}] = 1
        }
      }`,
    )
  }

  #makeDecide(): (begin: number, end: number) => void {
    const arrays = Object.fromEntries(this.#ahead.map(({ array }, w) => [`ahead${w}`, array]))
    const rest = this.#ahead.slice(1).map(
      (_, i) => `
          const row${i + 1} = ahead${i + 1}[target] - 1
          if (row${i + 1} >= 0) {
            ahead${i + 1}[target] = 0
            if (row < 0 || ${precedes(`row${i + 1}`, 'row')}) row = row${i + 1}
          }`,
    )
    return fresh(
      { ...arrays, rank: this.#rank, leader: this.#leader, winner: this.#winner.array, id: this.by.id },
      `return (begin, end) => {
        for (let target = begin; target < end; target++) {
          let row = ahead0[target] - 1
          if (row >= 0) ahead0[target] = 0
          ${rest.join('')}
          if (row < 0) continue
          leader[target] = row + 1
          winner[target] = id[row]
        }
      }`,
    )
  }

  #makeSettle(): (begin: number, end: number) => void {
    return fresh(
      {
        ...{ choice: this.#choice.array, leader: this.#leader, won: this.#won.array, targets: this.#target.array },
        claimed: this.on.id,
      },
      `return (begin, end) => {
        for (let row = begin; row < end; row++) {
          const target = choice[row] - 1
          if (target < 0) continue
          choice[row] = 0
          targets[row] = claimed[target]
          won[row] = +(leader[target] === row + 1)
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

/** Whether the claim of one row goes before that of another: the lower rank, then the lower id. */
function precedes(row: string, other: string): string {
  return `(rank[${row}] < rank[${other}] || (rank[${row}] === rank[${other}] && id[${row}] < id[${other}]))`
}
