// Checks mode, one engine in one thread. Each block runs for real, then again on a copy ("the twin"), one row at a time
// from the last to the first, its outputs discarded. The first difference or throw names engine, column, row and agent.
// So it catches a kernel that writes a column it only reads or senses, a row that is not its own, that keeps a row
// number or a sum in module state, draws for another row, or writes NaN.
//
// The twin's columns are as long as the world's and hold POISON everywhere but in the block being checked, so a read or
// write beyond the block shows; its own rows are put back one by one, so a write to a row that is not its own shows.
import { locate, PopulaceError } from '../core/errors.js'
import type { Exchange } from '../exchange/exchange.js'
import { newArray } from '../memory/arrays.js'
import type { AnyArray } from '../memory/column-types.js'
import type { PopulationMemory } from '../memory/population-memory.js'
import type { WorldMemory } from '../memory/world.js'
import type { KernelEngine } from '../schedule/engine.js'
import type { Loop } from '../schedule/scope.js'
import { type BoundEngine, bindEngine } from './bind.js'
import { type CheckedDocuments, checkedDocuments } from './checked-documents.js'
import { Digest } from './digest.js'
import type { Plan } from './plan.js'
import { SightAudit } from './sight-audit.js'

const POISON = 0xa5

/** An engine that checks itself. */
export interface CheckedEngine {
  readonly bound: BoundEngine
  beginTick(tick: number): void
  beginWake(tick: number): void
  /** Runs the wake of a block; checked as a step is. */
  wake(begin: number, end: number, missed: number): void
  step(begin: number, end: number, tick: number): void
  /** After the thread's last block: looks for writes outside of blocks and to what is only sensed. */
  endTick(tick: number): void
}

/** One own column of the engine: the world's, the twin's, and a block as it was. */
interface Watched {
  readonly name: string
  readonly size: number
  readonly written: boolean
  readonly float: boolean
  readonly real: AnyArray
  readonly twin: AnyArray
  readonly before: AnyArray
}

function same(a: number, b: number): boolean {
  return Object.is(a, b)
}

function watch(engine: KernelEngine, population: PopulationMemory): Watched[] {
  const { rows, block } = population.layout
  return [...new Set([...engine.reads, ...engine.writes])].flatMap(name => {
    const column = population.columns.get(name)
    if (!column || column.layout.data.doc) return []
    const { kind } = column.layout.data
    const twin = newArray(kind, rows * column.size)
    new Uint8Array(twin.buffer).fill(POISON)
    const before = newArray(kind, block * column.size)
    return [
      {
        name,
        size: column.size,
        written: engine.writes.includes(name),
        float: column.array instanceof Float32Array || column.array instanceof Float64Array,
        real: column.array,
        twin,
        before,
      },
    ]
  })
}

/** Binds an engine twice: to the world, and to the twin. */
export function checkEngine(
  plan: Plan,
  memory: WorldMemory,
  engine: KernelEngine,
  exchange: Exchange,
  thread: number,
): CheckedEngine {
  const population = memory.population(engine.population)
  return new Checker(plan, memory, engine, exchange, thread, population)
}

class Checker implements CheckedEngine {
  readonly bound: BoundEngine
  readonly #twin: BoundEngine
  readonly #engine: KernelEngine
  readonly #population: PopulationMemory
  readonly #columns: readonly Watched[]
  readonly #documents: readonly CheckedDocuments[]
  readonly #sight: SightAudit
  readonly #poison = new Uint8Array(1 << 16).fill(POISON)
  readonly #digest = new Digest()
  /** Rows that drew, in the block that runs for real. */
  readonly #drew: Uint8Array
  #begin = 0
  #end = 0
  #row = -1
  /** What runs for real and what runs again: the loops, or both wakes. */
  #real: Loop
  #again: Loop

  constructor(
    plan: Plan,
    memory: WorldMemory,
    engine: KernelEngine,
    exchange: Exchange,
    thread: number,
    population: PopulationMemory,
  ) {
    this.#engine = engine
    this.#population = population
    this.#columns = watch(engine, population)
    this.#documents = checkedDocuments(engine, population, (what, row, remedy) => this.#fail(what, row, remedy))
    this.#sight = new SightAudit(engine, memory, exchange)
    this.#drew = new Uint8Array(population.layout.block)
    const note = (what: string, numbers: readonly number[]) => this.#digest.add(what, numbers)
    this.bound = bindEngine(plan, memory, engine, exchange, thread, { rowGuard: row => this.#noteDraw(row), note })
    this.#twin = bindEngine(plan, memory, engine, exchange, thread, {
      own: Object.fromEntries([...this.#columns, ...this.#documents].map(c => [c.name, c.twin])),
      rowGuard: row => this.#noteTwinDraw(row),
      note,
      discard: true,
    })
    this.#real = this.bound.loop
    this.#again = this.#twin.loop
  }

  beginTick(tick: number): void {
    this.#twin.beginTick(tick)
    this.#sight.begin()
  }

  beginWake(tick: number): void {
    this.#twin.beginWake(tick)
    this.#sight.begin()
  }

  wake(begin: number, end: number, missed: number): void {
    const { wake } = this.bound
    if (!wake || !this.#twin.wake) return
    this.#real = wake
    this.#again = this.#twin.wake
    try {
      this.#check(begin, end, missed, 0)
    } finally {
      this.#real = this.bound.loop
      this.#again = this.#twin.loop
    }
  }

  step(begin: number, end: number, tick: number): void {
    this.#check(begin, end, tick, 1)
  }

  /** turn: 1 where rows have their turn, in which they may put things out. `tick` is what the loops are told. */
  #check(begin: number, end: number, tick: number, turn: 0 | 1): void {
    this.#begin = begin
    this.#end = end
    this.#runReal(begin, end, tick)
    const real = this.#digest.take()
    this.#runTwin(begin, end, tick, turn)
    const other = this.#digest.firstDifference(real)
    this.#digest.take()
    if (other === undefined) return
    this.#auditSight(tick)
    this.#fail(
      `${other} were others when the block ran again, row by row from the last`,
      begin,
      'What a row puts out may depend on nothing but the row itself and what is sensed.',
    )
  }

  #runReal(begin: number, end: number, tick: number): void {
    for (const c of this.#columns) c.before.set(c.real.subarray(begin * c.size, end * c.size))
    for (const d of this.#documents) d.begin(begin, end)
    this.#drew.fill(0)
    this.#row = -1
    try {
      this.#real(begin, end, tick)
    } catch (error) {
      throw this.#nameRow(error, begin, end, tick)
    }
    this.bound.outputs.endTurn()
    for (const c of this.#columns) {
      for (let at = begin * c.size; at < end * c.size; at++) {
        const row = Math.floor(at / c.size)
        if (!c.written && !same(c.real[at], c.before[at - begin * c.size]))
          this.#fail(`it wrote column '${c.name}', which it only reads`, row, `Add '${c.name}' to its writes.`)
        if (c.written && c.float && Number.isNaN(c.real[at]))
          this.#fail(
            `it wrote NaN to column '${c.name}'`,
            row,
            'Test for 0 / 0, roots of negatives and reads beyond an array.',
          )
      }
    }
  }

  /** The same error, with the row for which the kernel throws it when rows run one by one. Nothing else matters now. */
  #nameRow(error: unknown, begin: number, end: number, tick: number): unknown {
    for (const c of this.#columns) c.real.set(c.before.subarray(0, (end - begin) * c.size), begin * c.size)
    for (let row = begin; row < end; row++) {
      this.#drew.fill(0)
      this.bound.random.reset()
      try {
        this.#real(row, row + 1, tick)
      } catch (again) {
        if (String(again) !== String(error)) continue // of what was put out before, not of this row
        const where = `row ${row}, agent ${this.#population.id[row]}`
        if (again instanceof PopulaceError) return locate(again, where)
        const { message, stack } = again as Partial<Error>
        const named = new PopulaceError('ENGINE_FAILED', `${where}: ${message ?? again}`, 'Mend the kernel.', again)
        if (stack !== undefined) named.stack = stack
        return named
      }
    }
    return error // it came of more than one row
  }

  #runTwin(begin: number, end: number, tick: number, turn: 0 | 1): void {
    for (const c of this.#columns) c.twin.set(c.before.subarray(0, (end - begin) * c.size), begin * c.size)
    for (let row = end - 1; row >= begin; row--) {
      this.#expectBefore(row, 'was written by another row')
      this.#row = row
      for (const d of this.#documents) d.open(row)
      this.#twin.random.reset()
      this.#twin.outputs.turnTo(row * turn, (row + 1) * turn)
      this.#again(row, row + 1, tick)
      this.#twin.outputs.endTurn()
      this.#compare(row, tick)
    }
    for (let row = begin; row < end; row++) this.#expectBefore(row, 'was written by another row')
    for (const c of this.#columns) this.#fillPoison(c, begin, end)
  }

  #fillPoison(c: Watched, begin: number, end: number): void {
    const width = c.size * c.twin.BYTES_PER_ELEMENT
    new Uint8Array(c.twin.buffer, begin * width, (end - begin) * width).fill(POISON)
  }

  /** The twin's row came to what the real one did; puts it back as it was. */
  #compare(row: number, tick: number): void {
    for (const c of this.#columns) {
      const old = (row - this.#begin) * c.size
      for (let k = 0; k < c.size; k++) {
        const at = row * c.size + k
        const was = c.before[old + k]
        if (!c.written && !same(c.twin[at], was))
          this.#fail(`it wrote column '${c.name}', which it only reads`, row, `Add '${c.name}' to its writes.`)
        if (c.written && !same(c.twin[at], c.real[at])) {
          this.#auditSight(tick) // a write to what is sensed is the cause, what came of it in the own row is not
          this.#differs(c.name, c.real[at], c.twin[at], row)
        }
        c.twin[at] = was
      }
    }
    for (const d of this.#documents) {
      const found = d.difference()
      if (!found) continue
      this.#auditSight(tick)
      this.#differs(d.name, found.real, found.twin, row)
    }
  }

  #differs(column: string, real: unknown, twin: unknown, row: number): never {
    return this.#fail(
      `column '${column}' became ${real} in a forward run of the block and ${twin} when its rows ran one by one from the last`,
      row,
      'A row may depend on nothing but itself and what is sensed: no module state, no other row.',
    )
  }

  #expectBefore(row: number, what: string): void {
    for (const c of this.#columns) {
      const old = (row - this.#begin) * c.size
      for (let k = 0; k < c.size; k++) {
        if (!same(c.twin[row * c.size + k], c.before[old + k])) {
          this.#fail(
            `column '${c.name}' of this row ${what}`,
            row,
            'A kernel changes its own row only: use an effect, a message or a claim for others.',
          )
        }
      }
    }
  }

  endTick(tick: number): void {
    for (const c of this.#columns) {
      const bytes = new Uint8Array(c.twin.buffer)
      for (let at = 0; at < bytes.length; at += this.#poison.length) {
        const part = bytes.subarray(at, at + this.#poison.length)
        if (Buffer.compare(part, this.#poison.subarray(0, part.length)) === 0) continue
        const row = Math.floor((at + part.findIndex(b => b !== POISON)) / (c.size * c.twin.BYTES_PER_ELEMENT))
        this.#fail(
          `it wrote column '${c.name}' of a row in another block`,
          row,
          'A kernel changes its own row only: use an effect, a message or a claim for others.',
          tick,
        )
      }
    }
    this.#auditSight(tick)
  }

  #auditSight(tick: number): void {
    const broken = this.#sight.firstChange()
    if (broken)
      this.#fail(
        `it wrote ${broken.what}, which it only senses${broken.agent === undefined ? '' : ` (agent ${broken.agent})`}`,
        -1,
        'Use an effect to change other rows.',
        tick,
      )
  }

  #noteDraw(row: number): void {
    if (row < this.#begin || row >= this.#end) this.#refuseDraw(row)
    if (this.#drew[row - this.#begin] === 1)
      this.#fail(
        'it came back to draw for a row after another',
        row,
        'Draw all that a row needs before going on.',
        undefined,
        'RANDOM_ROW',
      )
    this.#drew[row - this.#begin] = 1
  }

  #noteTwinDraw(row: number): void {
    if (row !== this.#row) this.#refuseDraw(row)
  }

  #refuseDraw(row: number): never {
    const stepping = this.#row < 0 ? '' : ` while row ${this.#row} was stepped`
    return this.#fail(
      `it drew a random number for row ${row}${stepping}`,
      Math.max(row, this.#row),
      'Draw for the row that is being stepped.',
      undefined,
      'RANDOM_ROW',
    )
  }

  #fail(
    what: string,
    row: number,
    remedy: string,
    tick?: number,
    code: 'CHECK_FAILED' | 'RANDOM_ROW' = 'CHECK_FAILED',
  ): never {
    const agent =
      row >= 0 && row < this.#population.layout.rows ? `, row ${row}, agent ${this.#population.id[row]}` : ''
    const when = tick === undefined ? '' : `, tick ${tick}`
    throw new PopulaceError(
      code,
      `Engine '${this.#engine.name}', population '${this.#population.layout.name}'${agent}${when}: ${what}`,
      remedy,
    )
  }
}
