// Binds a kernel engine to memory in one thread: builds its scope, calls its factory once, and gives the function that
// steps one block.
import { high, low, PURPOSE, streamBase, threefry } from '../core/threefry.js'
import { type Heard, heard } from '../exchange/asks.js'
import type { Exchange } from '../exchange/exchange.js'
import type { Here } from '../exchange/grid-shape.js'
import { type OutputOptions, Outputs } from '../exchange/outputs.js'
import { makeRows } from '../exchange/rows.js'
import { shapeView } from '../exchange/view-shape.js'
import { type AgentRandom, makeAgentRandom, type RowGuard } from '../kernels/agent-random.js'
import { callLoop } from '../kernels/call-loop.js'
import { arrayAt } from '../memory/arrays.js'
import { documentReader, documentWriter } from '../memory/documents.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { WorldMemory } from '../memory/world.js'
import { type KernelEngine, turnModulus } from '../schedule/engine.js'
import type { Loop } from '../schedule/scope.js'
import { touchedBy } from '../schedule/touches.js'
import type { Plan } from './plan.js'

/** How checks mode binds its second kernel: to copies, with guards. */
export interface BindOverrides extends OutputOptions {
  /** Own-row columns by name, in place of the world's. */
  readonly own?: Readonly<Record<string, object>>
  readonly rowGuard?: RowGuard
}

/** An engine bound in one thread. */
export interface BoundEngine {
  readonly engine: KernelEngine
  readonly population: PopulationMemory
  readonly random: AgentRandom
  readonly loop: Loop
  /** What is called for those who slept, with the ticks missed in place of the tick; undefined: nothing is. */
  readonly wake: Loop | undefined
  readonly outputs: Outputs
  /** Sets the random keys of a tick; nothing is put out yet. */
  beginTick(tick: number): void
  /** The same for wake, during which nothing may be put out. */
  beginWake(tick: number): void
  /** Whether a block with this ordinal gets a turn in a tick. */
  hasTurn(ordinal: number, tick: number): boolean
  /** Notes that rows [begin, end) have their turn now: their elapsed ticks are told to the kernel. */
  noteTurn(begin: number, end: number, tick: number): void
}

function ownColumns(engine: KernelEngine, population: PopulationMemory): Record<string, object> {
  const own: Record<string, object> = {}
  for (const name of [...engine.reads, ...engine.writes]) {
    const column = population.columns.get(name)
    if (!column) continue
    const documents = column.layout.data.doc && population.documents?.rows(name, column.array as Uint32Array)
    if (documents) own[name] = engine.writes.includes(name) ? documentWriter(documents) : documentReader(documents)
    else own[name] = column.array
  }
  return own
}

function sight(engine: KernelEngine, memory: WorldMemory, exchange: Exchange, here: Here): Record<string, object> {
  const { writes } = touchedBy(engine)
  const seen: Record<string, object> = {}
  for (const [key, { population: name, columns, access }] of engine.senses) {
    const view = exchange.views.behind(access)
    if (view) {
      seen[key] = shapeView(view, access.columns, engine.name, here)
      continue
    }
    const population = memory.population(name)
    const arrays: Record<string, object> = {}
    for (const column of columns) {
      const bound = population.columns.get(column)
      if (!bound) continue
      const { layout, size } = bound
      const copied = writes.has(`${name}.${column}`)
      const array = copied
        ? arrayAt(memory.buffer, layout.data.kind, layout.copy, population.layout.rows * size)
        : bound.array
      // Of documents the words are copied: the bytes of older versions last until the engine has ended.
      const documents = layout.data.doc && population.documents?.rows(column, array as Uint32Array)
      arrays[column] = documents ? documentReader(documents) : array
    }
    seen[key] = makeRows(population, arrays)
  }
  return seen
}

function inbox(engine: KernelEngine, exchange: Exchange): Record<string, object> {
  return Object.fromEntries([...(exchange.inboxes.get(engine.name) ?? [])].map(([key, { view }]) => [key, view]))
}

function answers(engine: KernelEngine, exchange: Exchange): Record<string, Heard> {
  return Object.fromEntries([...(exchange.heard.get(engine.name) ?? [])].map(([key, inbox]) => [key, heard(inbox)]))
}

/** A loop that is told which partition it is in before each call: rows of one call are of one block. */
function inPlace(loop: Loop, partition: Uint32Array, here: Here): Loop {
  return (begin, end, tick) => {
    here[0] = partition[begin]
    callLoop(loop, begin, end, tick)
  }
}

/** Builds the scope and calls the factory. */
export function bindEngine(
  plan: Plan,
  memory: WorldMemory,
  engine: KernelEngine,
  exchange: Exchange,
  thread: number,
  o: BindOverrides = {},
): BoundEngine {
  const population = memory.population(engine.population)
  const { layout } = population
  const turns = layout.turns.get(engine.name)
  const last = turns && new Uint32Array(memory.buffer, turns.last, layout.rows)
  const elapsed = turns && new Uint32Array(memory.buffer, turns.elapsed, layout.rows)
  const random = makeAgentRandom(population.id, o.rowGuard)
  const self = {
    ...(o.own ?? ownColumns(engine, population)),
    id: population.id,
    partition: population.partition,
    get elapsed() {
      // Only engines that skip turns keep their ticks; for the others it is 1 for all, written when first looked for.
      return elapsed ?? new Uint8Array(memory.buffer, memory.layout.ones, layout.rows).fill(1)
    },
  }
  const outputs = new Outputs(engine, exchange, population, thread, plan.options.seed, o)
  const here = new Int32Array(1)
  const scope = {
    self,
    seen: sight(engine, memory, exchange, here),
    ...outputs.scope,
    inbox: inbox(engine, exchange),
    answers: answers(engine, exchange),
    random: random.random,
    params: plan.params,
  }
  const kernel = engine.kernel(scope as never) // built from the same declarations that its type is
  const apart = exchange.views.sensedBy(engine).some(v => v.plan.grid?.apart)
  const placed = (f: Loop) => (apart && typeof f === 'function' ? inPlace(f, population.partition, here) : f)
  const loop = placed(typeof kernel === 'function' ? kernel : kernel?.run)
  const sleeper = typeof kernel === 'function' ? undefined : kernel?.wake
  const wake = typeof sleeper === 'function' ? placed((begin, end, missed) => sleeper(begin, end, missed)) : sleeper
  outputs.checkFactory()
  const weighed = turnModulus(engine)
  const level = turns && new Uint32Array(memory.buffer, turns.level, 1)
  // Names are hashed once: with that, a stage of few rows took twice as long.
  const base = streamBase(plan.options.seed, engine.name, PURPOSE.kernel)
  const wakeBase = streamBase(plan.options.seed, engine.name, PURPOSE.wake)
  const key = new Int32Array(2)
  return {
    engine,
    population,
    random,
    loop,
    wake,
    outputs,
    beginWake(tick) {
      threefry(wakeBase[0], wakeBase[1], low(tick), high(tick), key, 0)
      random.setKey(key)
      outputs.turnTo(0, 0)
    },
    beginTick(tick) {
      threefry(base[0], base[1], low(tick), high(tick), key, 0)
      random.setKey(key)
      outputs.beginTick(tick)
    },
    hasTurn(ordinal, tick) {
      const modulus = level ? weighed * (1 << level[0]) : weighed // the level is written between two batches: shed-levels.ts
      return modulus === 1 || (ordinal + (tick - engine.phase) / engine.every) % modulus === 0
    },
    noteTurn(begin, end, tick) {
      if (!last || !elapsed) return
      const now = (tick + 1) >>> 0
      for (let row = begin; row < end; row++) {
        elapsed[row] = Math.max(1, (now - last[row]) >>> 0)
        last[row] = now
      }
    },
  }
}
