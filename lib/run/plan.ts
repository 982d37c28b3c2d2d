// The plan of a run: parameters, memory layout, engines in order, and the steps of a tick. A pure function of the
// scenario and a few options, so that every thread makes the same one and none is sent.

import { PopulaceError } from '../core/errors.js'
import { askNeeds, besideNeeds, mailNeeds, streamNeeds } from '../exchange/needs.js'
import { type PlannedView, planViews, type ViewPlan, viewNeeds } from '../exchange/view-plan.js'
import { autoBlock } from '../memory/auto-block.js'
import type { PopulationLayout, ViewNeeds, WorldLayout } from '../memory/layout.js'
import { type Params, resolveParams, type Scalar, type Size } from '../memory/params.js'
import { layOut } from '../memory/place.js'
import type { PopulationData } from '../memory/population.js'
import { type AnyEngine, type KernelEngine, type MainEngine, skipsTurns } from '../schedule/engine.js'
import { type ColumnName, copiesOf, makeStages } from '../schedule/stages.js'
import { slotsOf, valuesOf } from './measures.js'
import type { ScenarioData } from './scenario.js'

/** What a plan depends on beside the scenario; plain data, sent to every thread. */
export interface PlanOptions {
  readonly seed: number
  readonly params: Readonly<Record<string, Scalar>>
  /** Threads that step blocks: the workers, or one inline. */
  readonly threads: number
  readonly checks: boolean
  /** Whether engines share stages where they may; checks mode steps each by itself. */
  readonly fuse: boolean
  /** Seed of the order in which checks mode places frames and claims blocks; 0: no shuffling. */
  readonly shuffle: number
  /** Blocks by population where they differ from what is chosen. */
  readonly blocks: Readonly<Record<string, number>>
}

/** What happens between two barriers, or on the main thread. */
export type Step =
  | { readonly kind: 'reset'; readonly columns: readonly ColumnName[] }
  | { readonly kind: 'stage'; readonly engines: readonly KernelEngine[] }
  | { readonly kind: 'main'; readonly engine: MainEngine }

/** All that threads agree on. */
export interface Plan {
  readonly scenario: ScenarioData
  readonly options: PlanOptions
  readonly params: Readonly<Record<string, Scalar>>
  readonly engines: readonly AnyEngine[]
  /** The first is always the reset step. */
  readonly steps: readonly Step[]
  readonly layout: WorldLayout
  /** The sorted views that engines sense, as layout.views has them, each with what it needs. */
  readonly views: readonly PlannedView[]
}

function sizeOf(size: Size<Params>, params: Readonly<Record<string, Scalar>>, what: string): number {
  try {
    const value = typeof size === 'function' ? size(params as never) : size // parameters have the types that P says
    return Math.ceil(value)
  } catch (error) {
    throw new PopulaceError(
      'SCENARIO_INVALID',
      `${what} cannot be computed from the parameters`,
      'Mend its function.',
      error,
    )
  }
}

/** Cells of a lattice along its sides; undefined: it is none. SCENARIO_INVALID. */
export function sidesOf(
  { lattice, name }: PopulationData,
  params: Readonly<Record<string, Scalar>>,
): { readonly width: number; readonly height: number; readonly depth: number } | undefined {
  if (!lattice) return undefined
  const side = (key: 'width' | 'height' | 'depth') => {
    const n = sizeOf(lattice[key], params, `The ${key} of lattice '${name}'`)
    if (!(Number.isInteger(n) && n >= 1))
      throw new PopulaceError(
        'SCENARIO_INVALID',
        `The ${key} of lattice '${name}' is ${n}`,
        'Give an integer of at least 1.',
      )
    return n
  }
  return { width: side('width'), height: side('height'), depth: side('depth') }
}

/** The number of agents a population has room for. */
export function capacityOf(data: PopulationData, params: Readonly<Record<string, Scalar>>): number {
  const sides = sidesOf(data, params)
  if (sides) return sides.width * sides.height * sides.depth
  return sizeOf(data.capacity ?? 0, params, `The capacity of population '${data.name}'`)
}

function resetColumns(populations: readonly PopulationData[]): ColumnName[] {
  return populations.flatMap(p =>
    [...p.columns].filter(([, c]) => c.reset === 'tick').map(([column]) => ({ population: p.name, column })),
  )
}

function needsOf(
  view: ViewPlan,
  scenario: ScenarioData,
  layouts: readonly PopulationLayout[],
  threads: number,
): ViewNeeds {
  const at = scenario.populations.findIndex(p => p.name === view.population) // a view is of a population that is listed
  const target = layouts.find(p => p.name === view.target)
  return viewNeeds(view, scenario.populations[at], layouts[at], target, threads)
}

/** Makes the plan. PARAM_UNKNOWN, PARAM_INVALID, SCENARIO_INVALID, GRID_INVALID, DUPLICATE_NAME, ARENA_TOO_LARGE. */
export function makePlan(scenario: ScenarioData, options: PlanOptions): Plan {
  const params = resolveParams(scenario.params, options.params)
  const kernels = scenario.engines.filter(e => e.kind === 'kernel')
  const names = scenario.populations.map(p => p.name)
  const populations = scenario.populations.map(data => {
    const capacity = capacityOf(data, params)
    const copies = kernels.flatMap(copiesOf).filter(c => c.population === data.name)
    const effects = kernels.flatMap(e => [...e.effects.values()]).filter(t => t.population === data.name)
    return {
      data,
      capacity,
      block: options.blocks[data.name] ?? data.block ?? autoBlock(capacity),
      turns: kernels.filter(e => e.population === data.name && skipsTurns(e)).map(e => e.name),
      copies: new Set(copies.map(c => c.column)),
      effects: new Set(effects.flatMap(t => t.columns)),
      ...(data.documentBytes === undefined
        ? {}
        : { documentBytes: sizeOf(data.documentBytes, params, `The documentBytes of population '${data.name}'`) }),
      ...besideNeeds(data.name, scenario.claims.values(), kernels, options.threads),
    }
  })
  const measures = [...scenario.measures.values()].map(m => ({
    population: names.indexOf(m.population),
    slots: slotsOf(m),
    values: valuesOf(m),
  }))
  const capacities = new Map(populations.map(p => [p.data.name, p.capacity]))
  const streams = streamNeeds(kernels, scenario.populations, name => capacities.get(name) ?? 0)
  const planned = planViews(kernels, scenario.populations, params)
  const needs = (layouts: readonly PopulationLayout[]) =>
    planned.map(v => needsOf(v, scenario, layouts, options.threads))
  const mail = mailNeeds(scenario.messages.values(), options.threads)
  const asks = askNeeds(scenario.asks.values(), options.threads)
  const events = [...scenario.events.values()].map(e => e.columns)
  const layout = layOut({ threads: options.threads, populations, measures, streams, views: needs, mail, asks, events })
  const views = needs(layout.populations).map((n, i) => ({ ...planned[i], needs: n }))
  const steps: Step[] = [
    { kind: 'reset', columns: resetColumns(scenario.populations) },
    ...makeStages(scenario.engines, options.fuse && !options.checks),
  ]
  return { scenario, options, params, engines: scenario.engines, steps, layout, views }
}
