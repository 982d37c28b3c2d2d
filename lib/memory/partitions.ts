// The partitions of a world: names in the order of creation. Number 0 is '0', where agents live when none is named.
// Names lie in the world's memory, so every thread knows them and an undone command leaves none behind.
import { PopulaceError } from '../core/errors.js'
import { MAX_NAME_LENGTH, MAX_PARTITION_NAME_BYTES, MAX_PARTITIONS } from '../core/limits.js'
import { HEADER, type WorldLayout } from './layout.js'
import { PartitionStates } from './partition-states.js'
import type { UndoLog } from './undo.js'

export const DEFAULT_PARTITION = '0'

export class Partitions {
  readonly states: PartitionStates
  /** Whether a loader makes the first content of a partition of this name: then it begins frozen. */
  loads: (name: string) => boolean = () => false
  #undo: UndoLog | undefined
  readonly #header: Int32Array
  /** Where each name's bytes end. */
  readonly ends: Uint32Array
  /** The bytes of all names, one after another. */
  readonly bytes: Uint8Array
  readonly #numbers = new Map<string, number>()
  readonly #names: string[] = []

  constructor(buffer: ArrayBufferLike, layout: WorldLayout) {
    this.#header = new Int32Array(buffer, layout.header, HEADER.words)
    this.ends = new Uint32Array(buffer, layout.partitionNameEnds, MAX_PARTITIONS)
    this.bytes = new Uint8Array(buffer, layout.partitionNames, MAX_PARTITION_NAME_BYTES)
    this.states = new PartitionStates(buffer, layout)
  }

  get undo(): UndoLog | undefined {
    return this.#undo
  }

  set undo(log: UndoLog | undefined) {
    this.#undo = log
    this.states.undo = log
  }

  get count(): number {
    return this.#header[HEADER.partitions]
  }

  /** Bytes of all names. */
  get bytesUsed(): number {
    return this.count === 0 ? 0 : this.ends[this.count - 1]
  }

  /** Learns the names that other threads gave, forgets those that were undone. */
  #learn(): void {
    const { count } = this
    while (this.#names.length > count) this.#numbers.delete(this.#names.pop() as string)
    for (let i = this.#names.length; i < count; i++) {
      const bytes = this.bytes.slice(i === 0 ? 0 : this.ends[i - 1], this.ends[i]) // a decoder takes no shared memory
      const name = new TextDecoder().decode(bytes)
      this.#names.push(name)
      this.#numbers.set(name, i)
    }
  }

  /** All names in order. */
  names(): readonly string[] {
    this.#learn()
    return this.#names
  }

  /** The number of a partition; undefined when there is none of that name. */
  find(name: string): number | undefined {
    this.#learn()
    return this.#numbers.get(name)
  }

  /** The number of a partition, made when there is none of that name. NAME_INVALID, CAPACITY_EXCEEDED. */
  number(name: string): number {
    const known = this.find(name)
    if (known !== undefined) return known
    if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH) {
      throw new PopulaceError(
        'NAME_INVALID',
        `A partition has the name ${JSON.stringify(name)}`,
        `Names are strings of 1 to ${MAX_NAME_LENGTH} characters.`,
      )
    }
    const { count } = this
    const bytes = new TextEncoder().encode(name)
    const begin = this.bytesUsed
    if (count === MAX_PARTITIONS || begin + bytes.length > MAX_PARTITION_NAME_BYTES) {
      throw new PopulaceError(
        'CAPACITY_EXCEEDED',
        `Partition '${name}' is one too many: a world has at most ${MAX_PARTITIONS}`,
        'Use fewer, larger partitions or shorter names.',
      )
    }
    this.undo?.touch(this.bytes, begin, bytes.length)
    this.undo?.touch(this.ends, count)
    this.undo?.touch(this.#header, HEADER.partitions)
    this.bytes.set(bytes, begin)
    this.ends[count] = begin + bytes.length
    this.#header[HEADER.partitions] = count + 1
    this.#learn()
    if (this.loads(name)) this.states.beginUnloaded(count)
    return count
  }
}
