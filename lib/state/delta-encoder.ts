// Encodes streams of deltas, in whatever thread: takes in images of a part of the world, compares each with what the
// stream told last, and writes what changed, or all of it, as one message. The bytes are a function of the images and
// of the ticks that were told; the encoder knows no world, no subscriber and no clock.
import { invariant } from '../core/invariant.js'
import { gatherRows, type Lanes } from '../kernels/row-changes.js'
import { VarintWriter, writeIds, writePlaces, writeRuns } from '../kernels/varints.js'
import { type Packed, PackWriter } from '../memory/message-pack.js'
import {
  type DeltaColumn,
  type DeltaFilter,
  type DeltaMeasures,
  type DeltaPopulation,
  type DeltaPosition,
  type DeltaRows,
  type DeltaValues,
  firstMark,
  nextMark,
  writeDelta,
} from './delta-format.js'
import { ColumnShadow, type PopulationChanges, PopulationShadow } from './delta-shadow.js'
import type { Section } from './image.js'
import type { SchemaTable } from './schema.js'
import { type FrozenImage, streamRows } from './stream-rows.js'

/** What a stream is of. Plain data. */
export interface StreamOptions {
  readonly run: string
  readonly filter: DeltaFilter
  /** The filter's populations, each with the columns that are told. */
  readonly tables: readonly SchemaTable[]
}

/** An image to be told. Plain data, its buffer in shared memory. */
export interface StreamImage {
  readonly tick: number
  readonly sections: readonly Section[]
  readonly buffer: ArrayBufferLike
  /** Names of partitions of the world from number `namesFrom` on. */
  readonly names: readonly string[]
  readonly namesFrom: number
  /** Populations whose documents lie where they lay when the last image was taken. */
  readonly steady: readonly string[]
  /** Partitions that are frozen since before the last image: who is known to live there is as before. */
  readonly asleep: readonly number[]
  /** The rows of those that froze since the last image, or of all. */
  readonly frozen?: FrozenImage
  readonly measures?: DeltaMeasures
  /** Which messages are wanted: what changed, and all of it. */
  readonly delta: boolean
  readonly keyframe: boolean
}

/** Messages of one tick; `lost`: the stream is not known here, as after a thread died. */
export interface StreamMessages {
  readonly delta?: Uint8Array<ArrayBuffer>
  readonly keyframe?: Uint8Array<ArrayBuffer>
  readonly lost?: boolean
}

/** One stream. */
export class StreamEncoder {
  readonly #o: StreamOptions
  readonly #shadows: readonly PopulationShadow[]
  /** Names of partitions in the stream's numbers, and their numbers by name. */
  readonly #names: string[]
  readonly #numbers: Map<string, number>
  /** Names of the world's partitions. */
  #worldNames: string[] = []
  #position: DeltaPosition | undefined

  constructor(o: StreamOptions, shadows?: readonly PopulationShadow[], names: readonly string[] = []) {
    const fresh = () =>
      o.tables.map(({ name, columns }) => {
        return new PopulationShadow(
          name,
          columns.map(c => new ColumnShadow(c)),
        )
      })
    this.#o = o
    this.#shadows = shadows ?? fresh()
    this.#names = [...names]
    this.#numbers = new Map(names.map((name, i) => [name, i]))
  }

  /** The same stream, to go its own way from here. */
  fork(): StreamEncoder {
    const copy = new StreamEncoder(
      this.#o,
      this.#shadows.map(s => s.clone()),
      this.#names,
    )
    copy.#worldNames = [...this.#worldNames]
    copy.#position = this.#position
    return copy
  }

  /** Takes an image in and writes what is wanted. The first message of a stream is a keyframe. */
  encode(image: StreamImage): StreamMessages {
    const { tick, namesFrom, names } = image
    const before = this.#position
    const known = this.#names.length
    this.#worldNames.length = namesFrom
    this.#worldNames.push(...names)
    const number = (partition: number) => this.#number(this.#worldNames[partition])
    const asleep = new Set(image.asleep.flatMap(partition => this.#numbers.get(this.#worldNames[partition]) ?? []))
    const changes = this.#shadows.map((shadow, i) => {
      const find = streamRows(image, this.#o.tables[i], image.frozen)
      return shadow.update(find, number, image.steady.includes(shadow.name), asleep)
    })
    const mark = nextMark(before?.mark ?? firstMark(this.#o.filter), tick)
    const position = { tick, sequence: before ? before.sequence + 1 : 0, mark }
    this.#position = position
    const delta = image.delta && before !== undefined
    return {
      ...(delta ? { delta: this.#write(position, before, image.measures, known, changes) } : {}),
      ...(image.keyframe || !before ? { keyframe: this.#write(position, null, image.measures, 0, undefined) } : {}),
    }
  }

  #number(name: string): number {
    invariant(name !== undefined, 'a partition has no name')
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.#names.length)
    return this.#names.push(name) - 1
  }

  #write(
    position: DeltaPosition,
    after: DeltaPosition | null,
    measures: DeltaMeasures | undefined,
    namesFrom: number,
    changes: readonly PopulationChanges[] | undefined,
  ): Uint8Array<ArrayBuffer> {
    const { run, filter, tables } = this.#o
    const populations = this.#shadows.map((shadow, i): DeltaPopulation | null => {
      if (changes) return deltaOf(shadow, changes[i])
      return { name: shadow.name, columns: tables[i].columns, came: rowsOf(shadow, 0) }
    })
    const body = {
      run,
      ...position,
      after: after && { ...after },
      ...(changes ? {} : { filter }),
      ...(measures ? { measures } : {}),
      partitions: this.#names.slice(namesFrom),
      populations,
    }
    return writeDelta(writer, body as unknown as Packed) // interfaces have no index signature; all in them is plain
  }
}

const writer = new PackWriter()
const varints = new VarintWriter()

/** What was put, as bytes of its own. */
const taken = () => varints.take().slice()

/** What became of a population; null: nothing. */
function deltaOf(shadow: PopulationShadow, changes: PopulationChanges): DeltaPopulation | null {
  const { gone, moved, changed, stayed } = changes
  const population: { -readonly [k in keyof DeltaPopulation]: DeltaPopulation[k] } = {}
  if (gone.length > 0) population.gone = placesOf(gone)
  if (moved.length > 0) {
    const partitions = Uint32Array.from(moved, place => shadow.partitions[place])
    population.moved = [placesOf(moved), (writeRuns(varints, partitions, 0, partitions.length), taken())]
  }
  if (changed.some(places => places.length > 0))
    population.changed = changed.map((places, i) => columnOf(shadow.columns[i], places, stayed))
  if (shadow.size > stayed) population.came = rowsOf(shadow, stayed)
  return Object.keys(population).length === 0 ? null : population
}

function placesOf(places: Uint32Array): Uint8Array {
  writePlaces(varints, places, places.length)
  return taken()
}

function columnOf(column: ColumnShadow, places: Uint32Array, stayed: number): DeltaColumn {
  if (places.length === 0) return null
  const some = placesOf(places)
  const { lanes, rows, schema } = column
  // Where most rows changed it is shorter to tell them all than to say which.
  const width = schema.doc ? Number.POSITIVE_INFINITY : lanes * rows.BYTES_PER_ELEMENT
  if (places.length === stayed || some.length + places.length * width > stayed * width)
    return [null, valuesOf(column, undefined, 0, stayed)]
  return [some, valuesOf(column, places, 0, places.length)]
}

/** The rows from `begin` on, who came. */
function rowsOf(shadow: PopulationShadow, begin: number): DeltaRows {
  const { ids, partitions, size, columns } = shadow
  writeIds(varints, ids, begin, size)
  const identities = taken()
  writeRuns(varints, partitions, begin, size)
  const runs = taken()
  return [size - begin, identities, runs, columns.map(column => valuesOf(column, undefined, begin, size))]
}

/** Values of rows [begin, end), or of those that `places` names from `begin` to `end`. */
function valuesOf(column: ColumnShadow, places: Uint32Array | undefined, begin: number, end: number): DeltaValues {
  if (column.schema.doc) return documentsOf(column, places, begin, end)
  const { rows, lanes } = column
  const bytes = (lane: Lanes) => new Uint8Array(lane.buffer, lane.byteOffset, lane.byteLength)
  if (!places) return bytes(rows.subarray(begin * lanes, end * lanes))
  const values = rows.slice(0, (end - begin) * lanes)
  gatherRows(rows, lanes, places, end - begin, values)
  return bytes(values)
}

function documentsOf(column: ColumnShadow, places: Uint32Array | undefined, begin: number, end: number): DeltaValues {
  let length = 0
  const documents: Uint8Array[] = []
  for (let i = begin; i < end; i++) {
    const document = column.document(places ? places[i] : i)
    varints.put(document.length)
    length += document.length
    documents.push(document)
  }
  const lengths = taken()
  const bytes = new Uint8Array(length)
  let at = 0
  for (const document of documents) {
    bytes.set(document, at)
    at += document.length
  }
  return [lengths, bytes]
}

/** What an encoder is asked. */
export type EncoderTask =
  | { readonly open: number; readonly options: StreamOptions }
  | { readonly fork: number; readonly as: number }
  | { readonly close: number }
  | { readonly encode: number; readonly image: StreamImage }

/** All streams of a simulation, by number. */
export class DeltaEncoder {
  readonly #streams = new Map<number, StreamEncoder>()

  /** Does one thing; the messages of `encode`. */
  do(task: EncoderTask): StreamMessages {
    if ('open' in task) this.#streams.set(task.open, new StreamEncoder(task.options))
    else if ('fork' in task) {
      const from = this.#streams.get(task.fork)
      if (from) this.#streams.set(task.as, from.fork())
    } else if ('close' in task) this.#streams.delete(task.close)
    else return this.#streams.get(task.encode)?.encode(task.image) ?? { lost: true }
    return {}
  }
}
