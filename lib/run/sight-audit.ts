// Checks mode: what an engine senses is compared, after its run, with a copy taken before.
import { arrayAt, bytesOf, newArray } from '../memory/arrays.js'
import type { AnyArray } from '../memory/column-types.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { WorldMemory } from '../memory/world.js'
import type { KernelEngine } from '../schedule/engine.js'
import { touchedBy } from '../schedule/touches.js'

interface Sensed {
  readonly population: PopulationMemory
  readonly column: string
  readonly array: AnyArray
  readonly copy: AnyArray
}

function bytes(array: AnyArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

export class SightAudit {
  readonly #sensed: readonly Sensed[]

  constructor(engine: KernelEngine, memory: WorldMemory) {
    const { writes } = touchedBy(engine)
    this.#sensed = [...engine.senses.values()].flatMap(({ population: name, columns }) => {
      const population = memory.population(name)
      return columns.flatMap(column => {
        const bound = population.columns.get(column)
        if (!bound) return []
        const { kind } = bound.layout.data
        // A column that the engine also writes is sensed through a copy, made anew before the engine runs.
        const array = writes.has(`${name}.${column}`)
          ? arrayAt(memory.buffer, kind, bound.layout.copy, bound.array.length)
          : bound.array
        return [{ population, column, array, copy: newArray(kind, bound.array.length) }]
      })
    })
  }

  /** Takes the copies. */
  begin(): void {
    for (const s of this.#sensed) s.copy.set(s.array)
  }

  /** The first sensed value that changed. */
  firstChange(): { population: string; column: string; agent: number } | undefined {
    for (const { population, column, array, copy } of this.#sensed) {
      const now = bytes(array)
      const before = bytes(copy)
      if (Buffer.compare(now, before) === 0) continue
      const size = population.columns.get(column)?.size ?? 1
      const row = Math.floor(
        now.findIndex((b, i) => b !== before[i]) /
          (size * bytesOf(population.columns.get(column)?.layout.data.kind ?? 'u8')),
      )
      return { population: population.layout.name, column, agent: population.id[row] }
    }
    return undefined
  }
}
