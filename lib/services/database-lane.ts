// One connection to Postgres, used by one call at a time, for one life: a lane whose connection is gone is thrown away and
// never connects again, so no statement of a transaction can end up outside of it. It is no session: who may use it when is
// the pool's affair.
//
// It keeps these for all that runs in it: a call settles, whatever the server, the network or the driver do (deadline,
// cancellation, a grace, then the socket is cut); it settles only when the connection is ready for the next call; and after
// the first sign that the connection is gone, nothing is given to the driver any more.
import type { Socket } from 'node:net'
import postgres from 'postgres'
import type { Clock } from '../core/clock.js'
import type { PopulaceError } from '../core/errors.js'
import { invariant } from '../core/invariant.js'
import { CANCEL_GRACE_MS, MAX_PREPARED } from '../core/limits.js'
import { Cancellation, type CancelRequest } from './cancellation.js'
import { type Endpoint, openSocket, sendCancel } from './database-address.js'
import { aborted, endsConnection, type Fate, failed, lost, timedOut, unavailable } from './database-error.js'
import type { ResolvedPoolOptions } from './database-options.js'
import { driverTypes } from './database-values.js'
import { SourceFailure } from './row-source.js'

export type LaneOptions = Pick<
  ResolvedPoolOptions,
  'connectionString' | 'connectTimeoutMs' | 'prepare' | 'tls' | 'applicationName'
>

/** What bounds a call. */
export interface CallLimits {
  /** The call in the words of an error. */
  readonly what: string
  readonly timeoutMs: number
  /** Any of them ends it. */
  readonly signals: readonly AbortSignal[]
  /** What becomes of it when the connection goes: inside of a transaction that is known. */
  readonly fate: Fate
}

/** A call that has the connection. */
export interface LaneCall {
  readonly sql: postgres.Sql
  /** Aborted when the call is to end early, its connection's end included. */
  readonly ending: AbortSignal
  /** The deadline begins anew: something got through. */
  renew(): void
}

/** Outcomes belong to whoever called; those that wait for their turn only want to know that it is over. */
const over = () => undefined

export class DatabaseLane {
  /** Whether something ran that may have changed the server's session, since the last reset. */
  changed = false
  readonly #clock: Clock
  readonly #sql: postgres.Sql
  readonly #lost = new AbortController()
  readonly #dying = new Set<(error: unknown) => void>()
  readonly #prepared = new Set<string>()
  readonly #prepares: boolean
  #socket: Socket | undefined
  #endpoint: Endpoint | undefined
  #backend = { pid: 0, secret: 0 }
  #ended = false
  #tail: Promise<unknown> = Promise.resolve()

  private constructor(options: LaneOptions, clock: Clock) {
    this.#clock = clock
    this.#prepares = options.prepare
    const settings = {
      max: 1,
      idle_timeout: undefined,
      max_lifetime: null,
      connect_timeout: 0, // ours is the deadline
      fetch_types: false, // its query runs unwatched in the driver: a connection that dies meanwhile ends the process
      types: driverTypes(),
      onnotice: over,
      onclose: () => this.#die(new Error('the server closed it')),
      connection: { application_name: options.applicationName },
      socket: (at: Endpoint) => this.#connectSocket(at),
      ...(options.tls === undefined ? {} : { ssl: options.tls === 'disable' ? false : options.tls }),
    }
    // The driver's types know neither `socket` nor that idle_timeout may be left out.
    this.#sql = postgres(options.connectionString, settings as postgres.Options<Record<string, postgres.PostgresType>>)
  }

  /** Connects and is let in. DATABASE_UNAVAILABLE. @param address - as errors show it. */
  static async open(options: LaneOptions, address: string, clock: Clock): Promise<DatabaseLane> {
    const lane = new DatabaseLane(options, clock)
    const { connectTimeoutMs: timeoutMs } = options
    try {
      await lane.#connect(timeoutMs)
    } catch (error) {
      lane.kill()
      throw unavailable(address, error)
    }
    return lane
  }

  /** The process number of its server side. */
  get pid(): number {
    return this.#backend.pid
  }

  /** Whether it can be used no more. */
  get ended(): boolean {
    return this.#ended
  }

  /** Aborted when the connection is gone, with DATABASE_LOST as its reason. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Whether this text is to be a prepared statement here. */
  prepares(text: string): boolean {
    if (!this.#prepares) return false
    if (this.#prepared.size < MAX_PREPARED) this.#prepared.add(text)
    return this.#prepared.has(text)
  }

  /** Runs `work` when all that was asked for before is over; a signal that is aborted until then is heard at once. */
  run<T>(limits: CallLimits, work: (call: LaneCall) => Promise<T>): Promise<T> {
    let begun = false
    const result = this.#tail.then(() => {
      begun = true
      return this.#perform(limits, work)
    })
    this.#tail = result.then(over, over)
    const { signals, what } = limits
    if (signals.length === 0) return result
    return new Promise((resolve, reject) => {
      const abort = () => {
        if (!begun) reject(aborted(what))
      }
      for (const signal of signals) signal.addEventListener('abort', abort, { once: true })
      const settled = () => {
        for (const signal of signals) signal.removeEventListener('abort', abort)
      }
      result.finally(settled).then(resolve, reject)
    })
  }

  /** Resolves when nothing runs and nothing waits to. */
  async quiet(): Promise<void> {
    for (let tail: unknown; tail !== this.#tail; ) {
      tail = this.#tail
      await tail
    }
  }

  /** Takes leave of the server, and cuts the connection if that is not answered. Never throws. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    let stop = over as () => void
    const grace = new Promise<void>(resolve => {
      stop = this.#clock.after(CANCEL_GRACE_MS, resolve)
    })
    await Promise.race([this.#sql.end(), grace])
    stop()
    this.#socket?.destroy()
  }

  /** Cuts the connection; what runs is told that it was lost. */
  kill(): void {
    this.#die(new Error('it was cut off'))
  }

  #connectSocket(at: Endpoint): Promise<Socket> {
    // The driver would connect again after a loss; what it then ran would be outside of any transaction.
    if (this.#ended || this.#socket !== undefined) throw new Error('it was closed at once')
    this.#endpoint = at
    return new Promise((resolve, reject) => {
      const socket = openSocket(at, error => (error === undefined ? resolve(socket) : reject(error)))
      this.#socket = socket
      // The name that a certificate is checked against: the driver reads it from a socket that it opened itself.
      Object.assign(socket, { host: at.host[0], port: at.port[0] })
    })
  }

  #connect(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = Object.assign(new Error(`no answer within connectTimeoutMs of ${timeoutMs} ms`))
      const stop = this.#clock.after(timeoutMs, () => reject(late))
      this.#dying.add(reject)
      const settled = () => {
        stop()
        this.#dying.delete(reject)
      }
      this.#sql.unsafe('select 1').then(
        result => {
          settled()
          this.#backend = result.state
          resolve()
        },
        error => {
          settled()
          reject(error)
        },
      )
    })
  }

  #die(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#socket?.destroy()
    for (const tell of [...this.#dying]) tell(error)
    this.#lost.abort(lost('a session', 'unknown', error))
  }

  #perform<T>(limits: CallLimits, work: (call: LaneCall) => Promise<T>): Promise<T> {
    const { what, timeoutMs, signals, fate } = limits
    if (this.#ended) return Promise.reject(lost(what, 'rolled back'))
    if (signals.some(signal => signal.aborted)) return Promise.reject(aborted(what))
    return new Promise<T>((resolve, reject) => {
      const ending = new AbortController()
      let reason: PopulaceError | undefined
      let cancellation: Cancellation | undefined
      let settled = false
      const late = () => interrupt(timedOut(what, 'the limit', timeoutMs))
      const abort = () => interrupt(aborted(what))
      let stopTimer = this.#clock.after(timeoutMs, late)
      const settle = (act: () => void) => {
        if (settled) return
        settled = true
        stopTimer()
        for (const signal of signals) signal.removeEventListener('abort', abort)
        this.#dying.delete(die)
        act()
      }
      const die = (error: unknown) => {
        cancellation?.stop()
        ending.abort(reason ?? error)
        settle(() => reject(reason ?? lost(what, fate, error)))
      }
      const interrupt = (error: PopulaceError) => {
        if (reason !== undefined || settled) return
        reason = error
        stopTimer()
        stopTimer = this.#clock.after(CANCEL_GRACE_MS, () => this.kill())
        ending.abort(error)
        cancellation = new Cancellation(() => this.#cancel(), this.#clock)
      }
      const renew = () => {
        if (reason !== undefined || settled) return
        stopTimer()
        stopTimer = this.#clock.after(timeoutMs, late)
      }
      // A cancel that was sent late must have hit nothing or this call before the next begins.
      const after = (act: () => void) =>
        cancellation === undefined ? settle(act) : cancellation.end().then(() => settle(act))
      for (const signal of signals) signal.addEventListener('abort', abort, { once: true })
      this.#dying.add(die)
      const running = async () => work({ sql: this.#sql, ending: ending.signal, renew }) // async: it may throw at once
      running().then(
        value => after(() => resolve(value)),
        error => {
          if (error instanceof SourceFailure) after(() => reject(error.error))
          else if (endsConnection(error)) this.#die(error)
          else after(() => reject(reason ?? failed(what, error)))
        },
      )
    })
  }

  #cancel(): CancelRequest {
    invariant(this.#endpoint !== undefined, 'a call runs before the lane is connected')
    return sendCancel(this.#endpoint, this.#backend)
  }
}
