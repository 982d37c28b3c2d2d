// The schema that a scenario declares, as snapshots hold it.
import { ASK_COLUMNS } from '../memory/ask.js'
import type { ColumnData } from '../memory/columns.js'
import { askersOf, type KernelEngine, skipsTurns } from '../schedule/engine.js'
import { type SchemaAsk, type SchemaColumn, type SchemaData, schemaColumn } from '../state/schema.js'
import type { ScenarioData } from './scenario.js'

const columnsOf = (columns: ReadonlyMap<string, ColumnData>): SchemaColumn[] =>
  [...columns].map(([name, data]) => schemaColumn(name, data))

/** A pure function of the declarations. */
export function schemaOf({ populations, messages, events, asks, engines }: ScenarioData): SchemaData {
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
    ...(asks.size === 0 ? {} : { asks: [...asks.keys()].map(name => schemaAsk(name, kernels)) }),
  }
}

function schemaAsk(name: string, kernels: readonly KernelEngine[]): SchemaAsk {
  const columns = [...ASK_COLUMNS].map(([column, { kind, size, doc = false }]): SchemaColumn => {
    return { name: column, kind, size, doc, reset: false, unit: 1, index: false }
  })
  const hears = (e: KernelEngine) => [...e.hears.values()].some(a => a.name === name)
  return { name, columns, receivers: kernels.filter(hears).map(e => e.name), askers: askersOf(kernels, name) }
}
