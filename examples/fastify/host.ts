// What a host is made of, beside its web server: a world that is stepped as fast as it goes, on a worker, and what lives
// on the main thread with it. They are connected here, opened together and closed in an order that loses nothing.
import {
  type Config,
  DatabasePool,
  EventBus,
  MetricsCollector,
  PopulaceError,
  RateLimiter,
  RedisCache,
  ResourceLimiter,
  ServiceGuard,
  Simulation,
  type SimulationOptions,
  TaskQueue,
} from 'populace'
import { Ledger } from './ledger.js'
import type savers from './world.js'

const WORLD = new URL('./world.js', import.meta.url)

/** How a host is opened. */
export interface HostOptions {
  /** Where the world lasts: 'file:runs', 'postgres:' (in the database of `config`), 'postgres://…' or 'memory:'. */
  readonly store: string
  /** Ticks from checkpoint to checkpoint. */
  readonly everyTicks: number
  /** Of a world that is made anew; one that goes on keeps its own. */
  readonly npcs: number
  readonly seed: number
  readonly workers: number | 'auto'
  /** Commands a second that are let through. */
  readonly commandsPerSecond: number
  /** Tasks that may wait. */
  readonly maxTasks: number
  readonly config: Config
}

/** What is opened before the rest, for the world to know it. */
interface Opened {
  readonly metrics: MetricsCollector
  readonly eventBus: EventBus
  readonly cache: RedisCache
  readonly database: DatabasePool | undefined
}

export class Host {
  readonly sim: Simulation<typeof savers>
  readonly metrics: MetricsCollector
  readonly bus: EventBus
  readonly cache: RedisCache
  readonly tasks: TaskQueue
  /** Of the process: beyond them no work is taken on that could wait. */
  readonly limits: ResourceLimiter
  /** Where there is a database. */
  readonly ledger: Ledger | undefined
  /** Around what is asked of the world: at most so many looks at once, none for longer than is of use. */
  readonly reads = new ServiceGuard({ maxInFlight: 1000, deadlineMs: 5000 })
  /** Around commands: at most so many a second, and none that waits in line. One that is given up may act all the same. */
  readonly commands: ServiceGuard
  readonly #database: DatabasePool | undefined
  readonly #ending = new AbortController()
  #stepping: Promise<void> = Promise.resolve()

  private constructor(
    sim: Simulation<typeof savers>,
    { metrics, eventBus, cache, database }: Opened,
    ledger: Ledger | undefined,
    { config, maxTasks, commandsPerSecond }: HostOptions,
  ) {
    this.sim = sim
    this.metrics = metrics
    this.bus = eventBus
    this.cache = cache
    this.ledger = ledger
    this.#database = database
    this.limits = new ResourceLimiter(config.limits)
    this.tasks = new TaskQueue({ maxWorkers: 1, maxQueueSize: maxTasks, maxResults: 1000 })
    const limiter = new RateLimiter({ requestsPerSecond: commandsPerSecond, maxWaiting: 0 })
    this.commands = new ServiceGuard({ limiter, maxInFlight: 1000, deadlineMs: 5000 })
  }

  /** Makes the world, or goes on with the one that the store has. Where a part cannot be opened, the process should end. */
  static async open(o: HostOptions): Promise<Host> {
    const opened: Opened = {
      metrics: new MetricsCollector({ process: true }),
      eventBus: new EventBus({ maxQueueSize: 10_000, backpressureStrategy: 'drop' }),
      cache: new RedisCache(o.config.redis),
      database: o.config.database && new DatabasePool(o.config.database),
    }
    const { eventBus, cache, database } = opened
    eventBus.start()
    await cache.connect() // false: it goes on trying, and misses meanwhile
    await database?.initialize()
    const ledger = database && (await Ledger.open(database, eventBus))
    const host = new Host(await openWorld(o, opened), opened, ledger, o)
    host.tasks.start()
    host.#observe()
    return host
  }

  /** Figures of the parts that the world does not know go to the metrics. */
  #observe(): void {
    const { metrics, ledger } = this
    metrics.observe('tasks', () => this.tasks.getStats())
    metrics.observe('reads', () => this.reads.status())
    metrics.observe('commands', () => this.commands.status())
    metrics.observe('limits', () => this.limits.status())
    if (ledger) metrics.observe('ledger', () => ledger.status())
  }

  /** Whether the world is well. */
  get healthy(): boolean {
    return Object.values(this.metrics.simulations).every(state => state !== 'failed')
  }

  /** Steps the world until close, as fast as it goes. Rejects when the world fails. */
  async step(): Promise<void> {
    const { signal } = this.#ending
    this.#stepping = this.sim.run({ ticks: Number.MAX_SAFE_INTEGER - this.sim.tick, signal }).catch(error => {
      if (!signal.aborted) throw error
    })
    await this.#stepping
  }

  /**
   * Ends the world at the next tick, leaves a checkpoint, and gives what it was then. What was accepted is done before: events
   * are told and purchases written, tasks run to their end or for ten seconds. `unwritten`: purchases that could not be.
   * A part that fails to end keeps no other from it; the first error comes out.
   */
  async close(): Promise<{ tick: number; hash: string; unwritten?: number | undefined }> {
    this.#ending.abort()
    const left = { tick: -1, hash: '', unwritten: undefined as number | undefined }
    const ends = [
      () => this.#stepping,
      async () => Object.assign(left, await this.sim.checkpoint(), { hash: await this.sim.hash() }),
      () => this.bus.stop({ timeoutMs: 10_000 }),
      async () => (left.unwritten = await this.ledger?.close()),
      () => this.tasks.stop({ timeout: 10_000 }),
      () => this.cache.close(),
      () => this.sim.close(),
      () => this.#database?.close(), // the last: the world may be stored in it
    ]
    const errors: unknown[] = []
    for (const end of ends) {
      try {
        await end()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
    return left
  }
}

/** What the world tells goes to the bus, and its figures with those of the bus, cache and database to the metrics. */
async function openWorld(o: HostOptions, opened: Opened): Promise<Simulation<typeof savers>> {
  const { maxMemoryMb, maxCpuPercent } = o.config.limits
  const options = {
    ...opened,
    store: o.store,
    workers: o.workers,
    checkpoint: { everyTicks: o.everyTicks, keepLast: 4 },
    // Where the process takes too much the world gives way: it waits or rests, and requests are answered.
    limits: { maxProcessMemoryMb: maxMemoryMb, maxCpuPercent, policies: { memory: 'pause', cpu: 'throttle' } },
  } satisfies SimulationOptions
  try {
    return await Simulation.create<typeof savers>(WORLD, { ...options, seed: o.seed, params: { npcs: o.npcs } })
  } catch (error) {
    if (!(error instanceof PopulaceError) || error.code !== 'STORE_RUN_EXISTS') throw error
    return Simulation.resume<typeof savers>(WORLD, options)
  }
}
