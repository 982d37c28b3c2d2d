// Births: kernels draft agents of a population into a stream; when the engine ends they come to life in the order of
// the blocks, in the partitions that they were drafted for, as long as there is room. Those beyond are refused in that
// same order and counted.
//
// Drafted by the thread that steps a block; brought to life by one thread, between barriers.
import { PopulaceError } from '../core/errors.js'
import { fresh } from '../kernels/fresh.js'
import type { AnyArray } from '../memory/column-types.js'
import type { DocumentStore } from '../memory/documents.js'
import { COUNT, HEADER } from '../memory/layout.js'
import type { PartitionStates } from '../memory/partition-states.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { WorldMemory } from '../memory/world.js'
import { BIRTHPLACE } from './needs.js'
import type { Staging, Stream } from './streams.js'
import type { Turn } from './turn.js'

/** Refuses a number that no partition has. */
export function unknownPartition(partition: number): never {
  throw new PopulaceError(
    'PARTITION_UNKNOWN',
    `There is no partition ${partition}`,
    'Use the number that world.partition(name) gave in setup, or that self.partition holds.',
  )
}

export class Births {
  readonly stream: Stream
  readonly #population: PopulationMemory
  readonly #header: Int32Array
  readonly #states: PartitionStates
  readonly #places: readonly AnyArray[]
  /** Copies `count` records of a thread's staging from `at` to as many rows from `row`. */
  readonly #copiers: readonly Copier[]

  constructor(memory: WorldMemory, population: PopulationMemory, stream: Stream) {
    this.stream = stream
    this.#population = population
    this.#header = new Int32Array(memory.buffer, memory.layout.header, HEADER.words)
    this.#states = memory.partitions.states
    this.#places = stream.stagings.map(s => s.arrays.get(BIRTHPLACE) as AnyArray) // a stream of births has it
    this.#copiers = stream.stagings.map(s => copier(population, s))
  }

  /** Where the documents of drafts go: the drafted agents' own heap. */
  get documents(): DocumentStore | undefined {
    return this.#population.documents?.heap
  }

  /** What a kernel over `parents` drafts with. OUTPUT_ROW, PARTITION_UNKNOWN. */
  draft(
    staging: Staging,
    parents: PopulationMemory,
    turn: Turn,
    began?: (row: number, at: number) => void,
    documents: DocumentStore | undefined = this.documents,
  ): object {
    const constants = {
      places: staging.arrays.get(BIRTHPLACE),
      parents: parents.partition,
      header: this.#header,
      unknown: unknownPartition,
    }
    const fill = `
      if (partition === undefined) places[at] = parents[row]
      else {
        if (!(partition >>> 0 === partition && partition < header[${HEADER.partitions}])) unknown(partition)
        places[at] = partition
      }`
    const head = { does: 'gives birth for', parameters: ', partition', fill, constants }
    return staging.draft(turn, head, [BIRTHPLACE], began, documents)
  }

  /** Brings to life what was drafted in the blocks of `parents`; `stamp` is the tick plus one. */
  commit(parents: PopulationMemory, stamp: number): void {
    const { stream } = this
    const { thread, start, count } = stream
    const { blockList, blocks } = parents.frames
    const population = this.#population
    const { frames, counts } = population
    const { room } = population.slots
    let drafted = 0
    let born = 0
    for (let i = 0; i < blocks; i++) {
      const frame = blockList[i]
      const end = start[frame] + count[frame]
      if (count[frame] === 0) continue
      count[frame] = 0
      const places = this.#places[thread[frame]]
      const copy = this.#copiers[thread[frame]]
      // Drafts for one partition that lie one after another come to life together.
      for (let at = start[frame], next = at; at < end; at = next) {
        const place = places[at]
        while (next < end && places[next] === place) next++
        // Who is to be born in a frozen partition is born where its parent is, and goes there when it has thawed.
        const asleep = this.#states.isFrozen(place)
        const partition = asleep ? parents.frames.partitionOf[frame] : place
        // A thread keeps as many drafts as the population has room for agents: what lies beyond is in nobody's memory.
        const kept = Math.min(next - at, Math.max(0, stream.capacity - drafted))
        const wanted = Math.min(kept, room - born, frames.roomIn(partition))
        drafted += next - at
        born += wanted
        counts[COUNT.refusedBirths] += next - at - wanted
        for (let done = 0; done < wanted; ) {
          const rows = population.bear(partition, wanted - done, stamp)
          copy(at + done, rows.row, rows.count)
          if (asleep) this.#send(rows.row, rows.count, place)
          done += rows.count
        }
      }
    }
  }

  /** Sends who was born in `count` rows from `row` to a frozen partition. */
  #send(row: number, count: number, partition: number): void {
    const { id, leaving } = this.#population
    for (let r = row; r < row + count; r++) leaving.add(id[r], partition)
    this.#states.wake(partition)
  }
}

type Copier = (at: number, row: number, count: number) => void

function copier(population: PopulationMemory, staging: Staging): Copier {
  const constants: Record<string, unknown> = {}
  const loops = [...population.columns].map(([name, { array, size }], k) => {
    constants[`to${k}`] = array
    constants[`from${k}`] = staging.arrays.get(name)
    return `for (let v = 0; v < count * ${size}; v++) to${k}[row * ${size} + v] = from${k}[at * ${size} + v]`
  })
  return fresh(constants, `return (at, row, count) => {\n${loops.join('\n')}\n}`)
}
