// The database pool beside what it spares: COPY beside one insert after another, a pool beside a connection for each query.
// A server of its own, on this machine and with fsync off, so that what is compared is the way to the server and not a disk.
import { createHash } from 'node:crypto'
import postgres from 'postgres'
import { DatabasePool } from '../../lib/index.js'
import { closeSharedServer, sharedServer } from '../../test/fixtures/postgres-server.js'
import { type BenchCase, fasterBy, interleave, milliseconds, samplesOf, type Work } from '../harness.js'

const COLUMNS = ['id', 'name', 'x']
const INSERT = 'insert into TABLE (id, name, x) values ($1, $2, $3)'

/** A row by its number: an id, some text, a number that text holds exactly. */
const row = (i: number): [number, string, number] => [i, `person ${i % 1000}`, (i % 64) / 4]

/** The hash that HASH gives of rows 0 to n - 1. */
function hashOf(n: number): string {
  const md5 = createHash('md5')
  for (let i = 0; i < n; i++) md5.update(`${i === 0 ? '' : ','}${row(i).join(':')}`)
  return `${n} ${md5.digest('hex')}`
}

const HASH = `select count(*) || ' ' || md5(string_agg(id || ':' || name || ':' || x, ',' order by id)) as found from TABLE`

/** A table and how many rows it has by now. */
class Filled {
  rows = 0
  readonly #pool: DatabasePool
  readonly #table: string

  constructor(pool: DatabasePool, table: string) {
    this.#pool = pool
    this.#table = table
  }

  create(): Promise<unknown> {
    return this.#pool.execute(`create table ${this.#table} (id int8 not null, name text not null, x float8 not null)`)
  }

  *next(count: number): Generator<[number, string, number]> {
    for (let i = 0; i < count; i++) yield row(this.rows++)
  }

  /** Milliseconds for a thousand rows, from `count` of them. */
  async thousand(count: number, fill: (table: string, rows: Iterable<[number, string, number]>) => Promise<unknown>) {
    return (await milliseconds(() => fill(this.#table, this.next(count)))) / (count / 1000)
  }

  async work(): Promise<Work> {
    const [{ found }] = await this.#pool.query<{ found: string }>(HASH.replace('TABLE', this.#table))
    return { what: `rows of '${this.#table}', counted and hashed`, found, expected: hashOf(this.rows) }
  }
}

export const database: BenchCase = {
  name: 'database',
  about: 'Postgres on this machine: milliseconds for 1,000 rows stored, and for 1,000 statements',
  rounds: 15,
  async run({ smoke, rounds }) {
    const scale = smoke ? 1 : 10
    const connectionString = await (await sharedServer()).database()
    const pool = new DatabasePool({ connectionString, poolSize: 1, maxOverflow: 0 })
    await pool.initialize()
    const tables = {
      copy: new Filled(pool, 'copied'),
      batch: new Filled(pool, 'batched'),
      one: new Filled(pool, 'singly'),
    }
    for (const table of Object.values(tables)) await table.create()
    const sums = { pool: 0, each: 0, asked: { pool: 0, each: 0 } }
    const statements = 20 * scale
    const contenders = [
      {
        name: 'COPY',
        round: () => tables.copy.thousand(2000 * scale, (table, rows) => pool.copyInto(table, COLUMNS, rows)),
      },
      {
        name: 'batch',
        round: () =>
          tables.batch.thousand(200 * scale, (table, rows) => pool.executeBatch(INSERT.replace('TABLE', table), rows)),
      },
      {
        name: 'single-row inserts',
        round: () =>
          tables.one.thousand(20 * scale, async (table, rows) => {
            for (const values of rows) await pool.execute(INSERT.replace('TABLE', table), values)
          }),
      },
      {
        name: 'pool',
        async round() {
          const all = await milliseconds(async () => {
            for (let i = 0; i < 10 * statements; i++) {
              const [{ n }] = await pool.query<{ n: number }>('select $1::int4 as n', [i])
              sums.pool += n
              sums.asked.pool += i
            }
          })
          return all / ((10 * statements) / 1000)
        },
      },
      {
        name: 'a connection per query',
        async round() {
          const all = await milliseconds(async () => {
            for (let i = 0; i < statements; i++) {
              const sql = postgres(connectionString, { max: 1, fetch_types: false })
              const [{ n }] = await sql<{ n: number }[]>`select ${i}::int4 as n`
              await sql.end()
              sums.each += n
              sums.asked.each += i
            }
          })
          return all / (statements / 1000)
        },
      },
    ]
    const samples = await interleave(contenders, rounds, 1)
    const work = []
    for (const table of Object.values(tables)) work.push(await table.work())
    for (const kind of ['pool', 'each'] as const) {
      work.push({ what: `sum of answers, ${kind}`, found: String(sums[kind]), expected: String(sums.asked[kind]) })
    }
    await pool.close()
    await closeSharedServer()
    return {
      lines: contenders.map(({ name }) => ({ name, unit: 'ms', samples: samplesOf(samples, name) })),
      targets: [
        fasterBy(samples, 'COPY', 'single-row inserts', 10),
        fasterBy(samples, 'pool', 'a connection per query', 10),
      ],
      work,
    }
  },
}
