// Random worlds as plain data, drawn by fast-check: populations of every shape, columns of every kind, kernels that read,
// write, sense and have effects, main engines and commands.
import * as fc from 'fast-check'
import {
  type Act,
  type ClaimSpec,
  type ColumnKind,
  type ColumnSpec,
  type EngineSpec,
  type KernelSpec,
  type MainSpec,
  type MeasureSpec,
  type MessageSpec,
  PARTITIONS,
  type Pick,
  type PopulationSpec,
  type Step,
  type Target,
  type WorldSpec,
} from '../fixtures/world-spec.js'
import { Draw } from './draw.js'
import { Programmer } from './random-programs.js'

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
]
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

function population(d: Draw, name: string, shape: PopulationSpec['shape'], all: readonly string[]): PopulationSpec {
  const columns: Record<string, ColumnSpec> = { friend: { kind: 'ref', size: 1, to: d.of([name, ...all]) } }
  if (d.yes(2, 3)) columns.home = column(d, all, 'index')
  for (const kind of d.list(2, 5, () => d.of(KINDS)))
    columns[`${kind}${Object.keys(columns).length}`] = column(d, all, kind)
  const width = d.int(4, 9)
  if (shape === 'lattice') {
    const capacity = width * d.int(4, 20)
    return { name, shape, width, capacity, block: LATTICE_BLOCK, agents: [['0', capacity]], columns }
  }
  const counts = shape === 'permanent' ? [d.int(1, 40)] : PARTITIONS.map(() => d.int(1, 40))
  const agents = counts.map((n, i) => [PARTITIONS[i], n] as const)
  const capacity = counts.reduce((a, b) => a + b, 0) + d.of([0, 4, 40])
  return { name, shape, width: 1, capacity, block: 16, agents, columns }
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
  all: readonly PopulationSpec[],
  claims: readonly ClaimSpec[],
  messages: readonly MessageSpec[],
): KernelSpec {
  const home = d.hot(all)
  const writes = [...new Set(d.list(1, 3, () => d.hot(Object.keys(home.columns))))]
  const programmer = new Programmer(d, home, all, claims, messages)
  const program = d.list(1, 4, () => programmer.step(writes))
  const { used, senses, effects, despawns, moves } = programmer
  return {
    kind: 'kernel',
    ...schedule(d, name, before),
    population: home.name,
    weight: d.of([1, 1, 1, 0.5, 0.34, 0.25]),
    reads: [...used].filter(c => !writes.includes(c)),
    writes,
    senses: senses as Record<string, Pick>,
    effects: effects as Record<string, Pick>,
    claims: [...programmer.claims],
    outcomes: [...programmer.outcomes],
    spawns: [...programmer.spawns],
    sends: [...programmer.sends],
    receives: [...programmer.receives],
    despawns,
    moves,
    program,
  }
}

function act(d: Draw, all: readonly PopulationSpec[], messages: readonly MessageSpec[]): Act {
  if (messages.length > 0 && d.yes(1, 5)) return { does: 'send', message: d.of(messages).name, count: d.int(1, 9) }
  const p = d.of(all)
  const column = d.of(Object.keys(p.columns))
  if (p.shape === 'ordinary' && d.yes(3, 5)) {
    if (d.yes(1, 2)) return { does: 'despawn', population: p.name, count: d.int(1, 8) }
    return { does: 'spawn', population: p.name, partition: d.of([...PARTITIONS, 'new']), count: d.int(1, 6) }
  }
  if (d.yes(1, 2)) return { does: 'set', population: p.name, column }
  return { does: 'update', population: p.name, column, ...(d.yes(1, 2) ? { partition: d.of(PARTITIONS) } : {}) }
}

function main(
  d: Draw,
  name: string,
  before: readonly string[],
  all: readonly PopulationSpec[],
  messages: readonly MessageSpec[],
): MainSpec {
  return { kind: 'main', ...schedule(d, name, before), acts: d.list(1, 4, () => act(d, all, messages)) }
}

function measure(d: Draw, all: readonly PopulationSpec[]): MeasureSpec {
  const p = d.of(all)
  const single = Object.entries(p.columns).filter(([, c]) => c.size === 1)
  const [column, { kind: of }] = d.of(single)
  const plain = ['count', 'sum', 'min', 'max', 'mean'] as const
  const kind = of === 'enumeration' ? d.of(plain) : d.of([...plain, 'histogram' as const])
  const flags = single.filter(([, c]) => c.kind === 'bool' || c.kind === 'enumeration')
  const where =
    kind !== 'histogram' && flags.length > 0 && d.yes(1, 2) ? ([d.of(flags)[0], d.int(0, 1)] as const) : undefined
  return { kind, population: p.name, column, ...(where ? { where } : {}) }
}

function commands(d: Draw, all: readonly PopulationSpec[], messages: readonly MessageSpec[]): Act[][] {
  return d.list(0, 2, () => [
    ...d.list(1, 3, () => act(d, all, messages)),
    ...(d.yes(1, 4) ? [{ does: 'fail' as const }] : []),
  ])
}

function isMade({ name }: ClaimSpec, engines: readonly EngineSpec[]): boolean {
  return engines.some(e => e.kind === 'kernel' && e.claims.includes(name))
}

function isReceived({ name }: { name: string }, engines: readonly EngineSpec[]): boolean {
  return engines.some(e => e.kind === 'kernel' && e.receives.includes(name))
}

/** The engine without the steps that send what no engine receives: such a message is refused. */
function withoutUnreceived(engine: EngineSpec, engines: readonly EngineSpec[]): EngineSpec {
  if (engine.kind === 'main') {
    const acts = engine.acts.filter(act => act.does !== 'send' || isReceived({ name: act.message }, engines))
    return { ...engine, acts }
  }
  return {
    ...engine,
    sends: engine.sends.filter(name => isReceived({ name }, engines)),
    program: engine.program.filter(s => s.does !== 'send' || isReceived({ name: s.message }, engines)),
  }
}

/** An engine that makes a claim which no other makes: an outcome that nobody brings about is refused. */
function maker(name: string, claim: ClaimSpec, all: readonly PopulationSpec[]): KernelSpec {
  const home = all.find(p => p.name === claim.by) as PopulationSpec
  const link = Object.entries(home.columns).find(([, c]) => c.to === claim.on)
  const key = 'claim'
  const step = (column: string, via: Target['via']): Step => ({
    ...{ does: 'claim', claim: claim.name, key, target: { via, column, k: 0 } },
    ...{ when: { is: 'id' }, of: 2 },
  })
  return {
    ...{ kind: 'kernel', name, priority: 1, dependencies: [], every: 1, phase: 0, population: home.name, weight: 1 },
    ...{
      writes: [],
      effects: {},
      claims: [claim.name],
      outcomes: [],
      spawns: [],
      sends: [],
      receives: [],
      despawns: false,
      moves: false,
    },
    reads: link ? [link[0]] : [],
    senses: { [key]: { population: claim.on, columns: [] } },
    program: link ? [step(link[0], link[1].kind as Target['via'])] : [],
  }
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
  const all = names.map(name => population(d, name, shapes[name as keyof typeof shapes], names))
  const claims = d.list(0, 3, i => ({ name: `claim ${i}`, by: d.hot(all).name, on: d.hot(all).name }))
  const messages = d.list(0, 2, (i): MessageSpec => {
    const columns = d.list(1, 3, () => column(d, names, d.of(KINDS.filter(kind => kind !== 'index'))))
    const plain = columns.map(({ effect, reset, ...c }, k) => [`field ${k}`, c] as const)
    return {
      name: `message ${i}`,
      to: d.hot(all).name,
      capacity: d.of([3, 40, 1000]),
      columns: Object.fromEntries(plain),
    }
  })
  const engines: EngineSpec[] = []
  const count = d.int(2, 7)
  for (let i = 0; i < count; i++) {
    const before = engines.map(e => e.name)
    const name = `${d.of(['a', 'b', 'c'])} ${i}`
    engines.push(d.yes(1, 6) ? main(d, name, before, all, messages) : kernel(d, name, before, all, claims, messages))
  }
  for (const [i, unmade] of claims.filter(c => !isMade(c, engines)).entries())
    engines.push(maker(`d ${i}`, unmade, all))
  const received = messages.filter(m => isReceived(m, engines))
  return {
    seed: d.seed(),
    populations: all,
    claims,
    messages: received,
    engines: engines.map(e => withoutUnreceived(e, engines)),
    measures: Object.fromEntries(d.list(1, 5, i => [`m${i}`, measure(d, all)])),
    runs: d.list(1, 3, () => ({ commands: commands(d, all, received), ticks: d.int(1, 4) })),
  }
})
