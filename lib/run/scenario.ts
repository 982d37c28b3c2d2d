// Scenarios and commands as declared: a module whose default export describes a whole simulation. Every thread imports
// the same module; no function ever crosses a thread.
import { PopulaceError } from '../core/errors.js'
import type { Sequence } from '../core/sequence.js'
import { hint } from '../core/suggest.js'
import type { AskData } from '../memory/ask.js'
import type { ClaimData } from '../memory/claim.js'
import type { DocColumn, Json } from '../memory/column-types.js'
import type { Params, ParamValues } from '../memory/params.js'
import {
  type AnyPopulation,
  checkName,
  checkReference,
  knownColumn,
  type PopulationData,
  populationData,
} from '../memory/population.js'
import type { EventData, MessageData } from '../memory/record.js'
import type { GridData } from '../memory/sight.js'
import type { World } from '../memory/world.js'
import { joinDealings } from '../schedule/declared.js'
import type { AnyEngine, BaseEngine, Recorder } from '../schedule/engine.js'
import { orderEngines } from '../schedule/order.js'
import type { Of } from '../schedule/scope.js'
import type { Loaders } from './loaders.js'
import { checkMeasure, type Measure, type MeasureData, type MeasureValues } from './measures.js'
import type { Service } from './service.js'

/** An input from outside, applied when a tick begins; T is its payload. */
export interface Command<T> {
  readonly payload?: T
}

/** What a command's `apply` is given. */
export interface CommandScope<T, P extends Params> {
  readonly world: World
  readonly payload: T
  readonly random: Sequence
  readonly params: ParamValues<P>
}

/** What is behind a Command. */
export interface CommandData {
  readonly kind: 'command'
  readonly params: Params
  // biome-ignore lint/suspicious/noExplicitAny: payload and parameters vary by command
  apply(scope: CommandScope<any, any>): void
}

/** Declares a command: applied on the main thread when the next tick begins, in the order given. SCENARIO_INVALID. */
export function defineCommand<T extends Json, P extends Params = {}>(o: {
  params?: P
  payload: DocColumn<T>
  apply(scope: CommandScope<T, P>): void
}): Command<T> {
  if (typeof o?.apply !== 'function')
    throw new PopulaceError(
      'SCENARIO_INVALID',
      'A command has no apply',
      'Give apply({ world, payload, random, params }) { … }.',
    )
  const data: CommandData = { kind: 'command', params: o.params ?? {}, apply: scope => o.apply(scope) }
  return Object.freeze(data) as Command<T> // the payload's type is phantom
}

/** What setup is given beside the world. */
export interface SetupScope<P extends Params> {
  readonly params: ParamValues<P>
  readonly random: Sequence
  /** The only door to clocks, files and networks. */
  readonly record: Recorder
}

/** A whole simulation, as declared. */
export interface Scenario<P extends Params, M, K> {
  readonly name: string
  readonly params: P
  readonly measures: M
  readonly commands: K
}

// biome-ignore lint/suspicious/noExplicitAny: any scenario
export type AnyScenario = Scenario<any, any, any>

/** What a command of a scenario takes. */
export type Payload<S extends AnyScenario, N extends keyof S['commands']> =
  S['commands'][N] extends Command<infer T> ? T : never

/** What the measures of a scenario come to. */
export type Measured<S extends AnyScenario> = MeasureValues<S['measures']>

/** What is behind a Scenario. */
export interface ScenarioData {
  readonly name: string
  /** The scenario's own parameters and those of all its parts. */
  readonly params: Params
  readonly populations: readonly PopulationData[]
  /** In the order in which they run. */
  readonly engines: readonly AnyEngine[]
  /** Claims by name. */
  readonly claims: ReadonlyMap<string, ClaimData>
  /** Messages by name. */
  readonly messages: ReadonlyMap<string, MessageData>
  /** Events by name. */
  readonly events: ReadonlyMap<string, EventData>
  /** Asks by name. */
  readonly asks: ReadonlyMap<string, AskData>
  readonly measures: ReadonlyMap<string, MeasureData>
  readonly commands: ReadonlyMap<string, CommandData>
  /** Stand-ins of services by name, as they were given. */
  readonly services: ReadonlyMap<string, Service>
  /** Of partitions; known when its module was imported. */
  readonly loaders: Loaders
  // biome-ignore lint/suspicious/noExplicitAny: the parameters vary by scenario
  setup(world: World, scope: SetupScope<any>): void | Promise<void>
  until: ((scope: { measures: Record<string, number | number[]>; tick: number }) => boolean) | undefined
}

const DATA = Symbol.for('populace.scenario')
const FIELDS = ['name', 'params', 'populations', 'engines', 'measures', 'commands', 'services', 'setup', 'until']

function invalid(name: string, what: string, remedy: string): never {
  throw new PopulaceError('SCENARIO_INVALID', `Scenario '${name}' ${what}`, remedy)
}

/** The description behind a scenario; undefined for anything else. */
export function scenarioData(scenario: unknown): ScenarioData | undefined {
  return (scenario as { [DATA]?: ScenarioData } | null | undefined)?.[DATA]
}

/**
 * Declares a scenario. setup runs on a worker (inline with workers: 0); until ends a run early, and is never asked
 * before the first tick. services: stand-ins by name, which answer what agents ask where a host gives no service of that
 * name, such as later(…). SCENARIO_INVALID, DUPLICATE_NAME, ENGINE_INVALID, CYCLE, POPULATION_UNKNOWN, COLUMN_INVALID.
 */
export function defineScenario<
  P extends Params = {},
  // biome-ignore lint/suspicious/noExplicitAny: the values vary by measure
  M extends Of<Measure<any>> = {},
  // biome-ignore lint/suspicious/noExplicitAny: the payload varies by command
  K extends Of<Command<any>> = {},
>(o: {
  name: string
  params?: P
  populations: readonly AnyPopulation[]
  engines: readonly BaseEngine[]
  measures?: M
  commands?: K
  services?: Of<Service>
  setup(world: World, scope: SetupScope<P>): void | Promise<void>
  until?(scope: { measures: MeasureValues<M>; tick: number }): boolean
}): Scenario<P, M, K> {
  checkName(o?.name, 'A scenario')
  const { name } = o
  for (const key of Object.keys(o))
    if (!FIELDS.includes(key))
      throw new PopulaceError(
        'OPTION_UNKNOWN',
        `Scenario '${name}' has no option '${key}'`,
        `Check the spelling; ${hint(key, FIELDS)}`,
      )
  if (typeof o.setup !== 'function')
    invalid(name, 'has no setup', 'Give setup(world, { params, random, record }) { … }.')
  if (o.until !== undefined && typeof o.until !== 'function')
    invalid(name, 'has an until that is no function', 'Give until({ measures, tick }) { return … }.')
  if (!Array.isArray(o.populations) || o.populations.length === 0)
    invalid(name, 'lists no populations', 'Give populations: [ … ].')
  if (!Array.isArray(o.engines)) invalid(name, 'lists no engines', 'Give engines: [ … ].')
  const populations = o.populations.map((p, i) => populationData(p, `Population ${i} of scenario '${name}'`))
  const engines = orderEngines(o.engines.map(e => checkEngine(name, e)))
  const measures = new Map(Object.entries(o.measures ?? {}).map(([key, m]) => [key, checkMeasure(key, m)]))
  const commands = new Map(Object.entries(o.commands ?? {}).map(([key, c]) => [key, checkCommand(name, key, c)]))
  checkReferences(name, populations, engines, measures)
  const { claims, messages, events, asks } = joinDealings(engines.filter(e => e.kind === 'kernel'))
  const parts = [
    { params: o.params ?? {} },
    ...populations,
    ...engines,
    ...commands.values(),
    ...engines.flatMap(gridsOf),
  ]
  const data: ScenarioData = {
    name,
    populations,
    engines,
    claims,
    messages,
    events,
    asks,
    measures,
    commands,
    services: new Map(Object.entries(o.services ?? {})),
    loaders: new Map(),
    params: joinParams(parts.map(p => p.params)),
    setup: (world, scope) => o.setup(world, scope),
    until: o.until && (scope => o.until?.(scope as never) === true), // measured values have the types that M says
  }
  const scenario = {
    name,
    params: o.params ?? ({} as P),
    measures: o.measures ?? ({} as M),
    commands: o.commands ?? ({} as K),
  }
  Object.defineProperty(scenario, DATA, { value: data })
  return Object.freeze(scenario)
}

function checkEngine(scenario: string, engine: BaseEngine): AnyEngine {
  const kind = (engine as Partial<AnyEngine> | null)?.kind
  if (kind !== 'kernel' && kind !== 'main')
    return invalid(
      scenario,
      `lists something among its engines that is none (${String((engine as { name?: unknown } | null)?.name ?? engine)})`,
      'Make it with defineEngine or defineMainEngine, or extend KernelEngine or MainEngine.',
    )
  return engine as AnyEngine
}

/** The grids that an engine senses. */
function gridsOf(engine: AnyEngine): GridData[] {
  if (engine.kind === 'main') return []
  return [...engine.senses.values()].flatMap(({ access }) => (access.kind === 'cells' ? [access.grid] : []))
}

function checkCommand(scenario: string, name: string, command: unknown): CommandData {
  const data = command as Partial<CommandData> | null
  if (data?.kind !== 'command')
    return invalid(scenario, `has a command '${name}' that is none`, 'Make it with defineCommand.')
  return data as CommandData
}

function joinParams(parts: readonly Params[]): Params {
  const all: Params = {}
  for (const params of parts) {
    for (const [name, param] of Object.entries(params)) {
      if (Object.hasOwn(all, name) && JSON.stringify(all[name]) !== JSON.stringify(param)) {
        throw new PopulaceError(
          'DUPLICATE_NAME',
          `Parameter '${name}' is declared twice, differently`,
          'Share one defineParams among the parts of a scenario.',
        )
      }
      all[name] = param
    }
  }
  return all
}

function checkReferences(
  scenario: string,
  populations: readonly PopulationData[],
  engines: readonly AnyEngine[],
  measures: ReadonlyMap<string, MeasureData>,
): void {
  const known = new Map<string, PopulationData>()
  for (const p of populations) {
    if (known.has(p.name))
      throw new PopulaceError('DUPLICATE_NAME', `Two populations are named '${p.name}'`, 'Rename one.')
    known.set(p.name, p)
  }
  const find = (name: string, who: string): PopulationData => {
    const found = known.get(name)
    if (!found)
      throw new PopulaceError(
        'POPULATION_UNKNOWN',
        `${who} uses population '${name}', which scenario '${scenario}' does not list`,
        `Add it to populations; ${hint(name, [...known.keys()])}`,
      )
    return found
  }
  // Populations are bound by name: the object that an engine was given may be another than the one that is listed.
  const findColumns = (name: string, who: string, columns: readonly string[]): PopulationData => {
    const found = find(name, who)
    for (const column of columns) knownColumn(found, column)
    return found
  }
  for (const p of populations) {
    for (const [name, column] of p.columns) {
      if (column.to === undefined || column.to === 'self') continue
      const target = find(column.to, `Column '${p.name}.${name}'`)
      if (column.index && !target.permanent) {
        throw new PopulaceError(
          'COLUMN_INVALID',
          `Column '${p.name}.${name}' is an index of '${target.name}', whose rows move`,
          `Make '${target.name}' permanent, or use ref('${target.name}').`,
        )
      }
    }
  }
  for (const engine of engines) {
    const who = `Engine '${engine.name}'`
    if (engine.kind === 'main') {
      for (const name of engine.writes ?? []) find(name, who)
      for (const t of engine.reads ?? []) findColumns(t.population, who, t.columns)
      continue
    }
    for (const { by, on } of [...engine.claims.values(), ...engine.outcomes.values()]) {
      find(by, who)
      find(on, who)
    }
    for (const name of engine.spawns.values()) find(name, who)
    for (const { to } of [...engine.sends.values(), ...engine.receives.values()]) find(to, who)
    for (const { by } of [...engine.asks.values(), ...engine.hears.values()]) find(by, who)
    findColumns(engine.population, who, [...engine.reads, ...engine.writes])
    for (const { population, columns, access } of engine.senses.values()) {
      const found = findColumns(population, who, columns)
      if (access.kind === 'by') checkReference(found, access.key)
    }
    for (const t of engine.effects.values()) checkEffects(who, findColumns(t.population, who, t.columns), t.columns)
  }
  for (const [name, m] of measures)
    findColumns(m.population, `Measure '${name}'`, [
      ...(m.column === undefined ? [] : [m.column]),
      ...Object.keys(m.where),
    ])
}

function checkEffects(who: string, population: PopulationData, columns: readonly string[]): void {
  for (const column of columns) {
    const data = population.columns.get(column)
    if (data?.effect !== undefined) continue
    const float = data?.kind === 'f32' || data?.kind === 'f64'
    throw new PopulaceError(
      'EFFECT_INVALID',
      `${who} has an effect on '${population.name}.${column}', ${float ? 'a float column' : 'a column that declares none'}`,
      float
        ? 'A sum of floats depends on their order: use a fixed column, which adds exactly.'
        : "Declare it with an effect, such as i32({ effect: 'add' }).",
    )
  }
}
