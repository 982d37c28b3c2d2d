// Effects: changes that kernels make to other rows. Each thread adds into a buffer of its own (8 bytes a row of the
// target), a frame's part of which is filled with the neutral value when that thread first touches the frame; when the
// engine ends, the buffers of a touched frame are merged onto the column. Values are integers and sums of them exact
// below 2^53, so they do not depend on who added what, in which order; what is neither is refused, never rounded.
//
// Written by the thread that owns a buffer during a run phase, read by whoever merges the frame during the merge phase.
import { PopulaceError } from '../core/errors.js'
import { invariant } from '../core/invariant.js'
import { fresh } from '../kernels/fresh.js'
import type { AnyArray, Effect } from '../memory/column-types.js'
import { RANGE } from '../memory/columns.js'
import type { ColumnLayout } from '../memory/layout.js'
import type { PopulationMemory } from '../memory/population-memory.js'

/** What an effect starts from. */
const NEUTRAL: Readonly<Record<Effect, number>> = {
  add: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  or: 0,
}

const STEP: Readonly<Record<Effect, string>> = {
  add: 'sums[row] += value',
  min: 'if (value < sums[row]) sums[row] = value',
  max: 'if (value > sums[row]) sums[row] = value',
  or: 'sums[row] |= value',
}

/** Merges `value` into `row` of the target column when the engine ends. */
export type AddEffect = (row: number, value: number) => void

/** In checks mode, called with each effect. */
export type EffectGuard = (row: number, value: number) => void

/** One effect column of a population: all threads' buffers. */
export class EffectColumn {
  readonly population: PopulationMemory
  readonly layout: ColumnLayout
  readonly effect: Effect
  readonly #array: AnyArray
  readonly #sums: readonly Float64Array[]
  readonly #flags: readonly Uint8Array[]

  constructor(population: PopulationMemory, column: string, threads: number) {
    const bound = population.columns.get(column)
    const place = bound?.layout.effect
    invariant(
      bound !== undefined && place !== undefined && bound.layout.data.effect !== undefined,
      `no effect buffer for ${population.layout.name}.${column}`,
    )
    const { rows, frames } = population.layout
    this.population = population
    this.layout = bound.layout
    this.effect = bound.layout.data.effect
    this.#array = bound.array
    this.#sums = Array.from(
      { length: threads },
      (_, w) => new Float64Array(population.buffer, place.offset + w * place.stride, rows),
    )
    this.#flags = Array.from(
      { length: threads },
      (_, w) => new Uint8Array(population.buffer, place.flags + w * frames, frames),
    )
  }

  /** The function that a kernel on `thread` calls. EFFECT_INVALID: no such row, no integer. EFFECT_OUT_OF_RANGE. */
  adder(thread: number, guard?: EffectGuard): AddEffect {
    const { block, shift, rows } = this.population.layout
    const sums = this.#sums[thread]
    const outside = (row: number): never => this.#refuseRow(row)
    const open = (frame: number, row: number) => {
      if (this.population.frames.rows[frame] === 0) this.#refuseRow(row) // it would wait there for whoever comes
      this.#flags[thread][frame] = 1
      this.#sums[thread].fill(NEUTRAL[this.effect], frame * block, (frame + 1) * block)
    }
    const wide = (row: number, value: number) => this.#checkWide(row < rows ? sums[row] : 0, value)
    return fresh<AddEffect>(
      { sums, flags: this.#flags[thread], open, outside, guard, wide },
      `return (row, value) => {
        if (row !== row >>> 0 || row >= ${rows}) outside(row)
        ${guard ? 'guard(row, value)' : ''}
        if (flags[row >>> ${shift}] === 0) open(row >>> ${shift}, row)
        if (value !== (value | 0)) wide(row, value)
        ${STEP[this.effect]}
      }`,
    )
  }

  /** A value that is not a signed 32-bit integer, beside what was sent to its row before. */
  #checkWide(sum: number, value: number): void {
    const where = `Column '${this.population.layout.name}.${this.layout.name}' is sent`
    if (!Number.isSafeInteger(value) || (this.effect === 'or' && value !== value >>> 0)) {
      throw new PopulaceError(
        'EFFECT_INVALID',
        `${where} ${value} as an effect`,
        this.effect === 'or'
          ? "Effects with 'or' are integers of 32 bits."
          : 'Effects are integers: scale and round the value, or use a fixed column.',
      )
    }
    if (this.effect === 'add' && !Number.isSafeInteger(sum + value)) {
      throw new PopulaceError(
        'EFFECT_OUT_OF_RANGE',
        `${where} effects whose sum exceeds 53 bits`,
        'Use smaller effects, or a larger unit.',
      )
    }
  }

  #refuseRow(row: number): never {
    throw new PopulaceError(
      'EFFECT_INVALID',
      `An effect on '${this.population.layout.name}.${this.layout.name}' names row ${row}, where nobody lives`,
      'Test for -1 (nobody, the dead) or an empty index before using a row.',
    )
  }

  /** Whether a thread has sent anything that is not merged yet. */
  pending(thread: number): boolean {
    return this.#flags[thread].includes(1)
  }

  /** Merges what all threads left in a frame. EFFECT_OUT_OF_RANGE, EFFECT_INVALID. */
  merge(frame: number): void {
    const { block } = this.population.layout
    const begin = frame * block
    const end = begin + this.population.frames.rows[frame]
    for (let thread = 0; thread < this.#sums.length; thread++) {
      if (this.#flags[thread][frame] === 0) continue
      this.#flags[thread][frame] = 0
      this.#fold(begin, end, this.#sums[thread], thread, frame)
      this.#checkEmpty(end, begin + block, this.#sums[thread])
      this.#apply(begin, end, this.#sums[thread])
      return
    }
  }

  /** Folds the buffers of the other threads into the first one's. */
  #fold(begin: number, end: number, into: Float64Array, first: number, frame: number): void {
    for (let thread = first + 1; thread < this.#sums.length; thread++) {
      if (this.#flags[thread][frame] === 0) continue
      this.#flags[thread][frame] = 0
      const from = this.#sums[thread]
      this.#checkEmpty(end, (frame + 1) * this.population.layout.block, from)
      switch (this.effect) {
        case 'add':
          for (let row = begin; row < end; row++) {
            into[row] += from[row]
            if (!Number.isSafeInteger(into[row])) this.#refuse(row, into[row])
          }
          break
        case 'min':
          for (let row = begin; row < end; row++) if (from[row] < into[row]) into[row] = from[row]
          break
        case 'max':
          for (let row = begin; row < end; row++) if (from[row] > into[row]) into[row] = from[row]
          break
        case 'or':
          for (let row = begin; row < end; row++) into[row] |= from[row]
      }
    }
  }

  /** Rows of a frame beyond its last agent must have been sent nothing. */
  #checkEmpty(begin: number, end: number, sums: Float64Array): void {
    for (let row = begin; row < end; row++) if (sums[row] !== NEUTRAL[this.effect]) this.#refuseRow(row)
  }

  #apply(begin: number, end: number, sums: Float64Array): void {
    const array = this.#array
    const { effect } = this
    const { kind } = this.layout.data
    const [least, greatest] = RANGE[kind] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (let row = begin; row < end; row++) {
      const change = sums[row]
      const old = array[row]
      let value = old
      if (effect === 'add') value = old + change
      else if (effect === 'or') value = kind === 'u32' ? (old | change) >>> 0 : old | change
      else if (effect === 'min') value = change < old ? change : old
      else value = change > old ? change : old
      if (value === old) continue
      if (!(value >= least && value <= greatest) || value !== Math.floor(value)) this.#refuse(row, value)
      array[row] = value + 0 // -0 becomes 0: which of the two was sent first must not show
    }
  }

  #refuse(row: number, value: number): never {
    const { name } = this.population.layout
    const where = `Column '${name}.${this.layout.name}' of agent ${this.population.id[row]}`
    if (value !== Math.floor(value)) {
      throw new PopulaceError(
        'EFFECT_INVALID',
        `${where} would become ${value} after effects`,
        'Effects change integers: scale and round the value, or use a fixed column.',
      )
    }
    throw new PopulaceError(
      'EFFECT_OUT_OF_RANGE',
      `${where} would become ${value} after effects`,
      'Use a wider column, or smaller effects.',
    )
  }
}
