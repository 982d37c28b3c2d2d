// What a host lends a simulation: it is used and observed, and stays its owner's to start and to close.
import type { DatabasePool } from '../services/database-pool.js'
import type { EventBus } from '../services/event-bus.js'
import type { RedisCache } from '../services/redis-cache.js'
import type { TaskQueue } from '../services/task-queue.js'
import { TaskCodec } from './task-codec.js'

/** What a host lends, by the options of Simulation.create that they are. */
export interface Lent {
  readonly eventBus: EventBus | undefined
  readonly database: DatabasePool | undefined
  readonly cache: RedisCache | undefined
  readonly tasks: TaskQueue | undefined
  /** Codes checkpoints in `tasks`. */
  readonly codec: TaskCodec | undefined
}

/** Takes it out of options that are checked: their schema knows what a simulation calls, as it may not know the classes. */
export function lentBy(o: { eventBus?: unknown; database?: unknown; cache?: unknown; tasks?: unknown }): Lent {
  const tasks = o.tasks as TaskQueue | undefined
  return {
    eventBus: o.eventBus as EventBus | undefined,
    database: o.database as DatabasePool | undefined,
    cache: o.cache as RedisCache | undefined,
    tasks,
    codec: tasks && new TaskCodec(tasks),
  }
}
