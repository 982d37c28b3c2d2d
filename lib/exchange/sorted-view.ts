// A sorted view in one thread: what it is made of, whether that has changed, and the steps that make it anew. All that
// it holds lies in shared memory; each thread has an object like this one over the same.
//
// A step is a parallel loop with a barrier after it. What its items() says is the same in every thread, for the words
// that it goes by change only in the serial part of the last step, while all others wait.
import { PopulaceError } from '../core/errors.js'
import { SMALL_SORT_ROWS } from '../core/limits.js'
import { arrayAt } from '../memory/arrays.js'
import type { AnyArray, Kind } from '../memory/column-types.js'
import { META, VIEW, type ViewLayout, type ViewNeeds } from '../memory/layout.js'
import type { Partitions } from '../memory/partitions.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import { type Gather, makeGather } from './gather.js'
import { gatherLines, makeHaloSum } from './halo.js'
import { NO_RUN, RunSort } from './run-sort.js'
import { Spaces } from './spaces.js'
import { runKey } from './view-key.js'
import { axisOf, type ViewPlan } from './view-plan.js'

/** One parallel loop of a sort. */
export interface SortStep {
  /** 0: nothing to do, no barrier. */
  items(): number
  run(item: number): void
  /** By one thread, when all items are done. who: for messages, the engine that senses the view. */
  serial?(who: string): void
}

/** A column's copy; its kind may be wider than the column's. */
export interface CopiedColumn {
  readonly array: AnyArray
  readonly kind: Kind
  readonly size: number
}

/** What a view is bound to. */
export interface SortedViewOptions {
  readonly plan: ViewPlan
  readonly needs: ViewNeeds
  readonly layout: ViewLayout
  readonly buffer: ArrayBufferLike
  readonly population: PopulationMemory
  readonly target: PopulationMemory | undefined
  readonly partitions: Partitions
}

export class SortedView {
  readonly plan: ViewPlan
  readonly population: PopulationMemory
  readonly first: Int32Array
  readonly row: Int32Array
  readonly id: Float64Array
  /** Copies of columns by name. */
  readonly columns: ReadonlyMap<string, CopiedColumn>
  /** To be taken in this order, each whole before the next. */
  readonly steps: readonly SortStep[]
  readonly #o: SortedViewOptions
  readonly #state: Int32Array
  readonly #refused: Int32Array
  readonly #sort: RunSort
  readonly #gather: Gather
  /** Of a grid whose partitions are apart. */
  readonly #spaces: Spaces | undefined
  /** Runs between which no stretch may end. */
  readonly #unit: number

  constructor(o: SortedViewOptions) {
    const { plan, needs, layout, buffer, population, target } = o
    const { entries, runs, spaces, copies, shares, stretches } = needs
    const reserved = runs / spaces
    const words = (offset: number, n: number) => new Int32Array(buffer, offset, n)
    const { grid, per } = plan
    this.#o = o
    this.plan = plan
    this.population = population
    this.#unit = grid?.torus ? grid.stride : 1
    this.#state = words(layout.state, VIEW.words)
    this.#refused = words(layout.refused, shares)
    this.first = words(layout.first, runs + 1)
    this.row = words(layout.row, copies)
    this.id = new Float64Array(buffer, layout.id, copies)
    this.columns = new Map(
      [...needs.columns].map(([name, { kind, size }]) => {
        const at = layout.columns.get(name) as number // placed for the same needs
        return [name, { array: arrayAt(buffer, kind, at, copies * size), kind, size }]
      }),
    )
    const arrays = {
      keys: words(layout.keys, entries),
      counts: words(layout.counts, (spaces + shares - 1) * reserved),
      totals: words(layout.totals, stretches),
      first: this.first,
      sorted: this.row,
    }
    const sum = grid?.torus ? makeHaloSum(grid, arrays.counts, this.first) : undefined
    this.#spaces = grid?.apart ? new Spaces(grid, population.frames, o.partitions) : undefined
    const key = runKey(plan, population, target)
    this.#sort = new RunSort({ arrays, key, reserved, cut: this.#spaces?.cut, per }, sum)
    this.#gather = this.#makeGather()
    this.steps = this.#makeSteps()
  }

  #makeGather(): Gather {
    const { population, plan, row, id } = this
    const columns = [...this.columns].flatMap(([name, { array: to, size }]) => {
      const from = population.columns.get(name)?.array
      return from ? [{ from, to, size, axis: axisOf(plan, name) }] : []
    })
    return makeGather({ row, ids: population.id, id, columns }, plan.grid?.torus === true)
  }

  // ---- what has changed ------------------------------------------------------------------------------------------------

  /** To be called, by one thread between barriers, after an engine has written to columns that the view goes by. */
  noteKeys(): void {
    this.#state[VIEW.staleKeys] = 1
  }

  /** The same for columns that it only copies. */
  noteColumns(): void {
    this.#state[VIEW.staleColumns] = 1
  }

  /** Whether rows may have to be found elsewhere. */
  get #unsorted(): boolean {
    const state = this.#state
    const { meta } = this.population.frames
    const { target } = this.#o
    return (
      state[VIEW.made] === 0 ||
      state[VIEW.staleKeys] !== 0 ||
      state[VIEW.structure] !== meta[META.structure] ||
      state[VIEW.edits] !== meta[META.edits] ||
      (this.#spaces !== undefined && state[VIEW.spaces] !== this.#spaces.count) ||
      (target !== undefined && state[VIEW.target] !== target.frames.meta[META.structure])
    )
  }

  #noteMade(): void {
    const state = this.#state
    const { meta } = this.population.frames
    state[VIEW.structure] = meta[META.structure]
    state[VIEW.edits] = meta[META.edits]
    state[VIEW.target] = this.#o.target?.frames.meta[META.structure] ?? 0
    state[VIEW.spaces] = this.#spaces?.count ?? 1
    state[VIEW.staleKeys] = 0
    state[VIEW.staleColumns] = 0
    state[VIEW.made] = 1
  }

  // ---- how it is made --------------------------------------------------------------------------------------------------

  /** Runs in use: rows of frames never used number none, and neither do partitions that are not there. */
  get runs(): number {
    if (this.#spaces) return this.#spaces.runs
    const { target, needs } = this.#o
    if (!target || target.frames.placement) return needs.runs // shuffled frames may lie anywhere
    return target.frames.meta[META.framesUsed] * target.layout.block
  }

  /** Rows in all runs, copies across edges included. */
  get length(): number {
    return this.first[this.runs]
  }

  /** Whether one thread sorts all by itself. */
  get #alone(): boolean {
    const { shares } = this.#o.needs
    const entries = this.population.size * this.plan.per
    return shares === 1 || (entries <= SMALL_SORT_ROWS && this.runs <= 8 * SMALL_SORT_ROWS)
  }

  #makeSteps(): SortStep[] {
    const { shares, stretches } = this.#o.needs
    const parts = (n: number) => () => (!this.#unsorted || this.#alone ? 0 : n)
    return [
      {
        items: () => (!this.#unsorted ? 0 : this.#alone ? 1 : shares),
        run: share => (this.#alone ? this.#sortAll() : this.#count(share, shares)),
        serial: who => this.#checkRefused(who),
      },
      {
        items: parts(stretches),
        run: stretch => this.#eachStretch(stretch, (begin, end) => this.#sort.sum(stretch, begin, end, shares)),
        serial: () => this.#sort.begin(stretches, this.runs),
      },
      {
        items: parts(stretches),
        run: stretch => this.#eachStretch(stretch, (begin, end) => this.#sort.place(stretch, begin, end, shares)),
      },
      {
        items: parts(shares),
        run: share => this.#scatter(share, shares),
      },
      {
        items: () => (this.#unsorted || this.#state[VIEW.staleColumns] !== 0 ? (this.#alone ? 1 : stretches) : 0),
        run: piece => this.#gatherPiece(piece, this.#alone ? 1 : stretches),
        serial: () => this.#noteMade(),
      },
    ]
  }

  #sortAll(): void {
    const { runs } = this
    this.#refused.fill(0)
    if (!this.#count(0, 1)) return
    this.#sort.sum(0, 0, runs, 1)
    this.#sort.begin(1, runs)
    this.#sort.place(0, 0, runs, 1)
    this.#scatter(0, 1)
  }

  /** Whether the world has more spaces than there is room for. */
  get #crowded(): boolean {
    return this.#spaces !== undefined && this.#spaces.count > this.#o.needs.spaces
  }

  /** Counts a share; false when an entry was refused. */
  #count(share: number, of: number): boolean {
    if (this.#crowded) return false
    const sort = this.#sort
    if (this.#spaces) sort.clear(share, this.#spaces.endRun(share, of), this.#spaces.firstRun(share, of))
    else sort.clear(share, this.runs)
    this.#refused[share] = 0
    return this.#eachBlock(share, of, (begin, end) => {
      const refused = sort.count(share, begin, end)
      if (refused === NO_RUN) return true
      this.#refused[share] = refused + 1
      return false
    })
  }

  #scatter(share: number, of: number): void {
    this.#eachBlock(share, of, (begin, end) => {
      this.#sort.scatter(share, begin, end)
      return true
    })
  }

  /** The entries of a share, block by block in (partition, block) order, until `visit` gives false. */
  #eachBlock(share: number, of: number, visit: (begin: number, end: number) => boolean): boolean {
    const { frames, layout } = this.population
    const { per } = this.plan
    const end = Math.floor((frames.blocks * (share + 1)) / of)
    for (let i = Math.floor((frames.blocks * share) / of); i < end; i++) {
      const frame = frames.blockList[i]
      const row = frame * layout.block
      if (!visit(row * per, (row + frames.rows[frame]) * per)) return false
    }
    return true
  }

  #eachStretch(stretch: number, visit: (begin: number, end: number) => void): void {
    const units = this.runs / this.#unit
    const { stretches } = this.#o.needs
    visit(
      this.#unit * Math.floor((units * stretch) / stretches),
      this.#unit * Math.floor((units * (stretch + 1)) / stretches),
    )
  }

  #gatherPiece(piece: number, of: number): void {
    const { grid } = this.plan
    const bounds = (n: number) => [Math.floor((n * piece) / of), Math.floor((n * (piece + 1)) / of)] as const
    if (grid?.torus) {
      const [begin, end] = bounds(this.runs / grid.stride)
      gatherLines(grid, this.first, this.#gather, begin, end)
      return
    }
    const [begin, end] = bounds(this.length)
    this.#gather(begin, begin, end - begin, 0, 0, 0)
  }

  /** GRID_INVALID for partitions without room; POSITION_INVALID for the first position, in (partition, block, row) order, that has no cell. */
  #checkRefused(who: string): void {
    if (this.#crowded) this.#refuseCrowd(who)
    const entry = this.#refused.find(e => e !== 0)
    if (entry === undefined) return
    const { population, plan } = this
    const row = entry - 1 // only grids refuse, and they have one entry a row
    const at = plan.keys.map(column => population.columns.get(column)?.array[row]).join(', ')
    const sides = plan.grid?.axes.map(({ side }) => `0 to ${side}`).join(' by ')
    const where = plan.grid?.torus ? `outside of ${plan.name}, a torus of ${sides}` : `nowhere in ${plan.name}`
    throw new PopulaceError(
      'POSITION_INVALID',
      `Agent ${population.id[row]} of '${population.layout.name}' is at (${at}), ${where}, which ${who} senses`,
      plan.grid?.torus
        ? 'Wrap positions where they are written, as in (x + dx + side) % side, and test for 0 / 0.'
        : 'Test for 0 / 0 and divisions by 0 where positions are written.',
    )
  }

  #refuseCrowd(who: string): never {
    const { spaces, runs } = this.#o.needs
    throw new PopulaceError(
      'GRID_INVALID',
      `The world has ${this.#spaces?.count} partitions, and ${this.plan.name}, which ${who} senses, has room for ${spaces} of ${runs / spaces} cells each`,
      "Give the grid larger cells, the world fewer partitions, or leave scope: 'partition' off.",
    )
  }
}
