// Who bought which house, in Postgres: purchases as the bus tells them, written in batches. The key of a row is the identity of
// its event, so one that is told again, as after a crash, is there once. A server that is slow or down holds nobody up: rows
// wait until it answers, and those for which there is no room are lost and counted.
import {
  BatchProcessor,
  type BusEvent,
  type DatabasePool,
  type EmittedEvent,
  type EventBus,
  ServiceGuard,
} from 'populace'

const TABLE = `create table if not exists purchases (run text, tick int8, sequence int4,
  npc int8 not null, houses int4 not null, primary key (run, tick, sequence))`
const INDEX = 'create index if not exists purchases_of on purchases (npc, tick)'
const INSERT = 'insert into purchases values ($1, $2, $3, $4, $5) on conflict do nothing'
const NEWEST = 'select tick, houses from purchases where npc = $1 order by tick desc limit 20'

/** Rows of a batch and rows that may wait; milliseconds from write to write. */
const BATCH = 500
const MOST_WAITING = 100_000
const WRITE_MS = 200

/** In the order of the columns. */
type PurchaseRow = readonly [run: string, tick: number, sequence: number, npc: number, houses: number]

export class Ledger {
  readonly #pool: DatabasePool
  /** Opens when three calls in a row failed; then no call waits for the server before two seconds have passed. */
  readonly #guard = new ServiceGuard({ breaker: { failureThreshold: 3, openMs: 2000 }, deadlineMs: 5000 })
  readonly #batches = new BatchProcessor({ batchSize: BATCH, maxConcurrent: 2, errorPolicy: 'collect' })
  readonly #timer: NodeJS.Timeout
  #waiting: PurchaseRow[] = []
  #writing: Promise<void> | undefined
  #lost = 0

  private constructor(pool: DatabasePool, bus: EventBus) {
    this.#pool = pool
    bus.subscribe('savers.event.bought', (event: BusEvent) =>
      this.#note(event.payload as EmittedEvent & { run: string }),
    )
    this.#timer = setInterval(() => this.#write(), WRITE_MS)
  }

  /** Makes its table where there is none. @param bus - of a world whose run is named 'savers'. */
  static async open(pool: DatabasePool, bus: EventBus): Promise<Ledger> {
    await pool.execute(TABLE)
    await pool.execute(INDEX)
    return new Ledger(pool, bus)
  }

  /** The newest purchases of somebody, as far as they are written. */
  newest(npc: number): Promise<{ tick: number; houses: number }[]> {
    return this.#guard.execute(({ signal }) => this.#pool.query(NEWEST, [npc], { signal }))
  }

  status() {
    const { items, failed } = this.#batches.status()
    return { waiting: this.#waiting.length, lost: this.#lost, written: items - failed, guard: this.#guard.status() }
  }

  /** Writes what it was told; gives how many rows could not be. The pool and the bus are their owners' to close. */
  async close(): Promise<number> {
    clearInterval(this.#timer)
    await this.#writing
    await this.#write()
    return this.#waiting.length + this.#lost
  }

  #note({ run, tick, sequence, from, values }: EmittedEvent & { run: string }): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push([run, tick, sequence, from, values.houses as number])
    else this.#lost++
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  /** Writes all that waits; a batch that failed goes on waiting. */
  async #writeAll(): Promise<void> {
    const rows = this.#waiting.splice(0)
    const write = (batch: PurchaseRow[]) =>
      this.#guard.execute(async ({ signal }) => {
        await this.#pool.executeBatch(INSERT, batch, { signal })
      })
    const { failures } = await this.#batches.processBatch({ items: rows, processor: write })
    for (const { index } of failures) this.#waiting.push(...rows.slice(index, index + BATCH))
  }
}
