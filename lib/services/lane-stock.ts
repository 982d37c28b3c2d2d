// Who has which connection: those that are kept, the overflow, and the queue of calls that wait. It knows nothing of
// Postgres: a lane is something that can be opened, lost and closed.
//
// Invariants: kept + overflow, those being opened included, are never more than poolSize + maxOverflow; a lane is idle or
// has one user; nobody waits while a lane is idle, or while one more could be opened and is not; whoever waits is served in
// order, or told why not. All changes happen within one turn of the event loop, so no two calls can take one lane.
import type { Clock } from '../core/clock.js'
import { PopulaceError } from '../core/errors.js'
import { aborted, closed, DatabaseError } from './database-error.js'
import { type WaitSummary, WaitTimes } from './wait-times.js'

/** A connection, as far as this file is concerned. */
export interface StockedLane {
  readonly ended: boolean
  readonly lost: AbortSignal
  close(): Promise<void>
  kill(): void
}

export interface StockOptions {
  readonly poolSize: number
  readonly maxOverflow: number
  readonly maxWaiting: number
  readonly overflowIdleMs: number
  readonly acquireTimeoutMs: number
}

/** Counts at one moment. */
export interface StockStatus {
  /** Connections: in use, idle and being opened. */
  readonly size: number
  readonly inUse: number
  readonly idle: number
  readonly opening: number
  /** Those of `size` that are beyond poolSize. */
  readonly overflow: number
  /** Calls that wait for a connection. */
  readonly waiting: number
  /** How long calls waited that got one. */
  readonly waits: WaitSummary
  /** Calls that got none: in time, or since too many waited. */
  readonly timedOut: number
  readonly refused: number
  /** Connections since the beginning: made, tried in vain, and lost. */
  readonly opened: number
  readonly failed: number
  readonly lost: number
}

interface Waiter<L> {
  readonly since: number
  readonly take: (lane: L) => void
  readonly fail: (error: unknown) => void
}

export class LaneStock<L extends StockedLane> {
  readonly #options: StockOptions
  readonly #clock: Clock
  readonly #open: () => Promise<L>
  readonly #waits = new WaitTimes()
  readonly #waiters: Waiter<L>[] = []
  readonly #inUse = new Set<L>()
  /** The one that was used last is last; each with what calls off its closing. */
  readonly #idle = new Map<L, () => void>()
  readonly #opening = new Set<Promise<void>>()
  /** Lanes that take leave of the server. */
  readonly #leaving = new Set<Promise<void>>()
  readonly #counts = { timedOut: 0, refused: 0, opened: 0, failed: 0, lost: 0 }
  #closed = false
  #whenUnused: (() => void) | undefined

  constructor(options: StockOptions, clock: Clock, open: () => Promise<L>) {
    this.#options = options
    this.#clock = clock
    this.#open = open
  }

  /** Opens what is to be kept. Rejects with the first error, and then keeps nothing. */
  async fill(): Promise<void> {
    const lanes = await Promise.allSettled(Array.from({ length: this.#options.poolSize }, () => this.#open()))
    const bad = lanes.find(lane => lane.status === 'rejected')
    for (const lane of lanes) if (lane.status === 'fulfilled') this.#welcome(lane.value)
    if (bad === undefined) return
    this.#counts.failed += lanes.filter(lane => lane.status === 'rejected').length
    await this.#closeIdle()
    throw bad.reason
  }

  /**
   * A lane for one user. @param own - milliseconds of this wait, where they are not acquireTimeoutMs.
   * DATABASE_TIMEOUT, DATABASE_BUSY, DATABASE_CLOSED, ABORTED, or why none can be opened.
   */
  acquire(signal?: AbortSignal, own?: number): Promise<L> {
    if (this.#closed) return Promise.reject(poolClosed())
    if (signal?.aborted) return Promise.reject(aborted('a wait for a connection'))
    return new Promise((resolve, reject) => {
      const limit = own ?? this.#options.acquireTimeoutMs
      const late = () => {
        this.#counts.timedOut++
        leave(slow(own === undefined ? 'acquireTimeoutMs' : 'timeoutMs', limit, this.#inUse.size))
      }
      const abort = () => leave(aborted('a wait for a connection'))
      const stopTimer = this.#clock.after(limit, late)
      const settle = () => {
        stopTimer()
        signal?.removeEventListener('abort', abort)
      }
      const waiter: Waiter<L> = {
        since: this.#clock.now(),
        take: lane => (settle(), resolve(lane)),
        fail: error => (settle(), reject(error)),
      }
      const leave = (error: unknown) => {
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
        waiter.fail(error)
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiters.push(waiter)
      this.#serve()
      // Those that a lane is being opened for wait for the network, not for other calls.
      if (this.#waiters.length <= this.#options.maxWaiting + this.#opening.size || !this.#waiters.includes(waiter))
        return
      this.#counts.refused++
      leave(busy(this.#options.maxWaiting))
    })
  }

  /** Takes a lane back from its user. */
  giveBack(lane: L): void {
    if (!this.#inUse.delete(lane)) return // it was lost meanwhile
    if (!lane.ended) this.#put(lane)
    this.#serve()
  }

  status(): StockStatus {
    const [inUse, idle, opening] = [this.#inUse.size, this.#idle.size, this.#opening.size]
    const size = inUse + idle + opening
    const overflow = Math.max(0, size - this.#options.poolSize)
    const waits = this.#waits.summary()
    return { size, inUse, idle, opening, overflow, waiting: this.#waiters.length, waits, ...this.#counts }
  }

  /** Refuses who waits, waits for what is in use, cuts off what takes longer than `timeoutMs`. Gives how many that were. */
  async close(timeoutMs: number): Promise<number> {
    this.#closed = true
    for (const waiter of this.#waiters.splice(0)) waiter.fail(poolClosed())
    const idle = this.#closeIdle()
    let late = false
    let stopTimer = () => {}
    const limit = new Promise<void>(resolve => {
      stopTimer = this.#clock.after(timeoutMs, () => {
        late = true
        resolve()
      })
    })
    const unused = new Promise<void>(resolve => {
      this.#whenUnused = resolve
      this.#tellUnused()
    })
    await Promise.race([unused, limit])
    stopTimer()
    const left = late ? [...this.#inUse] : []
    for (const lane of left) lane.kill()
    await idle
    await Promise.all(this.#leaving)
    return left.length
  }

  #size(): number {
    return this.#inUse.size + this.#idle.size + this.#opening.size
  }

  #serve(): void {
    while (this.#waiters.length > 0 && this.#idle.size > 0) this.#hand(this.#waiters.shift() as Waiter<L>)
    const most = this.#options.poolSize + this.#options.maxOverflow
    while (this.#waiters.length > this.#opening.size && this.#size() < most) this.#openOne()
    this.#tellUnused()
  }

  #hand(waiter: Waiter<L>): void {
    const [lane, keep] = [...this.#idle].at(-1) as [L, () => void]
    keep()
    this.#idle.delete(lane)
    this.#inUse.add(lane)
    this.#waits.add(this.#clock.now() - waiter.since)
    waiter.take(lane)
  }

  #openOne(): void {
    const opening: Promise<void> = this.#open().then(
      lane => {
        this.#opening.delete(opening)
        this.#welcome(lane)
        this.#serve()
      },
      error => {
        this.#opening.delete(opening)
        this.#counts.failed++
        // With no connection left that could serve them, those behind would only hear the same, one after another.
        const alone = this.#size() === 0
        for (const waiter of this.#waiters.splice(0, alone ? this.#waiters.length : 1)) waiter.fail(error)
        this.#serve()
      },
    )
    this.#opening.add(opening)
  }

  #welcome(lane: L): void {
    this.#counts.opened++
    lane.lost.addEventListener('abort', () => this.#drop(lane), { once: true })
    if (!lane.ended) this.#put(lane)
  }

  #drop(lane: L): void {
    this.#counts.lost++
    this.#idle.get(lane)?.()
    this.#idle.delete(lane)
    this.#inUse.delete(lane)
    this.#serve()
  }

  /** Puts a lane where whoever comes next finds it, and sees to its end if it is overflow. */
  #put(lane: L): void {
    const { poolSize, overflowIdleMs } = this.#options
    const spare = () => this.#closed || (this.#waiters.length === 0 && this.#size() > poolSize)
    const close = () => {
      if (!spare()) return
      this.#idle.delete(lane)
      const leaving = lane.close().finally(() => this.#leaving.delete(leaving))
      this.#leaving.add(leaving)
    }
    this.#idle.set(lane, () => {})
    if (!spare()) return
    if (this.#closed || overflowIdleMs === 0) close()
    else this.#idle.set(lane, this.#clock.after(overflowIdleMs, close))
  }

  async #closeIdle(): Promise<void> {
    const idle = [...this.#idle]
    this.#idle.clear()
    for (const [, keep] of idle) keep()
    await Promise.all(idle.map(([lane]) => lane.close()))
  }

  #tellUnused(): void {
    if (this.#closed && this.#inUse.size + this.#opening.size === 0) this.#whenUnused?.()
  }
}

const poolClosed = () => closed('A database pool was used after close')

function slow(limit: string, ms: number, inUse: number): DatabaseError {
  return new DatabaseError(
    'DATABASE_TIMEOUT',
    `A call waited for a connection longer than ${limit} of ${ms} ms, with ${inUse} in use`,
    'Release sessions sooner, or raise poolSize or maxOverflow.',
  )
}

function busy(most: number): PopulaceError {
  return new PopulaceError(
    'DATABASE_BUSY',
    `As many calls as maxWaiting of ${most} wait for a connection already`,
    'Start fewer calls at once, or raise poolSize, maxOverflow or maxWaiting.',
  )
}
