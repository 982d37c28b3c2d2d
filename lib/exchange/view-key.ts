// Which run of a view a row belongs to, as code: the row that a reference names, whether values match, the cell.
import type { PopulationMemory } from '../memory/population-memory.js'
import { keyCode } from './grid-shape.js'
import { NO_RUN, type RunKey } from './run-sort.js'
import type { ViewPlan } from './view-plan.js'

function arrayOf(population: PopulationMemory, column: string) {
  return population.columns.get(column)?.array
}

/** The row that is named; nobody, the dead and rows where nobody lives are in no run. */
function referenceKey(column: string, population: PopulationMemory, target: PopulationMemory): RunKey {
  const values = arrayOf(population, column)
  const { row: slotRow } = target.slots
  if (population.columns.get(column)?.layout.data.index) {
    const { rows } = target.layout
    return {
      constants: { values, ids: target.id },
      code: `const named = values[e]
        const key = named < ${rows} && ids[named] !== 0 ? named : ${NO_RUN}`,
    }
  }
  return {
    constants: { values, ids: target.id, slotRow },
    code: `const named = values[e]
      const slot = named >>> 0
      const found = slot < ${slotRow.length} ? slotRow[slot] - 1 : -1
      const key = found >= 0 && ids[found] === named ? found : ${NO_RUN}`,
  }
}

/** Run 0 for rows whose values match. */
function matchKey(match: ViewPlan['match'], population: PopulationMemory): RunKey {
  const constants: Record<string, unknown> = {}
  const conditions = Object.entries(match).flatMap(([column, values], c) => {
    constants[`column${c}`] = arrayOf(population, column)
    return values.map((value, v) => {
      constants[`value${c}of${v}`] = value
      return `(column${c}[e * ${values.length} + ${v}] === value${c}of${v})`
    })
  })
  return { constants, code: `const key = ${conditions.length === 0 ? '1' : conditions.join(' & ')} ? 0 : ${NO_RUN}` }
}

/** How the run of an entry is found. */
export function runKey(plan: ViewPlan, population: PopulationMemory, target: PopulationMemory | undefined): RunKey {
  if (target) return referenceKey(plan.keys[0], population, target)
  if (!plan.grid) return matchKey(plan.match, population)
  const names = ['x', 'y', 'z']
  const constants = Object.fromEntries(plan.keys.map((column, i) => [`at${i}`, arrayOf(population, column)]))
  const positions = plan.keys.map((_, i) => `let ${names[i]} = at${i}[e]`).join('\n')
  return { constants: { ...constants, partitions: population.partition }, code: `${positions}\n${keyCode(plan.grid)}` }
}
