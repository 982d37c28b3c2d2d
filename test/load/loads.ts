// The list of loads, in the order in which they run.
import { bus } from './bus.js'
import { cache } from './cache.js'
import type { Load } from './harness.js'
import { http } from './http.js'
import { pool } from './pool.js'
import { queue } from './queue.js'

export const LOADS: readonly Load[] = [http, bus, queue, cache, pool]
