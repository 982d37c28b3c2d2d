// The list of benchmarks, in the order in which they run.
import { asks } from './cases/asks.js'
import { birthsDeaths } from './cases/births-deaths.js'
import { boids } from './cases/boids.js'
import { cache } from './cases/cache.js'
import { checkpoints } from './cases/checkpoints.js'
import { claims } from './cases/claims.js'
import { compute } from './cases/compute.js'
import { database } from './cases/database.js'
import { deltas } from './cases/deltas.js'
import { emptyStage } from './cases/empty-stage.js'
import { epidemicCase } from './cases/epidemic.js'
import { eventBus } from './cases/event-bus.js'
import { eventLoop } from './cases/event-loop.js'
import { host } from './cases/host.js'
import { linear } from './cases/linear.js'
import { memory } from './cases/memory.js'
import { messages } from './cases/messages.js'
import { metricsCase } from './cases/metrics.js'
import { models } from './cases/models.js'
import { partitions } from './cases/partitions.js'
import { rowUpdate } from './cases/row-update.js'
import { snapshots } from './cases/snapshots.js'
import { taskQueue } from './cases/task-queue.js'
import type { BenchCase } from './harness.js'

export const CASES: readonly BenchCase[] = [
  rowUpdate,
  emptyStage,
  compute,
  boids,
  messages,
  birthsDeaths,
  claims,
  asks,
  epidemicCase,
  linear,
  deltas,
  eventLoop,
  host,
  memory,
  partitions,
  snapshots,
  checkpoints,
  database,
  cache,
  metricsCase,
  eventBus,
  taskQueue,
  ...models,
]
