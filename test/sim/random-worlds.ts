// Random worlds as plain data, drawn by fast-check: populations of every shape, columns of every kind, grids, messages,
// events, kernels of every dealing, main engines, commands and sheddings. Programs are the matter of random-programs.ts.
import * as fc from 'fast-check'
import {
  type Act,
  type ClaimSpec,
  type ColumnKind,
  type ColumnSpec,
  type EngineSpec,
  type EventSpec,
  type GridSpec,
  type KernelSpec,
  type MainSpec,
  type MeasureSpec,
  type MessageSpec,
  PARTITIONS,
  type PopulationSpec,
  type WorldSpec,
} from '../fixtures/world-spec.js'
import { Draw } from './draw.js'
import { type Declared, Programmer } from './random-programs.js'
import { type Role, type Scene, scenes } from './random-scenes.js'

const KINDS: readonly ColumnKind[] = [
  'f32',
  'f64',
  'i8',
  'i16',
  'i32',
  'u8',
  'u16',
  'u32',
  'bool',
  'enumeration',
  'ref',
  'index',
  'fixed',
  'doc',
]
/** Bytes of the largest document that programs write: see number-documents.ts. */
const LARGEST_DOCUMENT = 152
/** Rows of a lattice's blocks: chosen by the engine, the smallest that it chooses. */
const LATTICE_BLOCK = 64

function effectOf(d: Draw, kind: ColumnKind): ColumnSpec['effect'] {
  if (!['i8', 'i16', 'i32', 'u8', 'u16', 'u32', 'fixed'].includes(kind) || d.yes(1, 3)) return undefined
  const narrow = kind === 'i8' || kind === 'u8'
  return d.of([
    ...(narrow ? [] : (['add', 'add'] as const)),
    'min' as const,
    'max' as const,
    ...(kind === 'fixed' ? [] : (['or'] as const)),
  ])
}

function column(d: Draw, targets: readonly string[], kind: ColumnKind): ColumnSpec {
  if (kind === 'ref') return { kind, size: d.of([1, 1, 2]), to: d.of(targets) }
  if (kind === 'index') return { kind, size: d.of([1, 1, 3]), to: 'city' }
  if (kind === 'doc') return { kind, size: 1 }
  const effect = effectOf(d, kind)
  const size = effect || kind === 'enumeration' || kind === 'fixed' ? 1 : d.of([1, 1, 1, 2, 3])
  const reset = d.yes(1, 4)
  const withDefault = kind !== 'enumeration' && d.yes(1, 2)
  const value = kind === 'bool' ? 1 : d.int(0, 100)
  return {
    kind,
    size,
    ...(effect ? { effect } : {}),
    ...(reset ? { reset } : {}),
    ...(withDefault ? { default: value } : {}),
  }
}

/** A coordinate: on a torus inside, else somewhat outside too. */
function coordinate(d: Draw, side: number, torus: boolean): ColumnSpec {
  const kind = d.of(['f32', 'f64', 'i16', 'i32'] as const)
  const effect = kind.startsWith('i') && d.yes(1, 3) ? d.of(['min', 'max'] as const) : undefined
  const reset = d.yes(1, 8)
  const within = torus ? ([0, side] as const) : ([-3, side + 3] as const)
  return { kind, size: 1, within, ...(effect ? { effect } : {}), ...(reset ? { reset } : {}), default: d.int(0, 3) }
}

function grid(d: Draw, name: string, of: string): GridSpec {
  const torus = d.yes(1, 2)
  const reach = d.of([1, 1, 2] as const)
  const cell = d.of([1, 1.5, 2, 3])
  const side = () => cell * d.int(torus ? 2 * reach + 1 : 1, 2 * reach + 4) + d.of([0, 0, 0.5])
  const scope = d.of(['world', 'world', 'partition'] as const)
  const axes = { x: `x of ${name}`, y: `y of ${name}`, width: side(), height: side() }
  return { name, of, ...axes, cell, reach, torus, scope }
}

function population(
  d: Draw,
  name: string,
  shape: PopulationSpec['shape'],
  all: readonly string[],
  grids: readonly GridSpec[],
): PopulationSpec {
  const columns: Record<string, ColumnSpec> = { friend: column(d, [name, ...all], 'ref') }
  if (d.yes(2, 3)) columns.diary = column(d, all, 'doc')
  for (const { of, x, y, width, height, torus } of grids) {
    if (of !== name) continue
    columns[x] = coordinate(d, width, torus)
    columns[y] = coordinate(d, height, torus)
  }
  columns.age = { kind: 'u16', size: 1 } // at least one that can be measured
  if (d.yes(2, 3)) columns.home = column(d, all, 'index')
  if (d.yes(1, 2)) columns.mood = column(d, all, 'enumeration')
  for (const kind of d.list(2, 4, () => d.of(KINDS)))
    columns[`${kind}${Object.keys(columns).length}`] = column(d, all, kind)
  const shared = { name, shape, documentBytes: 1, columns } // see documentBytes below
  const width = d.int(4, 9)
  if (shape === 'lattice') {
    const capacity = width * d.int(4, 20)
    return { ...shared, width, capacity, block: LATTICE_BLOCK, agents: [['0', capacity]] }
  }
  const counts = shape === 'permanent' ? [d.int(1, 40)] : PARTITIONS.map(() => d.int(1, 40))
  const agents = counts.map((n, i) => [PARTITIONS[i], n] as const)
  const capacity = counts.reduce((a, b) => a + b, 0) + d.of([0, 4, 40, 40, 150])
  return { ...shared, width: 1, capacity, block: d.of([16, 16, 32, 64]), agents }
}

function schedule(d: Draw, name: string, before: readonly string[]) {
  return {
    name,
    priority: d.int(0, 2),
    dependencies: before.length > 0 && d.yes(1, 3) ? [d.of(before)] : [],
    every: d.of([1, 1, 1, 2, 3]),
    phase: d.of([0, 0, 1, 2, 5]),
  }
}

function kernel(
  d: Draw,
  name: string,
  before: readonly string[],
  declared: Declared,
  { home, steps }: Role = {
    home: d.hot(declared.populations),
    steps: programmer => d.list(1, 4, () => programmer.step()),
  },
): KernelSpec {
  const writes = [...new Set(d.list(1, 3, () => d.hot(Object.keys(home.columns))))]
  const programmer = new Programmer(d, home, declared, writes)
  const program = steps(programmer).filter(step => step !== undefined)
  const { used, senses, effects, spawns, sends, despawns, moves } = programmer
  return {
    ...{ kind: 'kernel', ...schedule(d, name, before), population: home.name },
    ...{ weight: d.of([1, 1, 1, 0.5, 0.34, 0.25]), sheds: d.yes(1, 3) },
    reads: [...used].filter(c => !writes.includes(c)),
    writes,
    ...{ senses, effects, spawns, sends, despawns, moves, program },
    wakes: declared.isSleepy && writes.includes('age') && d.yes(2, 3),
    claims: [...programmer.claims],
    outcomes: [...programmer.outcomes],
    receives: [...programmer.receives],
    emits: [...programmer.emits],
  }
}

/** The engines of a scene: each depends on the one before, and they run in more of the ticks than others do. */
function staged(d: Draw, at: number, scene: Scene, declared: Declared): KernelSpec[] {
  const names = scene.map((_, i) => `${d.of(['a', 'b', 'c'])} ${at}.${i}`)
  return scene.map((role, i) => ({
    ...kernel(d, names[i], [], declared, role),
    ...{ dependencies: names.slice(Math.max(0, i - 1), i), every: d.of([1, 1, 1, 1, 2]), phase: 0 },
  }))
}

/** A partition that may freeze: what is permanent lives in the first one. */
const freezable = (d: Draw) => d.of(PARTITIONS.slice(1))

function act(d: Draw, { populations, messages, isCalm, isSleepy }: Declared): Act {
  if (isSleepy && d.yes(1, 4)) return { does: d.of(['freeze', 'freeze', 'thaw']), partition: freezable(d) }
  if (messages.length > 0 && d.yes(1, 5)) return { does: 'send', message: d.of(messages).name, count: d.int(1, 9) }
  const p = d.of(populations)
  const column = d.hot(Object.keys(p.columns))
  if (p.shape === 'ordinary' && !isCalm && d.yes(3, 5)) {
    if (d.yes(1, 2)) return { does: 'despawn', population: p.name, count: d.int(1, 8) }
    return { does: 'spawn', population: p.name, partition: d.of([...PARTITIONS, 'new']), count: d.int(1, 6) }
  }
  if (d.yes(1, 2)) return { does: 'set', population: p.name, column }
  return { does: 'update', population: p.name, column, ...(d.yes(1, 2) ? { partition: d.of(PARTITIONS) } : {}) }
}

function main(d: Draw, name: string, before: readonly string[], declared: Declared): MainSpec {
  return { kind: 'main', ...schedule(d, name, before), acts: d.list(1, 4, () => act(d, declared)) }
}

/** Main engines that freeze and thaw at different paces, so that partitions are asleep for some ticks and awake for others. */
function seasons(d: Draw): MainSpec[] {
  return (['freeze', 'thaw'] as const).map(does => ({
    ...{ kind: 'main', name: `z ${does}`, priority: 2, dependencies: [], phase: d.int(0, 2) },
    every: does === 'freeze' ? d.of([1, 2]) : d.of([2, 3]),
    acts: d.list(1, 2, () => ({ does, partition: freezable(d) })),
  }))
}

function measure(d: Draw, all: readonly PopulationSpec[]): MeasureSpec {
  const p = d.of(all)
  const single = Object.entries(p.columns).filter(([, c]) => c.size === 1 && c.kind !== 'doc')
  const [column, { kind: of }] = d.of(single)
  const plain = ['count', 'sum', 'min', 'max', 'mean'] as const
  const kind = of === 'enumeration' ? d.of(plain) : d.of([...plain, 'histogram' as const])
  const flags = single.filter(([, c]) => c.kind === 'bool' || c.kind === 'enumeration')
  const where =
    kind !== 'histogram' && flags.length > 0 && d.yes(1, 2) ? ([d.of(flags)[0], d.int(0, 1)] as const) : undefined
  return { kind, population: p.name, column, ...(where ? { where } : {}) }
}

function commands(d: Draw, declared: Declared): Act[][] {
  return d.list(0, 2, () => [
    ...d.list(1, 3, () => act(d, declared)),
    ...(d.yes(1, 4) ? [{ does: 'fail' as const }] : []),
  ])
}

/** What some kernel of all makes use of; what nobody makes use of is refused, or unknown to the engine. */
function isUsed(engines: readonly EngineSpec[], use: (e: KernelSpec) => readonly string[], name: string): boolean {
  return engines.some(e => e.kind === 'kernel' && use(e).includes(name))
}

/** The engine without the steps that send what no engine receives: such a message is refused. */
function withoutUnreceived(engine: EngineSpec, isReceived: (message: string) => boolean): EngineSpec {
  if (engine.kind === 'main')
    return { ...engine, acts: engine.acts.filter(act => act.does !== 'send' || isReceived(act.message)) }
  const { sends, program } = engine
  return {
    ...engine,
    sends: Object.fromEntries(Object.entries(sends).filter(([, name]) => isReceived(name))),
    program: program.filter(s => s.does !== 'send' || isReceived(sends[s.key])),
  }
}

/** A kernel that does nothing, in which `rest` may say what it does. */
export function idleKernel(name: string, population: string, rest: Partial<KernelSpec>): KernelSpec {
  return {
    ...{ kind: 'kernel', name, population, priority: 1, dependencies: [], every: 1, phase: 0, weight: 1, sheds: false },
    ...{
      reads: [],
      writes: [],
      senses: {},
      effects: {},
      claims: [],
      outcomes: [],
      spawns: {},
      sends: {},
      receives: [],
    },
    ...{ emits: [], despawns: false, moves: false, program: [] },
    ...rest,
  }
}

/** An engine that makes a claim which no other makes: an outcome that nobody brings about is refused. */
function maker(d: Draw, name: string, { name: claim, by, on }: ClaimSpec, declared: Declared): KernelSpec {
  const home = declared.populations.find(p => p.name === by) as PopulationSpec
  const programmer = new Programmer(d, home, declared, [])
  const target = programmer.link(on)
  const { used, senses } = programmer
  return idleKernel(name, by, {
    ...{ reads: [...used], senses, claims: [claim] },
    program: target ? [{ does: 'claim', claim, target, when: { is: 'id' }, of: 2 }] : [],
  })
}

function sheddings(d: Draw, engines: readonly EngineSpec[], ticks: number): WorldSpec['sheddings'] {
  const sheds = engines.filter(e => e.kind === 'kernel' && e.sheds)
  if (sheds.length === 0) return []
  return d.list(0, 4, () => ({ tick: d.int(0, ticks - 1), engine: d.of(sheds).name, level: d.of([0, 1, 1, 2, 3, 6]) }))
}

/**
 * Bytes of a population's documents: what it must have and no more, so that they are collected often. That is what its
 * agents may hold, and what one engine or command may write.
 */
function documentBytes({ name, columns, capacity }: PopulationSpec, { populations, engines, runs }: WorldSpec): number {
  const isDocument = ({ column }: { column: string }) => columns[column]?.kind === 'doc'
  const held = Object.keys(columns).filter(column => isDocument({ column })).length
  const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0)
  const byEngines = engines.map(e => {
    if (e.kind === 'main') return 0 // each of its calls is settled by itself
    const turns = populations.find(p => p.name === e.population)?.capacity ?? 0
    const documents = e.program.map(s => {
      if (s.does === 'set' || s.does === 'amend') return e.population === name && isDocument(s) ? 1 : 0
      return s.does === 'spawn' && e.spawns[s.key] === name ? s.values.filter(isDocument).length : 0
    })
    return turns * sum(documents)
  })
  const byCommands = runs
    .flatMap(r => r.commands)
    .map(acts =>
      sum(
        acts.map(act => {
          if (!('population' in act) || act.population !== name) return 0
          if (act.does === 'spawn') return act.count * held
          return 'column' in act && isDocument(act) ? capacity : 0
        }),
      ),
    )
  return LARGEST_DOCUMENT * Math.max(1, capacity * held, ...byEngines, ...byCommands)
}

/** A whole world. */
export const worlds: fc.Arbitrary<WorldSpec> = fc.gen().map(gen => {
  const d = new Draw(gen)
  const shapes = { city: 'permanent', cell: 'lattice', person: 'ordinary', thing: 'ordinary' } as const
  const names = [
    'city',
    'person',
    ...(d.yes(1, 2) ? ['cell' as const] : []),
    ...(d.yes(1, 2) ? ['thing' as const] : []),
  ] as const
  const grids = d.list(d.yes(2, 3) ? 1 : 0, 2, i => grid(d, `grid ${i}`, d.yes(1, 2) ? 'person' : d.of(names)))
  const all = names.map(name => population(d, name, shapes[name as keyof typeof shapes], names, grids))
  const record = () => {
    const columns = d.list(1, 3, () => {
      return column(d, names, d.yes(1, 4) ? 'doc' : d.of(KINDS.filter(kind => kind !== 'index')))
    })
    return Object.fromEntries(columns.map(({ effect, reset, ...c }, k) => [`field ${k}`, c] as const))
  }
  const alive = all.filter(p => p.shape === 'ordinary')
  const declared: Declared = {
    isCalm: d.yes(1, 4),
    isSleepy: d.yes(2, 3),
    populations: all,
    grids,
    claims: d.list(1, 3, i => ({ name: `claim ${i}`, by: d.of(d.yes(1, 2) ? alive : all).name, on: d.hot(all).name })),
    messages: d.list(
      1,
      3,
      (i): MessageSpec => ({
        ...{
          name: `message ${i}`,
          to: d.of(d.yes(1, 2) ? alive : all).name,
          capacity: d.of([3, 40, 1000, 1000]),
          frozen: d.of(['wake', 'wake', 'hold', 'drop'] as const),
          columns: record(),
        },
      }),
    ),
    events: d.list(1, 2, (i): EventSpec => ({ name: `event ${i}`, columns: record() })),
  }
  const engines: EngineSpec[] = []
  const chosen = scenes(d, declared)
  for (const [i, scene] of chosen.entries()) engines.push(...staged(d, i, scene, declared))
  const count = engines.length + d.int(chosen.length > 0 ? 0 : 2, chosen.length > 1 ? 3 : 6)
  for (let i = engines.length; i < count; i++) {
    const before = engines.map(e => e.name)
    const name = `${d.of(['a', 'b', 'c'])} ${i}`
    engines.push(d.yes(1, 6) ? main(d, name, before, declared) : kernel(d, name, before, declared))
  }
  if (declared.isSleepy) engines.push(...seasons(d))
  const unmade = declared.claims.filter(c => !isUsed(engines, e => e.claims, c.name))
  for (const [i, claim] of unmade.entries()) engines.push(maker(d, `d ${i}`, claim, declared))
  const isReceived = (message: string) => isUsed(engines, e => e.receives, message)
  const messages = declared.messages.filter(m => isReceived(m.name))
  const runs = d.list(1, 3, () => ({
    commands: commands(d, { ...declared, messages }),
    ticks: d.int(1, declared.isSleepy ? 6 : 4),
  }))
  const ticks = runs.reduce((n, r) => n + r.ticks, 0)
  const world: WorldSpec = {
    ...{ seed: d.seed(), populations: all, claims: declared.claims, messages, grids, runs },
    events: declared.events.filter(e => isUsed(engines, k => k.emits, e.name)),
    engines: engines.map(e => withoutUnreceived(e, isReceived)),
    sheddings: sheddings(d, engines, ticks),
    measures: Object.fromEntries(d.list(1, 5, i => [`m${i}`, measure(d, all)])),
  }
  return { ...world, populations: all.map(p => ({ ...p, documentBytes: documentBytes(p, world) })) }
})
