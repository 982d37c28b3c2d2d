// The pool crew: workers of a Piscina pool, each with one resident task. The main thread speaks to a worker through
// Comlink while it is in its event loop, and steps batches through the control block. A worker that dies, and a tick
// that lasts too long, end the crew: the others are freed from their barrier, and all threads are ended.
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import * as Comlink from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { Piscina } from 'piscina'
import { fromErrorData, PopulaceError } from '../core/errors.js'
import type { Memories } from '../memory/arena.js'
import type { CapturePlan } from '../state/capture.js'
import type { HashPart, HashSums } from '../state/content-hash.js'
import type { StateImage } from '../state/image.js'
import type { RecordEntry } from '../state/journal.js'
import { type Batch, type BatchEnd, type Control, REASON } from './control.js'
import type { Crew } from './crew.js'
import type { Answer, CrewService, CrewTask } from './crew-service.js'
import type { PlanOptions } from './plan.js'
import type { SetupResult } from './setup.js'

/** What a pool crew is made from. */
export interface PoolCrewOptions {
  readonly url: string
  readonly plan: PlanOptions
  readonly control: Control
  /** Milliseconds a tick may last; undefined: any. */
  readonly tickTimeoutMs: number | undefined
}

interface Worker {
  readonly port: MessagePort
  readonly service: Comlink.Remote<CrewService>
  readonly task: Promise<void>
}

const WORKER = new URL('../../workers/crew.js', import.meta.url).href

export class PoolCrew implements Crew {
  readonly control: Control
  readonly #pool: Piscina
  readonly #workers: readonly Worker[]
  readonly #tickTimeoutMs: number | undefined
  /** Why no worker answers any more; who waits for one is told. A promise of it would gather a reaction a batch, for ever. */
  #death: PopulaceError | undefined
  readonly #mourners = new Set<(error: PopulaceError) => void>()
  #closing = false
  #stepping = false
  #destroyed: Promise<void> | undefined

  constructor(o: PoolCrewOptions) {
    const { threads } = o.plan
    this.control = o.control
    this.#tickTimeoutMs = o.tickTimeoutMs
    this.#pool = new Piscina({
      filename: WORKER,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
    })
    this.#pool.on('error', error => this.#lost(error)) // a replacement of a dead worker may fail too
    this.#workers = Array.from({ length: threads }, (_, thread) =>
      this.#start({ url: o.url, options: o.plan, thread, control: o.control.shared }),
    )
  }

  #start(task: CrewTask): Worker {
    const { port1, port2 } = new MessageChannel()
    const run: Promise<void> = this.#pool.run({ ...task, port: port2 }, { transferList: [port2] })
    const ended = run.then(
      () => this.#lost(new Error('its task ended')),
      error => this.#lost(error),
    )
    const service = Comlink.wrap<CrewService>(nodeEndpoint(port1))
    return { port: port1, service, task: ended }
  }

  #lost(error: unknown): void {
    if (this.#closing) return
    const why =
      (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? 'ran out of memory'
        : `ended: ${(error as Error)?.message ?? error}`
    this.#end(
      new PopulaceError(
        'WORKER_DIED',
        `A worker ${why}`,
        'Look for process.exit and unbounded arrays in kernels and setup.',
        error,
      ),
    )
  }

  /** Ends the crew for good: frees members from their barrier, ends all threads, those in an endless loop too. */
  #end(error: PopulaceError): void {
    if (this.#closing) return
    this.#closing = true
    this.#die(error)
    this.control.fail()
    this.#destroyed = this.#pool.destroy()
  }

  #die(error: PopulaceError): void {
    this.#death ??= error
    for (const tell of this.#mourners) tell(this.#death)
    this.#mourners.clear()
  }

  /** What work comes to, or the death of a worker. */
  #unlessDead<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#death !== undefined) reject(this.#death)
      this.#mourners.add(reject)
      work.finally(() => this.#mourners.delete(reject)).then(resolve, reject)
    })
  }

  async #ask<T>(question: Promise<Answer<T>>): Promise<T> {
    // A call pending when its worker dies never settles: death answers in its place.
    const answer = await this.#unlessDead(question)
    if ('error' in answer) throw fromErrorData(answer.error)
    return answer.value
  }

  /** Gives all workers the world's memories; the prefixes of the scenario's loaders, which the workers know. SCENARIO_NOT_LOADABLE. */
  async load(memories: Memories, blocks: PlanOptions['blocks']): Promise<readonly string[]> {
    const load = (w: Worker) => this.#ask(w.service.load(memories, blocks) as Promise<Answer<readonly string[]>>)
    return (await Promise.all(this.#workers.map(load)))[0]
  }

  loadPartition(partition: number, tick: number): Promise<void> {
    return this.#ask(this.#workers[0].service.loadPartition(partition, tick) as Promise<Answer<void>>)
  }

  setup(known: readonly RecordEntry[]): Promise<SetupResult> {
    return this.#ask(this.#workers[0].service.setup(known) as Promise<Answer<SetupResult>>)
  }

  restore(image: StateImage): Promise<void> {
    return this.#ask(this.#workers[0].service.restore(image) as Promise<Answer<void>>)
  }

  async bind(): Promise<void> {
    await Promise.all(this.#workers.map(w => this.#ask(w.service.prepare() as Promise<Answer<void>>)))
  }

  async step(batch: Batch): Promise<BatchEnd> {
    this.control.prepare(batch)
    const number = this.control.launch()
    const watch = this.#watch()
    this.#stepping = true
    try {
      await this.#unlessDead(this.control.waitForDone(number))
    } finally {
      clearInterval(watch)
      this.#stepping = false
    }
    const end = this.control.end()
    if (end.reason === REASON.failed) throw await this.#failure()
    return end
  }

  /** Looks whether ticks go on; ends the crew when one has lasted too long. */
  #watch(): NodeJS.Timeout | undefined {
    const limit = this.#tickTimeoutMs
    if (limit === undefined) return undefined
    let progress = this.control.progress
    let since = performance.now()
    return setInterval(
      () => {
        const now = performance.now()
        if (this.control.progress !== progress) {
          progress = this.control.progress
          since = now
        } else if (now - since > limit) {
          this.#end(
            new PopulaceError(
              'TICK_TIMEOUT',
              `Tick ${this.control.tick} took longer than ${limit} ms`,
              'Look for an endless loop, or raise limits.tickTimeoutMs.',
            ),
          )
        }
      },
      Math.min(50, Math.max(1, limit / 4)),
    )
  }

  async #failure(): Promise<Error> {
    const found = await this.#unlessDead(Promise.all(this.#workers.map(w => w.service.failure())))
    const data = found.find(f => f !== undefined)
    return data
      ? fromErrorData(data)
      : new PopulaceError('WORKER_DIED', 'A tick failed and no worker says why', 'Run with workers: 0.')
  }

  hash(part: HashPart): Promise<HashSums[]> {
    return Promise.all(
      this.#workers.map(w => this.#ask(w.service.hash(part, this.#workers.length) as Promise<Answer<HashSums>>)),
    )
  }

  async capture(plan: CapturePlan, buffer: SharedArrayBuffer): Promise<void> {
    await Promise.all(this.#workers.map(w => this.#ask(w.service.capture(plan, buffer) as Promise<Answer<void>>)))
  }

  async close(): Promise<void> {
    const idle = !this.#closing && !this.#stepping
    this.#closing = true
    this.#die(new PopulaceError('SIM_CLOSED', 'The simulation was closed', 'Make a new one.'))
    for (const { port, service } of this.#workers) {
      service[Comlink.releaseProxy]()
      port.close() // ends the resident task: see workers/crew.ts
    }
    // Workers that step may be in an endless loop: those are ended, not waited for.
    if (idle) await Promise.all(this.#workers.map(w => w.task))
    this.#destroyed ??= this.#pool.destroy()
    await this.#destroyed
  }
}
