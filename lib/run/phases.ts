// A tick as phases: parallel loops over items, with a barrier after each. Built once per thread from the plan.
// What an item writes no other item of the same phase reads or writes; what a phase writes the next ones see.
import { locate, PopulaceError } from '../core/errors.js'
import type { Exchange } from '../exchange/exchange.js'
import { copyRange } from '../kernels/copy.js'
import { arrayAt } from '../memory/arrays.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { WorldMemory } from '../memory/world.js'
import { askersOf, isDue, type KernelEngine } from '../schedule/engine.js'
import { type ColumnName, copiesOf } from '../schedule/stages.js'
import { restructures, stages, touchedBy } from '../schedule/touches.js'
import type { Plan, Step } from './plan.js'
import { notingWrites, viewPhases } from './view-phases.js'

/** Steps the rows of one frame. */
export interface BlockStepper {
  readonly engine: KernelEngine
  readonly population: PopulationMemory
  /** Whether a frame's block has a turn in a tick in which the engine runs. */
  hasTurn(frame: number, tick: number): boolean
  /** Called by each thread before its first block of a tick. */
  beginTick(tick: number): void
  /** Steps a frame, if its block has a turn. */
  step(frame: number, tick: number): void
  /** Called by each thread after its last block of a tick. */
  endTick?(tick: number): void
  /** What its engine does for those who slept; undefined: nothing. */
  readonly waker?: Waker
}

/** Wakes the rows of one frame. */
export interface Waker {
  begin(tick: number): void
  step(frame: number, missed: number): void
  end(tick: number): void
}

/** One parallel loop. */
export interface Phase {
  /** Items in this tick; 0: the phase is skipped, barrier and all. The same in every thread. */
  items(tick: number): number
  /** Each thread comes to items in ascending order. */
  readonly inOrder?: boolean
  /** Called by each thread before it claims. */
  enter?(tick: number): void
  run(item: number, tick: number): void
  /** Called by each thread when nothing is left to claim. */
  exit?(tick: number): void
  /** Called by the last thread to come to the barrier, while the others wait; not in ticks without items. */
  serial?(tick: number): void
}

/** The same error, with the engine at whose end it came. */
function located(error: unknown, engine: KernelEngine, tick: number): unknown {
  return error instanceof PopulaceError ? locate(error, `engine '${engine.name}', tick ${tick}`) : error
}

/** Does what is due when an engine ends; errors of it name the engine. */
function naming(engine: KernelEngine, tick: number, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw located(error, engine, tick)
  }
}

/** A list of (thing, block) pairs, as one range of items. */
function blocksPhase(
  parts: readonly {
    population: PopulationMemory
    due(tick: number): boolean
    run(frame: number, tick: number): void
  }[],
): Phase {
  if (parts.length === 1) {
    const [{ population, due, run }] = parts
    const { frames } = population
    const { blockList } = frames
    return {
      items: tick => (due(tick) ? frames.blocks : 0),
      run: (item, tick) => run(blockList[item], tick),
    }
  }
  // Blocks of each part, of the tick that items was asked about last: before the first item of every phase.
  const sizes = new Int32Array(parts.length)
  return {
    items(tick) {
      let n = 0
      for (let k = 0; k < parts.length; k++) {
        sizes[k] = parts[k].due(tick) ? parts[k].population.frames.blocks : 0
        n += sizes[k]
      }
      return n
    },
    run(item, tick) {
      let left = item
      for (let k = 0; k < parts.length; k++) {
        if (left < sizes[k]) return parts[k].run(parts[k].population.frames.blockList[left], tick)
        left -= sizes[k]
      }
    },
  }
}

const always = () => true

/** Columns with `reset: 'tick'` take their defaults, and the outcomes of claims are emptied. */
function resetPhase(columns: readonly ColumnName[], memory: WorldMemory, exchange: Exchange): Phase {
  const outcomes = [...exchange.claims.values()].flatMap(board => [
    { population: board.by, due: always, run: (frame: number) => board.clear(frame, 'by') },
    { population: board.on, due: always, run: (frame: number) => board.clear(frame, 'on') },
  ])
  const note = exchange.views.noteOf(columns)
  const phase = blocksPhase([
    ...outcomes,
    ...columns.flatMap(({ population: name, column }) => {
      const population = memory.population(name)
      const bound = population.columns.get(column)
      if (!bound) return []
      const width = population.layout.block * bound.size
      const value = bound.layout.data.default
      return [
        {
          population,
          due: always,
          run: (frame: number) => void bound.array.fill(value, frame * width, (frame + 1) * width),
        },
      ]
    }),
  ])
  return note ? { ...phase, serial: note } : phase
}

/** What engines sense and write is copied, as it was when they began. */
export function copyPhase(engines: readonly KernelEngine[], memory: WorldMemory): Phase {
  return blocksPhase(
    engines.flatMap(engine =>
      copiesOf(engine).flatMap(({ population: name, column }) => {
        const population = memory.population(name)
        const bound = population.columns.get(column)
        if (!bound) return []
        const copy = arrayAt(
          memory.buffer,
          bound.layout.data.kind,
          bound.layout.copy,
          population.layout.rows * bound.size,
        )
        const width = population.layout.block * bound.size
        const due = (tick: number) => isDue(engine, tick)
        return [
          { population, due, run: (frame: number) => copyRange(bound.array, copy, frame * width, (frame + 1) * width) },
        ]
      }),
    ),
  )
}

/** The engines of a stage, all of one population on a block before the next block is claimed. */
function runPhase(steppers: readonly BlockStepper[]): Phase {
  const populations = [...new Set(steppers.map(s => s.population))]
  const groups = populations.map(population => steppers.filter(s => s.population === population))
  const phase = blocksPhase(
    groups.map(group => {
      const [{ engine, population, step }] = group
      if (group.length === 1) return { population, due: (tick: number) => isDue(engine, tick), run: step }
      const dueNow = new Uint8Array(group.length) // of the tick that items was asked about last
      return {
        population,
        due(tick: number) {
          for (let i = 0; i < group.length; i++) dueNow[i] = isDue(group[i].engine, tick) ? 1 : 0
          return dueNow.includes(1)
        },
        run(frame: number, tick: number) {
          for (let i = 0; i < group.length; i++) if (dueNow[i] === 1) group[i].step(frame, tick)
        },
      }
    }),
  )
  const each = (tick: number, call: (s: BlockStepper) => void) => {
    for (let i = 0; i < steppers.length; i++) if (isDue(steppers[i].engine, tick)) call(steppers[i])
  }
  const ends = steppers.some(s => s.endTick)
  return {
    ...phase,
    enter: tick => each(tick, s => s.beginTick(tick)),
    ...(ends ? { exit: (tick: number) => each(tick, s => s.endTick?.(tick)) } : {}),
  }
}

/** What the stage's effects came to is merged onto the written values. */
function mergePhase(engines: readonly KernelEngine[], exchange: Exchange): Phase {
  return blocksPhase(
    engines.flatMap(engine => {
      // Once, under however many keys the engine knows a column: two threads would merge one frame at a time.
      const names = [...engine.effects.values()].flatMap(t => t.columns.map(column => `${t.population}.${column}`))
      return [...new Set(names)].flatMap(name => {
        const target = exchange.effects.get(name)
        if (!target) return []
        return [
          {
            population: target.population,
            due: (tick: number) => isDue(engine, tick),
            run(frame: number, tick: number) {
              try {
                target.merge(frame)
              } catch (error) {
                throw located(error, engine, tick)
              }
            },
          },
        ]
      })
    }),
  )
}

/** Claimed rows are decided, then claims settled: their outcome is known when all on a row have been compared. */
function claimPhases(engines: readonly KernelEngine[], exchange: Exchange): Phase[] {
  const boards = engines.flatMap(engine =>
    [...new Set([...engine.claims.values()].map(c => c.name))].flatMap(name => {
      const board = exchange.claims.get(name)
      return board ? [{ board, due: (tick: number) => isDue(engine, tick) }] : []
    }),
  )
  return [
    blocksPhase(
      boards.map(({ board, due }) => ({ population: board.on, due, run: (frame: number) => board.decide(frame) })),
    ),
    blocksPhase(
      boards.map(({ board, due }) => ({ population: board.by, due, run: (frame: number) => board.settle(frame) })),
    ),
  ]
}

/** What waits is sorted into the inboxes of the engines that receive. */
function deliveryPhases(steppers: readonly BlockStepper[], exchange: Exchange): Phase[] {
  return steppers.flatMap(({ engine, hasTurn }) =>
    exchange.inboxesOf(engine).flatMap(inbox =>
      inbox.steps.map(
        (step, i): Phase => ({
          items: tick => (isDue(engine, tick) ? step.items() : 0),
          ...(i === 0 ? { enter: (tick: number) => (inbox.hasTurn = frame => hasTurn(frame, tick)) } : {}),
          run: item => step.run(item),
          ...(step.serial ? { serial: () => step.serial?.('') } : {}),
        }),
      ),
    ),
  )
}

/** What an engine took in is taken out of the mailboxes, what it sent and asked is put in, what it emitted is queued. */
function postPhases(engine: KernelEngine, plan: Plan, memory: WorldMemory, exchange: Exchange): Phase[] {
  const inboxes = exchange.inboxesOf(engine)
  const posts = [...new Set([...engine.sends.values()].map(m => m.name))].flatMap(
    name => exchange.posts.get(name) ?? [],
  )
  const askings = [...new Set([...engine.asks.values()].map(a => a.name))].flatMap(name => {
    const asking = exchange.asks.get(name)
    return asking ? [{ asking, number: askersOf(plan.engines, name).indexOf(engine.name) }] : []
  })
  const emits = engine.emits.size > 0 ? exchange.emits : undefined
  if (inboxes.length + posts.length + askings.length === 0 && !emits) return []
  const senders = memory.population(engine.population)
  const due = (tick: number) => isDue(engine, tick)
  const written = [...posts.map(p => p.mailbox), ...askings.map(a => a.asking.box.mailbox)]
  return [
    {
      items: tick => (due(tick) ? 1 : 0),
      run() {},
      serial(tick) {
        for (const inbox of inboxes) inbox.retire()
        for (const post of posts) post.tally(senders)
        for (const { asking, number } of askings) asking.commit(senders, tick, number)
        emits?.commit(senders, tick)
      },
    },
    blocksPhase(posts.map(post => ({ population: senders, due, run: (frame: number) => post.append(frame) }))),
    ...written
      .filter(mailbox => mailbox.heap)
      .map(mailbox => ({
        items: (tick: number) => (due(tick) ? 1 : 0),
        run() {},
        serial: (tick: number) => naming(engine, tick, () => mailbox.settle()),
      })),
  ]
}

/** Births, deaths and moves, by one thread: agents of one population get their ids and rows one after another. */
function structurePhase(engine: KernelEngine, memory: WorldMemory, exchange: Exchange): Phase {
  const parents = memory.population(engine.population)
  const births = [...new Set(engine.spawns.values())].flatMap(name => exchange.births.get(name) ?? [])
  const fates = engine.despawns || engine.moves ? exchange.fates.get(engine.population) : undefined
  const changed = [...touchedBy(engine).restructures].map(name => memory.population(name))
  return {
    items: tick => (isDue(engine, tick) ? 1 : 0),
    run() {},
    serial(tick) {
      for (const b of births) b.commit(parents, tick + 1)
      fates?.commit()
      for (const population of changed) population.frames.refresh()
    },
  }
}

/**
 * When engines that write documents have ended: what they wrote is counted, and where it is time for that, all that is
 * live is copied to fresh pages. Whether it is time is decided in one place, while all wait, so that every thread
 * finds the same number of items.
 */
export function documentPhases(engines: readonly KernelEngine[], memory: WorldMemory): Phase[] {
  return engines.flatMap(engine =>
    engine.documentsOf.flatMap(name => {
      const population = memory.population(name)
      const { documents, frames, layout } = population
      if (!documents) return []
      const { heap } = documents
      const settle: Phase = {
        items: tick => (isDue(engine, tick) ? 1 : 0),
        run() {},
        serial: tick => naming(engine, tick, () => heap.settle()),
      }
      const collect: Phase = {
        items: () => (heap.collecting ? Math.max(1, frames.blocks) : 0), // where nobody is left it has to end too
        run(item, tick) {
          if (item >= frames.blocks) return
          const begin = frames.blockList[item] * layout.block
          const end = begin + frames.rows[frames.blockList[item]]
          naming(engine, tick, () => documents.collectRows(begin, end))
        },
        serial: tick => naming(engine, tick, () => documents.finish()),
      }
      return [settle, collect]
    }),
  )
}

/** The phases of a step; none for a main engine, which runs elsewhere. */
export function phasesOf(
  step: Step,
  plan: Plan,
  memory: WorldMemory,
  exchange: Exchange,
  stepper: (engine: KernelEngine) => BlockStepper,
): Phase[] {
  const { shuffle } = plan.options
  const anyOrder = (phase: Phase, i: number) => (shuffle === 0 ? phase : shuffled(phase, shuffle + i))
  if (step.kind === 'reset') return [resetPhase(step.columns, memory, exchange)].map(anyOrder)
  if (step.kind === 'main') return []
  const { engines } = step
  const steppers = engines.map(stepper)
  const run = notingWrites(runPhase(steppers), engines, exchange.views)
  const inOrder = engines.some(stages) // threads keep the first records of a stream, so they come to blocks in order
  return [
    ...viewPhases(engines, exchange.views).map(anyOrder),
    ...deliveryPhases(steppers, exchange),
    anyOrder(copyPhase(engines, memory), 0),
    inOrder ? { ...run, inOrder } : anyOrder(run, 1),
    ...[mergePhase(engines, exchange), ...claimPhases(engines, exchange)].map((phase, i) => anyOrder(phase, 2 + i)),
    ...engines.flatMap(engine => postPhases(engine, plan, memory, exchange)),
    ...engines.filter(restructures).map(engine => structurePhase(engine, memory, exchange)),
    ...documentPhases(engines, memory),
  ]
}

/** Claims the items of a phase in another order, the same in every thread: item -> (item * a + b) mod n, a prime to n. */
function shuffled(phase: Phase, seed: number): Phase {
  return {
    ...phase,
    run(item, tick) {
      const n = phase.items(tick)
      let a = ((Math.imul(seed + tick, 0x9e3779b1) >>> 0) % n) | 1
      while (greatestDivisor(a, n) !== 1) a++
      phase.run((item * a + seed) % n, tick)
    },
  }
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}
