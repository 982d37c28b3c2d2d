// The list of loads, in the order in which they run.
import { bus } from './bus.js'
import type { Load } from './harness.js'

export const LOADS: readonly Load[] = [bus]
