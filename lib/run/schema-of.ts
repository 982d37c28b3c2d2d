// The schema that a scenario declares, as snapshots hold it.
import type { ColumnData } from '../memory/columns.js'
import { skipsTurns } from '../schedule/engine.js'
import { type SchemaColumn, type SchemaData, schemaColumn } from '../state/schema.js'
import type { ScenarioData } from './scenario.js'

const columnsOf = (columns: ReadonlyMap<string, ColumnData>): SchemaColumn[] =>
  [...columns].map(([name, data]) => schemaColumn(name, data))

/** A pure function of the declarations. */
export function schemaOf({ populations, messages, events, engines }: ScenarioData): SchemaData {
  const kernels = engines.filter(e => e.kind === 'kernel')
  return {
    populations: populations.map(({ name, columns, permanent, lattice }) => ({
      name,
      columns: columnsOf(columns),
      permanent,
      lattice: lattice !== undefined,
      turns: kernels.filter(e => e.population === name && skipsTurns(e)).map(e => e.name),
    })),
    messages: [...messages.values()].map(({ name, columns }) => ({
      name,
      columns: columnsOf(columns),
      receivers: kernels.filter(e => [...e.receives.values()].some(m => m.name === name)).map(e => e.name),
    })),
    events: [...events.keys()],
  }
}
