// COPY into a table, binary: one call of a lane, all rows or none. Rows are taken only as fast as the server takes them, so
// memory is bounded by a piece of bytes and a row.
//
// The driver has two gaps here. It tells nobody when the server refuses a COPY whose data were all sent: its own query was
// settled when the COPY began. So the query's `reject` is listened to. And writes after the connection is gone throw in
// places where nobody could catch them: so each piece waits until the one before it is gone.
import type { Writable } from 'node:stream'
import { type CopyColumn, CopyPieces } from './binary-copy.js'
import { wrongValue } from './database-error.js'
import type { CallLimits, DatabaseLane, LaneCall } from './database-lane.js'
import { runStatement } from './database-statements.js'
import { RowSource, type Rows } from './row-source.js'

/** A table: its name, with its schema before a dot if need be; or both apart, for names with dots. */
export type TableName = string | readonly [schema: string, table: string]

type Limits = Omit<CallLimits, 'what'>

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

function quotedTable(table: unknown): string {
  const parts = typeof table === 'string' ? table.split('.') : table
  const right = Array.isArray(parts) && parts.length >= 1 && parts.length <= 2
  if (!right || !parts.every(part => typeof part === 'string' && part !== '' && !part.includes('\0'))) {
    throw wrongValue("A table of copyInto is neither 'table', 'schema.table' nor ['schema', 'table']")
  }
  return parts.map(quoted).join('.')
}

function checkColumns(columns: unknown): readonly string[] {
  const right = Array.isArray(columns) && columns.length > 0 && columns.every(c => typeof c === 'string' && c !== '')
  if (!right) throw wrongValue('The columns of copyInto are not a list of names')
  return columns
}

/** The types of the columns, from the catalogue: a table that one may only insert into tells them too. */
async function typesOf(
  lane: DatabaseLane,
  table: string,
  names: readonly string[],
  limits: Limits,
): Promise<CopyColumn[]> {
  const text =
    'select attname as name, atttypid as type from pg_catalog.pg_attribute where attrelid = $1::text::regclass and attnum > 0'
  const { rows } = await runStatement(lane, text, [table], limits)
  const types = new Map(rows.map(row => [row.name as string, row.type as number]))
  return names.map(name => {
    const type = types.get(name)
    if (type === undefined) throw wrongValue(`Table ${table} has no column '${name}'`)
    return { name, type }
  })
}

/** Rows as arrays in the order of `columns`. Gives their number. */
export async function runCopy(
  lane: DatabaseLane,
  table: TableName,
  columns: readonly string[],
  rows: Rows<readonly unknown[]>,
  limits: Limits,
): Promise<number> {
  const into = quotedTable(table)
  const names = checkColumns(columns)
  const what = `the COPY into ${into}`
  const source = new RowSource(rows, what)
  try {
    const types = await typesOf(lane, into, names, limits)
    const text = `copy ${into} (${names.map(quoted).join(', ')}) from stdin (format binary)`
    return await lane.run({ ...limits, what }, call => new Copy(call, text).run(source, new CopyPieces(types)))
  } finally {
    source.end()
  }
}

/** One COPY that is going on. It waits for one thing at a time, so nothing piles up however many rows there are. */
class Copy {
  readonly #call: LaneCall
  readonly #text: string
  /** What the server said, once the connection was ready again. */
  #refusal: { readonly error: unknown } | undefined
  /** Who waits for something else at this moment, and is to learn of a refusal instead. */
  #tell: ((error: unknown) => void) | undefined

  constructor(call: LaneCall, text: string) {
    this.#call = call
    this.#text = text
  }

  async run(source: RowSource<readonly unknown[]>, pieces: CopyPieces): Promise<number> {
    const { ending } = this.#call
    const stream = await this.#begin()
    const stop = () => stream.destroy(new Error('ended early'))
    ending.addEventListener('abort', stop, { once: true })
    if (ending.aborted) stop()
    let count = 0
    try {
      for (;;) {
        const next = source.next(ending)
        const row = next instanceof Promise ? await this.#unlessRefused(next) : next
        if (row === undefined) break
        pieces.add(row, ++count)
        if (pieces.ready) await this.#send(stream, pieces.take())
      }
      await this.#send(stream, pieces.finish())
      await this.#unlessRefused(finished(stream))
      return count
    } catch (error) {
      const ours = !stream.destroyed
      stop()
      await this.#refused()
      // A stream that the driver destroyed only says so; the server's word is the reason.
      throw ours || ending.aborted ? error : this.#refusal?.error
    } finally {
      ending.removeEventListener('abort', stop)
    }
  }

  async #begin(): Promise<Writable> {
    const query = this.#call.sql.unsafe(this.#text)
    // The driver calls `reject` through the query, and that is the one place where it says that a COPY was refused.
    const inner = query as unknown as { reject: (error: unknown) => void }
    const { reject } = inner
    inner.reject = error => {
      reject(error)
      this.#refusal = { error }
      this.#tell?.(error)
    }
    const stream = await query.writable()
    stream.on('error', told)
    return stream
  }

  async #send(stream: Writable, pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      const sent = new Promise<void>((resolve, reject) => {
        stream.write(piece, error => (error ? reject(error) : resolve()))
      })
      await this.#unlessRefused(sent)
      this.#call.renew()
    }
  }

  #unlessRefused<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#refusal !== undefined) reject(this.#refusal.error)
      this.#tell = reject
      work.then(resolve, reject)
    })
  }

  /** Resolves when the server has said no: then the connection is ready for something else. */
  #refused(): Promise<void> {
    return new Promise(resolve => {
      if (this.#refusal !== undefined) resolve()
      this.#tell = () => resolve()
    })
  }
}

/** Resolves when the server has taken everything in. */
function finished(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('finish', resolve).once('error', reject)
    stream.end()
  })
}

/** Whoever waits is told by the callback of a write, by the refusal, or by the end of the connection. */
function told(_error: unknown): void {}
