// What a host is made of, beside its web server: a world that is stepped as fast as it goes, on a worker, and what lives
// on the main thread with it. They are connected here, opened together and closed in an order that loses nothing.
import {
  type Config,
  EventBus,
  MetricsCollector,
  PopulaceError,
  RateLimiter,
  RedisCache,
  ResourceLimiter,
  ServiceGuard,
  Simulation,
  TaskQueue,
} from 'populace'
import type savers from './world.js'

const WORLD = new URL('./world.js', import.meta.url)

/** How a host is opened. */
export interface HostOptions {
  /** Where the world lasts: 'file:runs', 'postgres://…' or 'memory:'. */
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

/** Somebody bought a house, as subscribers are told. (run, tick, sequence) is its identity, also where it is told again. */
export interface Purchase {
  readonly npc: number
  readonly houses: number
  readonly run: string
  readonly tick: number
  readonly sequence: number
}

export class Host {
  readonly sim: Simulation<typeof savers>
  readonly bus: EventBus
  readonly tasks: TaskQueue
  readonly cache: RedisCache
  readonly metrics: MetricsCollector
  readonly limits: ResourceLimiter
  /** Around what is asked of the world: at most so many looks at once, none for longer than is of use. */
  readonly reads = new ServiceGuard({ maxInFlight: 1000, deadlineMs: 5000 })
  /** Around commands: at most so many a second, and none that waits in line. One that is given up may act all the same. */
  readonly commands: ServiceGuard
  readonly #ending = new AbortController()
  #stepping: Promise<void> = Promise.resolve()

  private constructor(sim: Simulation<typeof savers>, metrics: MetricsCollector, o: HostOptions) {
    this.sim = sim
    this.metrics = metrics
    this.cache = new RedisCache(o.config.redis)
    this.limits = new ResourceLimiter(o.config.limits)
    this.bus = new EventBus({ maxQueueSize: 10_000, backpressureStrategy: 'drop' })
    this.tasks = new TaskQueue({ maxWorkers: 1, maxQueueSize: o.maxTasks, maxResults: 1000 })
    const limiter = new RateLimiter({ requestsPerSecond: o.commandsPerSecond, maxWaiting: 0 })
    this.commands = new ServiceGuard({ limiter, maxInFlight: 1000, deadlineMs: 5000 })
    this.#connect()
  }

  /** Makes the world, or goes on with the one that the store has. */
  static async open(o: HostOptions): Promise<Host> {
    const metrics = new MetricsCollector({ process: true })
    const shared = {
      store: o.store,
      workers: o.workers,
      metrics,
      checkpoint: { everyTicks: o.everyTicks, keepLast: 4 },
    }
    const made = { ...shared, seed: o.seed, params: { npcs: o.npcs } }
    const sim = await Simulation.create<typeof savers>(WORLD, made).catch(error => {
      if (!(error instanceof PopulaceError) || error.code !== 'STORE_RUN_EXISTS') throw error
      return Simulation.resume<typeof savers>(WORLD, shared)
    })
    const host = new Host(sim, metrics, o)
    host.bus.start()
    host.tasks.start()
    await host.cache.connect() // false: it goes on trying, and misses meanwhile
    return host
  }

  /** Events of the world go to the bus, figures of all parts to the metrics. */
  #connect(): void {
    const { sim, bus, metrics } = this
    sim.on('event', ({ from, values, run, tick, sequence }) => {
      const purchase: Purchase = { npc: from, houses: values.houses as number, run, tick, sequence } // as it is declared
      void bus.publish(`npc.${from}.bought`, purchase) // it drops what is too much, and counts it
    })
    metrics.observe('bus', () => bus.getStats())
    metrics.observe('tasks', () => this.tasks.getStats())
    metrics.observe('cache', () => this.cache.status())
    metrics.observe('reads', () => this.reads.status())
    metrics.observe('commands', () => this.commands.status())
    metrics.observe('limits', () => this.limits.status())
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
   * are told, tasks run to their end or for ten seconds.
   */
  async close(): Promise<{ tick: number; hash: string }> {
    try {
      this.#ending.abort()
      await this.#stepping
      const { tick } = await this.sim.checkpoint()
      return { tick, hash: await this.sim.hash() }
    } finally {
      await this.bus.stop({ timeoutMs: 10_000 })
      await this.tasks.stop({ timeout: 10_000 })
      await this.cache.close()
      await this.sim.close()
    }
  }
}
