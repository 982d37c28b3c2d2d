// Checks mode: what an engine senses, and what else it is given to read alone (its inboxes, the outcomes of claims, ids
// and partitions), is compared, after its run, with a copy taken before.
import type { Exchange } from '../exchange/exchange.js'
import type { Inbox } from '../exchange/mail.js'
import type { Views } from '../exchange/views.js'
import { arrayAt, newArray } from '../memory/arrays.js'
import type { AnyArray, Kind } from '../memory/column-types.js'
import type { WorldMemory } from '../memory/world.js'
import type { KernelEngine, Sense } from '../schedule/engine.js'
import { touchedBy } from '../schedule/touches.js'

/** An array that an engine senses. */
interface Sensed {
  readonly name: string
  readonly array: AnyArray
  readonly copy: AnyArray
  /** Elements in use. */
  used(): number
  /** The agent that an element is about; undefined: none. */
  agent(element: number): number | undefined
}

function bytes(array: AnyArray, elements: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, elements * array.BYTES_PER_ELEMENT)
}

function picked({ population: name, columns }: Sense, writes: ReadonlySet<string>, memory: WorldMemory): Sensed[] {
  const population = memory.population(name)
  return columns.flatMap(column => {
    const bound = population.columns.get(column)
    if (!bound) return []
    const { layout, size } = bound
    const { kind } = layout.data
    // A column that the engine also writes is sensed through a copy, made anew before the engine runs.
    const array = writes.has(`${name}.${column}`)
      ? arrayAt(memory.buffer, kind, layout.copy, bound.array.length)
      : bound.array
    return [
      {
        name: `column '${column}' of '${name}'`,
        array,
        copy: newArray(kind, array.length),
        used: () => array.length,
        agent: (element: number) => population.id[Math.floor(element / size)],
      },
    ]
  })
}

/** The arrays of a sorted view, which all engines share that sense it. */
function viewed({ access }: Sense, views: Views): Sensed[] {
  const view = views.behind(access)
  if (!view) return []
  const { id, row, first, columns, plan } = view
  const part = (what: string, kind: Kind, array: AnyArray, size = 1, used = () => view.length * size): Sensed => ({
    name: `${what} of ${plan.name}`,
    array,
    copy: newArray(kind, array.length), // its pages are taken as far as the view is filled
    used,
    agent: element => (array === first ? undefined : id[Math.floor(element / size)]),
  })
  return [
    part("'first'", 'i32', first, 1, () => view.runs + 1),
    part("'row'", 'i32', row),
    part("'id'", 'f64', id),
    ...[...columns].map(([name, { array, kind, size }]) => part(`column '${name}'`, kind, array, size)),
  ]
}

/** A whole array with a value for each row of the engine's population. */
function byRow(name: string, array: AnyArray, ids: AnyArray): Sensed {
  const copy = array.slice() // of its kind, in memory of its own
  return { name, array, copy, used: () => array.length, agent: row => ids[row] }
}

/** The arrays of an inbox; its documents refuse to be set. */
function received({ mailbox, view }: Inbox): Sensed[] {
  const part = (column: string, kind: Kind, used: () => number): Sensed[] => {
    const array = view[column]
    if (!ArrayBuffer.isView(array)) return []
    const all = array as AnyArray // what kernels see as a view is a typed array
    const name = `'${column}' of the inbox of '${mailbox.layout.name}'`
    return [{ name, array: all, copy: newArray(kind, all.length), used, agent: () => undefined }]
  }
  return [
    ...part('first', 'i32', () => mailbox.layout.sort.rows + 1),
    ...part('from', 'f64', () => mailbox.delivered),
    ...[...mailbox.columns].flatMap(([column, { layout: c }]) =>
      part(column, c.kind, () => mailbox.delivered * c.size),
    ),
  ]
}

export class SightAudit {
  readonly #sensed: readonly Sensed[]

  constructor(engine: KernelEngine, memory: WorldMemory, exchange: Exchange) {
    const { writes } = touchedBy(engine)
    const { id, partition } = memory.population(engine.population)
    const ids = byRow(`the ids of '${engine.population}'`, id, id)
    const outcomes = [...engine.outcomes.values()].flatMap(({ name }) =>
      Object.entries(exchange.claims.get(name)?.outcome(engine.population) ?? {}).map(
        ([what, array]) => byRow(`'${what}' of claim '${name}'`, array as AnyArray, id), // what kernels see as a view is a typed array
      ),
    )
    this.#sensed = [
      ...[...engine.senses.values()].flatMap(sense =>
        sense.access.kind === 'pick' ? picked(sense, writes, memory) : viewed(sense, exchange.views),
      ),
      ...exchange.inboxesOf(engine).flatMap(received),
      ...outcomes,
      { ...ids, agent: row => ids.copy[row] },
      byRow(`the partitions of '${engine.population}'`, partition, id),
    ]
  }

  /** Takes the copies. */
  begin(): void {
    for (const s of this.#sensed) bytes(s.copy, s.used()).set(bytes(s.array, s.used()))
  }

  /** The first sensed value that changed: what it is, and the agent it is of. */
  firstChange(): { what: string; agent: number | undefined } | undefined {
    for (const { name, array, copy, used, agent } of this.#sensed) {
      const now = bytes(array, used())
      const before = bytes(copy, used())
      if (Buffer.compare(now, before) === 0) continue
      const element = Math.floor(now.findIndex((b, i) => b !== before[i]) / array.BYTES_PER_ELEMENT)
      return { what: name, agent: agent(element) }
    }
    return undefined
  }
}
