// Fills an empty world from an image, in whatever thread it is called; the rows of frozen partitions, which are to be in no
// frame, are put in apart, one partition at a time, by whoever keeps them. The image may be of an older version of the
// scenario: see schema.ts for what goes and what is refused. Rows come to lie in (partition, block, row) order, so what
// depends on that order goes on as it would have.
import { PopulaceError } from '../core/errors.js'
import { idOf } from '../core/ids.js'
import type { AnyArray } from '../memory/column-types.js'
import type { DocumentHeap } from '../memory/document-heap.js'
import { FramesSpent, framesError } from '../memory/frames.js'
import { META } from '../memory/layout.js'
import { GONE, type Mailbox } from '../memory/mailbox.js'
import { STATE } from '../memory/partition-states.js'
import type { PopulationMemory, Segment } from '../memory/population-memory.js'
import type { WorldMemory } from '../memory/world.js'
import type { FrozenRows } from './frozen-rows.js'
import { imageLeaving, imageStates } from './frozen-sections.js'
import { Sections, type StateHead, type StateImage } from './image.js'
import {
  columnChange,
  type SchemaAsk,
  type SchemaColumn,
  type SchemaData,
  type SchemaMessage,
  type SchemaTable,
} from './schema.js'

/** Writes items [at, at + count) of the image into `count` rows from `row`. */
type Writer = (row: number, at: number, count: number) => void

/** What is being restored: a table as it is declared, and as the snapshot has it. */
interface Restored<T extends SchemaTable> {
  readonly of: 'agents' | 'frozen' | 'mail' | 'asks'
  readonly sections: Sections
  readonly to: T
  readonly from: T
}

/** Writes a column of numbers: stored values, or the default where the snapshot has none. SNAPSHOT_SCHEMA. */
function numberWriter(
  { of, sections, to, from }: Restored<SchemaTable>,
  column: SchemaColumn,
  array: AnyArray,
  value: number,
): Writer {
  const stored = from.columns.find(c => c.name === column.name)
  const { size } = column
  const lasts = stored !== undefined && !stored.reset && !column.reset // what is reset in each tick is not stored
  const { codes } = lasts ? columnChange(to.name, stored, column) : {}
  const found = lasts ? sections.find(of, to.name, 'column', column.name) : undefined
  if (!found) return (row, _, count) => void array.fill(value, row * size, (row + count) * size)
  const values = codes ? found.map(code => codes[code]) : found
  return (row, at, count) => array.set(values.subarray(at * size, (at + count) * size), row * size)
}

/** Writes a column of documents, which are taken one after another. SNAPSHOT_SCHEMA. */
function documentWriter(
  { of, sections, to, from }: Restored<SchemaTable>,
  column: SchemaColumn,
  array: AnyArray,
  heap: DocumentHeap,
): Writer {
  const stored = from.columns.find(c => c.name === column.name)
  if (stored) columnChange(to.name, stored, column)
  const lengths = sections.find(of, to.name, 'lengths', column.name)
  const bytes = sections.find(of, to.name, 'documents', column.name) as Uint8Array | undefined // of kind u8
  let next = 0
  return (row, at, count) => {
    for (let i = 0; i < count; i++) {
      const length = lengths?.[at + i] ?? 0
      array[(row + i) * 2 + 1] = length
      if (length > 0 && bytes) array[(row + i) * 2] = heap.store(bytes, next, length)
      next += length
    }
  }
}

function restorePartitions(memory: WorldMemory, sections: Sections): void {
  const ends = sections.find('partitions', '', 'ends') ?? []
  const bytes = sections.find('partitions', '', 'names')?.slice() ?? new Uint8Array(0) // a decoder takes no shared memory
  for (let i = 0, begin = 0; i < ends.length; begin = ends[i++])
    memory.partitions.number(new TextDecoder().decode(bytes.subarray(begin, ends[i])))
}

/** Refuses agents that there is no room for. */
function admit({ layout }: PopulationMemory, rows: ArrayLike<number>, slots: number): void {
  const { name, capacity, block, lattice } = layout
  const agents = Array.from(rows).reduce((n, of) => n + of, 0)
  const frames = Array.from(rows).reduce((n, of) => n + Math.ceil(of / block), 0)
  if (slots <= capacity && frames <= layout.frames && (!lattice || agents === capacity)) return
  throw new PopulaceError(
    'SNAPSHOT_SCHEMA',
    `Population '${name}' has ${agents} agents in ${slots} slots and ${frames} blocks in the snapshot, and its memory is for ${capacity} in ${layout.frames}`,
    `Give '${name}' the capacity and block that it had${lattice ? '' : ', or a larger capacity'}.`,
  )
}

/** What writes the columns and turns of agents. SNAPSHOT_SCHEMA. */
function agentWriters(population: PopulationMemory, restored: Restored<SchemaTable>, tick: number): Writer[] {
  const { of, sections, to } = restored
  const { columns, documents, layout, lastTurns } = population
  const writers = to.columns.flatMap((column): Writer[] => {
    const bound = columns.get(column.name)
    if (!bound) return []
    if (!column.doc) return [numberWriter(restored, column, bound.array, bound.layout.data.default)]
    return documents ? [documentWriter(restored, column, bound.array, documents.heap)] : []
  })
  const turns = [...layout.turns.keys()].map((engine, i): Writer => {
    const last = sections.find(of, to.name, 'turn', engine)
    if (!last) return (row, _, count) => void lastTurns[i].fill(tick, row, row + count) // of an engine that is new
    return (row, at, count) => lastTurns[i].set(last.subarray(at, at + count), row)
  })
  return [...writers, ...turns]
}

function restoreAgents(
  memory: WorldMemory,
  sections: Sections,
  to: SchemaTable,
  from: SchemaTable,
  tick: number,
): void {
  const population = memory.population(to.name)
  const { frames, id, slots, documents, partition: partitionOf, counts } = population
  const find = (part: string, column = '') => sections.find('agents', to.name, part, column)
  const rows = find('rows') ?? []
  const slot = find('slot') ?? []
  const generation = find('generation') ?? [0]
  admit(population, rows, generation.length - 1)
  slots.restore(generation)
  sleep(population, sections)
  for (const { id: leaver, to: there } of imageLeaving(sections, to.name)) population.leaving.add(leaver, there)
  const identify: Writer = (row, at, count) => {
    for (let i = 0; i < count; i++) {
      id[row + i] = idOf(slot[at + i], generation[slot[at + i]])
      slots.moved(slot[at + i], row + i)
    }
  }
  const all = [identify, ...agentWriters(population, { of: 'agents', sections, to, from }, tick)]
  for (let partition = 0, at = 0; partition < rows.length; partition++) {
    for (let left = rows[partition]; left > 0; ) {
      const { row, count } = frames.extend(partition, left)
      partitionOf.fill(partition, row, row + count)
      for (const write of all) write(row, at, count)
      at += count
      left -= count
    }
  }
  slots.free()
  counts.set(find('counts') ?? [])
  documents?.settle()
}

/** The slots of agents of frozen partitions say so; their rows are put in by restoreFrozen. */
function sleep({ slots, frames, layout }: PopulationMemory, sections: Sections): void {
  const slot = sections.find('frozen', layout.name, 'slot') ?? []
  let asleep = 0
  for (const [partition, rows] of (sections.find('frozen', layout.name, 'rows') ?? []).entries())
    for (const end = asleep + rows; asleep < end; asleep++) slots.slept(slot[asleep], partition)
  for (const [own, partition] of (sections.find('frozen', layout.name, 'where') ?? []).entries()) {
    if (partition === 0) continue
    slots.slept(own, partition - 1)
    asleep++
  }
  frames.meta[META.frozen] = asleep
}

/** A population whose frozen rows are put in: those of one partition after another from `at` on. */
interface FrozenTable {
  readonly population: PopulationMemory
  readonly slot: AnyArray
  readonly writers: readonly Writer[]
  at: number
}

function frozenTables(
  memory: WorldMemory,
  sections: Sections,
  { schema: was, tick }: Pick<StateHead, 'schema' | 'tick'>,
  schema: SchemaData,
): FrozenTable[] {
  return schema.populations.flatMap(to => {
    const from = was.populations.find(p => p.name === to.name)
    const slot = sections.find('frozen', to.name, 'slot')
    if (!from || !slot) return []
    const population = memory.population(to.name)
    return [{ population, slot, writers: agentWriters(population, { of: 'frozen', sections, to, from }, tick), at: 0 }]
  })
}

/** Puts the next `rows` rows of a table into a partition's frames. */
function putFrozen(table: FrozenTable, partition: number, rows: number): void {
  const { population, slot, writers, at } = table
  if (rows === 0) return
  for (const segment of wakeUp(population, partition, slot.subarray(at, at + rows)))
    for (const write of writers) write(segment.row, at + segment.at, segment.count)
  population.documents?.settle()
  table.at += rows
}

/**
 * Puts the rows of frozen partitions into the frames of a world that was filled from the same image, one partition after
 * another: each is to be taken out again before the next one comes. SNAPSHOT_SCHEMA.
 */
export function* restoreFrozen(memory: WorldMemory, image: StateImage, schema: SchemaData): Generator<number> {
  const sections = new Sections(image)
  const tables = frozenTables(memory, sections, image.head, schema)
  const { states } = memory.partitions
  for (let partition = 0; partition < memory.partitions.count; partition++) {
    if (!states.isFrozen(partition) || states.has(partition, STATE.unloaded)) continue
    for (const table of tables) {
      const rows = sections.find('frozen', table.population.layout.name, 'rows')
      putFrozen(table, partition, rows?.[partition] ?? 0)
    }
    yield partition
  }
}

/** Puts rows that were apart from an image of this head into the frames of their partition. SNAPSHOT_SCHEMA. */
export function restoreApart(
  memory: WorldMemory,
  head: StateHead,
  partition: number,
  rows: FrozenRows,
  schema: SchemaData,
): void {
  for (const table of frozenTables(memory, new Sections(rows), head, schema))
    putFrozen(table, partition, table.slot.length)
}

function wakeUp(population: PopulationMemory, partition: number, slots: ArrayLike<number>): Segment[] {
  try {
    return population.wakeUp(partition, slots)
  } catch (error) {
    if (!(error instanceof FramesSpent)) throw error
    throw framesError(population.layout)
  }
}

function restoreStates({ partitions }: WorldMemory, sections: Sections): void {
  const { states, count } = partitions
  for (let partition = 0; partition < count; partition++) states.set(partition, 0) // not as new ones begin
  const found = imageStates(sections)
  if (!found) return
  for (let partition = 0; partition < count; partition++) {
    states.set(partition, found.states[partition])
    states.woken[partition] = found.woken[partition]
    states.since[partition] = found.since[partition]
    if (states.has(partition, STATE.freeze | STATE.thaw) || found.woken[partition] === 1) states.due = true
  }
}

function restoreMail(
  of: 'mail' | 'asks',
  mailbox: Mailbox | undefined,
  sections: Sections,
  to: SchemaMessage,
  from: SchemaMessage,
): void {
  if (!mailbox) return
  const find = (part: string) => sections.find(of, to.name, part)
  const seen = find('seen') ?? []
  if (seen.length > mailbox.layout.capacity)
    throw new PopulaceError(
      'SNAPSHOT_SCHEMA',
      `${seen.length} ${of === 'mail' ? 'letters of message' : 'asks of'} '${to.name}' wait in the snapshot, and it has room for ${mailbox.layout.capacity}`,
      `Give it the ${of === 'mail' ? 'capacity' : 'pending'} that it had, or a larger one.`,
    )
  // Who has seen a letter is kept by the receivers' numbers, which change when one comes or goes.
  const bits = from.receivers.map(engine => {
    const bit = to.receivers.indexOf(engine)
    return bit < 0 ? 0 : 1 << bit
  })
  const mask = (old: number) =>
    old === GONE ? GONE : bits.reduce((now, bit, i) => ((old >>> i) & 1 ? now | bit : now), 0)
  mailbox.to.set(find('to') ?? [])
  mailbox.from.set(find('from') ?? [])
  for (let at = 0; at < seen.length; at++) mailbox.seen[at] = mask(seen[at])
  const restored = { of, sections, to, from } as const
  for (const column of to.columns) {
    const bound = mailbox.columns.get(column.name)
    if (!bound) continue
    const write =
      column.doc && mailbox.heap
        ? documentWriter(restored, column, bound.array, mailbox.heap)
        : numberWriter(restored, column, bound.array, bound.layout.default)
    write(0, 0, seen.length)
  }
  mailbox.numbers.set(find('counts') ?? [])
  mailbox.settle()
}

function restoreAsks(memory: WorldMemory, sections: Sections, to: SchemaAsk, from: SchemaAsk): void {
  const box = memory.asks.get(to.name)
  restoreMail('asks', box?.mailbox, sections, to, from)
  box?.numbers.set(sections.find('asks', to.name, 'became') ?? [])
  box?.renumber(from.askers.map(engine => to.askers.indexOf(engine)))
}

function restoreEvents({ events }: WorldMemory, sections: Sections, to: SchemaData, from: SchemaData): void {
  const counts = sections.find('events', '', 'counts')
  if (!counts) return
  for (const [i, name] of to.events.entries()) events.numbers[i] = counts[from.events.indexOf(name)] ?? 0
  events.numbers[to.events.length] = counts[from.events.length]
}

/**
 * Fills a world in memory that was never used. `schema` is what the scenario declares now. Populations and messages that
 * the snapshot has no more are left out; new ones are empty. SNAPSHOT_SCHEMA.
 */
export function restoreWorld(memory: WorldMemory, image: StateImage, schema: SchemaData): void {
  const { head } = image
  const sections = new Sections(image)
  restorePartitions(memory, sections)
  restoreStates(memory, sections)
  for (const to of schema.populations) {
    const from = head.schema.populations.find(p => p.name === to.name)
    const { layout } = memory.population(to.name)
    if (from && (from.lattice !== to.lattice || from.permanent !== to.permanent))
      throw new PopulaceError(
        'SNAPSHOT_SCHEMA',
        `Population '${to.name}' is ${from.lattice ? 'a lattice' : from.permanent ? 'permanent' : 'not permanent'} in the snapshot`,
        'Declare it as it was, or give it another name.',
      )
    if (from) restoreAgents(memory, sections, to, from, head.tick)
    else if (layout.lattice) memory.openLattice(to.name)
  }
  for (const to of schema.messages) {
    const from = head.schema.messages.find(m => m.name === to.name)
    if (from) restoreMail('mail', memory.mail.get(to.name), sections, to, from)
  }
  for (const to of schema.asks ?? []) {
    const from = head.schema.asks?.find(a => a.name === to.name)
    if (from) restoreAsks(memory, sections, to, from)
  }
  restoreEvents(memory, sections, schema, head.schema)
  for (const [engine, level] of Object.entries(head.shed)) memory.shedLevel(engine)?.fill(level)
  memory.refresh()
}
