// Fates: the deaths and moves of a population's agents. Kernels mark their own rows; when the engine ends, the dead go
// and then the movers, each in (partition, block, row) order, as if despawn and move were called one after another.
//
// Marked by the thread that steps a block; carried out by one thread, between barriers.
import { fresh } from '../kernels/fresh.js'
import type { AnyArray } from '../memory/column-types.js'
import { COUNT, HEADER } from '../memory/layout.js'
import type { PartitionStates } from '../memory/partition-states.js'
import type { Beside, PopulationMemory } from '../memory/population-memory.js'
import type { WorldMemory } from '../memory/world.js'
import { unknownPartition } from './births.js'
import { FATES } from './needs.js'
import { IN_TURN, outOfTurn, type Turn } from './turn.js'

/** Which fates the kernels of a population may bring about. */
export interface Fateful {
  readonly deaths: boolean
  readonly moves: boolean
}

/** Marks of rows, and the list that is made of the marked agents. */
interface Marked {
  readonly marks: Beside
  readonly ids: Float64Array
}

export class Fates {
  readonly #population: PopulationMemory
  readonly #header: Int32Array
  readonly #states: PartitionStates
  readonly #deaths: Marked | undefined
  readonly #moves: (Marked & { readonly to: Beside['array'] }) | undefined

  constructor(memory: WorldMemory, population: PopulationMemory, { deaths, moves }: Fateful) {
    const ids = (name: string) => population.scratch(name).array as Float64Array // declared as f64 in needs.ts
    this.#population = population
    population.carrier ??= carrier(population)
    this.#header = new Int32Array(memory.buffer, memory.layout.header, HEADER.words)
    this.#states = memory.partitions.states
    this.#deaths = deaths ? { marks: population.scratch(FATES.dies), ids: ids(FATES.dead) } : undefined
    this.#moves = moves
      ? { marks: population.scratch(FATES.goes), ids: ids(FATES.movers), to: population.scratch(FATES.to).array }
      : undefined
  }

  /** What a kernel calls to end an agent's life. OUTPUT_ROW. */
  despawner(turn: Turn): (row: number) => void {
    const { array: dies, used } = this.#population.scratch(FATES.dies)
    const outside = (row: number) => outOfTurn('despawns', row, turn)
    return fresh(
      { turn, outside, dies, used },
      `return row => { ${IN_TURN}; dies[row] = 1; used[row >>> ${this.#population.layout.shift}] = 1 }`,
    )
  }

  /** What a kernel calls to send an agent to another partition; the last call counts. OUTPUT_ROW, PARTITION_UNKNOWN. */
  mover(turn: Turn): (row: number, partition: number) => void {
    const { array: goes, used } = this.#population.scratch(FATES.goes)
    const outside = (row: number) => outOfTurn('moves', row, turn)
    return fresh(
      { turn, outside, goes, used, header: this.#header, unknown: unknownPartition },
      `return (row, partition) => {
        ${IN_TURN}
        if (!(partition >>> 0 === partition && partition < header[${HEADER.partitions}])) unknown(partition)
        goes[row] = partition + 1
        used[row >>> ${this.#population.layout.shift}] = 1
      }`,
    )
  }

  /** Carries out what was marked: deaths, then moves of those who live. */
  commit(): void {
    const population = this.#population
    // Both are listed before anything moves, for marks stay with rows and agents do not.
    const movers = this.#moves ? this.#list(this.#moves, this.#moves.to) : 0
    const dead = this.#deaths ? this.#list(this.#deaths, undefined) : 0
    if (this.#deaths) population.removeAll(this.#deaths.ids, dead)
    if (this.#moves) {
      const { ids, to } = this.#moves
      for (let i = 0; i < movers; i++) this.#move(ids[i], to[i] - 1)
    }
  }

  #move(id: number, partition: number): void {
    const population = this.#population
    const row = population.rowOf(id)
    if (row < 0) return
    if (this.#states.isFrozen(partition)) {
      // It thaws before the next tick, and the agent goes there then.
      population.leaving.add(id, partition)
      this.#states.wake(partition)
      return
    }
    population.leaving.forget(id)
    if (population.partition[row] === partition) return
    if (population.frames.roomIn(partition) === 0) population.counts[COUNT.refusedMoves]++
    else population.move(row, partition)
  }

  /** Lists the marked agents, with their marks where those are wanted, and takes the marks away; how many they are. */
  #list({ marks: { array, used }, ids }: Marked, values: Beside['array'] | undefined): number {
    const { frames, layout, id } = this.#population
    const { blockList, blocks } = frames
    let n = 0
    for (let i = 0; i < blocks; i++) {
      const frame = blockList[i]
      if (used[frame] === 0) continue
      used[frame] = 0
      const begin = frame << layout.shift
      const end = begin + frames.rows[frame]
      for (let row = begin; row < end; row++) {
        if (array[row] === 0) continue
        ids[n] = id[row]
        if (values) values[n] = array[row]
        n++
        array[row] = 0
      }
    }
    return n
  }
}

/** Copies a row and all that goes along with it, in a literal of its own: as PopulationMemory does, without undo. */
function carrier(population: PopulationMemory): (from: number, to: number) => void {
  const { id, slots, columns, lastTurns, along, layout } = population
  const constants: Record<string, unknown> = { id, slotRow: slots.row }
  const statements = ['const own = id[from]', 'id[to] = own', 'slotRow[own >>> 0] = to + 1']
  const copy = (name: string, array: AnyArray, size: number) => {
    constants[name] = array
    statements.push(
      size === 1
        ? `${name}[to] = ${name}[from]`
        : `for (let v = 0; v < ${size}; v++) ${name}[to * ${size} + v] = ${name}[from * ${size} + v]`,
    )
  }
  for (const [k, { array, size }] of [...columns.values()].entries()) copy(`column${k}`, array, size)
  for (const [k, last] of lastTurns.entries()) copy(`last${k}`, last, 1)
  for (const [k, { array, used }] of along.entries()) {
    constants[`along${k}`] = array
    constants[`used${k}`] = used
    statements.push(
      `if (along${k}[from] !== 0 || along${k}[to] !== 0) {
        along${k}[to] = along${k}[from]
        used${k}[to >>> ${layout.shift}] = 1
      }`,
    )
  }
  return fresh(constants, `return (from, to) => {\n${statements.join('\n')}\n}`)
}
