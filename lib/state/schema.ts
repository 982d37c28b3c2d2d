// The schema of a scenario: populations, messages and events with their columns, as plain data that a snapshot holds. It
// governs loading: what is the same loads as it is; a column that came is filled with its default, one that went is left
// out, a wider one takes the values of a narrower one; anything else is refused by name.
import { PopulaceError } from '../core/errors.js'
import { fnv1a } from '../core/threefry.js'
import type { Kind } from '../memory/column-types.js'
import type { ColumnData } from '../memory/columns.js'

/** A column as a snapshot knows it. */
export interface SchemaColumn {
  readonly name: string
  readonly kind: Kind
  /** Values a row. */
  readonly size: number
  readonly doc: boolean
  readonly reset: boolean
  readonly unit: number
  readonly labels?: readonly string[]
  readonly to?: string
  readonly index: boolean
}

/** A table: a population, message or event. */
export interface SchemaTable {
  readonly name: string
  readonly columns: readonly SchemaColumn[]
}

/** A population, which has more to it. */
export interface SchemaPopulation extends SchemaTable {
  readonly permanent: boolean
  readonly lattice: boolean
  /** Engines that may skip agents: each keeps the tick of a row's last turn. */
  readonly turns: readonly string[]
}

/** A message. */
export interface SchemaMessage extends SchemaTable {
  /** The engines that receive it, in order: each has a bit in the mask of who has seen a letter. */
  readonly receivers: readonly string[]
}

/** An ask: the engines that hear it are its receivers. */
export interface SchemaAsk extends SchemaMessage {
  /** The engines that put it, in order: what waits has their numbers. */
  readonly askers: readonly string[]
}

/** All that is declared. */
export interface SchemaData {
  readonly populations: readonly SchemaPopulation[]
  readonly messages: readonly SchemaMessage[]
  readonly events: readonly string[]
  /** Left out where there are none, so that a schema without them has the hash that it had before there were any. */
  readonly asks?: readonly SchemaAsk[]
}

/** A column's description as a snapshot keeps it. */
export function schemaColumn(name: string, data: ColumnData): SchemaColumn {
  const { kind, size, doc, reset, unit, labels, to, index } = data
  return {
    ...{ name, kind, size, doc, unit, index, reset: reset !== undefined },
    ...(labels ? { labels: [...labels] } : {}),
    ...(to === undefined ? {} : { to }),
  }
}

/** 16 hexadecimal digits that differ where schemas do. */
export function schemaHash(schema: SchemaData): string {
  const text = JSON.stringify(schema)
  const half = (seed: string) => (fnv1a(seed + text) >>> 0).toString(16).padStart(8, '0')
  return half('') + half('schema')
}

/** How the values of a stored column become those of a declared one. */
export interface ColumnChange {
  /** The code that each stored code becomes; undefined: codes, or numbers, stay as they are. */
  readonly codes?: readonly number[]
}

/** Kinds whose every value a wider one holds. */
const WIDER: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  bool: ['u8', 'i16', 'u16', 'i32', 'u32', 'f32', 'f64'],
  i8: ['i16', 'i32', 'f32', 'f64'],
  i16: ['i32', 'f32', 'f64'],
  i32: ['f64'],
  u8: ['i16', 'u16', 'i32', 'u32', 'f32', 'f64'],
  u16: ['i32', 'u32', 'f32', 'f64'],
  u32: ['f64'],
  f32: ['f64'],
}

/** How a stored column is loaded into a declared one. SNAPSHOT_SCHEMA, naming the column. */
export function columnChange(table: string, from: SchemaColumn, to: SchemaColumn): ColumnChange {
  const refuse = (what: string): never => {
    throw new PopulaceError(
      'SNAPSHOT_SCHEMA',
      `Column '${table}.${from.name}' ${what}`,
      'Give the column another name: the stored one is left out then, and the new one takes its default.',
    )
  }
  if (from.doc !== to.doc) return refuse(`held ${from.doc ? 'documents' : 'numbers'} in the snapshot`)
  if (from.size !== to.size) return refuse(`had ${from.size} values a row in the snapshot, and has ${to.size}`)
  if (from.index !== to.index || from.to !== to.to)
    return refuse(`named ${from.to === undefined ? 'nobody' : `agents of '${from.to}'`} in the snapshot`)
  if ((from.labels === undefined) !== (to.labels === undefined))
    return refuse(`${from.labels ? 'was' : 'was not'} an enumeration in the snapshot`)
  if (from.kind !== to.kind && !WIDER[from.kind]?.includes(to.kind))
    return refuse(`is of kind ${from.kind} in the snapshot, which ${to.kind} does not hold`)
  if (from.unit !== to.unit) return refuse(`had a unit of ${from.unit} in the snapshot`)
  const { labels } = to
  if (!from.labels || !labels || from.labels.every((label, code) => labels[code] === label)) return {}
  const codes = from.labels.map(label => {
    const code = labels.indexOf(label)
    return code < 0 ? refuse(`had a label '${label}' in the snapshot`) : code
  })
  return { codes }
}
