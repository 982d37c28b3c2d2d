// Sight by random access: rowOf(id) and the picked columns of all rows.
import { fresh } from '../kernels/fresh.js'
import type { PopulationMemory } from '../memory/population-memory.js'

/** What a kernel senses of a population: `columns` by name, ids, and the row of an id (-1: nobody, the dead). */
export function makeRows(population: PopulationMemory, columns: Readonly<Record<string, object>>): object {
  const rowOf = fresh<(id: number) => number>(
    { slotRow: population.slots.row, ids: population.id },
    `return id => {
      const slot = id >>> 0
      if (slot >= slotRow.length) return -1
      const row = slotRow[slot] - 1
      return row >= 0 && ids[row] === id ? row : -1
    }`,
  )
  return { ...columns, id: population.id, rowOf }
}
