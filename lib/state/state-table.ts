// The agents of one population in a state that was saved: to be looked at, by id and by column name, as World shows them.
import { PopulaceError } from '../core/errors.js'
import { idOf } from '../core/ids.js'
import { hint } from '../core/suggest.js'
import type { AnyArray } from '../memory/column-types.js'
import type { HashedColumn, HashedRows, HashedSpan } from './content-hash.js'
import type { Sections } from './image.js'
import { documentShown, numbersShown, type StateRow } from './row-values.js'
import type { SchemaColumn, SchemaPopulation } from './schema.js'

/** The values of active partitions and those of frozen ones; most states have no frozen ones. */
function joined(active: AnyArray | undefined, frozen: AnyArray | undefined): AnyArray {
  if (!active || !frozen) return active ?? frozen ?? new Uint8Array(0)
  const all = new (active.constructor as new (length: number) => AnyArray)(active.length + frozen.length) // both are of one kind
  all.set(active)
  all.set(frozen, active.length)
  return all
}

export class StateTable {
  readonly name: string
  /** Ids in (partition, block, row) order, those of frozen partitions behind all others. */
  readonly ids: Float64Array
  /** Rows by partition, one after another. */
  readonly spans: readonly HashedSpan[]
  readonly #columns: readonly SchemaColumn[]
  readonly #arrays = new Map<string, AnyArray>()
  readonly #documents: Uint8Array
  #rows: Map<number, number> | undefined

  /** @internal Given by WorldState.population(). */
  constructor(schema: SchemaPopulation, sections: Sections, partitions: readonly string[]) {
    const { name } = schema
    const find = (part: string, column = '') =>
      joined(sections.find('agents', name, part, column), sections.find('frozen', name, part, column))
    this.name = name
    const slots = find('slot')
    const generation = sections.find('agents', name, 'generation') ?? []
    this.ids = Float64Array.from(slots, slot => idOf(slot, generation[slot]))
    let at = 0
    const count = partitions.length
    this.spans = Array.from(find('rows'), (rows, i) => {
      at += rows
      return { partition: partitions[i % count], begin: at - rows, end: at }
    }).filter(({ begin, end }) => begin < end)
    this.#columns = schema.columns.filter(c => !c.reset)
    const heaps: Uint8Array[] = []
    let bytes = 0
    for (const column of this.#columns) {
      if (!column.doc) {
        this.#arrays.set(column.name, find('column', column.name))
        continue
      }
      const words = new Uint32Array(this.ids.length * 2)
      for (const [i, length] of Array.from(find('lengths', column.name)).entries()) {
        words[i * 2] = bytes
        words[i * 2 + 1] = length
        bytes += length
      }
      heaps.push(find('documents', column.name) as Uint8Array) // of kind u8
      this.#arrays.set(column.name, words)
    }
    this.#documents = new Uint8Array(bytes)
    let end = 0
    for (const heap of heaps) {
      this.#documents.set(heap, end)
      end += heap.length
    }
  }

  /** Agents. */
  get size(): number {
    return this.ids.length
  }

  /** What the content hash is of. */
  get hashed(): HashedRows {
    const columns = this.#columns.map(({ name, kind, size, doc }): HashedColumn => {
      return { name, kind, size, doc, array: this.#array(name) }
    })
    return { name: this.name, columns, ids: this.ids, documents: this.#documents, spans: this.spans }
  }

  #array(column: string): AnyArray {
    const found = this.#arrays.get(column)
    if (found) return found
    throw new PopulaceError(
      'COLUMN_UNKNOWN',
      `Population '${this.name}' has no stored column '${column}'`,
      `Check the spelling; ${hint(column, [...this.#arrays.keys()])}`,
    )
  }

  #value(column: SchemaColumn, row: number): unknown {
    const array = this.#array(column.name)
    if (!column.doc) return numbersShown(column, array, row)
    const begin = array[row * 2]
    return documentShown(this.#documents.subarray(begin, begin + array[row * 2 + 1]))
  }

  #row(row: number): StateRow {
    const values = this.#columns.map(column => [column.name, this.#value(column, row)])
    return { id: this.ids[row], ...Object.fromEntries(values) }
  }

  /** An agent; undefined: it did not live then. */
  get(id: number): StateRow | undefined {
    this.#rows ??= new Map(Array.from(this.ids, (known, row) => [known, row]))
    const row = this.#rows.get(id)
    return row === undefined ? undefined : this.#row(row)
  }

  /** All agents in (partition, block, row) order. */
  *rows(): IterableIterator<StateRow> {
    for (let row = 0; row < this.size; row++) yield this.#row(row)
  }

  /** A copy of a column of numbers, as it is stored. COLUMN_UNKNOWN. */
  column(name: string): AnyArray {
    return this.#array(name).slice()
  }
}
