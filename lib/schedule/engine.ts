// Engines: one rule of behaviour each. A kernel engine steps a population, block by block, on workers; a main engine
// runs once a tick on the main thread. Declared here, checked here; ordered in order.ts, grouped in stages.ts.
import { PopulaceError } from '../core/errors.js'
import type { Sequence } from '../core/sequence.js'
import { hint } from '../core/suggest.js'
import type { Ask, AskData } from '../memory/ask.js'
import type { Claim, ClaimData } from '../memory/claim.js'
import type { Columns, Json } from '../memory/column-types.js'
import type { Params, ParamValues } from '../memory/params.js'
import { type AnyPopulation, checkName, knownColumn, type Population, populationData } from '../memory/population.js'
import type { Event, EventData, Message, MessageData } from '../memory/record.js'
import { type AccessData, keysOf } from '../memory/sight.js'
import type { World } from '../memory/world.js'
import {
  type Declared,
  declaredAsks,
  declaredClaims,
  declaredEmits,
  declaredOutcomes,
  declaredReceives,
  declaredSends,
  declaredSpawns,
} from './declared.js'
import type { AnyAccess, Loop, Of, Scope, WakingLoop } from './scope.js'

/** What every engine may say of itself. */
export interface EngineOptions {
  /** Distinct in its scenario; part of the key of its random numbers. */
  name: string
  /** Lower runs earlier, among engines whose dependencies are met. Default 0. */
  priority?: number
  /** Names of engines that run before. */
  dependencies?: readonly string[]
  /** Share of the blocks that get a turn in each run: above 0, up to 1 (the default). */
  weight?: number
  /** Ticks from run to run: an integer of at least 1 (the default). */
  every?: number
  /** Runs at ticks t with (t - phase) divisible by every. Default 0. */
  phase?: number
  /** May be given fewer turns when real time presses. Default false. */
  sheds?: boolean
}

const OPTIONS = ['name', 'priority', 'dependencies', 'weight', 'every', 'phase', 'sheds']

function refuse(name: string, what: string, remedy: string): never {
  throw new PopulaceError('ENGINE_INVALID', `Engine '${name}' ${what}`, remedy)
}

/** What every engine is; defineEngine and defineMainEngine make instances, a class may extend one of the two kinds. */
export abstract class BaseEngine {
  readonly name: string
  readonly priority: number
  readonly dependencies: readonly string[]
  readonly weight: number
  readonly every: number
  readonly phase: number
  readonly sheds: boolean

  /** NAME_INVALID, ENGINE_INVALID. */
  constructor(o: EngineOptions) {
    checkName(o?.name, 'An engine')
    const { name, priority = 0, dependencies = [], weight = 1, every = 1, phase = 0, sheds = false } = o
    if (!Number.isFinite(priority)) refuse(name, `has priority ${priority}`, 'Give a number; lower runs earlier.')
    if (!Array.isArray(dependencies) || dependencies.some(d => typeof d !== 'string'))
      refuse(name, 'has dependencies that are no list of names', "Write dependencies: ['census'].")
    if (!(weight > 0 && weight <= 1)) refuse(name, `has weight ${weight}`, 'Give a number above 0 and up to 1.')
    if (!(Number.isSafeInteger(every) && every >= 1))
      refuse(name, `has every ${every}`, 'Give an integer of at least 1.')
    if (!(Number.isSafeInteger(phase) && phase >= 0))
      refuse(name, `has phase ${phase}`, 'Give an integer of at least 0.')
    this.name = name
    this.priority = priority
    this.dependencies = Object.freeze([...dependencies])
    this.weight = weight
    this.every = every
    this.phase = phase
    this.sheds = sheds === true
  }
}

/** A rule's use of one population's columns. */
export interface Touch {
  readonly population: string
  readonly columns: readonly string[]
}

/** How a rule looks at a population: `columns` are all that it depends on, the access says how they are given. */
export interface Sense extends Touch {
  readonly access: AccessData
}

/** A kernel, or a kernel with what to do for a partition that slept. */
export type Kernel<S> = (scope: S) => Loop | WakingLoop

/** Runs over a population on the workers. Extend it with a `kernel` method, or make one with defineEngine. */
export abstract class KernelEngine extends BaseEngine {
  readonly kind = 'kernel'
  readonly population: string
  readonly params: Params
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly senses: ReadonlyMap<string, Sense>
  readonly effects: ReadonlyMap<string, Touch>
  readonly claims: Declared<ClaimData>
  readonly outcomes: Declared<ClaimData>
  /** Names of populations. */
  readonly spawns: Declared<string>
  readonly despawns: boolean
  readonly moves: boolean
  readonly sends: Declared<MessageData>
  readonly receives: Declared<MessageData>
  readonly emits: Declared<EventData>
  readonly asks: Declared<AskData>
  readonly hears: Declared<AskData>
  /** Populations that it may write documents of: their heaps are settled when it has ended. */
  readonly documentsOf: readonly string[]

  constructor(o: EngineOptions & KernelDeclaration) {
    super(o)
    const { name } = this
    const known = [...OPTIONS, ...KERNEL_OPTIONS]
    for (const key of Object.keys(o))
      if (!known.includes(key)) refuse(name, `has no option '${key}'`, `Check the spelling; ${hint(key, known)}`)
    const data = populationData(o.population, `The population of engine '${name}'`)
    for (const column of o.reads ?? []) knownColumn(data, column)
    const written = (o.writes ?? []).map(column => knownColumn(data, column))
    const born = Object.values(o.spawns ?? {}).map(p => populationData(p, `A population that engine '${name}' spawns`))
    const holding = born.filter(p => [...p.columns.values()].some(column => column.doc)).map(p => p.name)
    this.documentsOf = [...new Set([...(written.some(column => column.doc) ? [data.name] : []), ...holding])]
    this.population = data.name
    this.params = o.params ?? {}
    this.reads = Object.freeze([...(o.reads ?? [])])
    this.writes = Object.freeze([...(o.writes ?? [])])
    this.senses = touches(name, 'senses', o.senses)
    this.effects = touches(name, 'effects', o.effects)
    this.claims = declaredClaims(name, data.name, o.claims)
    this.outcomes = declaredOutcomes(name, data.name, o.outcomes)
    this.spawns = declaredSpawns(name, o.spawns)
    this.despawns = o.despawns === true
    this.moves = o.moves === true
    this.sends = declaredSends(name, o.sends)
    this.receives = declaredReceives(name, data.name, o.receives)
    this.emits = declaredEmits(name, o.emits)
    this.asks = declaredAsks(name, data.name, 'asks', o.asks)
    this.hears = declaredAsks(name, data.name, 'hears', o.hears)
    if (data.permanent && (this.despawns || this.moves))
      throw new PopulaceError(
        'PERMANENT',
        `Engine '${name}' ${this.despawns ? 'despawns' : 'moves'} agents of '${data.name}', which is permanent`,
        'Leave permanent off.',
      )
  }

  /** The factory: called once a thread and simulation; gives the loop that is called once a block, or that and a wake. */
  abstract kernel(scope: KernelScope): Loop | WakingLoop
}

/** The scope as the engine's machinery builds it; defineEngine gives it the declared types. */
// biome-ignore lint/suspicious/noExplicitAny: the names in a scope vary by engine
export type KernelScope = Scope<any, any, any, any, any, any, any, any, any, any, any, any, any, any, any>

/** What a kernel engine touches. */
export interface KernelDeclaration {
  population: AnyPopulation
  reads?: readonly string[]
  writes?: readonly string[]
  params?: Params
  senses?: Of<AnyAccess>
  effects?: Of<AnyAccess>
  claims?: Of<AnyClaim>
  outcomes?: Of<AnyClaim>
  spawns?: Of<AnyPopulation>
  /** Whether its agents may die by it. Default false. */
  despawns?: boolean
  /** Whether its agents may go to other partitions by it. Default false. */
  moves?: boolean
  sends?: Of<AnyMessage>
  receives?: Of<AnyMessage>
  emits?: Of<AnyEvent>
  asks?: Of<AnyAsk>
  hears?: Of<AnyAsk>
}

/** Any ask. */
// biome-ignore lint/suspicious/noExplicitAny: question and answer vary by ask
export type AnyAsk = Ask<any, any>

/** Any message. */
// biome-ignore lint/suspicious/noExplicitAny: columns vary by message
export type AnyMessage = Message<string, any>

/** Any event. */
// biome-ignore lint/suspicious/noExplicitAny: columns vary by event
export type AnyEvent = Event<any>

/** Any claim. */
export type AnyClaim = Claim<string, string>

const KERNEL_OPTIONS = [
  'population',
  'reads',
  'writes',
  'params',
  'senses',
  'effects',
  'claims',
  'outcomes',
  'spawns',
  'despawns',
  'moves',
  'sends',
  'receives',
  'emits',
  'asks',
  'hears',
  'kernel',
]
const ACCESSES: readonly unknown[] = ['pick', 'by', 'where', 'cells']

function touches(
  engine: string,
  what: 'senses' | 'effects',
  given: Of<AnyAccess> | undefined,
): ReadonlyMap<string, Sense> {
  const found = new Map<string, Sense>()
  for (const [key, one] of Object.entries(given ?? {})) {
    const access = one as AccessData | null | undefined // what is behind every access
    if (!access || !(what === 'effects' ? access.kind === 'pick' : ACCESSES.includes(access.kind)))
      return refuse(
        engine,
        `has ${what}.${key} that is no access`,
        `Write ${what}: { ${key}: population.pick('column') }.`,
      )
    const columns = [...new Set([...keysOf(access), ...access.columns])]
    found.set(key, { population: access.population, columns, access })
  }
  return found
}

/** Journals what `work` gives, and gives the journaled value on replay. */
export type Recorder = <T extends Json>(key: string, work: (signal: AbortSignal) => Promise<T>) => Promise<T>

/** What a main engine is given. */
export interface MainScope<P extends Params> {
  readonly world: World
  readonly tick: number
  readonly random: Sequence
  readonly params: ParamValues<P>
  /** The only door to clocks, files and networks. */
  readonly record: Recorder
}

/** Runs on the main thread between barriers. Extend it with an `update` method, or make one with defineMainEngine. */
export abstract class MainEngine extends BaseEngine {
  readonly kind = 'main'
  readonly params: Params
  /** What it reads; undefined: it may read anything. */
  readonly reads: readonly Touch[] | undefined
  /** The populations it changes; undefined: it may change anything. */
  readonly writes: readonly string[] | undefined

  constructor(o: EngineOptions & { params?: Params; reads?: readonly AnyAccess[]; writes?: readonly AnyPopulation[] }) {
    super(o)
    const known = [...OPTIONS, 'params', 'reads', 'writes', 'update']
    for (const key of Object.keys(o))
      if (!known.includes(key)) refuse(this.name, `has no option '${key}'`, `Check the spelling; ${hint(key, known)}`)
    if (this.weight !== 1)
      refuse(this.name, 'is a main engine with a weight', 'Use every: a main engine has no blocks.')
    if (this.sheds) refuse(this.name, 'is a main engine that sheds', 'Leave sheds off: a main engine has no turns.')
    this.params = o.params ?? {}
    this.reads = o.reads && [
      ...touches(this.name, 'senses', Object.fromEntries(o.reads.map((r, i) => [String(i), r]))).values(),
    ]
    this.writes = o.writes?.map(p => populationData(p, `A population that main engine '${this.name}' writes`).name)
  }

  /** Its writes are in the world when it resolves, in the order made. */
  // biome-ignore lint/suspicious/noExplicitAny: the parameters vary by engine
  abstract update(scope: MainScope<any>): void | Promise<void>
}

/** Any engine that the scheduler can run. */
export type AnyEngine = KernelEngine | MainEngine

/**
 * Makes a kernel engine: what its kernel may touch is declared by value and given to it under the same names.
 * ENGINE_INVALID, COLUMN_UNKNOWN, POPULATION_UNKNOWN, NAME_INVALID.
 */
export function defineEngine<
  N extends string,
  C extends Columns,
  const R extends (keyof C & string)[] = [],
  const W extends (keyof C & string)[] = [],
  P extends Params = {},
  S extends Of<AnyAccess> = {},
  F extends Of<AnyAccess> = {},
  // biome-ignore lint/suspicious/noExplicitAny: whom it claims does not matter here
  X extends Of<Claim<N, any>> = {},
  O extends Of<AnyClaim> = {},
  B extends Of<AnyPopulation> = {},
  T extends Of<AnyMessage> = {},
  I extends Of<AnyMessage> = {},
  V extends Of<AnyEvent> = {},
  Q extends Of<AnyAsk> = {},
  A extends Of<AnyAsk> = {},
>(
  o: EngineOptions & {
    population: Population<N, C>
    reads?: R
    writes?: W
    params?: P
    senses?: S
    effects?: F
    claims?: X
    outcomes?: O
    spawns?: B
    despawns?: boolean
    moves?: boolean
    sends?: T
    receives?: I
    emits?: V
    asks?: Q
    hears?: A
    kernel(scope: Scope<N, C, R[number], W[number], P, S, F, X, O, B, T, I, V, Q, A>): Loop | WakingLoop
  },
): KernelEngine {
  const { kernel } = o
  if (typeof kernel !== 'function')
    refuse(o.name, 'has no kernel', 'Give kernel(scope) { return (begin, end, tick) => { … } }.')
  return new (class extends KernelEngine {
    kernel(scope: KernelScope): Loop | WakingLoop {
      return kernel(scope)
    }
  })(o)
}

/** Makes a main engine. ENGINE_INVALID, POPULATION_UNKNOWN, NAME_INVALID. */
export function defineMainEngine<P extends Params = {}>(
  o: EngineOptions & {
    params?: P
    reads?: readonly AnyAccess[]
    writes?: readonly AnyPopulation[]
    update(scope: MainScope<P>): void | Promise<void>
  },
): MainEngine {
  const { update } = o
  if (typeof update !== 'function')
    refuse(o.name, 'has no update', 'Give update({ world, tick, random, params, record }) { … }.')
  return new (class extends MainEngine {
    update(scope: MainScope<P>): void | Promise<void> {
      return update(scope)
    }
  })(o)
}

/** Names of the engines that put an ask, in order: their numbers are kept with what waits. */
export function askersOf(engines: readonly AnyEngine[], ask: string): string[] {
  const asks = (e: AnyEngine) => e.kind === 'kernel' && [...e.asks.values()].some(a => a.name === ask)
  return engines.filter(asks).map(e => e.name)
}

/** Whether an engine runs at a tick. */
export function isDue(engine: { every: number; phase: number }, tick: number): boolean {
  return (tick - engine.phase) % engine.every === 0
}

/** Of how many blocks one gets a turn in a run. */
export function turnModulus(engine: { weight: number }): number {
  return Math.round(1 / engine.weight)
}

/** Whether some agents get, or may come to get, no turn in some ticks: then their last turns are kept. */
export function skipsTurns(engine: KernelEngine): boolean {
  return engine.every > 1 || turnModulus(engine) > 1 || engine.sheds
}
