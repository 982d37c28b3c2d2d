// A plan as plain data to show: its schedule stage by stage, and its populations column by column. What inspect prints,
// as text, graph or JSON, is made of these.
import { type PlannedView, viewName } from '../exchange/view-plan.js'
import { bytesOf } from '../memory/arrays.js'
import type { ColumnData } from '../memory/columns.js'
import type { PopulationLayout } from '../memory/layout.js'
import type { Plan } from '../run/plan.js'
import { type AnyEngine, turnModulus } from '../schedule/engine.js'
import { type Ambiguity, ambiguities } from '../schedule/order.js'
import { obstacle } from '../schedule/stages.js'

/** Columns as 'population.column'; 'anything' where a main engine does not say. */
type Names = readonly string[]

/** An engine. */
export interface EngineView {
  readonly name: string
  readonly kind: 'kernel' | 'main'
  readonly population?: string
  readonly reads: Names
  readonly writes: Names
  readonly senses: Names
  /** Sorted views among what it senses, by name. */
  readonly views: Names
  readonly effects: Names
  readonly claims: Names
  readonly outcomes: Names
  readonly sends: Names
  readonly receives: Names
  readonly emits: Names
  readonly asks: Names
  readonly hears: Names
  readonly spawns: Names
  /** 'despawns', 'moves': what its own agents may come to by it. */
  readonly fates: Names
  /** May be given fewer turns in real time. */
  readonly sheds: boolean
  readonly dependencies: Names
  readonly priority: number
  readonly every: number
  readonly phase: number
  /** Of how many blocks one has its turn in a run. */
  readonly oneBlockIn: number
}

/** Engines between two barriers. */
export interface StageView {
  readonly kind: 'stage' | 'main'
  readonly engines: readonly EngineView[]
  /** Why a barrier stands before it; none before the first. */
  readonly barrier?: string
}

/** A column. */
export interface ColumnView {
  readonly name: string
  readonly kind: string
  readonly bytesPerRow: number
  readonly bytes: number
  readonly effect?: string
  readonly reset: boolean
  /** Bytes for its state as it was when an engine began, where one senses and writes it. */
  readonly copyBytes: number
  /** Bytes in which threads add up effects. */
  readonly effectBytes: number
}

/** A population. bytes: at capacity. */
export interface PopulationView {
  readonly name: string
  readonly capacity: number
  readonly permanent: boolean
  readonly lattice: boolean
  /** Rows of a block, and blocks that there is room for. */
  readonly block: number
  readonly blocks: number
  readonly columns: readonly ColumnView[]
  readonly bytesPerRow: number
  readonly bytes: number
}

/** A sorted view. */
export interface SortedViewView {
  readonly name: string
  readonly population: string
  /** Columns that say in which run a row is, and those that are copied. */
  readonly keys: Names
  readonly columns: Names
  /** Runs that there is room for: cells with the halo, rows of the population named, or 1. */
  readonly runs: number
  /** Rows in all runs at most: a torus has copies of border cells. */
  readonly rows: number
  readonly reservedBytes: number
}

/** All that inspect shows. */
export interface PlanView {
  readonly scenario: string
  readonly params: Plan['params']
  readonly threads: number
  readonly stages: readonly StageView[]
  readonly ambiguous: readonly Ambiguity[]
  readonly populations: readonly PopulationView[]
  readonly views: readonly SortedViewView[]
  /** Address space reserved; memory is taken only where something is written. */
  readonly reservedBytes: number
}

/** Bytes of an agent beside its columns: id, partition, and its slot's row and generation. */
const ROW_BYTES = 8 + 4 + 4 + 4

function viewEngine(e: AnyEngine): EngineView {
  const { name, dependencies, priority, every, phase, sheds } = e
  const shared = { name, dependencies, priority, every, phase, sheds, oneBlockIn: turnModulus(e) }
  const columns = (touches: Iterable<{ population: string; columns: readonly string[] }>) =>
    [...touches].flatMap(t => (t.columns.length === 0 ? [t.population] : t.columns.map(c => `${t.population}.${c}`)))
  if (e.kind === 'main')
    return {
      ...shared,
      kind: 'main',
      reads: e.reads ? columns(e.reads) : ['anything'],
      writes: e.writes ?? ['anything'],
      senses: [],
      ...{
        views: [],
        effects: [],
        claims: [],
        outcomes: [],
        sends: [],
        receives: [],
        emits: [],
        asks: [],
        hears: [],
        spawns: [],
        fates: [],
      },
    }
  const { population } = e
  const names = (declared: ReadonlyMap<string, { readonly name: string }>) => [...declared.values()].map(d => d.name)
  return {
    ...shared,
    kind: 'kernel',
    population,
    reads: e.reads.map(c => `${population}.${c}`),
    writes: e.writes.map(c => `${population}.${c}`),
    senses: columns(e.senses.values()),
    views: [...e.senses.values()].flatMap(({ access }) => (access.kind === 'pick' ? [] : [viewName(access)])),
    effects: columns(e.effects.values()),
    claims: [...e.claims.values()].map(c => `${c.name} (of ${c.on})`),
    outcomes: names(e.outcomes),
    sends: [...e.sends.values()].map(m => `${m.name} (to ${m.to})`),
    receives: names(e.receives),
    emits: names(e.emits),
    asks: [...e.asks.values()].map(a => `${a.name} (of ${a.service})`),
    hears: names(e.hears),
    spawns: [...new Set(e.spawns.values())],
    fates: [...(e.despawns ? ['despawns'] : []), ...(e.moves ? ['moves'] : [])],
  }
}

function viewStages(plan: Plan): StageView[] {
  const views: StageView[] = []
  let before: Plan['steps'][number] | undefined
  for (const step of plan.steps) {
    if (step.kind === 'reset') continue
    const engines = step.kind === 'main' ? [step.engine] : step.engines
    let barrier: string | undefined
    if (step.kind === 'main') barrier = `'${step.engine.name}' runs on the main thread`
    else if (before?.kind === 'main') barrier = `'${before.engine.name}' ran on the main thread`
    else if (before?.kind === 'stage')
      barrier = before.engines.map(e => obstacle(step.engines[0], e)).find(o => o !== undefined)
    views.push({
      kind: step.kind,
      engines: engines.map(viewEngine),
      ...(before && barrier !== undefined ? { barrier } : {}),
    })
    before = step
  }
  return views
}

function kindText(data: ColumnData): string {
  const base = data.labels
    ? `enumeration of ${data.labels.length}`
    : data.doc
      ? 'document'
      : data.index
        ? `index of ${data.to}`
        : data.kind === 'ref'
          ? `ref to ${data.to}`
          : data.kind
  return data.size === 1 || data.doc ? base : `${base} x ${data.size}`
}

function viewPopulation(p: PopulationLayout, threads: number): PopulationView {
  const columns = p.columns.map(({ name, data, copy, effect }) => {
    const bytesPerRow = bytesOf(data.kind) * data.size
    return {
      name,
      kind: kindText(data),
      bytesPerRow,
      bytes: bytesPerRow * p.capacity,
      ...(data.effect === undefined ? {} : { effect: data.effect }),
      reset: data.reset === 'tick',
      copyBytes: copy === 0 ? 0 : bytesPerRow * p.capacity,
      effectBytes: effect ? effect.stride * threads : 0,
    }
  })
  const bytesPerRow = columns.reduce((n, c) => n + c.bytesPerRow, ROW_BYTES)
  const { name, capacity, permanent, lattice, block, frames: blocks } = p
  return { name, capacity, permanent, lattice, block, blocks, columns, bytesPerRow, bytes: bytesPerRow * capacity }
}

function viewSorted({ name, population, keys, columns, needs }: PlannedView, reservedBytes: number): SortedViewView {
  return { name, population, keys, columns, runs: needs.runs, rows: needs.copies, reservedBytes }
}

/** A plan as plain data. */
export function viewPlan(plan: Plan): PlanView {
  const { threads, bytes, populations } = plan.layout
  return {
    scenario: plan.scenario.name,
    params: plan.params,
    threads,
    stages: viewStages(plan),
    ambiguous: ambiguities(plan.engines),
    populations: populations.map(p => viewPopulation(p, threads)),
    views: plan.views.map((v, i) => viewSorted(v, plan.layout.views[i].bytes)),
    reservedBytes: bytes,
  }
}
